package iam

import (
	"slices"
	"strings"

	"orgship/policy"
	"orgship/sandbox/wire"
)

// MissingPrincipal returns the first user or role that a resource policy (JSON)
// names and that doesn't exist; "" if all do, or it can't be parsed.
func (s *Service) MissingPrincipal(text string) string {
	d, err := policy.Parse([]byte(text))
	if err != nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.missing(d)
}

// checkNamed refuses a trust policy that names a user or role that doesn't exist,
// the role itself before it is made too. The caller holds the mutex.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html
// https://github.com/hashicorp/terraform-provider-aws/issues/8905
func (s *Service) checkNamed(d *policy.Document) error {
	if arn := s.missing(d); arn != "" {
		return wire.Errorf("MalformedPolicyDocument", `Invalid principal in policy: "AWS":"%s"`, arn)
	}
	return nil
}

func (s *Service) missing(d *policy.Document) string {
	named := d.Principals()
	if i := slices.IndexFunc(named, func(arn string) bool { return !s.exists(arn) }); i >= 0 {
		return named[i]
	}
	return ""
}

// exists tells whether a user or role is there. The caller holds the mutex.
//
// Assumption A120: whoever can't be looked up here exists: those in accounts that the
// sandbox doesn't have, service-linked roles, and sessions.
func (s *Service) exists(arn string) bool {
	a := s.accounts[policy.AccountOf(arn)]
	kind, name, _ := strings.Cut(arn[strings.LastIndex(arn, ":")+1:], "/")
	switch {
	case a == nil || strings.HasPrefix(name, "aws-service-role/"):
		return true
	case kind == "role":
		return a.roleByARN(arn) != nil
	case kind == "user":
		u := a.users[name[strings.LastIndex(name, "/")+1:]]
		return u != nil && u.principal.ARN == arn
	}
	return true
}
