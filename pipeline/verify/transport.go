package verify

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// newTransport returns a transport like net/http's default one. With fresh,
// every request has a connection of its own: one that is kept alive would keep
// asking whoever answered first.
func newTransport(fresh bool) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableKeepAlives = fresh
	t.MaxIdleConnsPerHost = 100
	t.MaxResponseHeaderBytes = headerLimit
	return t
}

// headerLimit is how many bytes the headers of an answer may have: a load balancer
// lets far fewer through.
const headerLimit = 1 << 20

// named returns a transport whose connections are for a host, by SNI and by the
// certificate; "" leaves that to the URL, or with anyName to the certificate. A
// transport of another kind than net/http's stays as it is: it only sees the Host
// header.
func named(transport http.RoundTripper, host string, anyName bool) http.RoundTripper {
	t, ok := transport.(*http.Transport)
	if host == "" && !anyName || !ok {
		return transport
	}
	t = t.Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if host == "" {
		t.TLSClientConfig = ofAnyName(t.TLSClientConfig)
		return t
	}
	t.TLSClientConfig.ServerName = (&url.URL{Host: host}).Hostname()
	return t
}

// ofAnyName takes a certificate for whatever name, and checks all else about it.
func ofAnyName(c *tls.Config) *tls.Config {
	c.InsecureSkipVerify = true //nolint:gosec // in VerifyConnection's place, which checks the chain
	c.VerifyConnection = func(state tls.ConnectionState) error {
		leaf := state.PeerCertificates[0] // a server always has one
		if len(leaf.DNSNames)+len(leaf.IPAddresses) == 0 {
			return x509.HostnameError{Certificate: leaf, Host: state.ServerName}
		}
		between := x509.NewCertPool()
		for _, issuer := range state.PeerCertificates[1:] {
			between.AddCert(issuer)
		}
		_, err := leaf.Verify(x509.VerifyOptions{Roots: c.RootCAs, Intermediates: between})
		return err
	}
	return c
}

// CheckHost says whether a text can be a [Check]'s Host: a name, with or without a port.
func CheckHost(host string) error {
	u, err := url.Parse("//" + host)
	if host != "" && (err != nil || u.Host != host || u.Hostname() == "" || strings.ContainsAny(host, " \t,@/?#")) {
		return fmt.Errorf("host %q is no name of a host", printable([]byte(host), 100))
	}
	return nil
}

// checkHost wants a name. A proxy that is asked by http is told the host alone, and
// would look it up: there the host must be the URL's.
func checkHost(host, target string, transport http.RoundTripper) error {
	if host == "" {
		return nil
	}
	if err := CheckHost(host); err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodGet, target, nil) //nolint:noctx // it isn't sent
	if err != nil || r.URL.Scheme != "http" {
		return nil //nolint:nilerr // the URL is checked by itself
	}
	t, ok := transport.(*http.Transport)
	if transport == nil {
		t, ok = newTransport(true), true
	}
	if !ok || t.Proxy == nil {
		return nil
	}
	if proxy, err := t.Proxy(r); err == nil && proxy != nil {
		return fmt.Errorf("host %q can't be asked for by http through a proxy, which would look it up: use https, or no proxy", host)
	}
	return nil
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
