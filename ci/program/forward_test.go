package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

// answering listens on loopback and answers each connection, once its client has
// said all, with what the client said.
func answering(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.2:0") // not the address that forward listens on
	if err != nil {
		t.Skipf("SKIP: no second loopback address: %v", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				said, _ := io.ReadAll(c)
				_, _ = fmt.Fprintf(c, "you said %q", said)
			}()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	_, port, _ := net.SplitHostPort(address)
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// A side that has said all still hears the answer.
func TestForward(t *testing.T) {
	t.Parallel()
	address := answering(t)
	f, err := forward(address)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"", "hello", strings.Repeat("a lot ", 100_000)} {
		c := dial(t, address)
		if _, err := io.WriteString(c, words); err != nil {
			t.Fatal(err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		heard, err := io.ReadAll(c)
		if want := fmt.Sprintf("you said %q", words); err != nil || string(heard) != want {
			t.Errorf("heard %.40q (%d bytes), %v; want %.40q", heard, len(heard), err, want)
		}
	}
	open := dial(t, address)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlives the forward")
	}
}

func TestForwardToNobody(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.3:0")
	if err != nil {
		t.Skipf("SKIP: no third loopback address: %v", err)
	}
	_ = l.Close()
	f, err := forward(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err == nil {
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a connection to nobody: %v", err)
	}
}

func TestForwardErrors(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"sandbox":          `forwarding to "sandbox": it is not of the form host:port`,
		"sandbox:nonesuch": `forwarding to "sandbox:nonesuch": `,
	} {
		if _, err := forward(address); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", address, err, want)
		}
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer there.Close()
	if err := reach(t.Context(), there.Listener.Addr().String()); err != nil {
		t.Errorf("it answers, if with a refusal: %v", err)
	}
	// A tunnel whose other end is closed takes connections, and ends them.
	tunnel, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tunnel.Close()
	go func() {
		for {
			conn, err := tunnel.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	var silent *silentError
	if err := reach(t.Context(), tunnel.Addr().String()); !errors.As(err, &silent) || silent.Hint() == "" {
		t.Errorf("nobody answers: %v", err)
	}
}
