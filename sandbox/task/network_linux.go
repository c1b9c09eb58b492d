package task

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ownNetwork makes the network of a task that shares none.
func (i *first) ownNetwork() error {
	if i.order.Joined {
		return nil
	}
	return i.network("/proc")
}

// network brings the loopback interface up with the task's own address on it,
// and lets any user listen on any port, as Fargate does.
//
// A task's network leads nowhere else: who may talk to it comes in through
// [Task.Dial], and it reaches nobody.
func (i *first) network(proc string) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening a socket in the task's network: %w", err)
	}
	defer func() { _ = unix.Close(s) }()
	if err := linkUp(s, "lo"); err != nil {
		return err
	}
	if i.order.IP.Is4() {
		if err := addAddress(s, "lo:1", i.order.IP); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(proc, "sys/net/ipv4/ip_unprivileged_port_start"), []byte("0"), 0); err != nil {
		return fmt.Errorf("opening low ports: %w", err)
	}
	return nil
}

func linkUp(s int, name string) error {
	r, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(s, unix.SIOCGIFFLAGS, r); err != nil {
		return fmt.Errorf("reading the flags of %s: %w", name, err)
	}
	r.SetUint16(r.Uint16() | unix.IFF_UP)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, r); err != nil {
		return fmt.Errorf("bringing up %s: %w", name, err)
	}
	return nil
}

// addAddress gives an interface a further IPv4 address under a label.
func addAddress(s int, label string, ip netip.Addr) error {
	r, err := unix.NewIfreq(label)
	if err != nil {
		return err
	}
	if err := r.SetInet4Addr(ip.AsSlice()); err != nil {
		return err
	}
	if err := unix.IoctlIfreq(s, unix.SIOCSIFADDR, r); err != nil {
		return fmt.Errorf("adding address %s: %w", ip, err)
	}
	return nil
}
