package iam

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"

	"orgship/policy"
	"orgship/sandbox/wire"
)

// SessionRequest asks for temporary credentials of a role.
type SessionRequest struct {
	RoleARN    string
	Name       string        // session name
	Duration   time.Duration // 15 minutes up to the role's maximum
	ExternalID string        // sts:ExternalId; empty when none was given
}

// Session is a role assumed for a while.
type Session struct {
	Principal       Principal
	AccessKeyID     string // ASIA…
	SecretAccessKey string
	SessionToken    string
	Expires         time.Time
}

// chained is how long a session can last that a session asked for:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
const chained = time.Hour

// NewSession lets the caller of ctx assume a role, as sts:AssumeRole does: the
// role's trust policy and the caller's identity policies must allow it. A role
// that does not exist is denied with the same words as one that does not trust.
// Errors are *wire.Error: AccessDenied, ValidationError (duration).
func (s *Service) NewSession(ctx context.Context, request SessionRequest) (Session, error) {
	r, err := s.assume(ctx, Caller(ctx), request)
	if err != nil {
		return Session{}, err
	}
	if Caller(ctx).RoleARN != "" && request.Duration > chained {
		return Session{}, wire.Errorf("ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	if err := r.allows(request.Duration); err != nil {
		return Session{}, err
	}
	return s.issue(r.session(request.Name, s.config.Clock.Now()), request.Duration), nil
}

// allows checks how long a session of the role is to last.
func (r role) allows(d time.Duration) error {
	if d > r.maxSession {
		return wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// ServiceSession lets an AWS service, e.g. "ecs-tasks.amazonaws.com", assume a
// role that trusts it; in the context it returns the caller is that session.
// The error is a *wire.Error AccessDenied, also when there is no such role.
func (s *Service) ServiceSession(ctx context.Context, roleARN, service, sessionName string) (context.Context, error) {
	caller := Principal{Service: service, ARN: service}
	r, err := s.assume(ctx, caller, SessionRequest{RoleARN: roleARN, Name: sessionName})
	if err != nil {
		return nil, err
	}
	return WithPrincipal(ctx, r.session(sessionName, s.config.Clock.Now())), nil
}

// assume finds a role and asks whether the caller may assume it.
func (s *Service) assume(ctx context.Context, caller Principal, request SessionRequest) (role, error) {
	question := policy.Request{
		Action: "sts:AssumeRole", Resource: request.RoleARN, Trust: true,
		Context: map[string][]string{
			"sts:ExternalId":      present(request.ExternalID),
			"sts:RoleSessionName": present(request.Name),
		},
	}
	if arn := sourceOf(ctx); arn != "" && caller.Service != "" {
		question.Context["aws:SourceArn"] = []string{arn}
	}
	r, found := s.findRole(request.RoleARN)
	if found {
		question.ResourcePolicy = r.trustDocument
	}
	d := s.evaluate(caller, question)
	if !found || !d.Allowed {
		return role{}, denial(caller, question, d)
	}
	return r, nil
}

// findRole returns a copy of the role with that ARN.
func (s *Service) findRole(arn string) (role, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[policy.AccountOf(arn)]
	if a == nil {
		return role{}, false
	}
	r := a.roleByARN(arn)
	if r == nil {
		return role{}, false
	}
	return *r, true
}

// roleByARN returns the role with exactly that ARN, or nil.
func (a *account) roleByARN(arn string) *role {
	r := a.roles[strings.ToLower(arn[strings.LastIndex(arn, "/")+1:])]
	if r == nil || r.arn() != arn {
		return nil
	}
	return r
}

// session returns the principal that a role becomes under a session name.
func (r role) session(name string, now time.Time) Principal {
	return Principal{
		Account: r.account,
		ARN:     "arn:aws:sts::" + r.account + ":assumed-role/" + r.name + "/" + name,
		UserID:  r.id + ":" + name,
		RoleARN: r.arn(),
		Issued:  now.UTC().Truncate(time.Second),
	}
}

// issue makes temporary credentials; those long expired are forgotten.
func (s *Service) issue(p Principal, duration time.Duration) Session {
	now := s.config.Clock.Now()
	session := Session{
		Principal:       p,
		AccessKeyID:     newID("ASIA")[:20],
		SecretAccessKey: randomText(30),
		SessionToken:    randomText(120),
		Expires:         now.Add(duration).UTC().Truncate(time.Second),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, k := range s.keys {
		if !k.expires.IsZero() && now.Sub(k.expires) > remembered {
			delete(s.keys, id)
		}
	}
	s.keys[session.AccessKeyID] = &accessKey{
		principal: p, secret: session.SecretAccessKey, token: session.SessionToken, expires: session.Expires,
	}
	return session
}

// remembered is how long an expired key is still told from an unknown one.
const remembered = 24 * time.Hour

// randomText returns n random bytes in base64.
func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand
	return base64.StdEncoding.EncodeToString(b)
}
