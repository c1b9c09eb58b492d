package resource

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/iam"
)

// Policies are the managed policies of IAM that an account makes.
type Policies interface {
	CreatePolicy(context.Context, *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error)
	DeletePolicy(context.Context, *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error)
	CreatePolicyVersion(context.Context, *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error)
	ListPolicyVersions(context.Context, *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error)
	DeletePolicyVersion(context.Context, *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error)
}

// managedPolicy is AWS::IAM::ManagedPolicy, for roles.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html
func managedPolicy(room Identities) *Type {
	return &Type{
		Name: "AWS::IAM::ManagedPolicy", NameProperty: "ManagedPolicyName",
		Properties: Object{
			"ManagedPolicyName": text().replace(), "Path": text().replace(), "Description": text().replace(),
			"PolicyDocument": jsonValue().need(), "Roles": texts(),
		}.lacking("Groups", "Users"),
		Attributes: []string{"AttachmentCount", "CreateDate", "DefaultVersionId", "IsAttachable", "PermissionsBoundaryUsageCount", "PolicyArn", "PolicyId", "UpdateDate"},
		Handler:    managedPolicies{room},
		IAM:        true,
		NamedIAM:   "ManagedPolicyName",
	}
}

type managedPolicies struct{ room Identities }

func (h managedPolicies) Create(ctx context.Context, r *Request) error {
	document, err := policy(r.Properties, "PolicyDocument")
	if err != nil {
		return err
	}
	out, err := h.room.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: aws.String(r.given("ManagedPolicyName", 128)), PolicyDocument: &document,
		Path: optional(r.Properties, "Path"), Description: optional(r.Properties, "Description"),
	})
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.Policy.Arn)
	r.Initiated(State{ID: r.ID, Attributes: policyAttributes(out.Policy, len(strs(r.Properties, "Roles")))})
	return h.attach(ctx, r)
}

func policyAttributes(p *iam.Policy, attached int) map[string]string {
	made := aws.ToTime(p.CreateDate).Format(time.RFC3339)
	return map[string]string{
		"PolicyArn": aws.ToString(p.Arn), "PolicyId": aws.ToString(p.PolicyId), "DefaultVersionId": aws.ToString(p.DefaultVersionId),
		"CreateDate": made, "UpdateDate": made, "IsAttachable": strconv.FormatBool(p.IsAttachable),
		"AttachmentCount": strconv.Itoa(attached), "PermissionsBoundaryUsageCount": "0",
	}
}

// attach brings the roles that have the policy from the previous to the wanted ones.
func (h managedPolicies) attach(ctx context.Context, r *Request) error {
	before, after := strs(r.Previous, "Roles"), strs(r.Properties, "Roles")
	for _, role := range after {
		if slices.Contains(before, role) {
			continue
		}
		if _, err := h.room.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: &r.ID}); err != nil {
			return err
		}
	}
	for _, role := range before {
		if slices.Contains(after, role) {
			continue
		}
		if _, err := h.room.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &role, PolicyArn: &r.ID}); gone(err) != nil {
			return err
		}
	}
	return nil
}

// Update makes a new version of the policy the default one and leaves no other.
func (h managedPolicies) Update(ctx context.Context, r *Request) error {
	if r.changed("PolicyDocument") {
		document, err := policy(r.Properties, "PolicyDocument")
		if err != nil {
			return err
		}
		in := &iam.CreatePolicyVersionInput{PolicyArn: &r.ID, PolicyDocument: &document, SetAsDefault: true}
		if _, err := h.room.CreatePolicyVersion(ctx, in); err != nil {
			return err
		}
		if err := h.prune(ctx, r); err != nil {
			return err
		}
	}
	return h.attach(ctx, r)
}

// prune deletes the versions that aren't the default one.
//
// Assumption A105: CloudFormation keeps no old version of a managed policy.
func (h managedPolicies) prune(ctx context.Context, r *Request) error {
	all, err := h.room.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: &r.ID})
	if err != nil {
		return err
	}
	for _, v := range all.Versions {
		if v.IsDefaultVersion {
			continue
		}
		if _, err := h.room.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &r.ID, VersionId: v.VersionId}); err != nil {
			return err
		}
	}
	return nil
}

// Delete takes the policy from its roles first: IAM doesn't delete one that is attached.
func (h managedPolicies) Delete(ctx context.Context, r *Request) error {
	detached := *r
	detached.Properties = nil
	if err := h.attach(ctx, &detached); err != nil {
		return err
	}
	if err := h.prune(ctx, r); err != nil {
		return gone(err)
	}
	_, err := h.room.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &r.ID})
	return gone(err)
}
