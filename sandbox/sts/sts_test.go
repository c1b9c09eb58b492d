package sts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/sts"
	"orgship/sandbox/wire"
)

const role = "arn:aws:iam::222222222222:role/OrganizationAccountAccessRole"

// newWorld returns the service and a context in which the management account's
// administrator asks.
func newWorld(t *testing.T) (*sts.Service, *iam.Service, context.Context) {
	t.Helper()
	users := iam.New(iam.Config{Clock: clock.Clock{}})
	if err := users.AddUser("999999999999", "admin", "AKIA1", "s", iam.AdministratorPolicy); err != nil {
		t.Fatal(err)
	}
	if err := users.AddRole("222222222222", "OrganizationAccountAccessRole", iam.TrustAccount("999999999999"), iam.AdministratorAccess); err != nil {
		t.Fatal(err)
	}
	_, ctx, err := users.Secret(context.Background(), "AKIA1", "")
	if err != nil {
		t.Fatal(err)
	}
	return sts.New(sts.Config{Sessions: users}), users, ctx
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	s, users, ctx := newWorld(t)
	before := time.Now()
	out, err := s.AssumeRole(ctx, &awssts.AssumeRoleInput{
		RoleArn: aws.String(role), RoleSessionName: aws.String("release"), DurationSeconds: aws.Int32(900),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(out.AssumedRoleUser.Arn); got != "arn:aws:sts::222222222222:assumed-role/OrganizationAccountAccessRole/release" {
		t.Errorf("arn %s", got)
	}
	if lasts := out.Credentials.Expiration.Sub(before); lasts < 898*time.Second || lasts > 960*time.Second {
		t.Errorf("credentials last %v", lasts)
	}
	_, ctx, err = users.Secret(context.Background(), *out.Credentials.AccessKeyId, *out.Credentials.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	who, err := s.GetCallerIdentity(ctx, &awssts.GetCallerIdentityInput{})
	if err != nil || *who.Account != "222222222222" || *who.Arn != *out.AssumedRoleUser.Arn || *who.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Errorf("identity %+v, %v", who, err)
	}
}

func TestAssumeRoleFaults(t *testing.T) {
	t.Parallel()
	s, _, ctx := newWorld(t)
	for _, test := range []struct {
		name string
		in   awssts.AssumeRoleInput
		code string
		want string
	}{
		{"not an ARN", awssts.AssumeRoleInput{RoleArn: aws.String("OrganizationAccountAccessRole")}, "ValidationError",
			"OrganizationAccountAccessRole is invalid"},
		{"short", awssts.AssumeRoleInput{RoleArn: aws.String("Admin")}, "ValidationError",
			"1 validation error detected: Value 'Admin' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		{"session name", awssts.AssumeRoleInput{RoleSessionName: aws.String("a b")}, "ValidationError",
			`1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"long session name", awssts.AssumeRoleInput{RoleSessionName: aws.String(strings.Repeat("x", 65))}, "ValidationError", "less than or equal to 64"},
		{"short duration", awssts.AssumeRoleInput{DurationSeconds: aws.Int32(899)}, "ValidationError",
			"1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"long duration", awssts.AssumeRoleInput{DurationSeconds: aws.Int32(43201)}, "ValidationError", "less than or equal to 43200"},
		{"longer than the role allows", awssts.AssumeRoleInput{DurationSeconds: aws.Int32(3601)}, "ValidationError",
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{"external id", awssts.AssumeRoleInput{ExternalId: aws.String("x")}, "ValidationError", "at 'externalId'"},
		{"two at once", awssts.AssumeRoleInput{RoleSessionName: aws.String("?"), DurationSeconds: aws.Int32(1)}, "ValidationError",
			"3 validation errors detected: "},
		{"no such role", awssts.AssumeRoleInput{RoleArn: aws.String(role + "2")}, "AccessDenied",
			"User: arn:aws:iam::999999999999:user/admin is not authorized to perform: sts:AssumeRole on resource: " + role + "2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := test.in
			if in.RoleArn == nil {
				in.RoleArn = aws.String(role)
			}
			if in.RoleSessionName == nil {
				in.RoleSessionName = aws.String("session")
			}
			_, err := s.AssumeRole(ctx, &in)
			var e *wire.Error
			if !errors.As(err, &e) || e.Code != test.code || !strings.Contains(e.Message, test.want) {
				t.Errorf("got %v, want %s %q", err, test.code, test.want)
			}
		})
	}
}
