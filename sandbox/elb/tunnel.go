package elb

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// Tunnel connects to the HTTPS listener at an address, as Visit has it, for a client
// that speaks TLS with it through a proxy. The connection is the caller's to close.
//
// An error comes before anything is connected: ErrForeign (wrapped), or why nobody
// could connect there.
func (s *Service) Tunnel(ctx context.Context, address string) (net.Conn, error) {
	f, err := s.enter(address)
	if err != nil {
		return nil, err
	}
	defer f.visits.Done()
	if f.secure.Load() == nil {
		return nil, fmt.Errorf("the listener at %q speaks no TLS: ask it by http://", address)
	}
	if err := f.admits(address); err != nil {
		return nil, err
	}
	where := net.JoinHostPort(f.address.ip.String(), strconv.Itoa(f.address.port(f.port)))
	return (&net.Dialer{}).DialContext(ctx, "tcp4", where)
}

// admits says why nobody can connect to a listener, if so.
func (f *front) admits(address string) error {
	if !f.edge.allows(f.port) {
		return fmt.Errorf("the security groups of the load balancer at %q let nobody in on port %d", address, f.port)
	}
	return nil
}
