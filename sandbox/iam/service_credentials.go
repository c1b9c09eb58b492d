package iam

import (
	"context"
	"time"
)

// ServiceCredentials is ServiceSession for a service that hands the session's
// credentials on, as CodeBuild does to the commands of a build.
func (s *Service) ServiceCredentials(ctx context.Context, roleARN, service, sessionName string, duration time.Duration) (Session, error) {
	caller := Principal{Service: service, ARN: service}
	r, err := s.assume(ctx, caller, SessionRequest{RoleARN: roleARN, Name: sessionName})
	if err != nil {
		return Session{}, err
	}
	return s.issue(r.session(sessionName, s.config.Clock.Now()), duration), nil
}
