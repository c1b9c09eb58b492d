package iam

import (
	"context"

	"orgship/sandbox/wire"
)

// Authorize asks whether the caller of ctx may do action ("ecs:DescribeServices")
// on a resource, by identity policies alone. resourceARN is an ARN or "*" for
// actions without one. It returns nil or a *wire.Error "AccessDenied" with
// status 403 in AWS's words.
//
// That is how a Query service answers. package wire turns the code into
// AccessDeniedException with status 400 for a JSON 1.1 service and into
// UnauthorizedOperation for EC2.
func (s *Service) Authorize(ctx context.Context, action, resourceARN string) error {
	return s.authorize(ctx, action, resourceARN, "", nil)
}

// AuthorizeWithPolicy is Authorize for a resource that has a policy of its own
// (JSON; "" when none is set): both sides are evaluated, and the account in
// resourceARN decides between the same-account and the cross-account rules.
func (s *Service) AuthorizeWithPolicy(ctx context.Context, action, resourceARN, resourcePolicyJSON string) error {
	return s.authorize(ctx, action, resourceARN, resourcePolicyJSON, nil)
}

// AuthorizeWith is Authorize with condition keys of the action's own, e.g.
// {"iam:PassedToService": {"ecs-tasks.amazonaws.com"}}. A key without values
// says that the key is not in the request.
func (s *Service) AuthorizeWith(ctx context.Context, action, resourceARN string, conditions map[string][]string) error {
	return s.authorize(ctx, action, resourceARN, "", conditions)
}

func (s *Service) authorize(ctx context.Context, action, resourceARN, resourcePolicy string, conditions map[string][]string) error {
	if Caller(ctx).Service != "" {
		return nil
	}
	return notBuilt(action)
}

// notBuilt refuses until the evaluation of policies is in.
func notBuilt(what string) error { return wire.NotModelled("authorization of %s", what) }
