package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/iam"
)

// named is a template whose policies name the roles A and B.
const named = `{
  "Resources": {
    "Deploy": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:role/A"}, "Action": "sts:AssumeRole"}]}}},
    "Images": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryPolicyText": {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:role/B"}, "Action": "ecr:BatchGetImage"}]}}}
  }
}`

// The roles that a template's policies name have to be there.
func TestNamedPrincipals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, roles, reason string }{
		{"there", "AB", ""},
		{"missing in a trust policy", "B", `Invalid principal in policy: "AWS":"arn:aws:iam::222222222222:role/A"`},
		{"missing in a repository policy", "A", "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found' (arn:aws:iam::222222222222:role/B)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, role := range strings.Split(test.roles, "") {
				if err := w.iam.AddRole(accountID, role, iam.TrustAccount(accountID)); err != nil {
					t.Fatal(err)
				}
			}
			st := w.create("named", named)
			if test.reason == "" {
				w.want(st, types.StackStatusCreateComplete)
				return
			}
			w.want(st, types.StackStatusRollbackComplete)
			var reasons strings.Builder
			for _, e := range w.events("named") {
				reasons.WriteString(aws.ToString(e.ResourceStatusReason) + "\n")
			}
			if !strings.Contains(reasons.String(), test.reason) {
				t.Errorf("reasons %s", reasons.String())
			}
		})
	}
}
