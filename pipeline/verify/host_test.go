package verify_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

// authority makes certificates that its pool trusts.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, pool: x509.NewCertPool()}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, Subject: pkix.Name{CommonName: "test"},
	}
	a.certificate = own
	issued := a.issue(t, own, key)
	if a.certificate, err = x509.ParseCertificate(issued.Certificate[0]); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.certificate)
	return a
}

func (a *authority) issue(t *testing.T, c *x509.Certificate, key *ecdsa.PrivateKey) tls.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serves starts an app with a certificate for names, valid from begin to end. It
// answers with the Host header and the name that was asked for by SNI.
func (a *authority) serves(t *testing.T, begin, end time.Time, names ...string) string {
	t.Helper()
	c := a.issue(t, &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: begin, NotAfter: end, DNSNames: names}, a.key)
	app := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host+" "+r.TLS.ServerName)
	}))
	app.TLS = &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}
	app.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that don't like the certificate
	app.StartTLS()
	t.Cleanup(app.Close)
	return app.URL
}

// A service is asked at a private address by its public name; a certificate that
// doesn't fit is said.
func TestHost(t *testing.T) {
	t.Parallel()
	a, now := newAuthority(t), time.Now()
	fits := a.serves(t, now.Add(-time.Hour), now.Add(time.Hour), "shop.example.com", "*.shop.example.com")
	many := a.serves(t, now.Add(-time.Hour), now.Add(time.Hour), "a.test", "b.test", "c.test", "d.test", "e.test")
	nameless := a.serves(t, now.Add(-time.Hour), now.Add(time.Hour))
	past := a.serves(t, now.Add(-time.Hour), now.Add(-time.Minute), "shop.example.com")
	future := a.serves(t, now.Add(time.Minute), now.Add(time.Hour), "shop.example.com")
	at := strings.TrimPrefix(fits, "https://")
	unknown := newAuthority(t)
	for _, test := range []struct {
		name, url, host, body string
		trusted               *authority
		outcome               verify.Outcome
		reason                string // begins with
	}{
		{"its name", fits, "shop.example.com", "shop.example.com shop.example.com", a, verify.Passed, ""},
		{"with a port", fits, "shop.example.com:8443", "shop.example.com:8443 shop.example.com", a, verify.Passed, ""},
		{"by a wildcard", fits, "eu.shop.example.com", "eu.shop.example.com", a, verify.Passed, ""},
		{"none", fits, "", at, a, verify.Unreachable, "certificate is for shop.example.com, *.shop.example.com, not 127.0.0.1"},
		{"another", fits, "other.example.com", "", a, verify.Unreachable, "certificate is for shop.example.com, *.shop.example.com, not other.example.com"},
		{"another, of many", many, "x.test", "", a, verify.Unreachable, "certificate is for a.test, b.test, c.test and 2 others, not x.test"},
		{"of none", nameless, "x.test", "", a, verify.Unreachable, "certificate is for no name at all, not x.test"},
		{"past", past, "shop.example.com", "", a, verify.Unreachable, "certificate expired at 20"},
		{"future", future, "shop.example.com", "", a, verify.Unreachable, "certificate isn't valid before 20"},
		{"by nobody one knows", fits, "shop.example.com", "", unknown, verify.Unreachable, "certificate is signed by an authority that isn't known here"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: test.trusted.pool, MinVersion: tls.VersionTLS12}}
			got, err := verify.Run(context.Background(), verify.Check{
				URL: test.url, Host: test.host, Body: test.body, Attempts: 1, Consecutive: 1, Transport: transport,
			})
			if err != nil {
				t.Fatal(err)
			}
			if last := got.Last[0]; last.Outcome != test.outcome || !strings.HasPrefix(last.Reason, test.reason) {
				t.Errorf("the check got %s, %q; want %s, %q", last.Outcome, last.Reason, test.outcome, test.reason)
			}
			if transport.TLSClientConfig.ServerName != "" {
				t.Error("the caller's transport was changed")
			}
			p, err := verify.Start(context.Background(), verify.Probe{URL: test.url, Host: test.host, Rate: 1, Transport: transport})
			if err != nil {
				t.Fatal(err)
			}
			for p.Snapshot().Sent == 0 {
				time.Sleep(time.Millisecond)
			}
			if s := p.Stop(); (s.Lost == 0) != (test.outcome == verify.Passed) {
				t.Errorf("the probe lost %d of %d: %v", s.Lost, s.Sent, s.Errors)
			}
		})
	}
}

// By http the name is in the Host header alone.
func TestHostByHTTP(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) }))
	t.Cleanup(app.Close)
	got, err := verify.Run(context.Background(), verify.Check{
		URL: app.URL, Host: "shop.example.com", Body: "shop.example.com", Attempts: 1, Consecutive: 1,
	})
	if err != nil || got.Verdict != report.Successful {
		t.Errorf("got %s, %s, %v", got.Verdict, got.Reason, err)
	}
}

// A host that can't be asked for is refused before anything is asked.
func TestHostRefused(t *testing.T) {
	t.Parallel()
	proxy := verify.Through(&url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", "1")})
	for _, test := range []struct {
		host, url string
		transport http.RoundTripper
		reason    string
	}{
		{"http://shop.example.com", "https://10.0.0.1", nil, "is no name of a host"},
		{"shop.example.com/path", "https://10.0.0.1", nil, "is no name of a host"},
		{"a b", "https://10.0.0.1", nil, "is no name of a host"},
		{"a,b", "https://10.0.0.1", nil, "is no name of a host"},
		{":443", "https://10.0.0.1", nil, "is no name of a host"},
		{"user@shop", "https://10.0.0.1", nil, "is no name of a host"},
		{"a\r\nb", "https://10.0.0.1", nil, "is no name of a host"},
		{"shop.example.com", "http://10.0.0.1", proxy, "through a proxy"},
	} {
		_, err := verify.Run(context.Background(), verify.Check{URL: test.url, Host: test.host, Transport: test.transport})
		if err == nil || !strings.Contains(err.Error(), test.reason) || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q: %v", test.host, err)
		}
		if _, err := verify.Start(context.Background(), verify.Probe{URL: test.url, Host: test.host, Transport: test.transport}); err == nil {
			t.Errorf("%q: the probe began", test.host)
		}
	}
}
