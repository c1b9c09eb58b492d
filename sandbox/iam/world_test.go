package iam_test

import (
	"context"
	"errors"
	"testing"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

const (
	management = "999999999999"
	shared     = "111111111111"
	dev        = "222222222222"
	outside    = "666666666666" // in no organization
)

// paths is an organization for tests.
type paths map[string]string

func (p paths) OrgPath(account string) (string, bool) {
	path, ok := p[account]
	return path, ok
}

// newWorld has a user "admin" with key "AKIA<account>" in each account.
func newWorld(t *testing.T) *iam.Service {
	t.Helper()
	s := iam.New(iam.Config{Clock: clock.Clock{}, Organization: paths{
		management: "o-test/r-1/",
		shared:     "o-test/r-1/ou-shared/",
		dev:        "o-test/r-1/ou-dev/",
	}})
	for _, account := range []string{management, shared, dev, outside} {
		addUser(t, s, account, "admin", iam.AdministratorPolicy)
	}
	return s
}

func addUser(t *testing.T, s *iam.Service, account, name string, policies ...string) {
	t.Helper()
	if err := s.AddUser(account, name, key(account, name), "secret-"+account, policies...); err != nil {
		t.Fatal(err)
	}
}

func key(account, name string) string { return "AKIA" + account + name }

// as returns a context in which a user asks.
func as(t *testing.T, s *iam.Service, account, name string) context.Context {
	t.Helper()
	_, ctx, err := s.Secret(context.Background(), key(account, name), "")
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// wantError checks code, status and message of an AWS error.
func wantError(t *testing.T, err error, code string, status int, message string) {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if e.Code != code || e.HTTPStatus() != status {
		t.Errorf("got %s %d, want %s %d", e.Code, e.HTTPStatus(), code, status)
	}
	if message != "" && e.Message != message {
		t.Errorf("got  %s\nwant %s", e.Message, message)
	}
}

func ptr[T any](v T) *T { return &v }
