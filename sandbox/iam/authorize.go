package iam

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"orgship/policy"
	"orgship/sandbox/wire"
)

// Authorizer is how another service asks whether the caller of ctx may do something:
// a refusal is a wire error in AWS's words.
type Authorizer interface {
	Authorize(ctx context.Context, action, resourceARN string) error
	AuthorizeWith(ctx context.Context, action, resourceARN string, conditions map[string][]string) error
}

// Authorize asks whether the caller of ctx may do action ("ecs:DescribeServices")
// on a resource, by identity policies alone. resourceARN is an ARN or "*" for
// actions without one; an ARN of another account is always refused. It returns
// nil or a *wire.Error "AccessDenied" with status 403 in AWS's words.
//
// That is how a Query service answers. package wire turns the code into
// AccessDeniedException with status 400 for a JSON 1.1 service and into
// UnauthorizedOperation for EC2.
func (s *Service) Authorize(ctx context.Context, action, resourceARN string) error {
	r := policy.Request{Action: action, Resource: resourceARN}
	if strings.HasPrefix(action, "organizations:") || strings.Contains(resourceARN, ":stackset/") {
		// The ARNs of an organization's parts and of its stack sets bear the
		// management account, but whom the service serves, it decides itself: a
		// delegated administrator needs identity policies only.
		r.Owner = Caller(ctx).Account
	}
	return s.authorize(ctx, r)
}

// AuthorizeWith is Authorize with condition keys of the action's own, e.g.
// {"iam:PassedToService": {"ecs-tasks.amazonaws.com"}}. A key without values
// says that the key is not in the request.
func (s *Service) AuthorizeWith(ctx context.Context, action, resourceARN string, conditions map[string][]string) error {
	return s.authorize(ctx, policy.Request{Action: action, Resource: resourceARN, Context: conditions})
}

// AuthorizeWithPolicy is Authorize for a resource that has a policy of its own
// (JSON; "" when none is set): both sides are evaluated, and the account in
// resourceARN decides between the same-account and the cross-account rules. A
// policy that can't be parsed is an error that is no *wire.Error: rooms check
// a policy when it is set, with CheckResourcePolicy.
func (s *Service) AuthorizeWithPolicy(ctx context.Context, action, resourceARN, resourcePolicyJSON string) error {
	r := policy.Request{Action: action, Resource: resourceARN}
	if resourcePolicyJSON != "" {
		var err error
		if r.ResourcePolicy, err = policy.Parse([]byte(resourcePolicyJSON)); err != nil {
			return fmt.Errorf("evaluating the policy of %s: %w", resourceARN, err)
		}
	}
	return s.authorize(ctx, r)
}

// CheckResourcePolicy tells whether a document can be the policy of a resource:
// nil, or an error that says all that is wrong. The room that owns the resource
// gives it the code its service uses.
func CheckResourcePolicy(text string) error {
	d, err := policy.Parse([]byte(text))
	if err != nil {
		return err
	}
	return d.CheckResource()
}

// authorize fills in who asks and evaluates.
func (s *Service) authorize(ctx context.Context, r policy.Request) error {
	caller := Caller(ctx)
	if caller.Service != "" {
		return nil // a service-linked role: does what its service's work needs
	}
	if d := s.evaluate(caller, r); !d.Allowed {
		return denial(caller, r, d)
	}
	return nil
}

// evaluate decides a request by what the principal may do now.
func (s *Service) evaluate(p Principal, r policy.Request) policy.Decision {
	r.Principal = policy.Principal{Account: p.Account, ARN: p.ARN, RoleARN: p.RoleARN, Service: p.Service}
	r = s.withKeys(p, r)
	r.Identity = s.identityPolicies(p)
	d := policy.Evaluate(r)
	if s.config.Decided != nil {
		s.config.Decided(r, d)
	}
	return d
}

// identityPolicies returns the policies of a user or of the role behind a
// session; none once those are gone.
func (s *Service) identityPolicies(p Principal) []*policy.Document {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[p.Account]
	if a == nil {
		return nil
	}
	if p.RoleARN == "" {
		if u := a.users[p.ARN[strings.LastIndex(p.ARN, "/")+1:]]; u != nil {
			return documents(u.policies)
		}
		return nil
	}
	if r := a.roleOf(p); r != nil {
		return documents(r.inline, r.attached)
	}
	return nil
}

// roleOf returns the role behind a session, nil once it is gone.
func (a *account) roleOf(p Principal) *role {
	roleID, _, _ := strings.Cut(p.UserID, ":")
	if r := a.roleByARN(p.RoleARN); r != nil && r.id == roleID {
		return r
	}
	return nil
}

// denial words a refusal as AWS does:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func denial(p Principal, r policy.Request, d policy.Decision) error {
	who := p.ARN
	if who == "" {
		who = "anonymous"
	}
	message := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s%s",
		who, r.Action, r.Resource, because(r, d))
	return &wire.Error{Code: "AccessDenied", Message: message, Status: http.StatusForbidden}
}

// because names the kind of policy that denies or does not allow.
func because(r policy.Request, d policy.Decision) string {
	switch {
	case d.Explicit && d.Side == policy.Identity:
		return " with an explicit deny in an identity-based policy"
	case d.Explicit && d.Side == policy.Trust:
		return " with an explicit deny in the role trust policy"
	case d.Explicit:
		return " with an explicit deny in a resource-based policy"
	case r.Trust:
		// Assumption A5: a refused sts:AssumeRole gives no reason, so that it does not
		// tell whether the role exists.
		return ""
	}
	return fmt.Sprintf(" because no %s allows the %s action", d.Side, r.Action)
}
