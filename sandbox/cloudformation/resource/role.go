package resource

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/iam"
)

// Roles are IAM's roles and their policies.
type Roles interface {
	CreateRole(context.Context, *iam.CreateRoleInput) (*iam.CreateRoleOutput, error)
	UpdateRole(context.Context, *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error)
	UpdateAssumeRolePolicy(context.Context, *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error)
	DeleteRole(context.Context, *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error)
	AttachRolePolicy(context.Context, *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error)
	DetachRolePolicy(context.Context, *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error)
	ListAttachedRolePolicies(context.Context, *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error)
	PutRolePolicy(context.Context, *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error)
	DeleteRolePolicy(context.Context, *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error)
	ListRolePolicies(context.Context, *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error)
	TagRole(context.Context, *iam.TagRoleInput) (*iam.TagRoleOutput, error)
	UntagRole(context.Context, *iam.UntagRoleInput) (*iam.UntagRoleOutput, error)
}

// Identities is the part of IAM that resources use.
type Identities interface {
	Roles
	Policies
	Providers
}

// IAM returns the resource types of IAM.
func IAM(room Identities) []*Type {
	return []*Type{role(room), rolePolicy(room), managedPolicy(room), oidcProvider(room)}
}

// role is AWS::IAM::Role.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
func role(room Roles) *Type {
	return &Type{
		Name: "AWS::IAM::Role", NameProperty: "RoleName",
		Properties: Object{
			"AssumeRolePolicyDocument": jsonValue().need(), "RoleName": text().replace(), "Path": text().replace(),
			"Description": text(), "ManagedPolicyArns": texts(), "MaxSessionDuration": integer().between(3600, 43200),
			"Policies": objects(Object{"PolicyName": text().need(), "PolicyDocument": jsonValue().need()}),
			"Tags":     tagList(),
		}.lacking("PermissionsBoundary"),
		Attributes: []string{"Arn", "RoleId"},
		Handler:    roles{room},
		Tagged:     true,
		IAM:        true,
		NamedIAM:   "RoleName",
	}
}

type roles struct{ room Roles }

func (h roles) Create(ctx context.Context, r *Request) error {
	trust, err := policy(r.Properties, "AssumeRolePolicyDocument")
	if err != nil {
		return err
	}
	in := &iam.CreateRoleInput{}
	if err := fill(in, only(r.Properties, "Path", "Description", "MaxSessionDuration")); err != nil {
		return err
	}
	in.RoleName, in.AssumeRolePolicyDocument = aws.String(r.given("RoleName", 64)), &trust
	in.Tags = identityTags(r.tags())
	out, err := h.room.CreateRole(ctx, in)
	if err != nil {
		return err
	}
	r.ID = *in.RoleName
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Arn": aws.ToString(out.Role.Arn), "RoleId": aws.ToString(out.Role.RoleId)}})
	return h.policies(ctx, r)
}

// policies brings the attached and the inline policies from the previous to the
// wanted ones.
func (h roles) policies(ctx context.Context, r *Request) error {
	before, after := strs(r.Previous, "ManagedPolicyArns"), strs(r.Properties, "ManagedPolicyArns")
	for _, arn := range after {
		if slices.Contains(before, arn) {
			continue
		}
		if _, err := h.room.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &r.ID, PolicyArn: &arn}); err != nil {
			return err
		}
	}
	for _, arn := range before {
		if slices.Contains(after, arn) {
			continue
		}
		if _, err := h.room.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &r.ID, PolicyArn: &arn}); err != nil {
			return gone(err)
		}
	}
	if !r.changed("Policies") {
		return nil
	}
	return h.inline(ctx, r)
}

func (h roles) inline(ctx context.Context, r *Request) error {
	wanted := inlinePolicies(r.Properties)
	for _, p := range wanted {
		text, err := policy(p, "PolicyDocument")
		if err != nil {
			return err
		}
		in := &iam.PutRolePolicyInput{RoleName: &r.ID, PolicyName: aws.String(str(p, "PolicyName")), PolicyDocument: &text}
		if _, err := h.room.PutRolePolicy(ctx, in); err != nil {
			return err
		}
	}
	for _, p := range inlinePolicies(r.Previous) {
		name := str(p, "PolicyName")
		if slices.ContainsFunc(wanted, func(w map[string]any) bool { return str(w, "PolicyName") == name }) {
			continue
		}
		if _, err := h.room.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &r.ID, PolicyName: &name}); gone(err) != nil {
			return err
		}
	}
	return nil
}

func inlinePolicies(properties map[string]any) []map[string]any {
	var all []map[string]any
	items, _ := properties["Policies"].([]any)
	for _, item := range items {
		p, _ := item.(map[string]any)
		all = append(all, p)
	}
	return all
}

func (h roles) Update(ctx context.Context, r *Request) error {
	if r.changed("Description", "MaxSessionDuration") {
		in := &iam.UpdateRoleInput{Description: aws.String(""), MaxSessionDuration: aws.Int32(3600)}
		if err := fill(in, only(r.Properties, "Description", "MaxSessionDuration")); err != nil {
			return err
		}
		in.RoleName = &r.ID
		if _, err := h.room.UpdateRole(ctx, in); err != nil {
			return err
		}
	}
	if r.changed("AssumeRolePolicyDocument") {
		trust, err := policy(r.Properties, "AssumeRolePolicyDocument")
		if err != nil {
			return err
		}
		if _, err := h.room.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &r.ID, PolicyDocument: &trust}); err != nil {
			return err
		}
	}
	if err := h.policies(ctx, r); err != nil {
		return err
	}
	return h.retag(ctx, r)
}

func (h roles) retag(ctx context.Context, r *Request) error {
	add, remove := r.retagged()
	if len(remove) > 0 {
		if _, err := h.room.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &r.ID, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	_, err := h.room.TagRole(ctx, &iam.TagRoleInput{RoleName: &r.ID, Tags: identityTags(add)})
	return err
}

// Delete takes away the policies first: IAM doesn't delete a role that has any.
func (h roles) Delete(ctx context.Context, r *Request) error {
	attached, err := h.room.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &r.ID})
	if err != nil {
		return gone(err)
	}
	for _, p := range attached.AttachedPolicies {
		if _, err := h.room.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &r.ID, PolicyArn: p.PolicyArn}); gone(err) != nil {
			return err
		}
	}
	inline, err := h.room.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &r.ID})
	if err != nil {
		return gone(err)
	}
	for _, name := range inline.PolicyNames {
		if _, err := h.room.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &r.ID, PolicyName: &name}); gone(err) != nil {
			return err
		}
	}
	_, err = h.room.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &r.ID})
	return gone(err)
}

// strs returns a list of strings.
func strs(properties map[string]any, name string) []string {
	var all []string
	items, _ := properties[name].([]any)
	for _, item := range items {
		s, _ := item.(string)
		all = append(all, s)
	}
	return all
}

// rolePolicy is AWS::IAM::Policy, for roles.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-policy.html
func rolePolicy(room Roles) *Type {
	return &Type{
		Name: "AWS::IAM::Policy",
		Properties: Object{
			"PolicyName": text().need(), "PolicyDocument": jsonValue().need(), "Roles": texts().need(),
		}.lacking("Groups", "Users"),
		Attributes: []string{"Id"},
		Handler:    rolePolicies{room},
		IAM:        true,
	}
}

type rolePolicies struct{ room Roles }

func (h rolePolicies) Create(ctx context.Context, r *Request) error {
	r.ID = r.name(128)
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Id": r.ID}})
	return h.put(ctx, r)
}

func (h rolePolicies) put(ctx context.Context, r *Request) error {
	text, err := policy(r.Properties, "PolicyDocument")
	if err != nil {
		return err
	}
	for _, role := range strs(r.Properties, "Roles") {
		in := &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String(str(r.Properties, "PolicyName")), PolicyDocument: &text}
		if _, err := h.room.PutRolePolicy(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func (h rolePolicies) Update(ctx context.Context, r *Request) error {
	if err := h.put(ctx, r); err != nil {
		return err
	}
	sameName := str(r.Previous, "PolicyName") == str(r.Properties, "PolicyName")
	return h.remove(ctx, r, func(role string) bool {
		return sameName && slices.Contains(strs(r.Properties, "Roles"), role)
	})
}

func (h rolePolicies) Delete(ctx context.Context, r *Request) error {
	return h.remove(ctx, r, func(string) bool { return false })
}

// remove takes the previous policy from the roles that don't keep it.
func (h rolePolicies) remove(ctx context.Context, r *Request, keep func(role string) bool) error {
	for _, role := range strs(r.Previous, "Roles") {
		if keep(role) {
			continue
		}
		in := &iam.DeleteRolePolicyInput{RoleName: &role, PolicyName: aws.String(str(r.Previous, "PolicyName"))}
		if _, err := h.room.DeleteRolePolicy(ctx, in); gone(err) != nil {
			return err
		}
	}
	return nil
}
