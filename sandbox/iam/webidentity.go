package iam

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"orgship/policy"
	"orgship/sandbox/wire"
)

// WebIdentity is whoever comes with a token of an OpenID Connect provider, which
// has been verified.
type WebIdentity struct {
	Issuer string // the provider's URL
	// Claims are those of the token by name, with one value each.
	Claims map[string]string
}

// claimKeys are the claims of GitHub's tokens that a trust policy can ask for:
// those of every provider, and since January 2026 some of GitHub's own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
// https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/
func claimKeys() []string {
	return []string{
		"amr", "aud", "sub",
		"actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository", "repository_id", "workflow",
	}
}

// Audiences returns the client ids of an account's OpenID Connect provider; false
// when the account has no provider with that URL.
func (s *Service) Audiences(account, url string) ([]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[account]
	if a == nil || a.providers[issuer(url)] == nil {
		return nil, false
	}
	return slices.Clone(a.providers[issuer(url)].clientIDs), true
}

// NewWebSession lets whoever has a provider's token assume a role of the account
// that has the provider, as sts:AssumeRoleWithWebIdentity does: the role's trust
// policy alone decides. A role that does not exist is denied with the same words.
// Errors are *wire.Error: AccessDenied, ValidationError (duration).
//
// Assumption A103: the session does not carry the token's claims on: a condition on
// them in an identity policy can't be decided, and so never allows. A claim that AWS
// doesn't look at is in no request: a trust policy that asks for it is decided.
func (s *Service) NewWebSession(_ context.Context, request SessionRequest, who WebIdentity) (Session, error) {
	r, found := s.findRole(request.RoleARN)
	question := policy.Request{
		Principal: policy.Principal{Federated: ProviderARN(policy.AccountOf(request.RoleARN), who.Issuer)},
		Action:    "sts:AssumeRoleWithWebIdentity", Resource: request.RoleARN, Trust: true,
		ResourcePolicy: r.trustDocument,
		Context:        map[string][]string{"sts:RoleSessionName": present(request.Name)},
		Complete:       []string{issuer(who.Issuer) + ":"},
	}
	maps.Copy(question.Context, who.conditionKeys())
	question = s.withKeys(Principal{}, question)
	if !found || !policy.Evaluate(question).Allowed {
		return Session{}, &wire.Error{
			Code: "AccessDenied", Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity", Status: http.StatusForbidden,
		}
	}
	if err := r.allows(request.Duration); err != nil {
		return Session{}, err
	}
	return s.issue(r.session(request.Name, s.config.Clock.Now()), request.Duration), nil
}

// conditionKeys returns the claims as keys, "token.actions.githubusercontent.com:sub",
// but for those that AWS doesn't look at.
func (w WebIdentity) conditionKeys() map[string][]string {
	keys := map[string][]string{}
	for _, name := range claimKeys() {
		keys[issuer(w.Issuer)+":"+name] = present(w.Claims[name])
	}
	return keys
}
