package account_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"orgship/pipeline/account"
)

const (
	oldSubject       = "repo:acme/app:ref:refs/heads/main"
	immutableSubject = "repo:acme@123456/app@456789:environment:production"
	releaseRole      = "arn:aws:iam::222222222222:role/ci/release"
)

// github is GitHub's token endpoint and STS in one.
type github struct {
	*httptest.Server
	subject  string       // of the token
	status   int          // of GitHub's answer; 0: 200
	code     string       // of STS's error; "": credentials
	message  string       // of STS's error
	asked    atomic.Int64 // STS
	audience string
	form     map[string]string // of STS's request
}

func newGitHub(t *testing.T) *github {
	t.Helper()
	g := &github{subject: oldSubject, form: map[string]string{}}
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

// token holds the canary in its claims and its signature.
func (g *github) token() string {
	payload := fmt.Sprintf(`{"sub":%q,"aud":"sts.amazonaws.com","jti":"canary"}`, g.subject)
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".signature-canary"
}

func (g *github) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		g.audience = r.URL.Query().Get("audience")
		switch {
		case r.Header.Get("Authorization") != "Bearer request-canary":
			w.WriteHeader(http.StatusUnauthorized)
		case g.status != 0:
			http.Error(w, `{"message":"canary"}`, g.status)
		default:
			fmt.Fprintf(w, `{"value":%q}`, g.token())
		}
		return
	}
	g.asked.Add(1)
	_ = r.ParseForm()
	for name := range r.PostForm {
		g.form[name] = r.PostForm.Get(name)
	}
	if g.code != "" {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
			g.code, strings.ReplaceAll(g.message, "TOKEN", g.token()))
		return
	}
	fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
<Credentials><AccessKeyId>ASIAcanary</AccessKeyId><SecretAccessKey>secret-canary</SecretAccessKey><SessionToken>token-canary</SessionToken><Expiration>2999-01-02T03:04:05Z</Expiration></Credentials>
<AssumedRoleUser><Arn>arn:aws:sts::222222222222:assumed-role/release/x</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`)
}

// job is a job that may ask for tokens.
func (g *github) job(edit ...func(*account.GitHubJob, map[string]string)) account.GitHubJob {
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "4711", "GITHUB_RUN_ATTEMPT": "2",
		"ACTIONS_ID_TOKEN_REQUEST_URL": g.URL + "/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-canary",
	}
	j := account.GitHubJob{Role: releaseRole, Duration: time.Hour, Region: "eu-west-1", Endpoint: g.URL, Getenv: func(name string) string { return env[name] }}
	for _, f := range edit {
		f(&j, env)
	}
	return j
}

func TestGitHubJob(t *testing.T) {
	t.Parallel()
	g := newGitHub(t)
	line, err := account.Export(context.Background(), g.job())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Version":1,"AccessKeyId":"ASIAcanary","SecretAccessKey":"secret-canary","SessionToken":"token-canary","Expiration":"2999-01-02T03:04:05Z","AccountId":"222222222222"}` + "\n"
	if string(line) != want {
		t.Errorf("got %s", line)
	}
	if _, err := account.ParseCredentials(line); err != nil {
		t.Errorf("what is printed can't be read: %v", err)
	}
	if g.audience != "sts.amazonaws.com" {
		t.Errorf("audience %q", g.audience)
	}
	for name, want := range map[string]string{
		"Action": "AssumeRoleWithWebIdentity", "RoleArn": releaseRole, "RoleSessionName": "orgship-4711-2", "DurationSeconds": "3600", "WebIdentityToken": g.token(),
	} {
		if g.form[name] != want {
			t.Errorf("%s is %q, want %q", name, g.form[name], want)
		}
	}
}

func TestGitHubJobRefused(t *testing.T) {
	t.Parallel()
	unset := func(name string) func(*account.GitHubJob, map[string]string) {
		return func(_ *account.GitHubJob, env map[string]string) { delete(env, name) }
	}
	for _, test := range []struct {
		name  string
		world func(*github)
		edit  func(*account.GitHubJob, map[string]string)
		line  string
		hint  string
	}{
		{"no permission", nil, unset("ACTIONS_ID_TOKEN_REQUEST_URL"),
			"GitHub gave this job no token to ask with (ACTIONS_ID_TOKEN_REQUEST_URL is not set)", "permissions: { id-token: write, contents: read }; a pull request from a fork never gets a token"},
		{"half a permission", nil, unset("ACTIONS_ID_TOKEN_REQUEST_TOKEN"), "(ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set)", "id-token: write"},
		{"elsewhere", nil, func(_ *account.GitHubJob, env map[string]string) { clear(env) }, "this is no job of GitHub Actions", "leave --github-role out"},
		{"refused by GitHub", func(g *github) { g.status = 403 }, nil, "GitHub gives this job no token: status 403", "id-token: write"},
		{"nobody there", nil, func(_ *account.GitHubJob, env map[string]string) {
			env["ACTIONS_ID_TOKEN_REQUEST_URL"] = "http://127.0.0.1:1/canary"
		},
			"asking GitHub for a token: can't reach http://127.0.0.1:1: connection refused", "is this machine online?"},
		{"no STS there", nil, func(j *account.GitHubJob, _ map[string]string) { j.Endpoint = "http://127.0.0.1:1" }, "can't reach http://127.0.0.1:1: connection refused", "nobody listens there"},
		{"no URL", nil, func(_ *account.GitHubJob, env map[string]string) { env["ACTIONS_ID_TOKEN_REQUEST_URL"] = "canary\x7f" }, "asking GitHub for a token: it did not answer as it should", "githubstatus.com"},
		{"no ARN", nil, func(j *account.GitHubJob, _ map[string]string) { j.Role = "release" }, `"release" is not the ARN of a role`, "arn:aws:iam::123456789012:role/release"},
		{"too short", nil, func(j *account.GitHubJob, _ map[string]string) { j.Duration = time.Minute }, "duration 1m0s: must be from 15m to 12h", "maximum session duration"},
		{"not trusted", func(g *github) {
			g.code, g.message = "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"
		}, nil,
			"becoming role " + releaseRole + ": AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity",
			`does the role exist in account 222222222222? Its trust policy must allow sts:AssumeRoleWithWebIdentity when token.actions.githubusercontent.com:aud is sts.amazonaws.com and token.actions.githubusercontent.com:sub is what this job's token says: sub "` + oldSubject + `", aud "sts.amazonaws.com" (the form is ORG/REPO; a repository with immutable ids has ORG@ID/REPO@ID instead)`},
		{"not trusted, immutable", func(g *github) { g.subject, g.code = immutableSubject, "AccessDenied" }, nil, "AccessDenied", `sub "` + immutableSubject + `", aud "sts.amazonaws.com" (the form is ORG@ID/REPO@ID, with immutable ids; older policies name ORG/REPO alone)`},
		{"no provider", func(g *github) {
			g.code, g.message = "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com"
		}, nil, "InvalidIdentityToken: No OpenIDConnect provider found", "account 222222222222 has no identity provider for GitHub: aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com"},
		{"another audience", func(g *github) { g.code, g.message = "InvalidIdentityToken", "Incorrect token audience" }, nil, "Incorrect token audience", "must list the client sts.amazonaws.com"},
		{"unchecked", func(g *github) { g.code, g.message = "InvalidIdentityToken", "Couldn't retrieve verification key" }, nil, "verification key", "run the job again"},
		{"expired", func(g *github) { g.code, g.message = "ExpiredTokenException", "Token expired: TOKEN" }, nil, "ExpiredTokenException: Token expired: redacted", "run the job again; if it stays, this machine's clock is wrong"},
		{"too long", func(g *github) {
			g.code, g.message = "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
		}, nil, "MaxSessionDuration", "--duration 1h"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newGitHub(t)
			if test.world != nil {
				test.world(g)
			}
			job := g.job()
			if test.edit != nil {
				job = g.job(test.edit)
			}
			line, err := account.Export(context.Background(), job)
			if err == nil || len(line) > 0 || !strings.HasPrefix(err.Error(), "getting credentials: ") || !strings.Contains(err.Error(), test.line) || !strings.Contains(hint(err), test.hint) {
				t.Errorf("got %v\nhint %s", err, hint(err))
			}
			if text := fmt.Sprintf("%v %+v %#v %s", err, err, err, hint(err)); strings.Contains(text, canary) || strings.Contains(text, g.token()) || strings.Contains(text, "\n") {
				t.Errorf("more than one line, or a secret: %s", text)
			}
			if n := g.asked.Load(); n > 3 {
				t.Errorf("STS was asked %d times", n)
			}
		})
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	line, err := account.Export(context.Background(), credentials.NewStaticCredentialsProvider("AKIA", "s", ""))
	if err != nil || string(line) != `{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"s"}`+"\n" {
		t.Errorf("got %s, %v", line, err)
	}
	for want, provider := range map[string]aws.CredentialsProvider{
		"no AWS credentials were found": credentials.NewStaticCredentialsProvider("", "canary", ""),
		"no credentials were given":     account.Credentials{},
		"the credentials expired at 2001-01-02T03:04:05Z": aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "canary", CanExpire: true, Expires: time.Date(2001, 1, 2, 3, 4, 5, 0, time.UTC)}, nil
		}),
	} {
		line, err := account.Export(context.Background(), provider)
		if err == nil || len(line) > 0 || !strings.HasSuffix(err.Error(), want) || hint(err) == "" || strings.Contains(err.Error(), canary) {
			t.Errorf("got %s, %v, want %s", line, err, want)
		}
	}
}
