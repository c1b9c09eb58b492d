package verify

import (
	"net/http"
	"net/url"
)

// newTransport returns a transport like net/http's default one. With fresh,
// every request has a connection of its own: one that is kept alive would keep
// asking whoever answered first.
func newTransport(fresh bool) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableKeepAlives = fresh
	t.MaxIdleConnsPerHost = 100
	return t
}

// Through returns a transport that asks all hosts through an HTTP proxy, those
// on loopback too (which the environment's HTTP_PROXY leaves out), with a new
// connection for every request. The proxy's 502, 503 and 504 count as
// unreachable, as a load balancer's do; so does a proxy that doesn't answer.
//
// A Host header among those to send becomes the host that the proxy is asked
// for: net/http writes it into the request's URL.
func Through(proxy *url.URL) http.RoundTripper {
	t := newTransport(true)
	t.Proxy = http.ProxyURL(proxy)
	return t
}
