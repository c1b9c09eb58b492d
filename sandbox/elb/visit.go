package elb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
)

// ErrForeign says that an address is none of a load balancer here.
var ErrForeign = errors.New("not the address of a load balancer")

// Visit answers a request in the place of the listener at an address, as if the
// request's client had connected to it: for clients that can't, such as those of
// a sandbox in a container. The address is a load balancer's DNSName or the host
// of a URL that is made of it ("127.1.2.3", "127.1.2.3:8080"); a port that is
// moved up may be given as the listener has it too.
//
// An error comes before anything is answered: ErrForeign (wrapped), or why
// nobody could connect there.
func (s *Service) Visit(address string, w http.ResponseWriter, r *http.Request) error {
	f, err := s.enter(address)
	if err != nil {
		return err
	}
	defer f.visits.Done()
	if f.secure.Load() != nil {
		return fmt.Errorf("the listener at %q speaks TLS: ask it by https://", address)
	}
	if err := f.admits(address); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(f.life, cancel)()
	f.ServeHTTP(w, r.WithContext(ctx))
	if f.life.Err() != nil {
		panic(http.ErrAbortHandler) // its listener ended before: the answer may lack its end
	}
	return nil
}

// enter finds the front at an address and adds a visit to it, under the lock
// that a listener is taken away under: its end waits for the visit.
func (s *Service) enter(address string) (*front, error) {
	u := url.URL{Host: address}
	ip, err := netip.ParseAddr(u.Hostname())
	port, err2 := strconv.Atoi(cmp.Or(u.Port(), "80"))
	if err != nil || err2 != nil {
		return nil, fmt.Errorf("%q is %w", address, ErrForeign)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, b := s.balancerAt(ip)
	if b == nil {
		return nil, fmt.Errorf("%q is %w", address, ErrForeign)
	}
	l := a.listenerAt(b, port)
	if l == nil {
		return nil, fmt.Errorf("the load balancer at %q has no listener on port %d", address, port)
	}
	l.front.visits.Add(1)
	return l.front, nil
}

func (s *Service) balancerAt(ip netip.Addr) (*account, *balancer) {
	for _, a := range s.accounts {
		for _, b := range a.balancers {
			if b.address.ip == ip {
				return a, b
			}
		}
	}
	return nil, nil
}

// listenerAt returns the listener that is bound to a port, or else the one
// whose port it is.
func (a *account) listenerAt(b *balancer, port int) *listener {
	var found *listener
	for _, l := range a.listenersOf(b.arn()) {
		switch port {
		case b.address.port(l.front.port):
			return l
		case l.front.port:
			found = l
		}
	}
	return found
}
