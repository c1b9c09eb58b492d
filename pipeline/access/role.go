package access

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"orgship/policy"
)

// RoleAPI is what is asked of IAM about a role, with credentials of its account.
type RoleAPI interface {
	ListAttachedRolePolicies(context.Context, *iam.ListAttachedRolePoliciesInput, ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error)
	ListRolePolicies(context.Context, *iam.ListRolePoliciesInput, ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error)
	GetRolePolicy(context.Context, *iam.GetRolePolicyInput, ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error)
}

// Role is a role that pulls, with its policies.
type Role struct {
	Name      string
	Managed   []string // ARNs of managed policies, whose documents aren't read
	Documents [][]byte // its own policies, as JSON
}

// ReadRole reads the policies of a role, which is named by its ARN or its name.
func ReadRole(ctx context.Context, api RoleAPI, arn string) (Role, error) {
	r := Role{Name: arn[strings.LastIndex(arn, "/")+1:]}
	attached, err := api.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &r.Name})
	if err != nil {
		return r, err
	}
	for _, p := range attached.AttachedPolicies {
		r.Managed = append(r.Managed, aws.ToString(p.PolicyArn))
	}
	own, err := api.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &r.Name})
	if err != nil {
		return r, err
	}
	if attached.IsTruncated || own.IsTruncated {
		return r, errors.New("the role has more policies than are read")
	}
	for _, name := range own.PolicyNames {
		p, err := api.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &r.Name, PolicyName: &name})
		if err != nil {
			return r, err
		}
		// The document comes percent-encoded: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
		text, err := url.PathUnescape(aws.ToString(p.PolicyDocument))
		if err != nil {
			return r, fmt.Errorf("reading policy %q of role %q: %w", name, r.Name, err)
		}
		r.Documents = append(r.Documents, []byte(text))
	}
	return r, nil
}

// Lacks returns the first action that a role would need to pull from a repository
// and that its own policies surely don't allow; "" if they do, or if that can't be
// told. What a managed policy allows isn't read: it may allow anything.
func (r Role) Lacks(repository Repository, account string) string {
	if len(r.Managed) > 0 {
		return ""
	}
	var documents []*policy.Document
	for _, text := range r.Documents {
		d, err := policy.Parse(text)
		if err != nil {
			return ""
		}
		documents = append(documents, d)
	}
	for _, action := range slices.Concat([]string{"ecr:GetAuthorizationToken"}, PullActions()) {
		resource := repository.ARN()
		if action == "ecr:GetAuthorizationToken" {
			resource = "*"
		}
		// Owner is its own account: whether the repository lets it in is another question.
		answer := policy.Evaluate(policy.Request{
			Principal: policy.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":role/" + r.Name},
			Action:    action, Resource: resource, Owner: account, Identity: documents,
		})
		if !answer.Allowed && !answer.Undecided {
			return action
		}
	}
	return ""
}
