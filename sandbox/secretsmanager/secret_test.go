package secretsmanager_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	sm "orgship/sandbox/secretsmanager"
	"orgship/sandbox/wire"
)

// asked remembers what was authorized.
type asked struct{ all []string }

func (a *asked) Authorize(_ context.Context, action, arn string) error {
	a.all = append(a.all, action+" "+arn)
	return nil
}

func (a *asked) AuthorizeWith(ctx context.Context, action, arn string, _ map[string][]string) error {
	return a.Authorize(ctx, action, arn)
}

func newService(t *testing.T) (*sm.Service, *asked, context.Context) {
	t.Helper()
	c, err := clock.New(1)
	if err != nil {
		t.Fatal(err)
	}
	a := &asked{}
	ctx := iam.WithPrincipal(context.Background(), iam.Principal{Account: "222222222222"})
	return sm.New(sm.Config{Clock: c, Region: "eu-west-1", Auth: a}), a, ctx
}

func code(err error) string {
	var e *wire.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return fmt.Sprintf("no AWS error: %v", err)
}

const canary = "s3cr3t-canary"

func create(ctx context.Context, t *testing.T, s *sm.Service, name, value string) string {
	t.Helper()
	out, err := s.CreateSecret(ctx, &sm.CreateSecretInput{Name: &name, SecretString: &value})
	if err != nil {
		t.Fatal(err)
	}
	return *out.ARN
}

// TestNames finds a secret by each of its names.
func TestNames(t *testing.T) {
	t.Parallel()
	s, a, ctx := newService(t)
	arn := create(ctx, t, s, "app/db", canary)
	if !strings.HasPrefix(arn, "arn:aws:secretsmanager:eu-west-1:222222222222:secret:app/db-") || len(arn) != len("arn:aws:secretsmanager:eu-west-1:222222222222:secret:app/db-")+6 {
		t.Fatalf("ARN %s", arn)
	}
	for _, name := range []string{"app/db", arn, arn[:len(arn)-7]} {
		out, err := s.GetSecretValue(ctx, &sm.GetSecretValueInput{SecretId: &name})
		if err != nil || *out.SecretString != canary {
			t.Errorf("%s: %v", name, err)
		}
		if last := a.all[len(a.all)-1]; last != "secretsmanager:GetSecretValue "+arn {
			t.Errorf("asked %s", last)
		}
	}
	for _, name := range []string{"app", "app/db-", arn + "x", strings.Replace(arn, "2222", "3333", 1)} {
		if _, err := s.GetSecretValue(ctx, &sm.GetSecretValueInput{SecretId: &name}); code(err) != "ResourceNotFoundException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.CreateSecret(ctx, &sm.CreateSecretInput{Name: aws.String("app/db")}); code(err) != "ResourceExistsException" {
		t.Errorf("made twice: %v", err)
	}
}

// TestStages moves AWSCURRENT and AWSPREVIOUS along with new versions.
func TestStages(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	create(ctx, t, s, "x", "one")
	token := strings.Repeat("t", 32)
	for range 2 { // the second request is the same one again
		if _, err := s.PutSecretValue(ctx, &sm.PutSecretValueInput{SecretId: aws.String("x"), SecretString: aws.String("two"), ClientRequestToken: &token}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.UpdateSecret(ctx, &sm.UpdateSecretInput{SecretId: aws.String("x"), SecretString: aws.String("three")}); err != nil {
		t.Fatal(err)
	}
	in := &sm.PutSecretValueInput{SecretId: aws.String("x"), SecretString: aws.String("four"), VersionStages: []string{"NEXT"}}
	if _, err := s.PutSecretValue(ctx, in); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ id, stage, want, code string }{
		{"", "", "three", ""}, {"", "AWSPREVIOUS", "two", ""}, {"", "NEXT", "four", ""}, {token, "", "two", ""}, {token, "AWSPREVIOUS", "two", ""},
		{token, "AWSCURRENT", "", "InvalidRequestException"}, {"", "LAST", "", "ResourceNotFoundException"}, {strings.Repeat("u", 32), "", "", "ResourceNotFoundException"},
	} {
		in := &sm.GetSecretValueInput{SecretId: aws.String("x")}
		if row.id != "" {
			in.VersionId = &row.id
		}
		if row.stage != "" {
			in.VersionStage = &row.stage
		}
		out, err := s.GetSecretValue(ctx, in)
		if code(err) != row.code || err == nil && *out.SecretString != row.want {
			t.Errorf("%q %q: %+v, %v", row.id, row.stage, out, err)
		}
	}
	_, err := s.PutSecretValue(ctx, &sm.PutSecretValueInput{SecretId: aws.String("x"), SecretString: aws.String(canary), ClientRequestToken: &token})
	if code(err) != "ResourceExistsException" || strings.Contains(err.Error(), canary) {
		t.Errorf("another value under the same token: %v", err)
	}
}

// TestDeletion marks, restores and removes.
func TestDeletion(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	x := aws.String("x")
	create(ctx, t, s, "x", canary)
	days := func(n int64) *sm.DeleteSecretInput {
		return &sm.DeleteSecretInput{SecretId: x, RecoveryWindowInDays: &n}
	}
	both := days(7)
	both.ForceDeleteWithoutRecovery = aws.Bool(true)
	for name, in := range map[string]*sm.DeleteSecretInput{"short": days(6), "long": days(31), "both": both} {
		if _, err := s.DeleteSecret(ctx, in); code(err) != "InvalidParameterException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.DeleteSecret(ctx, days(7)); err != nil {
		t.Fatal(err)
	}
	_, get := s.GetSecretValue(ctx, &sm.GetSecretValueInput{SecretId: x})
	_, again := s.CreateSecret(ctx, &sm.CreateSecretInput{Name: x})
	listed, _ := s.ListSecrets(ctx, &sm.ListSecretsInput{})
	if code(get) != "InvalidRequestException" || code(again) != "InvalidRequestException" || len(listed.SecretList) != 0 {
		t.Errorf("marked for deletion: %v, %v, %v", get, again, listed.SecretList)
	}
	if _, err := s.RestoreSecret(ctx, &sm.RestoreSecretInput{SecretId: x}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetSecretValue(ctx, &sm.GetSecretValueInput{SecretId: x}); err != nil {
		t.Error(err)
	}
	if _, err := s.DeleteSecret(ctx, &sm.DeleteSecretInput{SecretId: x, ForceDeleteWithoutRecovery: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	create(ctx, t, s, "x", "new")
}

// TestPassword makes passwords within their rules.
func TestPassword(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	const lower, upper, digits, marks = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
	yes := aws.Bool(true)
	for _, row := range []struct {
		name   string
		in     sm.GetRandomPasswordInput
		length int
		has    []string
		lacks  string
		code   string
	}{
		{"as it comes", sm.GetRandomPasswordInput{}, 32, []string{lower, upper, digits, marks}, " ", ""},
		{"as short as can be", sm.GetRandomPasswordInput{PasswordLength: aws.Int64(4)}, 4, []string{lower, upper, digits, marks}, "", ""},
		{"too short", sm.GetRandomPasswordInput{PasswordLength: aws.Int64(3)}, 0, nil, "", "InvalidParameterException"},
		{"short, not of each kind", sm.GetRandomPasswordInput{PasswordLength: aws.Int64(1), RequireEachIncludedType: aws.Bool(false)}, 1, nil, "", ""},
		{"letters", sm.GetRandomPasswordInput{ExcludeNumbers: yes, ExcludePunctuation: yes}, 32, []string{lower, upper}, digits + marks, ""},
		{"excluded", sm.GetRandomPasswordInput{ExcludeCharacters: aws.String(upper + `"@/\`)}, 32, []string{lower, digits}, upper + `"@/\`, ""},
		{"with space", sm.GetRandomPasswordInput{IncludeSpace: yes, ExcludeUppercase: yes, ExcludeLowercase: yes, PasswordLength: aws.Int64(3)}, 3, []string{" ", digits, marks}, lower, ""},
		{"of nothing", sm.GetRandomPasswordInput{ExcludeNumbers: yes, ExcludePunctuation: yes, ExcludeLowercase: yes, ExcludeUppercase: yes}, 0, nil, "", "InvalidParameterException"},
		{"endless", sm.GetRandomPasswordInput{PasswordLength: aws.Int64(5000)}, 0, nil, "", "InvalidParameterException"},
	} {
		out, err := s.GetRandomPassword(ctx, &row.in)
		if code(err) != row.code {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if err != nil {
			continue
		}
		p := *out.RandomPassword
		lacksOne := slices.ContainsFunc(row.has, func(kind string) bool { return !strings.ContainsAny(p, kind) })
		if len(p) != row.length || lacksOne || strings.ContainsAny(p, row.lacks) {
			t.Errorf("%s: %q", row.name, p)
		}
	}
}

// TestListing filters secrets and shows their tags.
func TestListing(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	for _, name := range []string{"app/a", "app/b", "other"} {
		create(ctx, t, s, name, canary)
	}
	if _, err := s.TagResource(ctx, &sm.TagResourceInput{SecretId: aws.String("app/b"), Tags: []sm.Tag{{Key: aws.String("team"), Value: aws.String("red")}}}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		key, value, want string
	}{{"name", "app/", "app/b app/a"}, {"name", "!app/", "other"}, {"tag-value", "re", "app/b"}, {"description", "x", ""}, {"all", "x", "NotModelled"}} {
		out, err := s.ListSecrets(ctx, &sm.ListSecretsInput{Filters: []sm.Filter{{Key: row.key, Values: []string{row.value}}}})
		got := code(err)
		if err == nil {
			var names []string
			for _, x := range out.SecretList {
				names = append(names, *x.Name)
			}
			got = strings.Join(names, " ")
		}
		if got != row.want {
			t.Errorf("%s %s: %q, want %q", row.key, row.value, got, row.want)
		}
	}
	if _, err := s.UntagResource(ctx, &sm.UntagResourceInput{SecretId: aws.String("app/b"), TagKeys: []string{"team"}}); err != nil {
		t.Fatal(err)
	}
	out, err := s.DescribeSecret(ctx, &sm.DescribeSecretInput{SecretId: aws.String("app/b")})
	if err != nil || len(out.Tags) != 0 || len(out.VersionIdsToStages) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
}
