package elb_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/elb"
)

// shelf holds certificates by ARN; one that is nil isn't issued yet.
type shelf struct {
	mu     sync.Mutex
	ca     *x509.Certificate
	key    *ecdsa.PrivateKey
	issued map[string]*tls.Certificate
}

func (s *shelf) serving(account, arn string) (*tls.Certificate, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, there := s.issued[arn]
	return c, there && account == accountID
}

func arnOf(name string) string { return "arn:aws:acm:eu-west-1:" + accountID + ":certificate/" + name }

// issue puts a certificate with an ECDSA or an RSA key for names on the shelf, under
// the first one's name or another's.
func (s *shelf) issue(t testing.TB, useRSA bool, as string, names ...string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(s.issued) + 2)), Subject: pkix.Name{CommonName: as}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
	}
	if s.ca == nil {
		s.key = must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
		own := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: template.NotBefore, NotAfter: template.NotAfter, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
		der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, own, own, s.key.Public(), s.key))
		s.ca = must[*x509.Certificate](t)(x509.ParseCertificate(der))
	}
	var key crypto.Signer = must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	if useRSA {
		key = must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, s.ca, key.Public(), s.key))
	leaf := must[*x509.Certificate](t)(x509.ParseCertificate(der))
	s.issued[arnOf(as)] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
	return arnOf(as)
}

func (s *shelf) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(s.ca)
	return p
}

// https makes an HTTPS listener with a certificate.
func (w *world) https(b types.LoadBalancer, port int32, arn string, actions []types.Action, edit ...func(*elbv2.CreateListenerInput)) (*elbv2.CreateListenerOutput, error) {
	in := &elbv2.CreateListenerInput{
		LoadBalancerArn: b.LoadBalancerArn, Port: &port, Protocol: types.ProtocolEnumHttps, DefaultActions: actions,
		Certificates: []types.Certificate{{CertificateArn: &arn}},
	}
	for _, e := range edit {
		e(in)
	}
	return w.CreateListener(w.ctx, in)
}

// greet speaks TLS with the listener of port 8443 and says the certificate's name, the version and the
// protocol, or what went wrong.
func (w *world) greet(b types.LoadBalancer, edit func(*tls.Config)) string {
	config := &tls.Config{RootCAs: w.shelf.pool(), MinVersion: tls.VersionTLS10, NextProtos: []string{"h2", "http/1.1"}}
	if edit != nil {
		edit(config)
	}
	conn, err := (&tls.Dialer{Config: config}).Dial("tcp", net.JoinHostPort(ip(b), "8443"))
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	state := conn.(*tls.Conn).ConnectionState()
	return fmt.Sprintf("%s %s %s", state.PeerCertificates[0].Subject.CommonName, tls.VersionName(state.Version), state.NegotiatedProtocol)
}

// named8443 asks for a name.
func asking(name string) func(*tls.Config) { return func(c *tls.Config) { c.ServerName = name } }

// The certificate is the one for the name that the client asks for.
func TestServerName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, g := w.balancer("web"), w.group("web")
	first := w.shelf.issue(t, true, "first", "first.test")
	out := must[*elbv2.CreateListenerOutput](t)(w.https(b, 8443, first, forward(g)))
	l := out.Listeners[0].ListenerArn
	var more []types.Certificate
	for _, arn := range []string{
		w.shelf.issue(t, true, "wild", "*.wild.test"), w.shelf.issue(t, true, "both-rsa", "both.test"), w.shelf.issue(t, false, "both-ec", "both.test"), first,
	} {
		more = append(more, types.Certificate{CertificateArn: &arn})
	}
	must[*elbv2.AddListenerCertificatesOutput](t)(w.AddListenerCertificates(w.ctx, &elbv2.AddListenerCertificatesInput{ListenerArn: l, Certificates: more}))
	described := must[*elbv2.DescribeListenerCertificatesOutput](t)(w.DescribeListenerCertificates(w.ctx, &elbv2.DescribeListenerCertificatesInput{ListenerArn: l}))
	if n := len(described.Certificates); n != 4 || !*described.Certificates[0].IsDefault || *described.Certificates[1].IsDefault {
		t.Errorf("%d certificates: %+v", n, described.Certificates)
	}
	onlyRSA := func(c *tls.Config) {
		c.ServerName, c.MaxVersion, c.CipherSuites = "both.test", tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	}
	for _, test := range []struct {
		name string
		edit func(*tls.Config)
		want string
	}{
		{"the default one's", asking("first.test"), "first TLS 1.2 h2"},
		{"a wildcard's", asking("a.wild.test"), "wild TLS 1.2 h2"},
		{"of two keys the curve's", asking("both.test"), "both-ec TLS 1.2 h2"},
		{"of two keys the one that can be checked", onlyRSA, "both-rsa TLS 1.2 h2"},
		{"nobody's", asking("other.test"), "certificate is valid for first.test, not other.test"},
		{"none", func(c *tls.Config) { c.InsecureSkipVerify = true }, "first TLS 1.2 h2"},
		{"no HTTP/2", func(c *tls.Config) { c.ServerName, c.NextProtos = "first.test", []string{"http/1.1"} }, "first TLS 1.2 http/1.1"},
	} {
		if got := w.greet(b, test.edit); !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	must[*elbv2.RemoveListenerCertificatesOutput](t)(w.RemoveListenerCertificates(w.ctx, &elbv2.RemoveListenerCertificatesInput{ListenerArn: l, Certificates: more[:1]}))
	if got := w.greet(b, asking("a.wild.test")); !strings.Contains(got, "not a.wild.test") {
		t.Errorf("after its removal: %s", got)
	}
	w.shelf.issue(t, false, "first", "first.test") // imported anew
	if got := w.greet(b, func(c *tls.Config) {
		c.ServerName, c.CipherSuites, c.MaxVersion = "first.test", []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, tls.VersionTLS12
	}); !strings.Contains(got, "handshake failure") {
		t.Errorf("after another import: %s", got)
	}
	if users := w.CertificateUsers(accountID, first); len(users) != 1 || users[0] != *b.LoadBalancerArn {
		t.Errorf("used by %v", users)
	}
	must[*elbv2.DeleteListenerOutput](t)(w.DeleteListener(w.ctx, &elbv2.DeleteListenerInput{ListenerArn: l}))
	if users := w.CertificateUsers(accountID, first); len(users) != 0 {
		t.Errorf("without the listener used by %v", users)
	}
}

// A policy says which versions of TLS are spoken, both ways.
func TestPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, g := w.balancer("web"), w.group("web")
	arn := w.shelf.issue(t, true, "a", "a.test")
	l := must[*elbv2.CreateListenerOutput](t)(w.https(b, 8443, arn, forward(g))).Listeners[0]
	if *l.SslPolicy != "ELBSecurityPolicy-2016-08" || *l.MutualAuthentication.Mode != "off" {
		t.Errorf("by default %+v", l)
	}
	all := must[*elbv2.DescribeSSLPoliciesOutput](t)(w.DescribeSSLPolicies(w.ctx, &elbv2.DescribeSSLPoliciesInput{}))
	if len(all.SslPolicies) < 20 {
		t.Fatalf("%d policies", len(all.SslPolicies))
	}
	versions := map[string]uint16{"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	for _, p := range all.SslPolicies {
		must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: l.ListenerArn, SslPolicy: p.Name}))
		says := " " + strings.Join(p.SslProtocols, " ") + " "
		for name, version := range versions {
			got := w.greet(b, func(c *tls.Config) { c.ServerName, c.MinVersion, c.MaxVersion = "a.test", version, version })
			spoken := strings.Contains(got, tls.VersionName(version))
			if wants := strings.Contains(says, " "+name+" "); spoken != wants {
				t.Errorf("%s says%sand speaks %s: %v (%s)", *p.Name, says, name, spoken, got)
			}
		}
		weak := w.greet(b, func(c *tls.Config) {
			c.ServerName, c.MaxVersion, c.CipherSuites = "a.test", tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}
		})
		has := false
		for _, c := range p.Ciphers {
			has = has || *c.Name == "AES128-SHA"
		}
		if strings.HasPrefix(weak, "a TLS") != has {
			t.Errorf("%s names AES128-SHA: %v, and a client got %s", *p.Name, has, weak)
		}
	}
}

func TestTLSErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, g := w.balancer("web"), w.group("web")
	arn := w.shelf.issue(t, false, "a", "a.test")
	nameless := w.shelf.issue(t, false, "nameless")
	w.shelf.issued[arnOf("pending")] = nil
	plain := w.listener(b, 80, forward(g))
	l := *must[*elbv2.CreateListenerOutput](t)(w.https(b, 8443, arn, forward(g))).Listeners[0].ListenerArn
	create := func(arn string, edit ...func(*elbv2.CreateListenerInput)) error {
		return second(w.https(b, 9443, arn, forward(g), edit...))
	}
	with := func(arns ...string) (all []types.Certificate) {
		for _, a := range arns {
			all = append(all, types.Certificate{CertificateArn: &a})
		}
		return all
	}
	many := make([]string, 26)
	for i := range many {
		many[i] = w.shelf.issue(t, false, fmt.Sprint(i), fmt.Sprintf("a%d.test", i))
	}
	two := must[*elbv2.CreateTargetGroupOutput](t)(w.CreateTargetGroup(w.ctx, &elbv2.CreateTargetGroupInput{Name: new("two"), Protocol: types.ProtocolEnumHttp,
		ProtocolVersion: new("HTTP2"), Port: new(int32(80)), VpcId: new("vpc-1"), TargetType: types.TargetTypeEnumIp})).TargetGroups[0]
	refusals{
		"no certificate":   {create("", func(in *elbv2.CreateListenerInput) { in.Certificates = nil }), "ValidationError"},
		"two certificates": {create("", func(in *elbv2.CreateListenerInput) { in.Certificates = with(arn, arn) }), "ValidationError"},
		"default is said": {create("", func(in *elbv2.CreateListenerInput) {
			in.Certificates[0] = types.Certificate{CertificateArn: &arn, IsDefault: new(true)}
		}), "ValidationError"},
		"none such":         {create(arnOf("none")), "CertificateNotFound"},
		"another account's": {create("arn:aws:acm:eu-west-1:333333333333:certificate/a"), "CertificateNotFound"},
		"another region's":  {create("arn:aws:acm:us-east-1:" + accountID + ":certificate/a"), "CertificateNotFound"},
		"not issued":        {create(arnOf("pending")), "UnsupportedCertificate"},
		"for no name":       {create(nameless), "UnsupportedCertificate"},
		"no ARN":            {create("a.test"), "ValidationError"},
		"a list of ARNs":    {create(arn + ", " + arn), "ValidationError"},
		"IAM's":             {create("arn:aws:iam::222222222222:server-certificate/a"), "NotModelled"},
		"policy: none such": {create(arn, func(in *elbv2.CreateListenerInput) { in.SslPolicy = new("ELBSecurityPolicy-2038-01") }), "SSLPolicyNotFound"},
		"policy: FIPS":      {create(arn, func(in *elbv2.CreateListenerInput) { in.SslPolicy = new("ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04") }), "NotModelled"},
		"ALPN":              {create(arn, func(in *elbv2.CreateListenerInput) { in.AlpnPolicy = []string{"HTTP2Preferred"} }), "NotModelled"},
		"mutual": {create(arn, func(in *elbv2.CreateListenerInput) {
			in.MutualAuthentication = &types.MutualAuthenticationAttributes{Mode: new("verify")}
		}), "NotModelled"},
		"HTTP and a certificate":     {create(arn, func(in *elbv2.CreateListenerInput) { in.Protocol = types.ProtocolEnumHttp }), "ValidationError"},
		"to HTTPS without":           {second(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &plain, Protocol: types.ProtocolEnumHttps})), "ValidationError"},
		"HTTP/2 targets":             {second(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &plain, DefaultActions: forward(*two.TargetGroupArn)})), "IncompatibleProtocols"},
		"more: to HTTP":              {second(w.AddListenerCertificates(w.ctx, &elbv2.AddListenerCertificatesInput{ListenerArn: &plain, Certificates: with(arn)})), "ValidationError"},
		"more: none such":            {second(w.AddListenerCertificates(w.ctx, &elbv2.AddListenerCertificatesInput{ListenerArn: &l, Certificates: with(arnOf("none"))})), "CertificateNotFound"},
		"more: too many":             {second(w.AddListenerCertificates(w.ctx, &elbv2.AddListenerCertificatesInput{ListenerArn: &l, Certificates: with(many...)})), "TooManyCertificates"},
		"fewer: without the default": {second(w.RemoveListenerCertificates(w.ctx, &elbv2.RemoveListenerCertificatesInput{ListenerArn: &l, Certificates: with(arn)})), "OperationNotPermitted"},
		"policies: none such":        {second(w.DescribeSSLPolicies(w.ctx, &elbv2.DescribeSSLPoliciesInput{Names: []string{"x"}})), "SSLPolicyNotFound"},
	}.check(t)
}

// browser asks by https: whatever the name, at the load balancer's address.
func (w *world) browser(b types.LoadBalancer, port int) *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(ip(b), strconv.Itoa(port)))
	}
	transport := &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: w.shelf.pool()}, ForceAttemptHTTP2: true}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Timeout: 10 * time.Second, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (w *world) get(c *http.Client, url string) (*http.Response, string) {
	w.t.Helper()
	res := must[*http.Response](w.t)(c.Get(url))
	defer res.Body.Close()
	return res, string(must[[]byte](w.t)(io.ReadAll(res.Body)))
}

// A target is told how the client came, and is spoken to without TLS.
func TestForwardedByHTTPS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, g, _ := w.web(echo)
	arn := w.shelf.issue(t, false, "a", "a.test")
	must[*elbv2.CreateListenerOutput](t)(w.https(b, 8443, arn, forward(g)))
	client := w.browser(b, 8443)
	for _, test := range []struct {
		attribute string // "": as it is by default
		protocol  string
		has       []string
		lacks     string
	}{
		{"", "HTTP/2.0", []string{"X-Forwarded-Proto: https", "X-Forwarded-Port: 8443"}, "X-Amzn-Tls"},
		{"routing.http.x_amzn_tls_version_and_cipher_suite.enabled=true", "HTTP/2.0", []string{"X-Amzn-Tls-Version: TLSv1.2", "X-Amzn-Tls-Cipher-Suite: ECDHE-ECDSA-AES128-GCM-SHA256"}, "~"},
		{"routing.http2.enabled=false", "HTTP/1.1", nil, "~"},
	} {
		w.set(b, test.attribute)
		client.CloseIdleConnections()
		res, body := w.get(client, "https://a.test:8443/") //nolint:bodyclose // get closes it
		if res.Proto != test.protocol || strings.Contains(body, test.lacks) {
			t.Errorf("%s: by %s:\n%s", test.attribute, res.Proto, body)
		}
		for _, want := range test.has {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the target got\n%s\nwithout %s", test.attribute, body, want)
			}
		}
	}
}

// set sets attributes of a load balancer, "key=value".
func (w *world) set(b types.LoadBalancer, changes ...string) {
	w.t.Helper()
	var all []types.LoadBalancerAttribute
	for _, change := range changes {
		if key, value, ok := strings.Cut(change, "="); ok {
			all = append(all, types.LoadBalancerAttribute{Key: &key, Value: &value})
		}
	}
	must[*elbv2.ModifyLoadBalancerAttributesOutput](w.t)(w.ModifyLoadBalancerAttributes(w.ctx, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn, Attributes: all}))
}

// traits sets attributes of a target group, "key=value".
func (w *world) traits(group string, changes ...string) (*elbv2.ModifyTargetGroupAttributesOutput, error) {
	var all []types.TargetGroupAttribute
	for _, change := range changes {
		key, value, _ := strings.Cut(change, "=")
		all = append(all, types.TargetGroupAttribute{Key: &key, Value: &value})
	}
	return w.ModifyTargetGroupAttributes(w.ctx, &elbv2.ModifyTargetGroupAttributesInput{TargetGroupArn: &group, Attributes: all})
}

// A listener becomes one of HTTPS and of HTTP again, at the same port; the usual
// redirect leads from one to the other.
func TestChangeOfProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, g, l := w.web(named("here"))
	arn := w.shelf.issue(t, false, "a", "a.test")
	w.listener(b, 8080, []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{
		Protocol: new("HTTPS"), Port: new("80"), StatusCode: types.RedirectActionStatusCodeEnumHttp301}}})
	at80 := (&url.URL{Scheme: "http", Host: *b.DNSName}).Port()
	port := 80
	if at80 != "" {
		port, _ = strconv.Atoi(at80)
	}
	must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, Protocol: types.ProtocolEnumHttps, Certificates: []types.Certificate{{CertificateArn: &arn}}}))
	if _, body := w.get(w.browser(b, port), "https://a.test/"); body != "here" { //nolint:bodyclose // get closes it
		t.Errorf("by https: %q", body)
	}
	if got := w.ask(base(b, 80)); got.status != 400 {
		t.Errorf("by http: %+v", got)
	}
	if got, want := w.ask(base(b, 8080)+"/x").header.Get("Location"), "https://"+net.JoinHostPort(ip(b), strconv.Itoa(port))+"/x"; got != want {
		t.Errorf("redirected to %s, want %s", got, want)
	}
	out := must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, Protocol: types.ProtocolEnumHttp, DefaultActions: forward(g)})).Listeners[0]
	if got := w.ask(base(b, 80)); got.body != "here" || out.Certificates != nil || out.SslPolicy != nil {
		t.Errorf("by http again: %+v, %+v", got, out)
	}
}

// Behind HTTPS targets may speak HTTP/2, without TLS; their health is checked by it.
func TestHTTP2Targets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, arn := w.balancer("web"), w.shelf.issue(t, false, "a", "a.test")
	g := *must[*elbv2.CreateTargetGroupOutput](t)(w.CreateTargetGroup(w.ctx, &elbv2.CreateTargetGroupInput{
		Name: new("two"), Protocol: types.ProtocolEnumHttp, ProtocolVersion: new("HTTP2"), Port: new(int32(8080)), VpcId: new("vpc-1"),
		TargetType: types.TargetTypeEnumIp, HealthCheckIntervalSeconds: new(int32(5)), HealthCheckTimeoutSeconds: new(int32(2)),
	})).TargetGroups[0].TargetGroupArn
	must[*elbv2.CreateListenerOutput](t)(w.https(b, 8443, arn, forward(g)))
	s := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, r.Proto) }), Protocols: &http.Protocols{}}
	s.Protocols.SetUnencryptedHTTP2(true)
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	w.net.mu.Lock()
	w.net.servers["10.0.0.1:8080"] = l.Addr().String()
	w.net.mu.Unlock()
	w.register(g, "10.0.0.1")
	w.awaitStates(g, "10.0.0.1 healthy")
	if _, body := w.get(w.browser(b, 8443), "https://a.test/"); body != "HTTP/2.0" { //nolint:bodyclose // get closes it
		t.Errorf("the target got %q", body)
	}
}

// Through a proxy a client reaches HTTPS listeners that it could connect to, and nothing else.
func TestTunnel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, g, _ := w.web(named("here"))
	arn := w.shelf.issue(t, false, "a", "a.test")
	must[*elbv2.CreateListenerOutput](t)(w.https(b, 8443, arn, forward(g)))
	must[*elbv2.CreateListenerOutput](t)(w.https(b, 9443, arn, forward(g)))
	w.net.set(w.net.closed, "9443", true)
	conn := must[net.Conn](t)(w.Tunnel(w.ctx, ip(b)+":8443"))
	defer conn.Close()
	if err := tls.Client(conn, &tls.Config{RootCAs: w.shelf.pool(), ServerName: "a.test"}).Handshake(); err != nil {
		t.Error(err)
	}
	for address, want := range map[string]string{
		ip(b) + ":80":         "speaks no TLS",
		ip(b) + ":9443":       "let nobody in on port 9443",
		ip(b) + ":1":          "has no listener on port 1",
		"127.0.0.1:443":       elb.ErrForeign.Error(),
		"www.example.com:443": elb.ErrForeign.Error(),
	} {
		if _, err := w.Tunnel(w.ctx, address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	if err := w.Visit(ip(b)+":8443", nil, nil); err == nil || errors.Is(err, elb.ErrForeign) || !strings.Contains(err.Error(), "speaks TLS") {
		t.Errorf("a visit without TLS: %v", err)
	}
}
