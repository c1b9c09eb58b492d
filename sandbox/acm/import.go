package acm

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// ImportCertificate takes a certificate that somebody else issued; with the ARN of one
// that was imported before, it takes its place.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_ImportCertificate.html
func (s *Service) ImportCertificate(ctx context.Context, in *ImportCertificateInput) (*ImportCertificateOutput, error) {
	if in.CertificateArn != nil {
		return s.reimport(ctx, in)
	}
	if err := s.cfg.Auth.Authorize(ctx, "acm:ImportCertificate", s.arn(ctx, "*")); err != nil {
		return nil, err
	}
	served, err := in.parse(s.cfg.Clock.Now())
	if err != nil {
		return nil, err
	}
	if err := checkTags(nil, in.Tags); err != nil {
		return nil, err
	}
	c := &certificate{arn: s.newARN(ctx), account: iam.Caller(ctx).Account, kind: imported, logging: "DISABLED", tags: retagged(nil, in.Tags)}
	c.serve(served, s.cfg.Clock.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.certificates[c.account] = append(s.certificates[c.account], c)
	return &ImportCertificateOutput{CertificateArn: new(c.arn)}, nil
}

func (s *Service) reimport(ctx context.Context, in *ImportCertificateInput) (*ImportCertificateOutput, error) {
	if len(in.Tags) > 0 {
		return nil, invalid("Tagging is not permitted on re-import.")
	}
	err := s.on(ctx, "ImportCertificate", in.CertificateArn, func(c *certificate) error {
		served, err := in.parse(s.cfg.Clock.Now())
		switch {
		case err != nil:
			return err
		case c.kind != imported:
			return invalid("The certificate %s was not imported.", c.arn)
		}
		c.serve(served, s.cfg.Clock.Now())
		return nil
	})
	return &ImportCertificateOutput{CertificateArn: in.CertificateArn}, err
}

// serve makes a certificate another one.
func (c *certificate) serve(served *tls.Certificate, now time.Time) {
	c.served, c.created, c.due = served, now, now
	c.names = slices.Clone(served.Leaf.DNSNames)
	if name := served.Leaf.Subject.CommonName; name != "" && !slices.Contains(c.names, name) {
		c.names = append([]string{name}, c.names...)
	}
}

// parse checks what is imported.
//
// Assumption A191: the words of refusals of what can't be imported; those of a
// certificate field with two of them, and of a chain that doesn't fit, are AWS's.
func (in *ImportCertificateInput) parse(now time.Time) (*tls.Certificate, error) {
	own, err := certificates(in.Certificate)
	if err != nil || len(own) == 0 {
		return nil, invalid("The certificate body is not in a valid PEM format.")
	}
	if len(own) > 1 {
		return nil, invalid("The certificate field contains more than one certificate. You can specify only one certificate in this field.")
	}
	served, err := tls.X509KeyPair(in.Certificate, in.PrivateKey)
	if err != nil {
		return nil, invalid("The private key is not supported, or it does not match the certificate.")
	}
	served.Leaf = own[0]
	switch {
	case !slices.Contains([]string{"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"}, algorithm(own[0])):
		return nil, invalid("The private key is not supported.")
	case now.Before(own[0].NotBefore):
		return nil, invalid("The certificate is not valid yet.")
	case now.After(own[0].NotAfter):
		return nil, invalid("The certificate is expired.")
	}
	return &served, chain(&served, in.CertificateChain)
}

// chain adds the certificates that lead to an authority.
func chain(served *tls.Certificate, text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	issuers, err := certificates(text)
	if err != nil || len(issuers) == 0 {
		return invalid("The certificate chain is not in a valid PEM format.")
	}
	from := served.Leaf
	for _, issuer := range issuers {
		if from.CheckSignatureFrom(issuer) != nil {
			return invalid("Could not validate the certificate with the certificate chain.")
		}
		served.Certificate = append(served.Certificate, issuer.Raw)
		from = issuer
	}
	return nil
}

func certificates(text []byte) (all []*x509.Certificate, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}
