package elb

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// An address belongs to one holder at a time.
func TestAddressIsGuarded(t *testing.T) {
	t.Parallel()
	a, err := claim()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := hold(a.ip); err == nil {
		t.Errorf("%s is held twice", b.ip)
	}
	if err := a.release(); err != nil {
		t.Fatal(err)
	}
	b, err := hold(a.ip)
	if err != nil {
		t.Fatalf("holding a released address: %v", err)
	}
	if err := b.release(); err != nil {
		t.Error(err)
	}
}

// Where port 80 cannot be bound, low ports move up and the name says so.
func TestAddressWithoutPort80(t *testing.T) {
	t.Parallel()
	a, err := claim()
	if err != nil {
		t.Fatal(err)
	}
	ip := a.ip
	if err := a.release(); err != nil {
		t.Fatal(err)
	}
	if a.offset == 0 {
		taken, err := net.Listen("tcp4", net.JoinHostPort(ip.String(), "80"))
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
	} else if os.Geteuid() == 0 {
		t.Log("port 80 is taken on all addresses of this machine")
	}
	if a, err = hold(ip); err != nil {
		t.Fatal(err)
	}
	defer a.release()
	if a.name() == ip.String() || a.port(80) != 80+a.offset || a.port(8080) != 8080 || a.offset < 10000 {
		t.Errorf("name %q, port 80 at %d, port 8080 at %d", a.name(), a.port(80), a.port(8080))
	}
	l, err := a.listen(80)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := l.Addr().String(); got != a.name() {
		t.Errorf("listening on %s, want %s", got, a.name())
	}
}

// A process that is being started holds what was open at its fork: a port that
// was closed meanwhile becomes free with its exec.
func TestListenWaitsForForks(t *testing.T) {
	t.Parallel()
	a, err := claim()
	if err != nil {
		t.Fatal(err)
	}
	defer a.release()
	first, err := a.listen(8080)
	if err != nil {
		t.Fatal(err)
	}
	child, err := first.(*net.TCPListener).File() // as a fork has it
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	time.AfterFunc(20*time.Millisecond, func() { child.Close() })
	again, err := a.listen(8080)
	if err != nil {
		t.Fatalf("listening again: %v", err)
	}
	defer again.Close()
	if l, err := a.listen(8080); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listening on a port that stays taken: %v, %v", l, err)
	}
}
