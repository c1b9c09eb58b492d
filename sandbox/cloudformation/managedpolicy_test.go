package cloudformation_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/iam"
)

const managed = `{
  "Resources": {
    "Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {
      "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*"}]}, "Roles": [{"Ref": "One"}]
    }},
    "One": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}},
    "Two": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Ref": "Policy"}], "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}}
  },
  "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Policy", "PolicyArn"]}}}
}`

// TestManagedPolicy makes a policy that two roles have, changes what it says and
// who has it, and deletes it.
func TestManagedPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	st := w.create("managed", managed)
	w.want(st, types.StackStatusCreateComplete)
	arn := w.ids("managed")["Policy"]
	if !strings.HasPrefix(arn, "arn:aws:iam::222222222222:policy/managed-Policy-") || *st.Outputs[0].OutputValue != arn {
		t.Errorf("policy %s, output %s", arn, *st.Outputs[0].OutputValue)
	}
	show := func() *iam.Policy {
		t.Helper()
		out, err := w.iam.GetPolicy(w.ctx, &iam.GetPolicyInput{PolicyArn: &arn})
		if err != nil {
			t.Fatal(err)
		}
		return out.Policy
	}
	if p := show(); *p.AttachmentCount != 2 || *p.DefaultVersionId != "v1" {
		t.Errorf("made %+v", p)
	}
	changed := strings.NewReplacer("ecs:ListClusters", "ecs:ListTasks", `, "Roles": [{"Ref": "One"}]`, "").Replace(managed)
	w.want(w.update("managed", changed), types.StackStatusUpdateComplete)
	p := show()
	if *p.AttachmentCount != 1 || *p.DefaultVersionId != "v2" {
		t.Errorf("changed %+v", p)
	}
	version, err := w.iam.GetPolicyVersion(w.ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: p.DefaultVersionId})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := url.QueryUnescape(*version.PolicyVersion.Document); err != nil || !strings.Contains(text, "ecs:ListTasks") {
		t.Errorf("document %s, %v", text, err)
	}
	w.want(w.delete("managed"), types.StackStatusDeleteComplete)
	scope := "Local"
	if list, err := w.iam.ListPolicies(w.ctx, &iam.ListPoliciesInput{Scope: &scope}); err != nil || len(list.Policies) > 0 {
		t.Errorf("left: %+v, %v", list, err)
	}
}
