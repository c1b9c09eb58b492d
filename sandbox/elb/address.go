package elb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// guardPort is the UDP port that holds a load balancer's address for one
// process: TCP ports all stay free for listeners.
const guardPort = 47652

// lowPort is the first port that needs no privilege.
const lowPort = 1024

// address is a load balancer's own loopback address, 127.x.y.z. Its listeners
// keep their ports, but for low ones where port 80 cannot be bound: they are
// moved up by offset.
type address struct {
	ip     netip.Addr
	offset int
	guard  net.PacketConn
}

// claim finds an address that no other process uses and holds it.
func claim() (*address, error) {
	var last error
	for range 64 {
		ip := netip.AddrFrom4([4]byte{127, byte(1 + rand.IntN(254)), byte(rand.IntN(256)), byte(1 + rand.IntN(254))})
		a, err := hold(ip)
		if err == nil {
			return a, nil
		}
		last = err
		if errors.Is(err, syscall.EADDRNOTAVAIL) {
			return nil, fmt.Errorf("claiming a loopback address: %w (this system has only 127.0.0.1; Linux answers on all of 127.0.0.0/8)", err)
		}
	}
	return nil, fmt.Errorf("claiming a loopback address: %w", last)
}

// hold claims one address.
func hold(ip netip.Addr) (*address, error) {
	guard, err := net.ListenPacket("udp4", netip.AddrPortFrom(ip, guardPort).String())
	if err != nil {
		return nil, err
	}
	for _, offset := range []int{0, 10000, 20000, 30000} {
		var probe net.Listener
		if probe, err = net.Listen("tcp4", netip.AddrPortFrom(ip, uint16(80+offset)).String()); err != nil {
			continue
		}
		if err = probe.Close(); err == nil {
			return &address{ip: ip, offset: offset, guard: guard}, nil
		}
	}
	return nil, errors.Join(err, guard.Close())
}

// name is the load balancer's DNSName: usable in a URL for the listener on port 80.
func (a *address) name() string {
	if a.offset == 0 {
		return a.ip.String()
	}
	return net.JoinHostPort(a.ip.String(), strconv.Itoa(80+a.offset))
}

// port returns where a listener's port is really bound.
func (a *address) port(port int) int {
	if port < lowPort {
		return port + a.offset
	}
	return port
}

// forking bounds how long a process that is being started can take from its
// fork to its exec.
const forking = time.Second

// listen binds a listener's port. A port that was closed here a moment ago may
// still be in use: a process that is being started (a task) holds until its exec
// what was open at its fork.
func (a *address) listen(port int) (net.Listener, error) {
	where := net.JoinHostPort(a.ip.String(), strconv.Itoa(a.port(port)))
	for limit := time.Now().Add(forking); ; time.Sleep(5 * time.Millisecond) {
		l, err := net.Listen("tcp4", where)
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(limit) {
			return l, err
		}
	}
}

// release gives the address back.
func (a *address) release() error { return a.guard.Close() }
