package sts_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/golang-jwt/jwt/v5"

	"orgship/sandbox/clock"
	"orgship/sandbox/github"
	"orgship/sandbox/iam"
	"orgship/sandbox/sts"
	"orgship/sandbox/wire"
)

const (
	dev      = "222222222222"
	provider = "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com"
	release  = "arn:aws:iam::222222222222:role/Release"
)

// federation is account dev, which takes GitHub's tokens.
type federation struct {
	*sts.Service
	users  *iam.Service
	github *github.Service
	admin  context.Context
}

func newFederation(t *testing.T) *federation {
	t.Helper()
	f := &federation{users: iam.New(iam.Config{Clock: clock.Clock{}}), github: github.New(clock.Clock{})}
	f.Service = sts.New(sts.Config{Clock: clock.Clock{}, Sessions: f.users, Issuer: f.github})
	if err := f.users.AddUser(dev, "admin", "AKIADEV", "s", iam.AdministratorPolicy); err != nil {
		t.Fatal(err)
	}
	var err error
	if _, f.admin, err = f.users.Secret(context.Background(), "AKIADEV", ""); err != nil {
		t.Fatal(err)
	}
	f.provide(t, github.Issuer)
	return f
}

func (f *federation) provide(t *testing.T, url string) {
	t.Helper()
	in := &iam.CreateOpenIDConnectProviderInput{Url: &url, ClientIDList: []string{"sts.amazonaws.com"}}
	if _, err := f.users.CreateOpenIDConnectProvider(f.admin, in); err != nil {
		t.Fatal(err)
	}
}

// trust is a policy that lets the provider's tokens in on a condition.
func trust(condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + provider +
		`"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":` + condition + `}]}`
}

// subjects is the condition that AWS and GitHub advise.
func subjects(subjects ...string) string {
	list, _ := json.Marshal(subjects)
	return `{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},
		"StringLike":{"token.actions.githubusercontent.com:sub":` + string(list) + `}}`
}

func (f *federation) role(t *testing.T, name, trust string) {
	t.Helper()
	if err := f.users.AddRole(dev, name, trust); err != nil {
		t.Fatal(err)
	}
}

// token issues one for "sub=…&exp=…", for AWS unless it says otherwise.
func (f *federation) token(t *testing.T, query string) string {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	if !values.Has("audience") {
		values.Set("audience", "sts.amazonaws.com")
	}
	r := httptest.NewRequest(http.MethodGet, github.Path+"?"+values.Encode(), nil)
	r.Header.Set("Authorization", "Bearer "+f.github.RequestToken())
	w := httptest.NewRecorder()
	f.github.ServeHTTP(w, r)
	var answer struct{ Value string }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Value == "" {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return answer.Value
}

func (f *federation) assume(role, token string) (*awssts.AssumeRoleWithWebIdentityOutput, error) {
	return f.AssumeRoleWithWebIdentity(context.Background(), &awssts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("run-42"), WebIdentityToken: &token,
	})
}

// refused checks an error, and that it doesn't show the token.
func refused(t *testing.T, err error, token, code string, status int, want string) {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != code || e.HTTPStatus() != status || !strings.Contains(e.Message, want) {
		t.Fatalf("got %v, want %s %d %q", err, code, status, want)
	}
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 8 && strings.Contains(e.Message, part) {
			t.Errorf("the error shows the token: %s", e.Message)
		}
	}
}

func TestWebIdentity(t *testing.T) {
	t.Parallel()
	f := newFederation(t)
	f.role(t, "Release", trust(subjects("repo:acme/app:environment:dev-1")))
	before := time.Now()
	out, err := f.assume(release, f.token(t, "sub=repo:acme/app:environment:dev-1"))
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"arn":      {*out.AssumedRoleUser.Arn, "arn:aws:sts::222222222222:assumed-role/Release/run-42"},
		"provider": {*out.Provider, provider},
		"audience": {*out.Audience, "sts.amazonaws.com"},
		"subject":  {*out.SubjectFromWebIdentityToken, "repo:acme/app:environment:dev-1"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
		}
	}
	if lasts := out.Credentials.Expiration.Sub(before); lasts < 3598*time.Second || lasts > 3660*time.Second {
		t.Errorf("credentials last %v", lasts)
	}
	_, ctx, err := f.users.Secret(context.Background(), *out.Credentials.AccessKeyId, *out.Credentials.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	if who := iam.Caller(ctx); who.ARN != *out.AssumedRoleUser.Arn || who.RoleARN != release || who.Account != dev {
		t.Errorf("caller %+v", who)
	}
}

// Trust policies decide by what the token says.
func TestWebIdentityTrust(t *testing.T) {
	t.Parallel()
	f := newFederation(t)
	const immutable = "repo:acme@123/app@456:environment:dev-1"
	claim := func(name, value string) string {
		return `{"StringEquals":{"token.actions.githubusercontent.com:` + name + `":"` + value + `"},
			"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*"}}`
	}
	deny := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:*"},{"Effect":"Deny",
		"Principal":{"Federated":"` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity"}]}`
	for _, test := range []struct {
		name, trust, query string
		want               bool
	}{
		{"branch", trust(subjects("repo:acme/app:ref:refs/heads/main")), "sub=repo:acme/app:ref:refs/heads/main", true},
		{"another branch", trust(subjects("repo:acme/app:ref:refs/heads/main")), "sub=repo:acme/app:ref:refs/heads/mine", false},
		{"environment", trust(subjects("repo:acme/app:environment:dev-1")), "sub=repo:acme/app:environment:dev-1", true},
		{"another environment", trust(subjects("repo:acme/app:environment:dev-1")), "sub=repo:acme/app:environment:prod-1", false},
		{"another repository", trust(subjects("repo:acme/app:*")), "sub=repo:acme/application:environment:dev-1", false},
		{"another owner", trust(subjects("repo:acme/*")), "sub=repo:acme-evil/app:environment:dev-1", false},
		{"any environment", trust(subjects("repo:acme/app:environment:*")), "sub=repo:acme/app:environment:dev-1", true},
		{"pull request", trust(subjects("repo:acme/app:ref:refs/heads/main", "repo:acme/app:environment:dev-1")), "sub=repo:acme/app:pull_request", false},
		{"immutable", trust(subjects(immutable)), "sub=" + immutable, true},
		{"immutable, names alone trusted", trust(subjects("repo:acme/app:environment:dev-1")), "sub=" + immutable, false},
		{"immutable, a namesake", trust(subjects(immutable)), "sub=repo:acme@789/app@456:environment:dev-1", false},
		{"both forms", trust(subjects(immutable, "repo:acme/app:environment:dev-1")), "sub=repo:acme/app:environment:dev-1", true},
		{"a claim of GitHub's", trust(claim("repository_id", "456")), "sub=" + immutable, true},
		{"a claim of GitHub's, another value", trust(claim("environment", "prod-1")), "sub=" + immutable, false},
		{"a claim that is absent", trust(claim("repository_id", "456")), "sub=repo:acme/app:environment:dev-1", false},
		{"a claim that AWS doesn't look at", trust(claim("run_id", "1")), "sub=" + immutable, false},
		{"all values of what AWS doesn't look at", trust(`{"ForAllValues:StringEquals":{"token.actions.githubusercontent.com:iss":"https://token.actions.githubusercontent.com"},
			"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*"}}`), "sub=" + immutable, true},
		{"what AWS doesn't look at, if it exists", trust(`{"StringEqualsIfExists":{"token.actions.githubusercontent.com:repository_visibility":"public"},
			"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*"}}`), "sub=" + immutable, true},
		{"the claim of another provider", trust(`{"ForAllValues:StringEquals":{"example.com:iss":"x"},"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*"}}`), "sub=" + immutable, false},
		{"a session name", trust(`{"StringEquals":{"sts:RoleSessionName":"run-42"},"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*"}}`), "sub=" + immutable, true},
		{"another account's provider", strings.ReplaceAll(trust(subjects("repo:*")), dev, "333333333333"), "sub=" + immutable, false},
		{"no trust for it", iam.TrustAccount(dev), "sub=" + immutable, false},
		{"another action", strings.Replace(trust(subjects("repo:*")), "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole", 1), "sub=" + immutable, false},
		{"denied", deny, "sub=" + immutable, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := strings.NewReplacer(" ", "-", "'", "").Replace(test.name)
			f.role(t, name, test.trust)
			token := f.token(t, test.query)
			_, err := f.assume("arn:aws:iam::222222222222:role/"+name, token)
			if test.want && err != nil {
				t.Fatal(err)
			}
			if !test.want {
				refused(t, err, token, "AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
			}
		})
	}
}

func TestWebIdentityRefused(t *testing.T) {
	t.Parallel()
	f, other := newFederation(t), newFederation(t)
	f.role(t, "Release", trust(subjects("repo:acme/app:*")))
	f.provide(t, "https://example.com/issuer")
	const sub = "sub=repo:acme/app:environment:dev-1"
	good := f.token(t, sub)
	parts := strings.Split(good, ".")
	swapped := strings.Join([]string{parts[0], strings.Split(f.token(t, sub+"&actor=mallory"), ".")[1], parts[2]}, ".")
	const invalid = "could not be validated"
	for _, test := range []struct {
		name, role, token string
		code              string
		status            int
		want              string
	}{
		{"no such role", release + "2", good, "AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"no provider", "arn:aws:iam::333333333333:role/Release", good, "InvalidIdentityToken", 400,
			"No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com"},
		{"another issuer", release, f.token(t, sub+"&iss=https://example.com"), "InvalidIdentityToken", 400,
			"No OpenIDConnect provider found in your account for https://example.com"},
		{"another provider", release, f.token(t, sub+"&iss=https://example.com/issuer"), "NotModelled", 400,
			"tokens of the OpenID Connect provider https://example.com/issuer"},
		{"wrong audience", release, f.token(t, sub+"&audience=https://github.com/acme"), "InvalidIdentityToken", 400, "Incorrect token audience"},
		{"no audience", release, f.token(t, sub+"&audience="), "InvalidIdentityToken", 400, "Missing a required claim: aud"},
		{"expired", release, f.token(t, sub+"&exp=-6m"), "ExpiredTokenException", 400, "Token expired: current date/time "},
		{"not valid yet", release, f.token(t, sub+"&nbf=6m"), "InvalidIdentityToken", 400, invalid},
		{"another's key", release, other.token(t, sub), "InvalidIdentityToken", 400, "Couldn't retrieve verification key from your identity provider,  please"},
		{"changed claims", release, swapped, "InvalidIdentityToken", 400, invalid},
		{"no signature", release, parts[0] + "." + parts[1] + ".", "InvalidIdentityToken", 400, invalid},
		{"algorithm none", release, unsigned(t, parts[1]), "InvalidIdentityToken", 400, invalid},
		{"no JWT", release, "ghs_0123456789", "InvalidIdentityToken", 400, "The ID Token provided is not a valid JWT."},
		{"too short", release, "x.y", "ValidationError", 400, "'webIdentityToken' failed to satisfy constraint"},
		{"too long", release, strings.Repeat(good, 40), "ValidationError", 400, "'webIdentityToken' failed to satisfy constraint"},
		{"no role", "arn:aws:iam::222222222222:user/admin", good, "ValidationError", 400, "is invalid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := f.assume(test.role, test.token)
			refused(t, err, test.token, test.code, test.status, test.want)
		})
	}
	if _, err := f.assume(release, f.token(t, sub+"&exp=-4m")); err != nil {
		t.Errorf("a token that expired within the five minutes for clocks that differ: %v", err)
	}
}

// unsigned makes a token with the algorithm none of the payload of another.
func unsigned(t *testing.T, payload string) string {
	t.Helper()
	text, err := jwt.New(jwt.SigningMethodNone).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(text, ".")[0] + "." + payload + "."
}

// The role alone limits how long the first session lasts; one that it chains to
// lasts an hour.
func TestWebIdentityDuration(t *testing.T) {
	t.Parallel()
	f := newFederation(t)
	for name, policy := range map[string]string{"Release": trust(subjects("repo:acme/app:*")), "Next": iam.TrustAccount(dev)} {
		in := &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &policy, MaxSessionDuration: aws.Int32(7200)}
		if _, err := f.users.CreateRole(f.admin, in); err != nil {
			t.Fatal(err)
		}
		put := &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("p"), PolicyDocument: aws.String(iam.AdministratorPolicy)}
		if _, err := f.users.PutRolePolicy(f.admin, put); err != nil {
			t.Fatal(err)
		}
	}
	token := f.token(t, "sub=repo:acme/app:environment:dev-1")
	assume := func(seconds int32) (*awssts.AssumeRoleWithWebIdentityOutput, error) {
		return f.AssumeRoleWithWebIdentity(context.Background(), &awssts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String(release), RoleSessionName: aws.String("run-42"), WebIdentityToken: &token, DurationSeconds: &seconds,
		})
	}
	for seconds, want := range map[int32]string{
		899: "at 'durationSeconds' failed", 43201: "at 'durationSeconds' failed",
		7201: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
	} {
		_, err := assume(seconds)
		refused(t, err, token, "ValidationError", 400, want)
	}
	out, err := assume(7200)
	if err != nil {
		t.Fatal(err)
	}
	_, ctx, err := f.users.Secret(context.Background(), *out.Credentials.AccessKeyId, *out.Credentials.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	chain := &awssts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::222222222222:role/Next"), RoleSessionName: aws.String("next"), DurationSeconds: aws.Int32(3600),
	}
	if _, err := f.AssumeRole(ctx, chain); err != nil {
		t.Error(err)
	}
	chain.DurationSeconds = aws.Int32(3601)
	_, err = f.AssumeRole(ctx, chain)
	refused(t, err, token, "ValidationError", 400, "1 hour session limit for roles assumed by role chaining")
}

// A trust policy that would let any repository in isn't taken.
func TestWebIdentityNeedsASubject(t *testing.T) {
	t.Parallel()
	f := newFederation(t)
	err := f.users.AddRole(dev, "Open", trust(`{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}`))
	refused(t, err, "", "MalformedPolicyDocument", 400, "must have a condition on token.actions.githubusercontent.com:sub")
}
