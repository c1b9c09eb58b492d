// Package acm is AWS Certificate Manager: certificates that are asked for are signed
// by an authority of the sandbox's own, others are imported, and load balancers serve
// both.
//
// API: https://docs.aws.amazon.com/acm/latest/APIReference/Welcome.html
package acm

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"
	"sync"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// Config is what the room needs.
type Config struct {
	Clock  clock.Clock
	Region string
	Auth   iam.Authorizer
	// Users names what uses a certificate of an account, by ARN.
	Users func(account, arn string) []string
}

// Service holds the certificates of all accounts in one region.
type Service struct {
	cfg       Config
	authority func() (*authority, error)

	mu           sync.Mutex
	certificates map[string][]*certificate // by account, in the order in which they came
}

// New returns a service without certificates. Its authority is made when it is asked
// for first.
func New(c Config) *Service {
	return &Service{cfg: c, authority: sync.OnceValues(newAuthority), certificates: map[string][]*certificate{}}
}

// Wire returns the room as clients see it.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:         "acm",
		Protocol:     wire.JSON11,
		TargetPrefix: "CertificateManager",
		Pascal:       true,
		Words:        wire.Words{Missing: absent},
		Operations: []wire.Operation{
			wire.Op("RequestCertificate", s.RequestCertificate, wire.Required("DomainName"),
				wire.Optional("ValidationMethod", "SubjectAlternativeNames", "IdempotencyToken", "Options", "KeyAlgorithm", "Tags")),
			wire.Op("ImportCertificate", s.ImportCertificate, wire.Required("Certificate", "PrivateKey"), wire.Optional("CertificateArn", "CertificateChain", "Tags")),
			wire.Op("DescribeCertificate", s.DescribeCertificate, wire.Required("CertificateArn")),
			wire.Op("ListCertificates", s.ListCertificates, wire.Optional("CertificateStatuses", "Includes", "MaxItems", "NextToken", "SortBy", "SortOrder")),
			wire.Op("GetCertificate", s.GetCertificate, wire.Required("CertificateArn")),
			wire.Op("DeleteCertificate", s.DeleteCertificate, wire.Required("CertificateArn")),
			wire.Op("AddTagsToCertificate", s.AddTagsToCertificate, wire.Required("CertificateArn", "Tags")),
			wire.Op("RemoveTagsFromCertificate", s.RemoveTagsFromCertificate, wire.Required("CertificateArn", "Tags")),
			wire.Op("ListTagsForCertificate", s.ListTagsForCertificate, wire.Required("CertificateArn")),
		},
	}
}

// CA returns the certificate of the sandbox's authority, in PEM: who trusts it trusts
// every certificate that was asked for here.
func (s *Service) CA() ([]byte, error) {
	a, err := s.authority()
	if err != nil {
		return nil, err
	}
	return a.pem, nil
}

// Serving returns a certificate with its key, for whoever serves it, and whether the
// account has it; one that isn't issued yet is there and nil.
func (s *Service) Serving(account, arn string) (issued *tls.Certificate, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(account, arn)
	if c == nil {
		return nil, false
	}
	if !c.issued(s.cfg.Clock.Now()) {
		return nil, true
	}
	return c.served, true
}

// find returns an account's certificate, nil when there is none; s.mu must be held.
func (s *Service) find(account, arn string) *certificate {
	all := s.certificates[account]
	if i := slices.IndexFunc(all, func(c *certificate) bool { return c.arn == arn }); i >= 0 {
		return all[i]
	}
	return nil
}

func (s *Service) arn(ctx context.Context, name string) string {
	return strings.Join([]string{"arn:aws:acm", s.cfg.Region, iam.Caller(ctx).Account, "certificate/" + name}, ":")
}

func (s *Service) newARN(ctx context.Context) string { return s.arn(ctx, id.UUID()) }

// on runs an authorized action on the certificate that an ARN names.
func (s *Service) on(ctx context.Context, operation string, arn *string, action func(*certificate) error) error {
	name := value(arn)
	if !strings.HasPrefix(name, "arn:") || !strings.Contains(name, ":acm:") || !strings.Contains(name, ":certificate/") {
		return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at 'certificateArn' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", name, arnShape)
	}
	if err := s.cfg.Auth.Authorize(ctx, "acm:"+operation, name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	account := iam.Caller(ctx).Account
	c := s.find(account, name)
	if c == nil {
		return wire.Errorf("ResourceNotFoundException", "Could not find certificate %s in account %s.", name, account)
	}
	return action(c)
}

// arnShape: https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
const arnShape = `arn:[\w+=/,.@-]+:acm:[\w+=/,.@-]*:[0-9]+:[\w+=,.@-]+(/[\w+=,.@-]+)*`

// absent refuses a request without members that it needs.
func absent(names []string) *wire.Error {
	return wire.Errorf("ValidationException", "%s", wire.NullMembers(names))
}

// value returns what p points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}
