// Package iam knows who asks and what they may do: access keys, roles, session
// credentials, and the evaluation of policies (package policy) for a request.
package iam

import (
	"context"
	"time"
)

// Principal is who makes a request.
type Principal struct {
	Account string // 12 digits
	// ARN is the caller's: arn:aws:iam::222222222222:user/admin, or
	// arn:aws:sts::222222222222:assumed-role/Role/session for a session.
	ARN     string
	UserID  string // AIDA… for a user, AROA…:session for a session
	RoleARN string // the role behind a session; empty for a user
	// Issued is when a session's credentials were; zero for a user, or if it isn't told.
	Issued time.Time
	// Service is set for an AWS service acting through its service-linked
	// role, e.g. "ecs.amazonaws.com": it may do what its work needs.
	Service string
}

type principalKey struct{}

// WithPrincipal returns a context in which p is the caller.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// Caller returns the principal of ctx; the zero Principal when nobody signed.
func Caller(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}

// AsService returns a context in which an AWS service acts in account through
// its service-linked role, as ECS does when it registers targets.
func AsService(ctx context.Context, account, service string) context.Context {
	return WithPrincipal(ctx, Principal{
		Account: account,
		ARN:     "arn:aws:sts::" + account + ":assumed-role/aws-service-role/" + service,
		Service: service,
	})
}
