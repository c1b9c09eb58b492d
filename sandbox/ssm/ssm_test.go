package ssm_test

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
	"orgship/sandbox/page"
	"orgship/sandbox/ssm"
	"orgship/sandbox/wire"
)

// asked remembers what was authorized, and denies one action.
type asked struct {
	all    []string
	denied string
}

func (a *asked) Authorize(_ context.Context, action, arn string) error {
	a.all = append(a.all, action+" "+arn)
	if action == a.denied {
		return wire.Errorf("AccessDenied", "not authorized to perform %s on %s", action, arn)
	}
	return nil
}

func (a *asked) AuthorizeWith(ctx context.Context, action, arn string, _ map[string][]string) error {
	return a.Authorize(ctx, action, arn)
}

func newService(t *testing.T) (*ssm.Service, *asked, context.Context) {
	t.Helper()
	c, err := clock.New(1)
	if err != nil {
		t.Fatal(err)
	}
	a := &asked{}
	return ssm.New(ssm.Config{Clock: c, Region: "eu-west-1", Auth: a}), a, as("222222222222")
}

func as(account string) context.Context {
	return iam.WithPrincipal(context.Background(), iam.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/admin"})
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

func put(ctx context.Context, t *testing.T, s *ssm.Service, name, kind, value string) {
	t.Helper()
	in := &ssm.PutParameterInput{Name: &name, Type: kind, Value: &value, Overwrite: aws.Bool(true)}
	if _, err := s.PutParameter(ctx, in); err != nil {
		t.Fatal(err)
	}
}

const canary = "s3cr3t-canary"

// TestPutParameter has what is taken and what is refused; no refusal has the value.
func TestPutParameter(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	put(ctx, t, s, "/app/there", "String", "x")
	for _, row := range []struct {
		name string
		in   ssm.PutParameterInput
		code string
	}{
		{"plain", ssm.PutParameterInput{Name: aws.String("plain"), Type: "String"}, ""},
		{"path", ssm.PutParameterInput{Name: aws.String("/a/b.c/d-e_f"), Type: "StringList"}, ""},
		{"no type", ssm.PutParameterInput{Name: aws.String("n")}, "ValidationException"},
		{"no such type", ssm.PutParameterInput{Name: aws.String("n"), Type: "Number"}, "ValidationException"},
		{"there", ssm.PutParameterInput{Name: aws.String("/app/there"), Type: "String"}, "ParameterAlreadyExists"},
		{"another type", ssm.PutParameterInput{Name: aws.String("/app/there"), Type: "SecureString", Overwrite: aws.Bool(true)}, "HierarchyTypeMismatchException"},
		{"reserved", ssm.PutParameterInput{Name: aws.String("/aws/x"), Type: "String"}, "AccessDeniedException"},
		{"prefix", ssm.PutParameterInput{Name: aws.String("ssm-x"), Type: "String"}, "ValidationException"},
		{"relative", ssm.PutParameterInput{Name: aws.String("a/b"), Type: "String"}, "ValidationException"},
		{"space", ssm.PutParameterInput{Name: aws.String("a b"), Type: "String"}, "ValidationException"},
		{"deep", ssm.PutParameterInput{Name: aws.String(strings.Repeat("/a", 16)), Type: "String"}, "HierarchyLevelLimitExceededException"},
		{"long", ssm.PutParameterInput{Name: aws.String("n"), Type: "String", Value: aws.String(strings.Repeat(canary, 400))}, "ValidationException"},
		{"long and advanced", ssm.PutParameterInput{Name: aws.String("long"), Type: "String", Tier: "Advanced", Value: aws.String(strings.Repeat(canary, 400))}, ""},
		{"pattern", ssm.PutParameterInput{Name: aws.String("n"), Type: "String", AllowedPattern: aws.String(`^\d+$`)}, "ParameterPatternMismatchException"},
		{"Java's pattern", ssm.PutParameterInput{Name: aws.String("n"), Type: "String", AllowedPattern: aws.String(`(?=x)`)}, "NotModelled"},
		{"own key", ssm.PutParameterInput{Name: aws.String("n"), Type: "SecureString", KeyId: aws.String("alias/mine")}, "NotModelled"},
		{"tier", ssm.PutParameterInput{Name: aws.String("n"), Type: "String", Tier: "Intelligent-Tiering"}, "NotModelled"},
		{"image", ssm.PutParameterInput{Name: aws.String("n"), Type: "String", DataType: aws.String("aws:ec2:image")}, "NotModelled"},
		{"tags and overwrite", ssm.PutParameterInput{Name: aws.String("/app/there"), Overwrite: aws.Bool(true), Tags: []ssm.Tag{{}}}, "ValidationException"},
	} {
		if row.in.Value == nil {
			row.in.Value = aws.String(canary)
		}
		_, err := s.PutParameter(ctx, &row.in)
		if code(err) != row.code {
			t.Errorf("%s: %v, want %q", row.name, err, row.code)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the value is told: %v", row.name, err)
		}
	}
}

// TestVersions reads parameters by name, version and ARN, sealed and open.
func TestVersions(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	for _, value := range []string{"one", "two", "three"} {
		put(ctx, t, s, "/app/p", "String", value)
	}
	put(ctx, t, s, "plain", "String", "p")
	put(ctx, t, s, "/app/key", "SecureString", canary)
	for _, row := range []struct {
		name, asked string
		decrypt     bool
		want, code  string
	}{
		{"newest", "/app/p", false, "three", ""},
		{"a version", "/app/p:2", false, "two", ""},
		{"no such version", "/app/p:9", false, "", "ParameterVersionNotFound"},
		{"a label", "/app/p:live", false, "", "NotModelled"},
		{"none", "/app/q", false, "", "ParameterNotFound"},
		{"ARN of a path", "arn:aws:ssm:eu-west-1:222222222222:parameter/app/p:1", false, "one", ""},
		{"ARN of a name", "arn:aws:ssm:eu-west-1:222222222222:parameter/plain", false, "p", ""},
		{"decrypted", "/app/key", true, canary, ""},
		{"public", "/aws/service/ami", false, "", "NotModelled"},
	} {
		out, err := s.GetParameter(ctx, &ssm.GetParameterInput{Name: &row.asked, WithDecryption: &row.decrypt})
		if code(err) != row.code || err == nil && *out.Parameter.Value != row.want {
			t.Errorf("%s: %+v, %v; want %q, %q", row.name, out, err, row.want, row.code)
		}
	}
	out, err := s.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{"/app/key", "gone", "/app/p:1"}})
	if err != nil || len(out.Parameters) != 2 || !slices.Equal(out.InvalidParameters, []string{"gone"}) || strings.Contains(*out.Parameters[0].Value, canary) {
		t.Errorf("got %+v, %v", out, err)
	}
	history, err := s.GetParameterHistory(ctx, &ssm.GetParameterHistoryInput{Name: aws.String("/app/p")})
	if err != nil || len(history.Parameters) != 3 || *history.Parameters[0].Value != "one" || history.Parameters[2].Version != 3 {
		t.Errorf("history %+v, %v", history, err)
	}
	if _, err := s.GetParameter(as("333333333333"), &ssm.GetParameterInput{Name: aws.String("/app/p")}); code(err) != "ParameterNotFound" {
		t.Errorf("another account reads it: %v", err)
	}
}

// TestPaths lists parameters by path and by filter, over pages.
func TestPaths(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	for _, name := range []string{"/app/a", "/app/b", "/app/deep/c", "/other/d", "plain"} {
		put(ctx, t, s, name, "String", name)
	}
	tag := &ssm.AddTagsToResourceInput{ResourceType: "Parameter", ResourceId: aws.String("/app/b"), Tags: []ssm.Tag{{Key: aws.String("team"), Value: aws.String("a")}}}
	if _, err := s.AddTagsToResource(ctx, tag); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		path      string
		recursive bool
		want      string
	}{{"/app", false, "/app/a /app/b"}, {"/app/", true, "/app/a /app/b /app/deep/c"}, {"/", true, "/app/a /app/b /app/deep/c /other/d"}, {"/nothing", true, ""}} {
		var names []string
		err := page.Each(func(token *string) (*string, error) {
			out, err := s.GetParametersByPath(ctx, &ssm.GetParametersByPathInput{Path: &row.path, Recursive: &row.recursive, MaxResults: aws.Int32(2), NextToken: token})
			if err != nil {
				return nil, err
			}
			for _, p := range out.Parameters {
				names = append(names, *p.Name)
			}
			return out.NextToken, nil
		})
		if got := strings.Join(names, " "); err != nil || got != row.want {
			t.Errorf("%s: %q, %v; want %q", row.path, got, err, row.want)
		}
	}
	for _, row := range []struct{ key, option, value, want string }{
		{"Name", "", "plain", "plain"}, {"Name", "BeginsWith", "/other", "/other/d"}, {"Name", "Contains", "deep", "/app/deep/c"},
		{"Path", "OneLevel", "/app", "/app/a /app/b"}, {"tag:team", "", "a", "/app/b"}, {"Type", "", "StringList", ""}, {"Label", "", "x", "NotModelled"},
	} {
		in := &ssm.DescribeParametersInput{ParameterFilters: []ssm.ParameterStringFilter{{Key: &row.key, Option: &row.option, Values: []string{row.value}}}}
		out, err := s.DescribeParameters(ctx, in)
		got := code(err)
		if err == nil {
			var names []string
			for _, p := range out.Parameters {
				names = append(names, *p.Name)
			}
			got = strings.Join(names, " ")
		}
		if got != row.want {
			t.Errorf("%s %s: %q, want %q", row.key, row.option, got, row.want)
		}
	}
}

// TestAuthorized asks about each parameter by its ARN.
func TestAuthorized(t *testing.T) {
	t.Parallel()
	s, a, ctx := newService(t)
	put(ctx, t, s, "/app/a", "String", "1")
	_, _ = s.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{"/app/a:1", "b"}})
	_, _ = s.DeleteParameters(ctx, &ssm.DeleteParametersInput{Names: []string{"/app/a", "b"}})
	want := []string{
		"ssm:PutParameter arn:aws:ssm:eu-west-1:222222222222:parameter/app/a",
		"ssm:GetParameters arn:aws:ssm:eu-west-1:222222222222:parameter/app/a", "ssm:GetParameters arn:aws:ssm:eu-west-1:222222222222:parameter/b",
		"ssm:DeleteParameters arn:aws:ssm:eu-west-1:222222222222:parameter/app/a", "ssm:DeleteParameters arn:aws:ssm:eu-west-1:222222222222:parameter/b",
	}
	if !slices.Equal(a.all, want) {
		t.Errorf("asked %v", a.all)
	}
	a.denied = "ssm:GetParameters"
	if _, err := s.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{"b"}}); code(err) != "AccessDenied" {
		t.Errorf("denied: %v", err)
	}
}
