// Package ssm is the Parameter Store of AWS Systems Manager: named values with
// their versions. Of Systems Manager there is nothing else.
//
// API: https://docs.aws.amazon.com/systems-manager/latest/APIReference/
package ssm

import (
	"context"
	"strings"
	"sync"
	"time"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// Config is what the room needs.
type Config struct {
	Clock  clock.Clock
	Region string
	Auth   iam.Authorizer
}

// Service holds the parameters of all accounts.
type Service struct {
	cfg Config

	mu         sync.Mutex
	parameters map[key]*parameter
}

type key struct{ account, name string }

// parameter is a parameter with the versions that are kept of it.
type parameter struct {
	name, kind string
	tags       map[string]string
	versions   []*version // oldest first, never empty
}

// version is one version of a parameter.
type version struct {
	number      int64
	value       string
	sealed      string // what shows of a SecureString that isn't decrypted
	description *string
	pattern     *string
	tier        string
	by          string // ARN of who put it
	at          time.Time
}

func (p *parameter) latest() *version { return p.versions[len(p.versions)-1] }

// New returns a store without any parameter.
func New(cfg Config) *Service {
	return &Service{cfg: cfg, parameters: map[key]*parameter{}}
}

// Add gives an account a parameter of type String, as one that has always been there.
func (s *Service) Add(account, name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := &version{number: 1, value: value, tier: standard, at: s.cfg.Clock.Now().UTC()}
	s.parameters[key{account, name}] = &parameter{name: name, kind: stringType, versions: []*version{v}}
}

// arn names a parameter of the caller's account: the slash that a path begins
// with is the one behind "parameter".
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
func (s *Service) arn(ctx context.Context, name string) string {
	return "arn:aws:ssm:" + s.cfg.Region + ":" + iam.Caller(ctx).Account + ":parameter/" + strings.TrimPrefix(name, "/")
}

func (s *Service) authorize(ctx context.Context, action, name string) error {
	return s.cfg.Auth.Authorize(ctx, "ssm:"+action, s.arn(ctx, name))
}

// find returns a parameter of the caller's account, nil when there is none. Call
// it with s.mu held.
func (s *Service) find(ctx context.Context, name string) *parameter {
	return s.parameters[key{iam.Caller(ctx).Account, name}]
}

// notFound is what AWS answers: a code without a message.
func notFound() error { return wire.Errorf("ParameterNotFound", "") }

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}
