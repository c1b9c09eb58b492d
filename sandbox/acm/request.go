package acm

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// issueTime is how long a certificate that is asked for isn't issued.
//
// Assumption A190: a certificate is issued 30 seconds after it was asked for, divided
// by the clock's speed, and every name counts as proved: there is no DNS here in which
// its record could be looked up. AWS waits for the record, for up to 72 hours.
const issueTime = 30 * time.Second

// tokenTime is how long an idempotency token means the same request.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
const tokenTime = time.Hour

// nameShape is that of a domain name, as RequestCertificate's reference has it; Go has
// no lookahead, so that a label's first character is spelled out.
const nameShape = `^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`

// awsShape is how AWS writes it.
const awsShape = `(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])`

// RequestCertificate asks for a certificate, which the sandbox's own authority signs.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
func (s *Service) RequestCertificate(ctx context.Context, in *RequestCertificateInput) (*RequestCertificateOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "acm:RequestCertificate", "*"); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	c, err := s.request(ctx, in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.certificates[c.account]
	if i := slices.IndexFunc(all, c.again); i >= 0 {
		return &RequestCertificateOutput{CertificateArn: new(all[i].arn)}, nil
	}
	s.certificates[c.account] = append(all, c)
	return &RequestCertificateOutput{CertificateArn: new(c.arn)}, nil
}

// again reports whether an earlier request was the same one.
func (c *certificate) again(earlier *certificate) bool {
	return c.token != "" && c.token == earlier.token && c.created.Sub(earlier.created) < tokenTime
}

func (s *Service) request(ctx context.Context, in *RequestCertificateInput) (*certificate, error) {
	a, err := s.authority()
	if err != nil {
		return nil, err
	}
	names := in.names()
	served, err := a.issue(names, in.KeyAlgorithm)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Clock.Now()
	return &certificate{
		arn: s.newARN(ctx), account: iam.Caller(ctx).Account, token: value(in.IdempotencyToken), names: names, kind: amazonIssued,
		logging: in.logging(), created: now, due: now.Add(s.cfg.Clock.Scale(issueTime)), served: served, tags: retagged(nil, in.Tags),
	}, nil
}

// names are all that the certificate is for, the domain's first, each once.
func (in *RequestCertificateInput) names() []string {
	names := []string{strings.ToLower(value(in.DomainName))}
	for _, n := range in.SubjectAlternativeNames {
		if n = strings.ToLower(n); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

func (in *RequestCertificateInput) logging() string {
	if in.Options != nil && in.Options.CertificateTransparencyLoggingPreference == "DISABLED" {
		return "DISABLED"
	}
	return "ENABLED"
}

// check refuses what is wrong and what is not modelled.
func (in *RequestCertificateInput) check() error {
	for i, n := range append([]string{value(in.DomainName)}, in.SubjectAlternativeNames...) {
		member := "domainName"
		if i > 0 {
			member = "subjectAlternativeNames"
		}
		if err := checkName(member, n); err != nil {
			return err
		}
	}
	switch {
	case in.ValidationMethod == "" || in.ValidationMethod == "EMAIL":
		return wire.NotModelled("validation by e-mail, which is what a request without ValidationMethod means (only DNS)")
	case in.ValidationMethod != "DNS":
		return wire.NotModelled("validation method %s (only DNS)", in.ValidationMethod)
	case !slices.Contains([]string{"", "RSA_2048", "EC_prime256v1", "EC_secp384r1"}, in.KeyAlgorithm):
		// AWS has no others either for certificates that it issues:
		// https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
		return wire.NotModelled("key algorithm %s of a certificate that is asked for", in.KeyAlgorithm)
	case in.Options != nil && in.Options.Export == "ENABLED":
		return wire.NotModelled("certificates that can be exported")
	}
	return checkTags(nil, in.Tags)
}

func checkName(member, name string) error {
	if len(name) > 253 {
		return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to 253", name, member)
	}
	if !regexp.MustCompile(nameShape).MatchString(name) {
		return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", name, member, awsShape)
	}
	return nil
}
