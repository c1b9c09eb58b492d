package iam_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/iam"
)

func TestRoleLife(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	ctx, name := as(t, s, dev, "admin"), ptr("Execution")
	trust := iam.TrustService("ecs-tasks.amazonaws.com")
	created, err := s.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: name, AssumeRolePolicyDocument: &trust, Path: ptr("/app/"), Description: ptr("pulls"),
		Tags: []iam.Tag{{Key: ptr("team"), Value: ptr("a")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := *created.Role.Arn; got != "arn:aws:iam::222222222222:role/app/Execution" {
		t.Errorf("arn %s", got)
	}
	decoded, err := url.QueryUnescape(*created.Role.AssumeRolePolicyDocument)
	if err != nil || decoded != trust {
		t.Errorf("trust policy %q, %v", decoded, err)
	}
	got, err := s.GetRole(ctx, &iam.GetRoleInput{RoleName: ptr("execution")}) // names don't mind case
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(created.Role, got.Role); diff != "" {
		t.Error(diff)
	}
	_, err = s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: &trust})
	wantError(t, err, "EntityAlreadyExists", 409, "Role with name Execution already exists.")

	must(t)(s.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name, MaxSessionDuration: ptr(int32(7200))}))
	must(t)(s.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: ptr(iam.TrustAccount(dev))}))
	must(t)(s.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: []iam.Tag{{Key: ptr("Team"), Value: ptr("b")}, {Key: ptr("x"), Value: ptr("")}}}))
	must(t)(s.UntagRole(ctx, &iam.UntagRoleInput{RoleName: name, TagKeys: []string{"x", "unknown"}}))
	got, err = s.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Role.MaxSessionDuration != 7200 || *got.Role.Description != "pulls" || len(got.Role.Tags) != 1 || *got.Role.Tags[0].Value != "b" {
		t.Errorf("after updates: %+v", got.Role)
	}
	must(t)(s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}))
	_, err = s.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	wantError(t, err, "NoSuchEntity", 404, "The role with name Execution cannot be found.")
}

// must fails the test when an operation fails.
func must(t *testing.T) func(out any, err error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestRolePolicies(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	ctx, name := as(t, s, dev, "admin"), ptr("R")
	must(t)(s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: ptr(iam.TrustAccount(dev))}))
	arn := ptr(iam.AmazonECSTaskExecutionRole)
	for range 2 {
		must(t)(s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: arn}))
		must(t)(s.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: ptr("inline"), PolicyDocument: ptr(iam.AdministratorPolicy)}))
	}
	attached, err := s.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	if err != nil || len(attached.AttachedPolicies) != 1 || *attached.AttachedPolicies[0].PolicyName != "AmazonECSTaskExecutionRolePolicy" {
		t.Errorf("attached %+v, %v", attached, err)
	}
	inline, err := s.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
	if err != nil || len(inline.PolicyNames) != 1 || inline.PolicyNames[0] != "inline" {
		t.Errorf("inline %+v, %v", inline, err)
	}
	one, err := s.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: ptr("inline")})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := url.QueryUnescape(*one.PolicyDocument); err != nil || text != iam.AdministratorPolicy {
		t.Errorf("document %q, %v", text, err)
	}
	_, err = s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	wantError(t, err, "DeleteConflict", 409, "Cannot delete entity, must detach all policies first.")
	must(t)(s.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: arn}))
	_, err = s.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: arn})
	wantError(t, err, "NoSuchEntity", 404, "")
	_, err = s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	wantError(t, err, "DeleteConflict", 409, "Cannot delete entity, must delete policies first.")
	must(t)(s.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: ptr("inline")}))
	_, err = s.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: ptr("inline")})
	wantError(t, err, "NoSuchEntity", 404, "The role policy with name inline cannot be found.")
	must(t)(s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}))
}

func TestRoleFaults(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	addUser(t, s, dev, "nobody")
	ctx := as(t, s, dev, "admin")
	must(t)(s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: ptr("R"), AssumeRolePolicyDocument: ptr(iam.TrustAccount(dev))}))
	create := func(in iam.CreateRoleInput) error {
		_, err := s.CreateRole(ctx, &in)
		return err
	}
	trust := ptr(iam.TrustAccount(dev))
	many := make([]iam.Tag, 51)
	for i := range many {
		many[i] = iam.Tag{Key: ptr(fmt.Sprint("k", i)), Value: ptr("v")}
	}
	_, unknownPolicy := s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: ptr("R"), PolicyArn: ptr("arn:aws:iam::aws:policy/Nothing")})
	_, principal := s.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: ptr("R"), PolicyName: ptr("p"),
		PolicyDocument: ptr(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`)})
	_, denied := s.CreateRole(as(t, s, dev, "nobody"), &iam.CreateRoleInput{RoleName: ptr("Q"), AssumeRolePolicyDocument: trust})
	_, missing := s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: ptr("Missing")})
	for _, test := range []struct {
		name    string
		err     error
		code    string
		status  int
		message string
	}{
		{"name", create(iam.CreateRoleInput{RoleName: ptr("a b"), AssumeRolePolicyDocument: trust}), "ValidationError", 400, ""},
		{"path", create(iam.CreateRoleInput{RoleName: ptr("Q"), Path: ptr("app"), AssumeRolePolicyDocument: trust}), "ValidationError", 400, ""},
		{"no trust", create(iam.CreateRoleInput{RoleName: ptr("Q")}), "MalformedPolicyDocument", 400, ""},
		{"trust with a resource", create(iam.CreateRoleInput{RoleName: ptr("Q"), AssumeRolePolicyDocument: ptr(
			`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}`)}),
			"MalformedPolicyDocument", 400, "Has prohibited field Resource"},
		{"duration", create(iam.CreateRoleInput{RoleName: ptr("Q"), AssumeRolePolicyDocument: trust, MaxSessionDuration: ptr(int32(60))}), "ValidationError", 400, ""},
		{"tags", create(iam.CreateRoleInput{RoleName: ptr("Q"), AssumeRolePolicyDocument: trust, Tags: many}), "LimitExceeded", 409, ""},
		{"unknown policy", unknownPolicy, "NoSuchEntity", 404, ""},
		{"identity policy with a principal", principal, "MalformedPolicyDocument", 400, "Policy document should not specify a principal."},
		{"not allowed", denied, "AccessDenied", 403,
			"User: arn:aws:iam::222222222222:user/nobody is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::222222222222:role/Q because no identity-based policy allows the iam:CreateRole action"},
		{"missing", missing, "NoSuchEntity", 404, "The role with name Missing cannot be found."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantError(t, test.err, test.code, test.status, test.message)
		})
	}
}

// Pages hold what they should, whatever their size, and an account sees its own roles.
func TestListRoles(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	ctx := as(t, s, dev, "admin")
	var want []string
	for i := range 5 {
		name := fmt.Sprint("role-", i)
		must(t)(s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: ptr(iam.TrustAccount(dev)), Path: ptr("/p/")}))
		want = append(want, name)
	}
	must(t)(s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: ptr("elsewhere"), AssumeRolePolicyDocument: ptr(iam.TrustAccount(dev))}))
	for size := int32(1); size <= 6; size++ {
		var got []string
		in := &iam.ListRolesInput{PathPrefix: ptr("/p/"), MaxItems: &size}
		for more := true; more; {
			out, err := s.ListRoles(ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range out.Roles {
				got = append(got, *r.RoleName)
			}
			in.Marker, more = out.Marker, out.IsTruncated
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %d: %s", size, diff)
		}
	}
	out, err := s.ListRoles(as(t, s, shared, "admin"), &iam.ListRolesInput{})
	if err != nil || len(out.Roles) != 0 {
		t.Errorf("another account's roles: %+v, %v", out, err)
	}
	_, err = s.ListRoles(ctx, &iam.ListRolesInput{MaxItems: ptr(int32(0))})
	wantError(t, err, "ValidationError", 400, "")
}

// A trust policy names users and roles that exist: the order in which accounts are
// set up matters here as on AWS.
func TestNamedPrincipals(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	ctx := as(t, s, dev, "admin")
	must(t)(s.CreateRole(as(t, s, shared, "admin"), &iam.CreateRoleInput{RoleName: ptr("Build"), Path: ptr("/ci/"), AssumeRolePolicyDocument: ptr(iam.TrustAccount(shared))}))
	must(t)(s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: ptr("Old"), AssumeRolePolicyDocument: ptr(iam.TrustAccount(dev))}))
	const build, here = "arn:aws:iam::111111111111:role/ci/Build", "arn:aws:iam::222222222222:"
	for _, test := range []struct {
		principal, missing string
		effect             string
	}{
		{`{"AWS":"` + build + `"}`, "", "Allow"},
		{`{"AWS":"` + here + `user/admin"}`, "", "Allow"},
		{`{"AWS":"` + here + `root"}`, "", "Allow"},
		{`"*"`, "", "Allow"},
		{`{"AWS":"arn:aws:iam::777777777777:role/Vendor"}`, "", "Allow"}, // not the sandbox's
		{`{"AWS":"` + here + `role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"}`, "", "Allow"},
		{`{"AWS":"arn:aws:sts::222222222222:assumed-role/Old/session"}`, "", "Allow"},
		{`{"AWS":"` + here + `role/Nobody"}`, here + "role/Nobody", "Allow"},
		{`{"AWS":"` + here + `role/Nobody"}`, here + "role/Nobody", "Deny"},
		{`{"AWS":"` + here + `user/nobody"}`, here + "user/nobody", "Allow"},
		{`{"AWS":"` + here + `user/team/admin"}`, here + "user/team/admin", "Allow"},
		{`{"AWS":"arn:aws:iam::111111111111:role/Build"}`, "arn:aws:iam::111111111111:role/Build", "Allow"}, // without its path
		{`{"AWS":"arn:aws:iam::111111111111:role/ci/build"}`, "arn:aws:iam::111111111111:role/ci/build", "Allow"},
		{`{"AWS":"arn:aws-cn:iam::111111111111:role/ci/Build"}`, "arn:aws-cn:iam::111111111111:role/ci/Build", "Allow"},
		{`{"AWS":["` + build + `","` + here + `role/New"],"Service":"ecs-tasks.amazonaws.com"}`, here + "role/New", "Allow"}, // itself
	} {
		text := fmt.Sprintf(`{"Statement":[{"Effect":%q,"Principal":%s,"Action":"sts:AssumeRole"}]}`, test.effect, test.principal)
		t.Run(text, func(t *testing.T) {
			_, created := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: ptr("New"), AssumeRolePolicyDocument: &text})
			_, updated := s.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: ptr("Old"), PolicyDocument: &text})
			if got := s.MissingPrincipal(text); created == nil && got != "" {
				t.Errorf("missing %q", got)
			}
			if test.missing == "" {
				must(t)(nil, created)
				must(t)(nil, updated)
				must(t)(s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: ptr("New")}))
				return
			}
			for _, err := range []error{created, updated} {
				wantError(t, err, "MalformedPolicyDocument", 400, `Invalid principal in policy: "AWS":"`+test.missing+`"`)
			}
			if got := s.MissingPrincipal(text); got != test.missing {
				t.Errorf("missing %q, want %q", got, test.missing)
			}
		})
	}
}
