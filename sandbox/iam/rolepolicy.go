package iam

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

// AttachedPolicy is a managed policy attached to a role.
type AttachedPolicy struct {
	PolicyArn  *string
	PolicyName *string
}

// AttachRolePolicyInput attaches a managed policy to a role.
type AttachRolePolicyInput struct {
	PolicyArn *string
	RoleName  *string
}

// AttachRolePolicyOutput is empty.
type AttachRolePolicyOutput struct{}

// DetachRolePolicyInput detaches a managed policy from a role.
type DetachRolePolicyInput struct {
	PolicyArn *string
	RoleName  *string
}

// DetachRolePolicyOutput is empty.
type DetachRolePolicyOutput struct{}

// ListAttachedRolePoliciesInput pages through a role's managed policies.
type ListAttachedRolePoliciesInput struct {
	Marker   *string
	MaxItems *int32
	RoleName *string
}

// ListAttachedRolePoliciesOutput is one page of them.
type ListAttachedRolePoliciesOutput struct {
	AttachedPolicies []AttachedPolicy
	IsTruncated      bool
	Marker           *string
}

// PutRolePolicyInput sets an inline policy of a role.
type PutRolePolicyInput struct {
	PolicyDocument *string
	PolicyName     *string
	RoleName       *string
}

// PutRolePolicyOutput is empty.
type PutRolePolicyOutput struct{}

// GetRolePolicyInput names an inline policy of a role.
type GetRolePolicyInput struct {
	PolicyName *string
	RoleName   *string
}

// GetRolePolicyOutput shows it, the document URL-encoded as IAM answers it.
type GetRolePolicyOutput struct {
	PolicyDocument *string
	PolicyName     *string
	RoleName       *string
}

// DeleteRolePolicyInput names an inline policy of a role.
type DeleteRolePolicyInput struct {
	PolicyName *string
	RoleName   *string
}

// DeleteRolePolicyOutput is empty.
type DeleteRolePolicyOutput struct{}

// ListRolePoliciesInput pages through the names of a role's inline policies.
type ListRolePoliciesInput struct {
	Marker   *string
	MaxItems *int32
	RoleName *string
}

// ListRolePoliciesOutput is one page of names.
type ListRolePoliciesOutput struct {
	IsTruncated bool
	Marker      *string
	PolicyNames []string
}

var policyName = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)

// AttachRolePolicy attaches a managed policy; doing it twice is no error.
func (s *Service) AttachRolePolicy(ctx context.Context, in *AttachRolePolicyInput) (*AttachRolePolicyOutput, error) {
	arn := value(in.PolicyArn)
	conditions := map[string][]string{"iam:PolicyARN": {arn}}
	return &AttachRolePolicyOutput{}, s.withRoleConditions(ctx, "iam:AttachRolePolicy", in.RoleName, conditions, func(r *role) error {
		p, err := s.account(r.account).attachable(arn)
		if err != nil {
			return err
		}
		r.attached = replace(r.attached, p)
		return nil
	})
}

// DetachRolePolicy detaches a managed policy.
func (s *Service) DetachRolePolicy(ctx context.Context, in *DetachRolePolicyInput) (*DetachRolePolicyOutput, error) {
	arn := value(in.PolicyArn)
	conditions := map[string][]string{"iam:PolicyARN": {arn}}
	return &DetachRolePolicyOutput{}, s.withRoleConditions(ctx, "iam:DetachRolePolicy", in.RoleName, conditions, func(r *role) error {
		i := find(r.attached, arn)
		if i < 0 {
			return noSuchEntity("Policy " + arn + " was not found.")
		}
		r.attached = slices.Delete(r.attached, i, i+1)
		return nil
	})
}

// ListAttachedRolePolicies shows the managed policies attached to a role.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, in *ListAttachedRolePoliciesInput) (*ListAttachedRolePoliciesOutput, error) {
	out := &ListAttachedRolePoliciesOutput{}
	err := s.withRole(ctx, "iam:ListAttachedRolePolicies", in.RoleName, func(r *role) error {
		arns, marker, err := cut("ListAttachedRolePolicies", names(r.attached), in.Marker, in.MaxItems)
		if err != nil {
			return err
		}
		out.IsTruncated, out.Marker = marker != nil, marker
		for _, arn := range arns {
			name := arn[strings.LastIndex(arn, "/")+1:]
			out.AttachedPolicies = append(out.AttachedPolicies, AttachedPolicy{PolicyArn: &arn, PolicyName: &name})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// PutRolePolicy sets an inline policy, replacing the one of that name.
func (s *Service) PutRolePolicy(ctx context.Context, in *PutRolePolicyInput) (*PutRolePolicyOutput, error) {
	return &PutRolePolicyOutput{}, s.withRole(ctx, "iam:PutRolePolicy", in.RoleName, func(r *role) error {
		if !policyName.MatchString(value(in.PolicyName)) {
			return invalid("policyName", "[\\w+=,.@-]+", value(in.PolicyName))
		}
		p, err := identityPolicy(value(in.PolicyName), value(in.PolicyDocument))
		if err != nil {
			return err
		}
		r.inline = replace(r.inline, p)
		return nil
	})
}

// GetRolePolicy shows an inline policy.
func (s *Service) GetRolePolicy(ctx context.Context, in *GetRolePolicyInput) (*GetRolePolicyOutput, error) {
	out := &GetRolePolicyOutput{}
	err := s.withRole(ctx, "iam:GetRolePolicy", in.RoleName, func(r *role) error {
		i := find(r.inline, value(in.PolicyName))
		if i < 0 {
			return noSuchRolePolicy(value(in.PolicyName))
		}
		document, policy, name := encode(r.inline[i].text), r.inline[i].name, r.name
		out.PolicyDocument, out.PolicyName, out.RoleName = &document, &policy, &name
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteRolePolicy removes an inline policy.
func (s *Service) DeleteRolePolicy(ctx context.Context, in *DeleteRolePolicyInput) (*DeleteRolePolicyOutput, error) {
	return &DeleteRolePolicyOutput{}, s.withRole(ctx, "iam:DeleteRolePolicy", in.RoleName, func(r *role) error {
		i := find(r.inline, value(in.PolicyName))
		if i < 0 {
			return noSuchRolePolicy(value(in.PolicyName))
		}
		r.inline = slices.Delete(r.inline, i, i+1)
		return nil
	})
}

// ListRolePolicies shows the names of a role's inline policies.
func (s *Service) ListRolePolicies(ctx context.Context, in *ListRolePoliciesInput) (*ListRolePoliciesOutput, error) {
	out := &ListRolePoliciesOutput{}
	err := s.withRole(ctx, "iam:ListRolePolicies", in.RoleName, func(r *role) error {
		var err error
		out.PolicyNames, out.Marker, err = cut("ListRolePolicies", names(r.inline), in.Marker, in.MaxItems)
		out.IsTruncated = out.Marker != nil
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func noSuchRolePolicy(name string) error {
	return noSuchEntity("The role policy with name " + name + " cannot be found.")
}

// find returns the index of the policy of that name, or -1.
func find(policies []namedPolicy, name string) int {
	return slices.IndexFunc(policies, func(p namedPolicy) bool { return p.name == name })
}

// replace puts p in the place of the policy of its name, or at the end.
func replace(policies []namedPolicy, p namedPolicy) []namedPolicy {
	if i := find(policies, p.name); i >= 0 {
		policies[i] = p
		return policies
	}
	return append(policies, p)
}

func names(policies []namedPolicy) []string {
	out := make([]string, 0, len(policies))
	for _, p := range policies {
		out = append(out, p.name)
	}
	return out
}

// cut sorts names and returns the page after marker; the marker it returns is nil when
// nothing is left.
func cut(list string, names []string, marker *string, maxItems *int32) ([]string, *string, error) {
	slices.Sort(names)
	l := page.List[string]{Name: list, Key: func(s string) string { return s }, Max: 1000, Usual: 100}
	names, next, err := l.Cut(names, maxItems, marker)
	switch {
	case errors.Is(err, page.ErrSize):
		return nil, nil, wire.Errorf("ValidationError", "MaxItems must be between 1 and 1000, not %d", *maxItems)
	case err != nil:
		return nil, nil, wire.Errorf("ValidationError", "Invalid Marker: %s", *marker)
	}
	return names, next, nil
}
