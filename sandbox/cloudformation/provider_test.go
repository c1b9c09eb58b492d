package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/iam"
)

const federation = `{
  "Parameters": {"Audience": {"Type": "String", "Default": "sts.amazonaws.com"}},
  "Resources": {
    "GitHub": {"Type": "AWS::IAM::OIDCProvider", "Properties": {
      "Url": "https://token.actions.githubusercontent.com", "ClientIdList": [{"Ref": "Audience"}],
      "Tags": [{"Key": "team", "Value": "a"}]
    }},
    "Release": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
      "Effect": "Allow", "Principal": {"Federated": {"Ref": "GitHub"}}, "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": {"Ref": "Audience"}},
        "StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/app:*"}}
    }]}}}
  },
  "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["GitHub", "Arn"]}}}
}`

// TestOIDCProvider makes a provider that a role trusts, changes it in place and by
// replacement, and deletes it.
func TestOIDCProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const arn = "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com"
	st := w.create("federation", federation)
	w.want(st, types.StackStatusCreateComplete)
	if ids := w.ids("federation"); ids["GitHub"] != arn || *st.Outputs[0].OutputValue != arn {
		t.Errorf("ids %v, output %s", ids, *st.Outputs[0].OutputValue)
	}
	show := func(arn string) *iam.GetOpenIDConnectProviderOutput {
		t.Helper()
		out, err := w.iam.GetOpenIDConnectProvider(w.ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if p := show(arn); p.ClientIDList[0] != "sts.amazonaws.com" || *p.Tags[0].Value != "a" {
		t.Errorf("made %+v", p)
	}

	thumbprint := strings.Repeat("0a", 20)
	changed := strings.NewReplacer(`"Value": "a"`, `"Value": "b"`, `"Tags": [`, `"ThumbprintList": ["`+thumbprint+`"], "Tags": [`).Replace(federation)
	w.want(w.update("federation", changed, params("Audience", "other")...), types.StackStatusUpdateComplete)
	p := show(arn)
	if len(p.ClientIDList) != 1 || p.ClientIDList[0] != "other" || p.ThumbprintList[0] != thumbprint || *p.Tags[0].Value != "b" {
		t.Errorf("changed %+v", p)
	}

	moved := strings.Replace(federation, `"https://token.actions.githubusercontent.com"`, `"https://example.com/issuer"`, 1)
	w.want(w.update("federation", moved), types.StackStatusUpdateComplete)
	const elsewhere = "arn:aws:iam::222222222222:oidc-provider/example.com/issuer"
	if ids := w.ids("federation"); ids["GitHub"] != elsewhere {
		t.Errorf("ids %v", ids)
	}
	if _, ok := w.iam.Audiences(accountID, "https://token.actions.githubusercontent.com"); ok {
		t.Error("the replaced provider is still there")
	}
	w.want(w.delete("federation"), types.StackStatusDeleteComplete)
	if list, err := w.iam.ListOpenIDConnectProviders(w.ctx, &iam.ListOpenIDConnectProvidersInput{}); err != nil || len(list.OpenIDConnectProviderList) > 0 {
		t.Errorf("left: %+v, %v", list, err)
	}
}

// A provider that the account has already ends in a rollback that leaves it alone.
func TestOIDCProviderTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := "https://token.actions.githubusercontent.com"
	if _, err := w.iam.CreateOpenIDConnectProvider(w.ctx, &iam.CreateOpenIDConnectProviderInput{Url: &url}); err != nil {
		t.Fatal(err)
	}
	w.want(w.create("federation", federation), types.StackStatusRollbackComplete)
	rows := strings.Join(w.rows("federation"), "\n")
	if !strings.Contains(rows, "Provider with url "+url+" already exists.") {
		t.Errorf("no reason in\n%s", rows)
	}
	if _, ok := w.iam.Audiences(accountID, url); !ok {
		t.Error("the rollback deleted a provider that isn't the stack's")
	}
}
