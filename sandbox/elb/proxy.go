package elb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strconv"
	"strings"
	"time"
)

// newProxy forwards a listener's requests to the targets of a pool, which is of the
// target group with that index in its action.
func newProxy(f *front, p *pool, index int) http.Handler {
	return &httputil.ReverseProxy{
		Transport:     &sticky{pool: p, jar: f.edge.jar, index: index},
		Rewrite:       f.rewrite,
		ErrorHandler:  failed,
		FlushInterval: time.Millisecond, // answers stream, small ones in one write
		BufferPool:    f.edge,
		ErrorLog:      log.New(io.Discard, "", 0),
	}
}

// rewrite makes the request that a target gets: the client's, with the headers
// that a load balancer adds.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
func (f *front) rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.Scheme, r.Out.URL.Host = "http", "target"
	r.Out.URL.RawQuery = r.In.URL.RawQuery // as it came, parsable or not
	r.Out.Host = r.In.Host
	for _, name := range []string{"Forwarded", "X-Forwarded-Host"} {
		if v, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = v
		}
	}
	if f.edge.current.Load().strict {
		dropInvalid(r.Out.Header)
	}
	f.forwardedFor(r)
	f.tellTLS(r)
	r.Out.Header.Set("X-Forwarded-Proto", strings.ToLower(protocolOf(r.In)))
	r.Out.Header.Set("X-Forwarded-Port", strconv.Itoa(f.port))
	r.Out.Header.Set("X-Amzn-Trace-Id", traceID(r.In.Header.Get("X-Amzn-Trace-Id"), time.Now()))
}

// dropInvalid removes headers whose names AWS calls invalid.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
func dropInvalid(h http.Header) {
	maps.DeleteFunc(h, func(name string, _ []string) bool {
		return strings.ContainsFunc(name, func(c rune) bool {
			return c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
		})
	})
}

// tellTLS tells a target how the client speaks TLS, if it is to be told.
func (f *front) tellTLS(r *httputil.ProxyRequest) {
	if r.In.TLS == nil || !f.edge.current.Load().tlsHeaders {
		return
	}
	all := suites()
	if i := slices.IndexFunc(all, func(c suite) bool { return c.id == r.In.TLS.CipherSuite }); i >= 0 {
		r.Out.Header.Set("X-Amzn-Tls-Cipher-Suite", all[i].name)
	}
	r.Out.Header.Set("X-Amzn-Tls-Version", versionName(r.In.TLS.Version))
}

func (f *front) forwardedFor(r *httputil.ProxyRequest) {
	const name = "X-Forwarded-For"
	settings := f.edge.current.Load()
	before := r.In.Header[name]
	switch settings.forwarded {
	case "remove":
		return
	case "preserve":
		if before != nil {
			r.Out.Header[name] = before
		}
		return
	}
	client := r.In.RemoteAddr
	if host, _, err := net.SplitHostPort(client); err == nil && !settings.clientPort {
		client = host
	}
	r.Out.Header.Set(name, strings.Join(append(before[:len(before):len(before)], client), ", "))
}

// traceID returns the X-Amzn-Trace-Id of a request that came with the given one.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
func traceID(came string, now time.Time) string {
	id := fmt.Sprintf("1-%08x-%016x%08x", uint32(now.Unix()), rand.Uint64(), rand.Uint32())
	switch {
	case came == "":
		return "Root=" + id
	case strings.Contains(came, "Root="):
		return "Self=" + id + ";" + came
	}
	return "Root=" + id + ";" + came
}

// failed answers for a target that did not.
func failed(w http.ResponseWriter, r *http.Request, err error) {
	var timeout net.Error
	switch {
	case errors.Is(err, errNoTargets):
		answer(w, http.StatusServiceUnavailable)
	case r.Context().Err() != nil:
		// The client is gone (AWS logs 460), or the load balancer is.
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		answer(w, http.StatusGatewayTimeout)
	default:
		answer(w, http.StatusBadGateway)
	}
}
