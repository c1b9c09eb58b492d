package faults

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"orgship/pipeline/report"
)

// secured is what makes a service of HTTPS out of the stranger's: its production
// listener has a certificate, and port 80 sends everybody there.
var secured = strings.NewReplacer(`
      Port: 80
      Protocol: HTTP
`, `
      Port: 443
      Protocol: HTTPS
      SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06
      Certificates: [{CertificateArn: !Ref Seal}]
`, `
  Robots:
`, `
  Seal: {Type: AWS::CertificateManager::Certificate, Properties: {DomainName: shop.example.com, ValidationMethod: DNS}}
  Old:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Edge
      Port: 80
      Protocol: HTTP
      DefaultActions: [{Type: redirect, RedirectConfig: {Protocol: HTTPS, Port: "443", StatusCode: HTTP_301}}]
  Robots:
`, "FromPort: 80,", "FromPort: 443,", "ToPort: 80,", "ToPort: 443,", "FromPort: 8080,", "FromPort: 80,")

// TestHTTPS releases a service that answers by HTTPS, and sends plain requests there.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "two", "exits")
	ca := filepath.Join(w.dir, "ca.pem")
	trusted := x509.NewCertPool()
	if err := os.WriteFile(ca, w.box.CA(), 0o600); err != nil || !trusted.AppendCertsFromPEM(w.box.CA()) {
		t.Fatal("the authority's certificate: ", err)
	}
	const name = "shop.example.com"
	d := &desk{
		w: w, t: t, account: "dev-1", env: []string{"SSL_CERT_FILE=" + ca},
		client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, ServerName: name, MinVersion: tls.VersionTLS12}}},
	}
	d.makeShopOf(func(in *cloudformation.CreateStackInput) {
		in.TemplateBody = aws.String(secured.Replace(*in.TemplateBody))
	})
	plain, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	redirect, err := (&http.Transport{}).RoundTrip(&http.Request{Method: http.MethodGet, URL: plain, Header: http.Header{}})
	if err != nil {
		t.Fatal(err)
	}
	redirect.Body.Close()
	if d.url = redirect.Header.Get("Location"); redirect.StatusCode != http.StatusMovedPermanently || !strings.HasPrefix(d.url, "https://"+plain.Hostname()) {
		t.Errorf("port 80: %s to %q", redirect.Status, d.url)
	}
	const release = "release shop --account dev-1 REPO:"
	proved := "^Now serving: .*\n.*by AWS's records"
	for _, s := range []situation{
		{name: "at the load balancer's own name", args: release + "two --expect-body two", verdict: report.Successful, outcome: report.Released, line: proved, serves: "two"},
		{name: "it exits at once", args: release + "exits", status: 1, verdict: report.Failed, outcome: report.RolledBack, line: "none lost"},
		{name: "by the name of the certificate", args: release + "one --check-host " + name, verdict: report.Successful, outcome: report.Released, line: proved, serves: "one"},
		{name: "by a name that the certificate isn't for", args: release + "two --check-host other.example.com", status: 2, verdict: report.Error, outcome: report.Refused, line: "other.example.com"},
	} {
		t.Run(s.name, func(t *testing.T) { d.on(t).play(s) })
	}
	d.env = nil
	t.Run("signed by an authority nobody knows", func(t *testing.T) {
		d.on(t).play(situation{args: release + "two", status: 2, verdict: report.Error, outcome: report.Refused, line: "authority that isn.t known here"})
	})
}
