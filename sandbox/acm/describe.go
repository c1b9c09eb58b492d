package acm

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// DescribeCertificate describes a certificate.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
func (s *Service) DescribeCertificate(ctx context.Context, in *DescribeCertificateInput) (*DescribeCertificateOutput, error) {
	users := s.users(ctx, in.CertificateArn)
	out := &DescribeCertificateOutput{}
	err := s.on(ctx, "DescribeCertificate", in.CertificateArn, func(c *certificate) error {
		out.Certificate = c.describe(s.cfg.Clock.Now())
		out.Certificate.InUseBy = users
		if len(users) > 0 && c.kind == amazonIssued {
			out.Certificate.RenewalEligibility = "ELIGIBLE"
		}
		return nil
	})
	return out, err
}

// users names what uses a certificate; it asks another room, so that no lock is held.
func (s *Service) users(ctx context.Context, arn *string) []string {
	if s.cfg.Users == nil {
		return []string{}
	}
	return append([]string{}, s.cfg.Users(iam.Caller(ctx).Account, value(arn))...)
}

func (c *certificate) describe(now time.Time) *CertificateDetail {
	d := &CertificateDetail{
		CertificateArn: new(c.arn), DomainName: new(c.names[0]), SubjectAlternativeNames: slices.Clone(c.names), Type: c.kind,
		CreatedAt: new(c.created), KeyAlgorithm: algorithm(c.leaf()), Status: c.status(now), RenewalEligibility: "INELIGIBLE",
		Options: &CertificateOptions{CertificateTransparencyLoggingPreference: c.logging},
	}
	if c.kind == imported {
		d.ImportedAt = new(c.created)
	} else {
		d.Options.Export = "DISABLED"
		d.DomainValidationOptions = c.validations(now)
	}
	if c.issued(now) {
		c.detail(d)
	}
	return d
}

func (c *certificate) validations(now time.Time) (all []DomainValidation) {
	status := pending
	if c.issued(now) {
		status = "SUCCESS"
	}
	for _, n := range c.names {
		all = append(all, DomainValidation{
			DomainName: new(n), ValidationDomain: new(n), ValidationMethod: "DNS", ValidationStatus: status, ResourceRecord: c.record(n),
		})
	}
	return all
}

// detail adds what is told of a certificate that is issued.
func (c *certificate) detail(d *CertificateDetail) {
	leaf := c.leaf()
	if c.kind == amazonIssued {
		d.IssuedAt = new(c.due)
	}
	issuer := leaf.Issuer.CommonName
	if len(leaf.Issuer.Organization) > 0 {
		issuer = leaf.Issuer.Organization[0]
	}
	d.NotBefore, d.NotAfter = new(leaf.NotBefore), new(leaf.NotAfter)
	d.Serial, d.Subject, d.Issuer = new(colons(leaf.SerialNumber.Bytes())), new(leaf.Subject.String()), new(issuer)
	d.SignatureAlgorithm = new(signature(leaf.SignatureAlgorithm))
	for _, name := range usages(leaf) {
		d.KeyUsages = append(d.KeyUsages, KeyUsage{name})
	}
	d.ExtendedKeyUsages = extended(leaf)
}

// signature names an algorithm as ACM does: SHA256WITHRSA for Go's SHA256-RSA, and
// SHA256WITHECDSA for its ECDSA-SHA256.
func signature(a x509.SignatureAlgorithm) string {
	first, second, _ := strings.Cut(a.String(), "-")
	if first == "ECDSA" {
		first, second = second, first
	}
	return first + "WITH" + second
}

func colons(bytes []byte) string {
	var parts []string
	for _, b := range bytes {
		parts = append(parts, fmt.Sprintf("%02x", b))
	}
	return strings.Join(parts, ":")
}

func usages(leaf *x509.Certificate) (names []string) {
	for _, u := range []struct {
		bit  x509.KeyUsage
		name string
	}{
		{x509.KeyUsageDigitalSignature, "DIGITAL_SIGNATURE"}, {x509.KeyUsageContentCommitment, "NON_REPUDIATION"},
		{x509.KeyUsageKeyEncipherment, "KEY_ENCIPHERMENT"}, {x509.KeyUsageDataEncipherment, "DATA_ENCIPHERMENT"},
		{x509.KeyUsageKeyAgreement, "KEY_AGREEMENT"}, {x509.KeyUsageCertSign, "CERTIFICATE_SIGNING"}, {x509.KeyUsageCRLSign, "CRL_SIGNING"},
	} {
		if leaf.KeyUsage&u.bit != 0 {
			names = append(names, u.name)
		}
	}
	return names
}

func extended(leaf *x509.Certificate) (all []ExtendedKeyUsage) {
	for _, u := range leaf.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageServerAuth:
			all = append(all, ExtendedKeyUsage{"TLS_WEB_SERVER_AUTHENTICATION", new("1.3.6.1.5.5.7.3.1")})
		case x509.ExtKeyUsageClientAuth:
			all = append(all, ExtendedKeyUsage{"TLS_WEB_CLIENT_AUTHENTICATION", new("1.3.6.1.5.5.7.3.2")})
		}
	}
	return all
}

// GetCertificate returns a certificate and its chain.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_GetCertificate.html
func (s *Service) GetCertificate(ctx context.Context, in *GetCertificateInput) (*GetCertificateOutput, error) {
	out := &GetCertificateOutput{}
	err := s.on(ctx, "GetCertificate", in.CertificateArn, func(c *certificate) error {
		if !c.issued(s.cfg.Clock.Now()) {
			return wire.Errorf("RequestInProgressException", "Certificate request %s is in progress.", c.arn)
		}
		var chain strings.Builder
		for _, der := range c.served.Certificate[1:] {
			chain.Write(encode(der))
		}
		out.Certificate = new(string(encode(c.leaf().Raw)))
		if chain.Len() > 0 {
			out.CertificateChain = new(chain.String())
		}
		return nil
	})
	return out, err
}
