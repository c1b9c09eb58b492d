package iam

import (
	"fmt"
	"sync"
	"time"

	"orgship/policy"
	"orgship/sandbox/clock"
)

// OrgPaths tells where an account stands in the organization.
type OrgPaths interface {
	// OrgPath returns the org path of an account, e.g.
	// "o-sandbox001/r-sbox/ou-sbox-dev00001/", with the trailing slash; false
	// when the account belongs to no organization.
	OrgPath(account string) (string, bool)
}

// Config is what the room stands on.
type Config struct {
	Clock        clock.Clock
	Organization OrgPaths // nil: no account belongs to an organization
	// Region, when set, is the value of the condition key aws:RequestedRegion;
	// when empty, conditions on that key can't be decided and so never allow.
	Region string
	// Decided, when set, is told every decision, before its caller hears of it and
	// from many goroutines at once. It must not change what it is given.
	Decided func(policy.Request, policy.Decision)
}

// Service holds users, roles and sessions of every account of the sandbox.
// It is safe for concurrent use.
type Service struct {
	config Config

	mu       sync.Mutex
	accounts map[string]*account
	keys     map[string]*accessKey // by access key id: users' and sessions'
}

// account is what IAM keeps for one account.
type account struct {
	users map[string]*user
	roles map[string]*role // by lower-case name: names are unique whatever their case
	// providers are OpenID Connect providers by URL without "https://".
	providers map[string]*provider
	policies  map[string]*customerPolicy // by ARN
}

// user has one access key and inline policies.
type user struct {
	principal Principal
	policies  []namedPolicy
}

// accessKey is a long-term key of a user, or the temporary one of a session.
type accessKey struct {
	principal Principal
	secret    string
	token     string    // session token; empty for a user's key
	expires   time.Time // zero for a user's key
}

// New returns a service without accounts: AddUser and AddRole fill it.
func New(config Config) *Service {
	return &Service{
		config:   config,
		accounts: map[string]*account{},
		keys:     map[string]*accessKey{},
	}
}

// account returns the state of an account, made when first asked for. The
// caller holds the mutex.
func (s *Service) account(id string) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{
			users: map[string]*user{}, roles: map[string]*role{}, providers: map[string]*provider{}, policies: map[string]*customerPolicy{},
		}
		s.accounts[id] = a
	}
	return a
}

// AddUser adds a user with an access key to an account at boot, without asking
// who may: policies are identity policy documents (JSON), which become inline
// policies "policy-1" and so on. It fails when the name or key is taken or a
// document is malformed.
func (s *Service) AddUser(account, name, accessKeyID, secret string, policies ...string) error {
	parsed := make([]namedPolicy, 0, len(policies))
	for i, text := range policies {
		p, err := identityPolicy(fmt.Sprintf("policy-%d", i+1), text)
		if err != nil {
			return fmt.Errorf("adding user %q to account %s: %w", name, account, err)
		}
		parsed = append(parsed, p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(account)
	if a.users[name] != nil {
		return fmt.Errorf("adding user %q to account %s: there is one already", name, account)
	}
	if s.keys[accessKeyID] != nil {
		return fmt.Errorf("adding user %q to account %s: access key id %q is taken", name, account, accessKeyID)
	}
	u := &user{
		principal: Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/" + name, UserID: newID("AIDA")},
		policies:  parsed,
	}
	a.users[name] = u
	s.keys[accessKeyID] = &accessKey{principal: u.principal, secret: secret}
	return nil
}

// AddRole adds a role to an account at boot, without asking who may: trust is
// its trust policy (JSON), managed are ARNs of managed policies to attach.
func (s *Service) AddRole(account, name, trust string, managed ...string) error {
	r, err := newRole(account, name, "/", trust, s.config.Clock.Now())
	if err != nil {
		return fmt.Errorf("adding role %q to account %s: %w", name, account, err)
	}
	for _, arn := range managed {
		p, err := managedPolicy(arn)
		if err != nil {
			return fmt.Errorf("adding role %q to account %s: %w", name, account, err)
		}
		r.attached = append(r.attached, p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.account(account).add(r); err != nil {
		return fmt.Errorf("adding role %q to account %s: %w", name, account, err)
	}
	return nil
}
