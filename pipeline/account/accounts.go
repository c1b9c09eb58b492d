package account

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/sync/singleflight"
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

	calls singleflight.Group // an account is got into once, however many ask

	mu    sync.Mutex // never held across a call
	self  Identity   // zero: not asked yet
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
	self := a.self
	a.mu.Unlock()
	if self.Account != "" {
		return self, nil
	}
	return once(ctx, &a.calls, "self", func(ctx context.Context) (Identity, error) {
		a.mu.Lock()
		self := a.self // since it was looked at
		a.mu.Unlock()
		if self.Account != "" {
			return self, nil
		}
		self, err := Who(ctx, a.base)
		if err == nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.self = self
		}
		return self, err
	})
}

// onceTime bounds a call that several wait for.
const onceTime = time.Minute

// once makes a call for all who ask for the same at a time. One that stops
// waiting doesn't end it for the others.
func once[T any](ctx context.Context, calls *singleflight.Group, key string, call func(context.Context) (T, error)) (T, error) {
	done := calls.DoChan(key, func() (any, error) {
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), onceTime)
		defer stop()
		return call(ctx)
	})
	select {
	case r := <-done:
		value, _ := r.Val.(T)
		return value, r.Err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// For returns a configuration of an account, "" being the credentials' own. A
// role is tried before it is handed out, so that an account which can't be had
// shows here: as an *Error with a Hint, or a *WrongAccountError without a role.
func (a *Accounts) For(ctx context.Context, id string) (aws.Config, error) {
	self, err := a.Self(ctx)
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
	a.mu.Lock()
	cfg, ok := a.known[id]
	a.mu.Unlock()
	if ok {
		return cfg, nil
	}
	return once(ctx, &a.calls, id, func(ctx context.Context) (aws.Config, error) {
		a.mu.Lock()
		cfg, ok := a.known[id] // since it was looked at
		a.mu.Unlock()
		if ok {
			return cfg, nil
		}
		cfg, err := a.assume(ctx, id)
		if err == nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.known[id] = cfg
		}
		return cfg, err
	})
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
