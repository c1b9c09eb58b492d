package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

// AddressError is an address that the sandbox doesn't listen on.
type AddressError struct {
	Address string
	Reason  string
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("listening on %q: %s", e.Address, e.Reason)
}

// Hint says what to type instead.
func (e *AddressError) Hint() string {
	return "listen on 127.0.0.1:4566, or on 127.0.0.1:0 for a free port; in a container: --in-container --listen 0.0.0.0:4566"
}

// Listen begins to answer on a loopback address, "127.0.0.1:4566" or
// "127.0.0.1:0" for a free port, and returns at once. Any other address is
// refused with an *AddressError: the sandbox runs what its clients tell it to,
// so they must be on this machine. With Options.InContainer "0.0.0.0:4566" is
// one more: clients outside the container come in by its engine alone, and those
// inside by the Endpoint, which stays on 127.0.0.1.
func (s *Sandbox) Listen(address string) error {
	address, err := s.listenable(address)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		return &AddressError{address, "the sandbox listens on " + s.endpoint + " already"}
	}
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return &AddressError{address, errors.Unwrap(err).Error()}
	}
	s.endpoint = announced(listener.Addr().(*net.TCPAddr))
	s.server = &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	go s.serve(s.server, listener)
	return nil
}

func (s *Sandbox) serve(server *http.Server, listener net.Listener) {
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		s.log.Error("listener failed", "address", listener.Addr(), "error", err)
	}
}

// listenable checks an address and returns it with the host as a number. Names of
// ECR repositories begin with it, and no image reference can hold an IPv6 one.
func (s *Sandbox) listenable(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", &AddressError{address, "it is not of the form host:port"}
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip := net.ParseIP(host)
	switch {
	case s.inContainer && ip.Equal(net.IPv4zero):
	case s.inContainer && !ip.IsLoopback():
		return "", &AddressError{address, "in a container the sandbox listens on 0.0.0.0 or on loopback"}
	case !ip.IsLoopback():
		return "", &AddressError{address, "the sandbox listens on loopback only"}
	case ip.To4() == nil:
		return "", &AddressError{address, "the names of ECR repositories need an IPv4 address"}
	}
	return net.JoinHostPort(host, port), nil
}

// announced is the address by which clients on this machine reach a listener.
func announced(a *net.TCPAddr) string {
	if a.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(a.Port))
	}
	return a.String()
}

// Endpoint returns the URL for AWS_ENDPOINT_URL, e.g. "http://127.0.0.1:4566";
// empty before Listen.
func (s *Sandbox) Endpoint() string {
	if host := s.host(); host != "" {
		return "http://" + host
	}
	return ""
}

// host is Endpoint without the scheme, as in names of ECR repositories.
func (s *Sandbox) host() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endpoint
}

func (s *Sandbox) stopListening(ctx context.Context) error {
	s.mu.Lock()
	server := s.server
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
