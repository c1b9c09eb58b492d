package account

import (
	"context"
	"fmt"
	"regexp"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// sessionOf names our sessions in the logs of other accounts.
const sessionOf = "orgship"

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// Accounts hands out a configuration for each account, all from one set of
// credentials: their own account's as it is, and for any other a role assumed
// there. It is safe for concurrent use.
type Accounts struct {
	base aws.Config
	role string

	mu    sync.Mutex
	self  Identity // zero: not asked yet
	known map[string]aws.Config
}

// NewAccounts returns the accounts that the credentials of base lead to. Role is
// the name of the role in the others, such as OrganizationRole; empty: none is
// assumed, and no other account can be had.
func NewAccounts(base aws.Config, role string) *Accounts {
	return &Accounts{base: base, role: role, known: map[string]aws.Config{}}
}

// Base returns the configuration that all others come from: the one to ask
// Organizations with.
func (a *Accounts) Base() aws.Config { return a.base }

// Self says who the credentials belong to. AWS is asked once.
func (a *Accounts) Self(ctx context.Context) (Identity, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.whoami(ctx)
}

func (a *Accounts) whoami(ctx context.Context) (Identity, error) {
	if a.self.Account != "" {
		return a.self, nil
	}
	self, err := Who(ctx, a.base)
	if err == nil {
		a.self = self
	}
	return self, err
}

// For returns a configuration of an account, "" being the credentials' own. A
// role is tried before it is handed out, so that an account which can't be had
// shows here: as an *Error with a Hint, or a *WrongAccountError without a role.
func (a *Accounts) For(ctx context.Context, id string) (aws.Config, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	self, err := a.whoami(ctx)
	switch {
	case err != nil:
		return aws.Config{}, err
	case id == "" || id == self.Account:
		return a.base, nil
	case !accountID.MatchString(id):
		return aws.Config{}, &Error{line: fmt.Sprintf("%q is not the id of an account", id), hint: "an id has 12 digits: aws organizations list-accounts shows them"}
	case a.role == "":
		return aws.Config{}, &WrongAccountError{Want: id, Got: self}
	}
	if cfg, ok := a.known[id]; ok {
		return cfg, nil
	}
	cfg, err := a.assume(ctx, id)
	if err == nil {
		a.known[id] = cfg
	}
	return cfg, err
}

func (a *Accounts) assume(ctx context.Context, id string) (aws.Config, error) {
	cfg, err := AssumeRole(a.base, RoleARN(id, a.role), sessionOf)
	if err != nil {
		return aws.Config{}, err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return aws.Config{}, fmt.Errorf("getting into account %s: %w", id, brief(err))
	}
	return cfg, nil
}
