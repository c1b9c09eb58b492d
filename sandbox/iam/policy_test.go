package iam_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"orgship/sandbox/iam"
)

// allow is an identity policy that allows one action.
func allow(action string) *string {
	return ptr(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`)
}

// A managed policy says to the roles that have it what its default version says.
func TestManagedPolicyLife(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	ctx := as(t, s, dev, "admin")
	created, err := s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: ptr("Read"), Path: ptr("/app/"), PolicyDocument: allow("ecs:ListClusters"), Description: ptr("reads")})
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:iam::222222222222:policy/app/Read"
	if p := created.Policy; *p.Arn != arn || *p.DefaultVersionId != "v1" || *p.AttachmentCount != 0 || *p.Description != "reads" {
		t.Errorf("created %+v", p)
	}
	must(t)(s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: ptr("R"), AssumeRolePolicyDocument: ptr(iam.TrustAccount(dev))}))
	must(t)(s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: ptr("R"), PolicyArn: ptr(arn)}))
	session, err := s.NewSession(ctx, iam.SessionRequest{RoleARN: "arn:aws:iam::222222222222:role/R", Name: "s1", Duration: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	role := iam.WithPrincipal(context.Background(), session.Principal)
	may := func(action string, want bool) {
		t.Helper()
		if err := s.Authorize(role, action, "*"); (err == nil) != want {
			t.Errorf("%s: %v", action, err)
		}
	}
	may("ecs:ListClusters", true)

	must(t)(s.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: ptr(arn), PolicyDocument: allow("ecs:ListTasks")}))
	may("ecs:ListTasks", false) // it isn't the default version
	must(t)(s.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: ptr(arn), PolicyDocument: allow("ecs:ListServices"), SetAsDefault: true}))
	may("ecs:ListServices", true)
	may("ecs:ListClusters", false)
	got, err := s.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: ptr(arn)})
	if err != nil || *got.Policy.DefaultVersionId != "v3" || *got.Policy.AttachmentCount != 1 {
		t.Errorf("policy %+v, %v", got.Policy, err)
	}
	one, err := s.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: ptr(arn), VersionId: ptr("v2")})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := url.QueryUnescape(*one.PolicyVersion.Document); err != nil || text != *allow("ecs:ListTasks") || one.PolicyVersion.IsDefaultVersion {
		t.Errorf("version %s, %v", text, err)
	}

	_, err = s.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: ptr(arn)})
	wantError(t, err, "DeleteConflict", 409, "Cannot delete a policy attached to entities.")
	must(t)(s.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: ptr("R"), PolicyArn: ptr(arn)}))
	may("ecs:ListServices", false)
	_, err = s.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: ptr(arn)})
	wantError(t, err, "DeleteConflict", 409, "")
	_, err = s.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: ptr(arn), VersionId: ptr("v3")})
	wantError(t, err, "DeleteConflict", 409, "Cannot delete the default version of a policy.")
	for _, id := range []string{"v1", "v2"} {
		must(t)(s.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: ptr(arn), VersionId: &id}))
	}
	must(t)(s.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: ptr(arn)}))
	list, err := s.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: ptr("Local")})
	if err != nil || len(list.Policies) != 0 {
		t.Errorf("left %+v, %v", list, err)
	}
}

func TestManagedPolicyFaults(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	ctx := as(t, s, dev, "admin")
	arn := ptr("arn:aws:iam::222222222222:policy/P")
	must(t)(s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: ptr("P"), PolicyDocument: allow("a:b")}))
	for i := range 4 {
		must(t)(s.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: allow(fmt.Sprint("a:b", i))}))
	}
	versions, err := s.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: arn})
	if err != nil || len(versions.Versions) != 5 || *versions.Versions[0].VersionId != "v5" || !versions.Versions[4].IsDefaultVersion {
		t.Errorf("versions %+v, %v", versions, err)
	}
	_, sixth := s.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: allow("a:c")})
	_, twice := s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: ptr("p"), Path: ptr("/x/"), PolicyDocument: allow("a:b")})
	_, name := s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: ptr("a b"), PolicyDocument: allow("a:b")})
	_, document := s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: ptr("Q"), PolicyDocument: ptr(`{}`)})
	_, missing := s.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: ptr("v9")})
	_, none := s.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: ptr(*arn + "x")})
	_, foreign := s.GetPolicy(as(t, s, shared, "admin"), &iam.GetPolicyInput{PolicyArn: arn})
	_, managed := s.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: ptr(iam.AdministratorAccess)})
	_, all := s.ListPolicies(ctx, &iam.ListPoliciesInput{})
	for _, test := range []struct {
		name   string
		err    error
		code   string
		status int
	}{
		{"six versions", sixth, "LimitExceeded", 409},
		{"name twice", twice, "EntityAlreadyExists", 409},
		{"name", name, "ValidationError", 400},
		{"document", document, "MalformedPolicyDocument", 400},
		{"version", missing, "NoSuchEntity", 404},
		{"policy", none, "NoSuchEntity", 404},
		{"another account's", foreign, "AccessDenied", 403},
		{"AWS's", managed, "NotModelled", 400},
		{"every policy", all, "NotModelled", 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantError(t, test.err, test.code, test.status, "")
		})
	}
}
