package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"orgship/sandbox/elb"
)

// forward answers a request as an HTTP proxy does: one whose URL is absolute.
// It is a proxy for the sandbox's own load balancers and for the sandbox
// itself, so that who reaches its endpoint reaches all of it. Nothing is sent
// anywhere.
//
// What can't be asked is 502, whatever the reason: to a client that looks for
// a wrong answer of its service this must not be one.
func (s *Sandbox) forward(w http.ResponseWriter, r *http.Request) {
	switch at := hostPort(r.URL.Host); {
	case r.URL.Scheme != "http":
		refuse(w, "the sandbox is a proxy for plain HTTP, and by CONNECT for its own load balancers' HTTPS listeners")
	case s.self(r, at):
		s.reply(w, direct(r))
	default:
		if err := s.rooms.elb.Visit(at, w, direct(r)); err != nil {
			refuseFor(w, err)
		}
	}
}

// tunnel answers a CONNECT: it passes bytes between the client and an HTTPS listener,
// which speak TLS with each other.
func (s *Sandbox) tunnel(w http.ResponseWriter, r *http.Request) {
	there, err := s.rooms.elb.Tunnel(r.Context(), r.Host)
	if err != nil {
		refuseFor(w, err)
		return
	}
	defer there.Close()
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refuseFor(w, err)
		return
	}
	defer here.Close()
	if _, err := io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	ended := make(chan struct{}, 2) // either end ends both
	pass := func(to io.Writer, from io.Reader) {
		_, _ = io.Copy(to, from)
		ended <- struct{}{}
	}
	go pass(there, buffered)
	go pass(here, there)
	<-ended
}

// refuseFor says why a request goes no further.
func refuseFor(w http.ResponseWriter, err error) {
	if errors.Is(err, elb.ErrForeign) {
		err = fmt.Errorf("the sandbox is a proxy for its own load balancers only: %w", err)
	}
	refuse(w, err.Error())
}

func refuse(w http.ResponseWriter, why string) { http.Error(w, why, http.StatusBadGateway) }

// hostPort adds the port that http has where there is none.
func hostPort(host string) string {
	u := url.URL{Host: host}
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80"))
}

// self reports whether an address is the sandbox's own: as it says, or as the
// client reached it.
func (s *Sandbox) self(r *http.Request, at string) bool {
	if port, local := strings.CutPrefix(at, "localhost:"); local {
		at = net.JoinHostPort("127.0.0.1", port)
	}
	reached, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return at == s.host() || ok && at == reached.String()
}

// direct returns a request to a proxy as it goes on from there: without the
// headers that are for the proxy.
func direct(r *http.Request) *http.Request {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.URL.User = "", "", nil
	out.URL.Path = cmp.Or(out.URL.Path, "/")
	out.RequestURI = out.URL.RequestURI()
	for _, names := range out.Header["Connection"] {
		for name := range strings.SplitSeq(names, ",") {
			out.Header.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Upgrade"} {
		out.Header.Del(name)
	}
	return out
}
