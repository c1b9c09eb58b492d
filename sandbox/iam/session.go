package iam

import (
	"context"
	"time"
)

// SessionRequest asks for temporary credentials of a role.
type SessionRequest struct {
	RoleARN    string
	Name       string        // session name
	Duration   time.Duration // within the role's maximum; checked by sts
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

// NewSession lets the caller of ctx assume a role, as sts:AssumeRole does: the
// role's trust policy and the caller's identity policies must allow it. A role
// that does not exist is denied with the same words as one that does not trust.
func (s *Service) NewSession(ctx context.Context, request SessionRequest) (Session, error) {
	return Session{}, notBuilt("sts:AssumeRole")
}

// ServiceSession lets an AWS service, e.g. "ecs-tasks.amazonaws.com", assume a
// role that trusts it; in the context it returns the caller is that session.
func (s *Service) ServiceSession(ctx context.Context, roleARN, service, sessionName string) (context.Context, error) {
	return nil, notBuilt("sts:AssumeRole by " + service)
}
