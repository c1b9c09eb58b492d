package iam_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
)

func TestAuthorize(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	addUser(t, s, dev, "nobody")
	addUser(t, s, dev, "reader", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"ecs:Describe*","Resource":"arn:aws:ecs:*:222222222222:cluster/demo"},
		{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}},
		{"Effect":"Deny","Action":"ecs:DescribeTasks","Resource":"*"}]}`)
	const cluster = "arn:aws:ecs:eu-west-1:222222222222:cluster/demo"
	for _, test := range []struct {
		user, action, resource, want string
	}{
		{"admin", "ecs:CreateCluster", cluster, ""},
		{"reader", "ecs:DescribeClusters", cluster, ""},
		{"nobody", "ecs:DescribeClusters", cluster,
			"User: arn:aws:iam::222222222222:user/nobody is not authorized to perform: ecs:DescribeClusters on resource: " + cluster +
				" because no identity-based policy allows the ecs:DescribeClusters action"},
		{"reader", "ecs:ListClusters", "*",
			"User: arn:aws:iam::222222222222:user/reader is not authorized to perform: ecs:ListClusters on resource: * because no identity-based policy allows the ecs:ListClusters action"},
		{"reader", "ecs:DescribeTasks", cluster,
			"User: arn:aws:iam::222222222222:user/reader is not authorized to perform: ecs:DescribeTasks on resource: " + cluster +
				" with an explicit deny in an identity-based policy"},
	} {
		err := s.Authorize(as(t, s, dev, test.user), test.action, test.resource)
		if test.want == "" {
			if err != nil {
				t.Errorf("%s %s: %v", test.user, test.action, err)
			}
			continue
		}
		wantError(t, err, "AccessDenied", 403, test.want)
	}
	passRole := func(service ...string) error {
		return s.AuthorizeWith(as(t, s, dev, "reader"), "iam:PassRole", "arn:aws:iam::222222222222:role/R",
			map[string][]string{"iam:PassedToService": service})
	}
	if err := passRole("ecs-tasks.amazonaws.com"); err != nil {
		t.Error(err)
	}
	if passRole("lambda.amazonaws.com") == nil || passRole() == nil {
		t.Error("a role was passed to another service")
	}
}

func TestNobodySigned(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	err := s.Authorize(context.Background(), "ecs:ListClusters", "*")
	wantError(t, err, "AccessDenied", 403, "")
}

func TestServicesMayWork(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	ctx := iam.AsService(context.Background(), dev, "ecs.amazonaws.com")
	if err := s.Authorize(ctx, "elasticloadbalancing:RegisterTargets", "*"); err != nil {
		t.Error(err)
	}
}

// The repository policy of the issue: only the accounts below an OU may pull.
func TestAuthorizeWithPolicy(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	addUser(t, s, dev, "nobody")
	const repository = "arn:aws:ecr:eu-west-1:111111111111:repository/demo"
	const forDev = `{"Version":"2012-10-17","Statement":[{"Sid":"AllowPull","Effect":"Allow","Principal":"*",
		"Action":"ecr:BatchGetImage","Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-test/*/ou-dev/*"}}}]}`
	const denyOthers = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"},
		{"Effect":"Deny","Principal":"*","Action":"ecr:*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-test"}}}]}`
	refused := "User: arn:aws:iam::%s:user/%s is not authorized to perform: ecr:BatchGetImage on resource: " + repository
	for _, test := range []struct {
		name, account, user, policy, want string
	}{
		{"below the OU", dev, "admin", forDev, ""},
		{"own account", shared, "admin", forDev, ""},
		{"own account, no policy", shared, "admin", "", ""},
		{"outside the OU", management, "admin", forDev,
			" because no resource-based policy allows the ecr:BatchGetImage action"},
		{"no policy", dev, "admin", "",
			" because no resource-based policy allows the ecr:BatchGetImage action"},
		{"no identity policy", dev, "nobody", forDev,
			" because no identity-based policy allows the ecr:BatchGetImage action"},
		{"outside the organization", outside, "admin", denyOthers,
			" with an explicit deny in a resource-based policy"},
		{"inside the organization", dev, "admin", denyOthers, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := s.AuthorizeWithPolicy(as(t, s, test.account, test.user), "ecr:BatchGetImage", repository, test.policy)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, "AccessDenied", 403, fmt.Sprintf(refused, test.account, test.user)+test.want)
		})
	}
	err := s.AuthorizeWithPolicy(as(t, s, dev, "admin"), "ecr:BatchGetImage", repository, `{"Statement":7}`)
	if err == nil || strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("a broken policy must not pass for a refusal: %v", err)
	}
}

func TestCheckResourcePolicy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}`:                                  "",
		`{"Statement":[{"Effect":"Allow","Action":"ecr:*"}]}`:                                                  "Missing required field Principal",
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*","Condition":{"Like":{"a:b":"c"}}}]}`: `condition operator "Like" is unknown`,
	} {
		err := iam.CheckResourcePolicy(text)
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// The condition keys of a request, asked for through policies.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	if err := s.AddRole(dev, "Execution", iam.TrustService("ecs-tasks.amazonaws.com"), iam.AdministratorAccess); err != nil {
		t.Fatal(err)
	}
	session, err := s.ServiceSession(context.Background(), "arn:aws:iam::222222222222:role/Execution", "ecs-tasks.amazonaws.com", "task")
	if err != nil {
		t.Fatal(err)
	}
	user, stranger := as(t, s, dev, "admin"), as(t, s, outside, "admin")
	must(t)(s.TagRole(user, &iam.TagRoleInput{RoleName: ptr("Execution"), Tags: []iam.Tag{{Key: ptr("team"), Value: ptr("red")}}}))
	for _, test := range []struct {
		name      string
		ctx       context.Context
		condition string
		want      bool
	}{
		{"role ARN of a session", session, `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::222222222222:role/Execution"}}`, true},
		{"type of a session", session, `{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}`, true},
		{"userid of a session", session, `{"StringLike":{"aws:userid":"AROA*:task"}}`, true},
		{"user name of a session", session, `{"Null":{"aws:username":"true"}}`, true},
		{"second factor of a session", session, `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`, false},
		{"tag of a session's role", session, `{"StringEquals":{"aws:PrincipalTag/team":"red"}}`, true},
		{"another value of a tag", session, `{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`, false},
		{"a tag that the role hasn't", session, `{"StringNotEquals":{"aws:PrincipalTag/owner":"ann"}}`, true},
		{"a tag by default", session, `{"StringEquals":{"aws:PrincipalTag/team":"${aws:PrincipalTag/owner, 'red'}"}}`, true},
		{"a tag of a user", user, `{"Null":{"aws:PrincipalTag/team":"true"}}`, true},
		{"a session issued since", session, `{"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:00Z"}}`, true},
		{"a session issued before", session, `{"DateLessThan":{"aws:TokenIssueTime":"2020-01-01T00:00:00Z"}}`, false},
		{"a user has no session", user, `{"Null":{"aws:TokenIssueTime":"true"}}`, true},
		{"user", user, `{"StringEquals":{"aws:username":"admin","aws:PrincipalAccount":"222222222222"}}`, true},
		{"organization", user, `{"StringEquals":{"aws:PrincipalOrgID":"o-test"}}`, true},
		{"no organization", stranger, `{"Null":{"aws:PrincipalOrgID":"true","aws:PrincipalOrgPaths":"true"}}`, true},
		{"owner of the resource", user, `{"StringEquals":{"aws:ResourceAccount":"111111111111"}}`, true},
		{"owner's organization", user, `{"StringEquals":{"aws:ResourceOrgID":"${aws:PrincipalOrgID}"}}`, true},
		{"time", user, `{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01"},"NumericGreaterThan":{"aws:EpochTime":"1"}}`, true},
		{"transport", user, `{"Bool":{"aws:SecureTransport":"true"}}`, true},
		{"a key the sandbox can't tell", user, `{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`, false},
		{"region, not configured", user, `{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"a:b","Condition":` + test.condition + `}]}`
			err := s.AuthorizeWithPolicy(test.ctx, "a:b", "arn:aws:a::111111111111:thing", document)
			if (err == nil) != test.want {
				t.Errorf("allowed %t, want %t: %v", err == nil, test.want, err)
			}
		})
	}
}

// The endpoint of a global service is in us-east-1, wherever the sandbox is: a fence
// around a region keeps IAM's calls out.
func TestRequestedRegion(t *testing.T) {
	t.Parallel()
	s := iam.New(iam.Config{Clock: clock.Clock{}, Region: "eu-west-1"})
	addUser(t, s, dev, "fenced", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}]}`)
	ctx := as(t, s, dev, "fenced")
	for action, want := range map[string]bool{"ecs:ListClusters": true, "sts:AssumeRole": true, "iam:ListRoles": false, "organizations:ListRoots": false} {
		if err := s.Authorize(ctx, action, "*"); (err == nil) != want {
			t.Errorf("%s: allowed %t, want %t: %v", action, err == nil, want, err)
		}
	}
}

// Sessions issued before a date are revoked as the console does it, those issued since
// are not.
func TestRevokedSessions(t *testing.T) {
	t.Parallel()
	s := newWorld(t)
	if err := s.AddRole(dev, "R", iam.TrustAccount(dev), iam.AdministratorAccess); err != nil {
		t.Fatal(err)
	}
	admin := as(t, s, dev, "admin")
	session, err := s.NewSession(admin, iam.SessionRequest{RoleARN: "arn:aws:iam::222222222222:role/R", Name: "s", Duration: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	_, ctx, err := s.Secret(context.Background(), session.AccessKeyID, session.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	for before, want := range map[string]bool{"2020-01-01T00:00:00Z": true, "2100-01-01T00:00:00Z": false} {
		must(t)(s.PutRolePolicy(admin, &iam.PutRolePolicyInput{RoleName: ptr("R"), PolicyName: ptr("AWSRevokeOlderSessions"), PolicyDocument: ptr(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"` + before + `"}}}]}`)}))
		if _, err := s.ListRoles(ctx, &iam.ListRolesInput{}); (err == nil) != want {
			t.Errorf("issued before %s: allowed %t, want %t: %v", before, err == nil, want, err)
		}
	}
}
