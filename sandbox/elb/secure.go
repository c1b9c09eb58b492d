package elb

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/tls"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// tlsInput is what a request says of a listener's TLS.
type tlsInput struct {
	protocol     types.ProtocolEnum // "": as it is
	certificates []types.Certificate
	policy       *string
	alpn         []string
	mutual       *types.MutualAuthenticationAttributes
}

// secured returns a listener with the TLS that a request asks for, all of it checked.
// Without HTTPS it has none.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html
//
// Assumption A192: the words of refusals of TLS settings that are not about a
// certificate or policy that is missing or of no use.
func (s *Service) secured(account string, l types.Listener, in tlsInput) (types.Listener, error) {
	l.Protocol = cmp.Or(in.protocol, l.Protocol)
	if len(in.alpn) > 0 {
		return l, wire.NotModelled("ALPN policies, which network load balancers have")
	}
	if in.mutual != nil && cmp.Or(val(in.mutual.Mode), "off") != "off" {
		return l, wire.NotModelled("mutual authentication mode %s (only off)", *in.mutual.Mode)
	}
	if l.Protocol != types.ProtocolEnumHttps {
		if len(in.certificates) > 0 || in.policy != nil || in.mutual != nil {
			return l, invalid("Certificates, a security policy and mutual authentication cannot be specified for HTTP listeners")
		}
		l.Certificates, l.SslPolicy, l.MutualAuthentication = nil, nil, nil
		return l, nil
	}
	l.SslPolicy = new(cmp.Or(val(in.policy), val(l.SslPolicy), defaultPolicy))
	if _, err := policyNamed(*l.SslPolicy); err != nil {
		return l, err
	}
	if in.certificates != nil {
		l.Certificates = in.certificates
	}
	l.MutualAuthentication = &types.MutualAuthenticationAttributes{Mode: new("off")}
	switch {
	case len(l.Certificates) == 0:
		return l, invalid("A certificate must be specified for HTTPS listeners")
	case len(l.Certificates) > 1:
		return l, invalid("Up to one certificate can be specified for a listener; add more with AddListenerCertificates")
	}
	return l, s.checkCertificates(account, l.Certificates)
}

// checkCertificates refuses what an account can't serve.
func (s *Service) checkCertificates(account string, certificates []types.Certificate) error {
	for _, c := range certificates {
		arn := val(c.CertificateArn)
		if c.IsDefault != nil {
			return invalid("IsDefault cannot be set for certificate '%s'", arn)
		}
		if strings.HasPrefix(arn, "arn:aws:iam::") {
			return wire.NotModelled("server certificates of IAM: %s (only ACM's)", arn)
		}
		if !strings.HasPrefix(arn, "arn:aws:acm:") || strings.Contains(arn, " ") {
			return invalid("Certificate ARN '%s' is not valid", arn)
		}
		issued, there := s.serving(account, arn)
		if !there {
			return wire.Errorf("CertificateNotFound", "Certificate '%s' not found", arn)
		}
		if issued == nil || len(issued.Leaf.DNSNames) == 0 && !strings.Contains(issued.Leaf.Subject.CommonName, ".") {
			// AWS's words for a certificate that isn't issued, too:
			// https://github.com/govuk-paas/paas-cf/pull/3063
			return wire.Errorf("UnsupportedCertificate", "The certificate '%s' must have a fully-qualified domain name, a supported signature, and a supported key size.", arn)
		}
	}
	return nil
}

func (s *Service) serving(account, arn string) (issued *tls.Certificate, there bool) {
	if s.cfg.Certificates == nil {
		return nil, false
	}
	return s.cfg.Certificates(account, arn)
}

// secure is how a listener speaks TLS.
type secure struct {
	http2, http1 *tls.Config
}

// config is the one for a new connection.
func (s *secure) config(http2 bool) *tls.Config {
	if http2 {
		return s.http2
	}
	return s.http1
}

// secure makes a listener's data plane speak TLS as it says, or none. A certificate
// that is imported anew is served from the next connection on.
func (s *Service) secure(account string, l *listener) {
	if l.Protocol != types.ProtocolEnumHttps {
		l.front.secure.Store(nil)
		return
	}
	p, err := policyNamed(*l.SslPolicy)
	if err != nil {
		return // can't be: secured has checked it
	}
	arns := l.certificates()
	config := &tls.Config{
		MinVersion: p.oldest, MaxVersion: p.newest, CipherSuites: p.spoken(), NextProtos: []string{"http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return s.choose(account, arns, hello) },
	}
	both := config.Clone()
	both.NextProtos = []string{"h2", "http/1.1"}
	l.front.secure.Store(&secure{http2: both, http1: config})
}

// choose returns the certificate for a client: of those for the name that it asks for
// the best one that it can check, else the default one, which is the first.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html
func (s *Service) choose(account string, arns []string, hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	var first *tls.Certificate
	var fit []*tls.Certificate
	for i, arn := range arns {
		c, _ := s.serving(account, arn)
		if i == 0 {
			first = c
		}
		if c != nil && hello.ServerName != "" && hello.SupportsCertificate(c) == nil {
			fit = append(fit, c)
		}
	}
	slices.SortStableFunc(fit, func(a, b *tls.Certificate) int { return cmp.Compare(rank(b), rank(a)) })
	if len(fit) > 0 {
		return fit[0], nil
	}
	return first, nil // nil: net/http ends the handshake
}

// rank prefers keys of elliptic curves.
func rank(c *tls.Certificate) int {
	if _, ok := c.Leaf.PublicKey.(*ecdsa.PublicKey); ok {
		return 1
	}
	return 0
}
