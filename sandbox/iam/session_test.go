package iam_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"orgship/sandbox/iam"
)

const orgRole = "arn:aws:iam::222222222222:role/OrganizationAccountAccessRole"

func addOrgRole(t *testing.T, s *iam.Service) {
	t.Helper()
	err := s.AddRole(dev, "OrganizationAccountAccessRole", iam.TrustAccount(management), iam.AdministratorAccess)
	if err != nil {
		t.Fatal(err)
	}
}

func TestNewSession(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	addOrgRole(t, s)
	session, err := s.NewSession(as(t, s, management, "admin"), iam.SessionRequest{RoleARN: orgRole, Name: "release", Duration: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(session.AccessKeyID, "ASIA") || len(session.AccessKeyID) != 20 || len(session.SecretAccessKey) != 40 {
		t.Errorf("credentials have not AWS's shape: %s, secret of %d", session.AccessKeyID, len(session.SecretAccessKey))
	}
	secret, ctx, err := s.Secret(context.Background(), session.AccessKeyID, session.SessionToken)
	if err != nil || secret != session.SecretAccessKey {
		t.Fatalf("the session's key: %q, %v", secret, err)
	}
	caller := iam.Caller(ctx)
	if caller.ARN != "arn:aws:sts::222222222222:assumed-role/OrganizationAccountAccessRole/release" ||
		caller.Account != dev || caller.RoleARN != orgRole || !strings.HasSuffix(caller.UserID, ":release") {
		t.Errorf("caller %+v", caller)
	}
	if err := s.Authorize(ctx, "cloudformation:CreateStack", "*"); err != nil {
		t.Error(err)
	}
	for _, token := range []string{"", "other"} {
		_, _, err := s.Secret(context.Background(), session.AccessKeyID, token)
		wantError(t, err, "InvalidClientTokenId", 403, "The security token included in the request is invalid.")
	}
}

// A session can do no more than its role can now.
func TestSessionOfDeletedRole(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	addOrgRole(t, s)
	session, err := s.NewSession(as(t, s, management, "admin"), iam.SessionRequest{RoleARN: orgRole, Name: "x", Duration: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	admin, name := as(t, s, dev, "admin"), ptr("OrganizationAccountAccessRole")
	if _, err := s.DetachRolePolicy(admin, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: ptr(iam.AdministratorAccess)}); err != nil {
		t.Fatal(err)
	}
	ctx := iam.WithPrincipal(context.Background(), session.Principal)
	wantError(t, s.Authorize(ctx, "ecs:ListClusters", "*"), "AccessDenied", 403, "")
	if _, err := s.DeleteRole(admin, &iam.DeleteRoleInput{RoleName: name}); err != nil {
		t.Fatal(err)
	}
	addOrgRole(t, s) // of the same name, yet another role
	wantError(t, s.Authorize(ctx, "ecs:ListClusters", "*"), "AccessDenied", 403, "")
}

func TestSessionRefused(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	addOrgRole(t, s)
	addUser(t, s, management, "nobody")
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"sts:ExternalId":"agreed"}}}]}`
	if err := s.AddRole(dev, "External", trust); err != nil {
		t.Fatal(err)
	}
	denies := `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}`
	if err := s.AddRole(dev, "Closed", denies); err != nil {
		t.Fatal(err)
	}
	const external = "arn:aws:iam::222222222222:role/External"
	for _, test := range []struct {
		name, account, user string
		request             iam.SessionRequest
		code, message       string
	}{
		{"not trusted", shared, "admin", iam.SessionRequest{RoleARN: orgRole}, "AccessDenied",
			"User: arn:aws:iam::111111111111:user/admin is not authorized to perform: sts:AssumeRole on resource: " + orgRole},
		{"not allowed to ask", management, "nobody", iam.SessionRequest{RoleARN: orgRole}, "AccessDenied",
			"User: arn:aws:iam::999999999999:user/nobody is not authorized to perform: sts:AssumeRole on resource: " + orgRole},
		{"no such role", management, "admin", iam.SessionRequest{RoleARN: orgRole + "x"}, "AccessDenied",
			"User: arn:aws:iam::999999999999:user/admin is not authorized to perform: sts:AssumeRole on resource: " + orgRole + "x"},
		{"no such account", management, "admin", iam.SessionRequest{RoleARN: "arn:aws:iam::123123123123:role/R"}, "AccessDenied", ""},
		{"no such role, own account", management, "admin", iam.SessionRequest{RoleARN: "arn:aws:iam::999999999999:role/R"}, "AccessDenied", ""},
		{"explicit deny", management, "admin", iam.SessionRequest{RoleARN: "arn:aws:iam::222222222222:role/Closed"}, "AccessDenied",
			"User: arn:aws:iam::999999999999:user/admin is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/Closed with an explicit deny in the role trust policy"},
		{"no external id", management, "admin", iam.SessionRequest{RoleARN: external}, "AccessDenied", ""},
		{"wrong external id", management, "admin", iam.SessionRequest{RoleARN: external, ExternalID: "guess"}, "AccessDenied", ""},
		{"too long", management, "admin", iam.SessionRequest{RoleARN: orgRole, Duration: 2 * time.Hour}, "ValidationError",
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.request.Name = "s"
			_, err := s.NewSession(as(t, s, test.account, test.user), test.request)
			status := 403
			if test.code == "ValidationError" {
				status = 400
			}
			wantError(t, err, test.code, status, test.message)
		})
	}
	if _, err := s.NewSession(as(t, s, management, "admin"), iam.SessionRequest{RoleARN: external, Name: "s", ExternalID: "agreed"}); err != nil {
		t.Error(err)
	}
}

// Role chaining ends after an hour, whatever the role allows.
func TestRoleChaining(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	addOrgRole(t, s)
	admin := as(t, s, dev, "admin")
	if _, err := s.CreateRole(admin, &iam.CreateRoleInput{
		RoleName: ptr("Long"), AssumeRolePolicyDocument: ptr(iam.TrustAccount(dev)), MaxSessionDuration: ptr(int32(43200)),
	}); err != nil {
		t.Fatal(err)
	}
	request := iam.SessionRequest{RoleARN: "arn:aws:iam::222222222222:role/Long", Name: "s", Duration: 12 * time.Hour}
	if _, err := s.NewSession(admin, request); err != nil {
		t.Error(err)
	}
	first, err := s.NewSession(as(t, s, management, "admin"), iam.SessionRequest{RoleARN: orgRole, Name: "s", Duration: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.NewSession(iam.WithPrincipal(context.Background(), first.Principal), request)
	wantError(t, err, "ValidationError", 400, "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
}

func TestExpiredSession(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	addOrgRole(t, s)
	session, err := s.NewSession(as(t, s, management, "admin"), iam.SessionRequest{RoleARN: orgRole, Name: "x", Duration: -time.Second})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.Secret(context.Background(), session.AccessKeyID, session.SessionToken)
	wantError(t, err, "ExpiredToken", 403, "The security token included in the request is expired")
}

func TestServiceSession(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	if err := s.AddRole(dev, "Execution", iam.TrustService("ecs-tasks.amazonaws.com"), iam.AmazonECSTaskExecutionRole); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:iam::222222222222:role/Execution"
	ctx, err := s.ServiceSession(context.Background(), arn, "ecs-tasks.amazonaws.com", "0123")
	if err != nil {
		t.Fatal(err)
	}
	if got := iam.Caller(ctx).ARN; got != "arn:aws:sts::222222222222:assumed-role/Execution/0123" {
		t.Errorf("caller %s", got)
	}
	if err := s.Authorize(ctx, "ecr:GetAuthorizationToken", "*"); err != nil {
		t.Error(err)
	}
	wantError(t, s.Authorize(ctx, "ecr:PutImage", "*"), "AccessDenied", 403, "")
	_, err = s.ServiceSession(context.Background(), arn, "lambda.amazonaws.com", "0123")
	wantError(t, err, "AccessDenied", 403, "User: lambda.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: "+arn)
	_, err = s.ServiceSession(context.Background(), arn+"x", "ecs-tasks.amazonaws.com", "0123")
	wantError(t, err, "AccessDenied", 403, "")
}

// The conditions that AWS advises against confused deputies.
func TestServiceSessionForAccount(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	for _, test := range []struct {
		name, condition string
		want            bool
	}{
		{"Own", `{"StringEquals":{"aws:SourceAccount":"222222222222"}}`, true},
		{"Other", `{"StringEquals":{"aws:SourceAccount":"111111111111"}}`, false},
		{"Resource", `{"ArnLike":{"aws:SourceArn":"arn:aws:ecs:*:222222222222:*"}}`, false}, // can't be told
		{"Project", `{"ArnEquals":{"aws:SourceArn":"arn:aws:codebuild:eu-west-1:222222222222:project/p"}}`, true},
		{"OtherProject", `{"ArnEquals":{"aws:SourceArn":"arn:aws:codebuild:eu-west-1:222222222222:project/q"}}`, false},
	} {
		trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},
			"Action":"sts:AssumeRole","Condition":` + test.condition + `}]}`
		if err := s.AddRole(dev, test.name, trust); err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		if strings.HasSuffix(test.name, "Project") {
			ctx = iam.ForResource(ctx, "arn:aws:codebuild:eu-west-1:222222222222:project/p")
		}
		_, err := s.ServiceSession(ctx, "arn:aws:iam::222222222222:role/"+test.name, "ecs-tasks.amazonaws.com", "task")
		if (err == nil) != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestUnknownKey(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	_, _, err := s.Secret(context.Background(), "AKIANOBODY", "")
	wantError(t, err, "InvalidClientTokenId", 403, "")
	_, _, err = s.Secret(context.Background(), key(dev, "admin"), "a token")
	wantError(t, err, "InvalidClientTokenId", 403, "")
}

func TestBootFaults(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	for name, err := range map[string]error{
		"user twice":     s.AddUser(dev, "admin", "AKIAOTHER", "s"),
		"key twice":      s.AddUser(dev, "other", key(dev, "admin"), "s"),
		"bad policy":     s.AddUser(dev, "other", "AKIAOTHER", "s", `{}`),
		"bad trust":      s.AddRole(dev, "R", iam.AdministratorPolicy),
		"unknown policy": s.AddRole(dev, "R", iam.TrustAccount(dev), "arn:aws:iam::aws:policy/Nothing"),
		"bad name":       s.AddRole(dev, "a b", iam.TrustAccount(dev)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
