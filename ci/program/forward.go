package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// forward listens on 127.0.0.1, on the port of an address host:port, and carries
// each connection there and back: names of a sandbox's images begin with the
// address that it has on its own loopback. Close ends it, and what it carries.
func forward(address string) (io.Closer, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("forwarding to %q: it is not of the form host:port", address)
	}
	return forwardFrom(port, address)
}

// forwardFrom is forward from another port of 127.0.0.1; "0" is a free one.
func forwardFrom(port, address string) (*forwarding, error) {
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, fmt.Errorf("forwarding to %q: %w", address, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &forwarding{listener: listener, cancel: cancel}
	f.work.Go(func() { f.accept(ctx, address) })
	return f, nil
}

// reachTimeout is how long a sandbox may take to answer.
const reachTimeout = 10 * time.Second

// reach finds out whether somebody answers: a tunnel of the engine takes
// connections though nobody listens at its other end.
func reach(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		_, port, _ := net.SplitHostPort(address)
		return &silentError{port}
	}
	return answer.Body.Close()
}

// silentError is an endpoint where nobody answers.
type silentError struct{ port string }

func (e *silentError) Error() string { return "nobody answers at the endpoint, port " + e.port }

// Hint says what to do about it.
func (e *silentError) Hint() string {
	return "is the sandbox running (orgship sandbox), and is this its address: --endpoint tcp://localhost:" + e.port
}

// forwarding is a listener and the connections it carries.
type forwarding struct {
	listener net.Listener
	cancel   context.CancelFunc
	work     sync.WaitGroup
}

// port is where it listens.
func (f *forwarding) port() int { return f.listener.Addr().(*net.TCPAddr).Port }

// Close implements io.Closer.
func (f *forwarding) Close() error {
	f.cancel()
	err := f.listener.Close()
	f.work.Wait()
	return err
}

func (f *forwarding) accept(ctx context.Context, address string) {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.work.Go(func() { carry(ctx, conn.(*net.TCPConn), address) })
	}
}

// carry carries one connection until both sides have said all.
func carry(ctx context.Context, from *net.TCPConn, address string) {
	defer func() { _ = from.Close() }()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		_ = from.SetLinger(0) // reset: nobody is there
		return
	}
	to := conn.(*net.TCPConn)
	defer func() { _ = to.Close() }()
	defer context.AfterFunc(ctx, func() { _, _ = from.Close(), to.Close() })()
	var both sync.WaitGroup
	both.Go(func() { pass(to, from) })
	both.Go(func() { pass(from, to) })
	both.Wait()
}

// pass hands on what one side says, and that it has said all. When the other no
// longer listens, the one is no longer read.
func pass(to, from *net.TCPConn) {
	_, err := io.Copy(to, from)
	_ = to.CloseWrite()
	if err != nil {
		_ = from.CloseRead()
	}
}
