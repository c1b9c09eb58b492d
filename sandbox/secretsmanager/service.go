// Package secretsmanager is AWS Secrets Manager: secrets with their versions and
// stages. Nothing rotates, and no secret has a policy of its own.
//
// API: https://docs.aws.amazon.com/secretsmanager/latest/apireference/
package secretsmanager

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

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
}

// Service holds the secrets of all accounts.
type Service struct {
	cfg Config

	mu      sync.Mutex
	secrets []*secret // oldest first
}

// secret is a secret with its versions.
type secret struct {
	account, name, arn string
	description        *string
	tags               map[string]string
	created, changed   time.Time
	accessed           time.Time
	deleted            time.Time // zero: it isn't marked for deletion
	versions           []*version
}

// version is one version of a secret. One without stages is deprecated.
type version struct {
	id      string
	text    *string
	binary  []byte
	stages  []string
	created time.Time
}

// The stages that Secrets Manager sets itself.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// New returns a service without any secret.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

func (s *Service) now() time.Time { return s.cfg.Clock.Now().UTC() }

// suffixed is the length of "-" and the characters that an ARN ends with.
const suffixed = 7

// arn makes the ARN of a secret of the caller's account: its name and six random
// characters, so that a policy for a deleted secret doesn't serve its successor.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
func (s *Service) arn(ctx context.Context, name string) string {
	const letters = id.Capitals + "abcdefghijklmnopqrstuvwxyz"
	return "arn:aws:secretsmanager:" + s.cfg.Region + ":" + iam.Caller(ctx).Account + ":secret:" + name + "-" + id.Of(letters, suffixed-1)
}

// open finds the secret that a request names and asks whether the caller may.
//
// Assumption A172: who names no secret is asked about the ARN that a secret of the
// name could have.
func (s *Service) open(ctx context.Context, action, secretID string) (*secret, error) {
	s.mu.Lock()
	found := s.find(ctx, secretID)
	s.mu.Unlock()
	arn := s.arn(ctx, secretID)
	switch {
	case found != nil:
		arn = found.arn
	case strings.HasPrefix(secretID, "arn:"):
		arn = secretID
	}
	if err := s.cfg.Auth.Authorize(ctx, "secretsmanager:"+action, arn); err != nil {
		return nil, err
	}
	if found == nil {
		return nil, notFound()
	}
	return found, nil
}

// find returns the caller's secret with a name, an ARN, or an ARN without the six
// characters; nil when there is none. Call it with s.mu held.
func (s *Service) find(ctx context.Context, secretID string) *secret {
	account := iam.Caller(ctx).Account
	i := slices.IndexFunc(s.secrets, func(x *secret) bool {
		return x.account == account && (x.name == secretID || x.arn == secretID || x.arn[:len(x.arn)-suffixed] == secretID)
	})
	if i < 0 {
		return nil
	}
	return s.secrets[i]
}

// usable finds the secret as open does, and refuses one that is marked for deletion.
func (s *Service) usable(ctx context.Context, action, secretID string) (*secret, error) {
	x, err := s.open(ctx, action, secretID)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !x.deleted.IsZero() {
		return nil, wire.Errorf("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	}
	return x, nil
}

func notFound() error {
	return wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterException", format, args...)
}
