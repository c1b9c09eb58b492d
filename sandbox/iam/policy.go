package iam

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"orgship/sandbox/wire"
)

// Policy is a managed policy of an account as IAM shows it:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html
type Policy struct {
	Arn              *string
	AttachmentCount  *int32
	CreateDate       *time.Time
	DefaultVersionId *string
	Description      *string
	IsAttachable     bool
	Path             *string
	PolicyId         *string
	PolicyName       *string
	UpdateDate       *time.Time
}

// PolicyVersion is a version of one: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html
type PolicyVersion struct {
	CreateDate       *time.Time
	Document         *string // URL-encoded, as IAM answers it; not in a list
	IsDefaultVersion bool
	VersionId        *string
}

// CreatePolicyInput is what CreatePolicy takes.
type CreatePolicyInput struct{ Description, Path, PolicyDocument, PolicyName *string }

// CreatePolicyOutput is what CreatePolicy answers.
type CreatePolicyOutput struct{ Policy *Policy }

// GetPolicyInput names a policy of the caller's account.
type GetPolicyInput struct{ PolicyArn *string }

// GetPolicyOutput is what GetPolicy answers.
type GetPolicyOutput struct{ Policy *Policy }

// ListPoliciesInput pages through the policies of the caller's account.
type ListPoliciesInput struct {
	Marker   *string
	MaxItems *int32
	Scope    *string // "Local": the account's own
}

// ListPoliciesOutput is one page of policies, by ARN.
type ListPoliciesOutput struct {
	IsTruncated bool
	Marker      *string
	Policies    []Policy
}

// DeletePolicyInput names a policy of the caller's account.
type DeletePolicyInput struct{ PolicyArn *string }

// DeletePolicyOutput is empty.
type DeletePolicyOutput struct{}

// CreatePolicyVersionInput changes what a policy says.
type CreatePolicyVersionInput struct {
	PolicyArn, PolicyDocument *string
	SetAsDefault              bool
}

// CreatePolicyVersionOutput is what CreatePolicyVersion answers.
type CreatePolicyVersionOutput struct{ PolicyVersion *PolicyVersion }

// GetPolicyVersionInput names a version.
type GetPolicyVersionInput struct{ PolicyArn, VersionId *string }

// GetPolicyVersionOutput shows it with its document.
type GetPolicyVersionOutput struct{ PolicyVersion *PolicyVersion }

// ListPolicyVersionsInput names a policy.
type ListPolicyVersionsInput struct{ PolicyArn *string }

// ListPolicyVersionsOutput shows its versions, the newest first: five at most.
type ListPolicyVersionsOutput struct {
	IsTruncated bool
	Versions    []PolicyVersion
}

// DeletePolicyVersionInput names a version that isn't the default one.
type DeletePolicyVersionInput struct{ PolicyArn, VersionId *string }

// DeletePolicyVersionOutput is empty.
type DeletePolicyVersionOutput struct{}

// customerPolicy is a managed policy that an account made.
type customerPolicy struct {
	arn, id, name, path string
	description         *string
	created, updated    time.Time
	versions            []version // the oldest first
	made                int       // versions so far
	current             string    // id of the default version
}

// version is what a policy says, or said.
type version struct {
	id      string // v1
	policy  namedPolicy
	created time.Time
}

// maxVersions: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
const maxVersions = 5

func policyARN(account, path, name string) string {
	return "arn:aws:iam::" + account + ":policy" + path + name
}

// add makes a version, which becomes the default one if it shall or is the first.
func (p *customerPolicy) add(text string, current bool, now time.Time) (*version, error) {
	if len(p.versions) >= maxVersions {
		return nil, conflict("LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	}
	named, err := identityPolicy(p.arn, text)
	if err != nil {
		return nil, err
	}
	p.made++
	p.updated = now.UTC().Truncate(time.Second)
	v := version{id: fmt.Sprint("v", p.made), policy: named, created: p.updated}
	p.versions = append(p.versions, v)
	if current || p.current == "" {
		p.current = v.id
	}
	return &v, nil
}

func conflict(code, message string) error {
	return &wire.Error{Code: code, Message: message, Status: http.StatusConflict}
}

func (p *customerPolicy) index(id string) int {
	return slices.IndexFunc(p.versions, func(v version) bool { return v.id == id })
}

// says is what the default version says.
func (p *customerPolicy) says() namedPolicy { return p.versions[p.index(p.current)].policy }

func (p *customerPolicy) showVersion(v version) PolicyVersion {
	return PolicyVersion{CreateDate: &v.created, IsDefaultVersion: v.id == p.current, VersionId: &v.id}
}

// showPolicy returns a policy as the API does. The caller holds the mutex.
func (a *account) showPolicy(p *customerPolicy) Policy {
	attached := int32(len(a.having(p.arn)))
	c := *p
	return Policy{
		Arn: &c.arn, AttachmentCount: &attached, CreateDate: &c.created, DefaultVersionId: &c.current, Description: c.description,
		IsAttachable: true, Path: &c.path, PolicyId: &c.id, PolicyName: &c.name, UpdateDate: &c.updated,
	}
}

// having returns the roles to which a managed policy is attached.
func (a *account) having(arn string) []*role {
	var all []*role
	for _, r := range a.roles {
		if find(r.attached, arn) >= 0 {
			all = append(all, r)
		}
	}
	return all
}

// CreatePolicy makes a managed policy in the caller's account, version v1.
func (s *Service) CreatePolicy(ctx context.Context, in *CreatePolicyInput) (*CreatePolicyOutput, error) {
	account, name, path := Caller(ctx).Account, value(in.PolicyName), value(in.Path)
	if path == "" {
		path = "/"
	}
	p := &customerPolicy{arn: policyARN(account, path, name), id: newID("ANPA"), name: name, path: path, description: in.Description}
	if err := s.Authorize(ctx, "iam:CreatePolicy", p.arn); err != nil {
		return nil, err
	}
	if !policyName.MatchString(name) {
		return nil, invalid("policyName", "[\\w+=,.@-]+", name)
	}
	if !rolePath.MatchString(path) || len(path) > 512 {
		return nil, invalid("path", "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/", path)
	}
	if _, err := p.add(value(in.PolicyDocument), true, s.config.Clock.Now()); err != nil {
		return nil, err
	}
	p.created = p.updated
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(account)
	if a.named(name) != nil {
		return nil, conflict("EntityAlreadyExists", "A policy called "+name+" already exists. Duplicate names are not allowed.")
	}
	a.policies[p.arn] = p
	shown := a.showPolicy(p)
	return &CreatePolicyOutput{Policy: &shown}, nil
}

// named returns the policy of a name, whatever its path and the name's case.
func (a *account) named(name string) *customerPolicy {
	for _, p := range a.policies {
		if strings.EqualFold(p.name, name) {
			return p
		}
	}
	return nil
}

// GetPolicy shows a policy, without what it says.
func (s *Service) GetPolicy(ctx context.Context, in *GetPolicyInput) (*GetPolicyOutput, error) {
	out := &GetPolicyOutput{}
	err := s.withPolicy(ctx, "GetPolicy", in.PolicyArn, func(a *account, p *customerPolicy) error {
		shown := a.showPolicy(p)
		out.Policy = &shown
		return nil
	})
	return out, err
}

// ListPolicies shows the policies that the caller's account made.
func (s *Service) ListPolicies(ctx context.Context, in *ListPoliciesInput) (*ListPoliciesOutput, error) {
	account := Caller(ctx).Account
	if err := s.Authorize(ctx, "iam:ListPolicies", policyARN(account, "/", "*")); err != nil {
		return nil, err
	}
	if value(in.Scope) != "Local" {
		return nil, wire.NotModelled("iam:ListPolicies without the scope Local")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(account)
	var arns []string
	for arn := range a.policies {
		arns = append(arns, arn)
	}
	arns, marker, err := cut("ListPolicies", arns, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListPoliciesOutput{IsTruncated: marker != nil, Marker: marker}
	for _, arn := range arns {
		out.Policies = append(out.Policies, a.showPolicy(a.policies[arn]))
	}
	return out, nil
}

// DeletePolicy removes a policy that no role has, with its last version.
func (s *Service) DeletePolicy(ctx context.Context, in *DeletePolicyInput) (*DeletePolicyOutput, error) {
	return &DeletePolicyOutput{}, s.withPolicy(ctx, "DeletePolicy", in.PolicyArn, func(a *account, p *customerPolicy) error {
		switch {
		case len(a.having(p.arn)) > 0:
			return conflict("DeleteConflict", "Cannot delete a policy attached to entities.")
		case len(p.versions) > 1:
			return conflict("DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "+
				"The default version is deleted with the policy.")
		}
		delete(a.policies, p.arn)
		return nil
	})
}

// CreatePolicyVersion changes what a policy says, to the roles that have it too if
// the version is to be the default one.
func (s *Service) CreatePolicyVersion(ctx context.Context, in *CreatePolicyVersionInput) (*CreatePolicyVersionOutput, error) {
	out := &CreatePolicyVersionOutput{}
	err := s.withPolicy(ctx, "CreatePolicyVersion", in.PolicyArn, func(a *account, p *customerPolicy) error {
		v, err := p.add(value(in.PolicyDocument), in.SetAsDefault, s.config.Clock.Now())
		if err != nil {
			return err
		}
		for _, r := range a.having(p.arn) {
			r.attached = replace(slices.Clone(r.attached), p.says())
		}
		shown := p.showVersion(*v)
		out.PolicyVersion = &shown
		return nil
	})
	return out, err
}

// GetPolicyVersion shows what a policy says in a version.
func (s *Service) GetPolicyVersion(ctx context.Context, in *GetPolicyVersionInput) (*GetPolicyVersionOutput, error) {
	out := &GetPolicyVersionOutput{}
	err := s.withPolicy(ctx, "GetPolicyVersion", in.PolicyArn, func(_ *account, p *customerPolicy) error {
		i := p.index(value(in.VersionId))
		if i < 0 {
			return noSuchVersion(p, in.VersionId)
		}
		shown, text := p.showVersion(p.versions[i]), encode(p.versions[i].policy.text)
		shown.Document, out.PolicyVersion = &text, &shown
		return nil
	})
	return out, err
}

func noSuchVersion(p *customerPolicy, id *string) error {
	return noSuchEntity("Policy " + p.arn + " version " + value(id) + " does not exist or is not attachable.")
}

// ListPolicyVersions shows the versions of a policy.
func (s *Service) ListPolicyVersions(ctx context.Context, in *ListPolicyVersionsInput) (*ListPolicyVersionsOutput, error) {
	out := &ListPolicyVersionsOutput{}
	err := s.withPolicy(ctx, "ListPolicyVersions", in.PolicyArn, func(_ *account, p *customerPolicy) error {
		for _, v := range slices.Backward(p.versions) {
			out.Versions = append(out.Versions, p.showVersion(v))
		}
		return nil
	})
	return out, err
}

// DeletePolicyVersion removes a version that isn't the default one.
func (s *Service) DeletePolicyVersion(ctx context.Context, in *DeletePolicyVersionInput) (*DeletePolicyVersionOutput, error) {
	return &DeletePolicyVersionOutput{}, s.withPolicy(ctx, "DeletePolicyVersion", in.PolicyArn, func(_ *account, p *customerPolicy) error {
		i := p.index(value(in.VersionId))
		switch {
		case i < 0:
			return noSuchVersion(p, in.VersionId)
		case p.versions[i].id == p.current:
			return conflict("DeleteConflict", "Cannot delete the default version of a policy.")
		}
		p.versions = slices.Delete(p.versions, i, i+1)
		return nil
	})
}

// withPolicy authorizes an operation on a policy of the caller's account and runs f
// on it under the mutex; NoSuchEntity when there is no such policy.
func (s *Service) withPolicy(ctx context.Context, operation string, arn *string, f func(*account, *customerPolicy) error) error {
	if strings.HasPrefix(value(arn), "arn:aws:iam::aws:") {
		return wire.NotModelled("iam:%s of a policy that AWS manages", operation)
	}
	if err := s.Authorize(ctx, "iam:"+operation, value(arn)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(Caller(ctx).Account)
	p := a.policies[value(arn)]
	if p == nil {
		return noSuchEntity("Policy " + value(arn) + " was not found.")
	}
	return f(a, p)
}

// attachable finds a managed policy, of the account's own or AWS's, by its ARN.
func (a *account) attachable(arn string) (namedPolicy, error) {
	if p := a.policies[arn]; p != nil {
		return p.says(), nil
	}
	return managedPolicy(arn)
}
