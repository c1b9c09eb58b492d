package iam

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"orgship/policy"
)

// conditionKeys returns the global condition keys of a request, as
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// defines them. A key without values is known to be absent; keys that the
// sandbox does not know about (aws:SourceIp, tags, …) are left out, so that
// conditions on them can't be decided and never allow. The service's own keys
// come on top.
func (s *Service) conditionKeys(p Principal, resourceARN string, own map[string][]string) map[string][]string {
	now := s.config.Clock.Now().UTC()
	keys := map[string][]string{
		"aws:CurrentTime": {now.Format(time.RFC3339)},
		"aws:EpochTime":   {strconv.FormatInt(now.Unix(), 10)},
		// Assumption A4: the sandbox's loopback endpoint stands for AWS's HTTPS one.
		"aws:SecureTransport":       {"true"},
		"aws:PrincipalArn":          nil,
		"aws:PrincipalAccount":      nil,
		"aws:PrincipalType":         nil,
		"aws:PrincipalIsAWSService": {strconv.FormatBool(p.Service != "")},
		"aws:PrincipalServiceName":  present(p.Service),
		"aws:userid":                present(p.UserID),
		"aws:username":              nil,
		"aws:SourceArn":             nil,
		"aws:SourceAccount":         nil,
		// No one signs in with a second factor here.
		"aws:MultiFactorAuthAge":     nil,
		"aws:MultiFactorAuthPresent": nil,
	}
	if s.config.Region != "" {
		keys["aws:RequestedRegion"] = []string{s.config.Region}
	}
	s.addPrincipalKeys(keys, p)
	s.addOrgKeys(keys, "aws:Principal", p.Account)
	owner := policy.AccountOf(resourceARN)
	if p.Service != "" {
		// Assumption A8: a service assumes a role for a resource in the role's own
		// account; which resource, can't be told unless its room does (ForResource).
		keys["aws:SourceAccount"] = present(owner)
		delete(keys, "aws:SourceArn")
	}
	if owner != "" {
		keys["aws:ResourceAccount"] = []string{owner}
		s.addOrgKeys(keys, "aws:Resource", owner)
	}
	maps.Copy(keys, own)
	return keys
}

// addPrincipalKeys adds what only users and role sessions have. The
// aws:PrincipalArn of a session is its role's ARN.
func (s *Service) addPrincipalKeys(keys map[string][]string, p Principal) {
	if p.Account == "" {
		return
	}
	keys["aws:PrincipalAccount"] = []string{p.Account}
	if p.RoleARN != "" {
		keys["aws:PrincipalArn"] = []string{p.RoleARN}
		keys["aws:PrincipalType"] = []string{"AssumedRole"}
		keys["aws:MultiFactorAuthPresent"] = []string{"false"}
		return
	}
	keys["aws:PrincipalArn"] = []string{p.ARN}
	keys["aws:PrincipalType"] = []string{"User"}
	keys["aws:username"] = []string{p.ARN[strings.LastIndex(p.ARN, "/")+1:]}
}

// addOrgKeys adds the organization's id and the org path, which are absent for
// an account outside any organization.
func (s *Service) addOrgKeys(keys map[string][]string, prefix, account string) {
	keys[prefix+"OrgID"], keys[prefix+"OrgPaths"] = nil, nil
	if s.config.Organization == nil {
		return
	}
	path, ok := s.config.Organization.OrgPath(account)
	if !ok {
		return
	}
	id, _, _ := strings.Cut(path, "/")
	keys[prefix+"OrgID"], keys[prefix+"OrgPaths"] = []string{id}, []string{path}
}

// present is the value of a key that is absent when empty.
func present(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}
