package iam

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"orgship/policy"
)

// principalTag begins the keys of the tags that a user or the role of a session has.
const principalTag = "aws:PrincipalTag/"

// withKeys returns a request with the global condition keys, as
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// defines them. A key without values is known to be absent; keys that the
// sandbox does not know about (aws:SourceIp, tags of resources, …) are left out, so
// that conditions on them can't be decided and never allow. The request's own keys
// come on top.
func (s *Service) withKeys(p Principal, r policy.Request) policy.Request {
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
	if region := s.requestedRegion(r.Action); region != "" {
		keys["aws:RequestedRegion"] = []string{region}
	}
	s.addPrincipalKeys(keys, p)
	s.addOrgKeys(keys, "aws:Principal", p.Account)
	owner := policy.AccountOf(r.Resource)
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
	maps.Copy(keys, r.Context)
	r.Context, r.Complete = keys, append(slices.Clone(r.Complete), principalTag)
	return r
}

// requestedRegion returns where the endpoint is that an action is asked of: that of a
// global service is in us-east-1. "" if it isn't known.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
// https://docs.aws.amazon.com/general/latest/gr/ao.html
func (s *Service) requestedRegion(action string) string {
	if strings.HasPrefix(action, "iam:") || strings.HasPrefix(action, "organizations:") {
		return "us-east-1"
	}
	return s.config.Region
}

// addPrincipalKeys adds what only users and role sessions have. The
// aws:PrincipalArn of a session is its role's ARN.
func (s *Service) addPrincipalKeys(keys map[string][]string, p Principal) {
	if p.RoleARN == "" || !p.Issued.IsZero() {
		keys["aws:TokenIssueTime"] = nil
	}
	if p.Account == "" {
		return
	}
	keys["aws:PrincipalAccount"] = []string{p.Account}
	if p.RoleARN != "" {
		keys["aws:PrincipalArn"] = []string{p.RoleARN}
		keys["aws:PrincipalType"] = []string{"AssumedRole"}
		keys["aws:MultiFactorAuthPresent"] = []string{"false"}
		if !p.Issued.IsZero() {
			keys["aws:TokenIssueTime"] = []string{p.Issued.Format(time.RFC3339)}
		}
		for _, tag := range s.roleTags(p) {
			keys[principalTag+*tag.Key] = []string{*tag.Value}
		}
		return
	}
	keys["aws:PrincipalArn"] = []string{p.ARN}
	keys["aws:PrincipalType"] = []string{"User"}
	keys["aws:username"] = []string{p.ARN[strings.LastIndex(p.ARN, "/")+1:]}
}

// roleTags returns the tags of the role behind a session.
func (s *Service) roleTags(p Principal) []Tag {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[p.Account]; a != nil {
		if r := a.roleOf(p); r != nil {
			return slices.Clone(r.tags)
		}
	}
	return nil
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
