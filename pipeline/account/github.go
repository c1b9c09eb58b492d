package account

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/sethvargo/go-githubactions"
)

// GitHubJob is a job of GitHub Actions that becomes a role: GitHub gives it a
// token, and STS credentials for the token.
// https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
type GitHubJob struct {
	Role     string              // ARN of the role
	Duration time.Duration       // of the credentials: 15 minutes to 12 hours, at most the role's own limit
	Getenv   func(string) string // of the job
	// Region, Endpoint and HTTPClient are those of [Options]; GitHub is asked with
	// the client of net/http.
	Region     string
	Endpoint   string
	HTTPClient aws.HTTPClient
}

// The bounds of a session's length.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
const (
	shortestSession = 15 * time.Minute
	longestSession  = 12 * time.Hour
)

// stsAudience is whom the token is for: what the trust policy's condition on aud
// and the identity provider's list of clients have to name.
const stsAudience = "sts.amazonaws.com"

// githubIssuer is the identity provider of GitHub's tokens.
const githubIssuer = "token.actions.githubusercontent.com"

// ErrNoToken is that GitHub gives a job no token: it hasn't the permission to ask.
var ErrNoToken = errors.New("GitHub gives this job no token")

// Retrieve asks GitHub for a token and STS for credentials. An error is an
// *Error; neither holds any part of the token.
func (j GitHubJob) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if !roleARN.MatchString(j.Role) {
		return aws.Credentials{}, &Error{line: fmt.Sprintf("%q is not the ARN of a role", j.Role),
			hint: "write it as " + RoleARN("123456789012", "release")}
	}
	if j.Duration < shortestSession || j.Duration > longestSession {
		return aws.Credentials{}, &Error{line: fmt.Sprintf("duration %s: must be from 15m to 12h", j.Duration),
			hint: "more than 1h the role itself has to allow: its maximum session duration"}
	}
	cfg, err := Config(ctx, Options{Credentials: aws.AnonymousCredentials{}, Region: j.Region, Endpoint: j.Endpoint, HTTPClient: j.HTTPClient})
	if err != nil {
		return aws.Credentials{}, err
	}
	// A few: a provider that isn't there is one of the answers that are repeated.
	cfg.Retryer = func() aws.Retryer { return retry.AddWithMaxAttempts(newRetryer(), 3) }
	token, err := j.token(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	provider := stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(cfg), j.Role, identityToken(token), func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleSessionName, o.Duration = j.session(), j.Duration
	})
	got, err := provider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, j.refused(err, token)
	}
	return got, nil
}

type identityToken string

// GetIdentityToken implements stscreds.IdentityTokenRetriever.
func (t identityToken) GetIdentityToken() ([]byte, error) { return []byte(t), nil }

// unnameable is what a session's name may not hold.
var unnameable = regexp.MustCompile(`[^\w+=,.@-]+`)

// session names the session by the run, so that the account's logs lead to it.
func (j GitHubJob) session() string {
	name := strings.TrimRight(sessionOf+"-"+j.Getenv("GITHUB_RUN_ID")+"-"+j.Getenv("GITHUB_RUN_ATTEMPT"), "-")
	name = unnameable.ReplaceAllString(name, "-")
	return name[:min(len(name), 64)]
}

// token asks GitHub who the job is. The library's errors are not shown: they may
// hold what GitHub answered.
func (j GitHubJob) token(ctx context.Context) (string, error) {
	const permissions = "add to the job: permissions: { id-token: write, contents: read }; a pull request from a fork never gets a token"
	runner := githubactions.New(githubactions.WithGetenv(j.Getenv), githubactions.WithHTTPClient(&http.Client{Timeout: 30 * time.Second}))
	token, err := runner.GetIDToken(ctx, stsAudience)
	var missing *githubactions.EnvMissingError
	var refused *githubactions.RequestFailedError
	var why *Error
	switch {
	case err == nil && token != "":
		return token, nil
	case errors.As(err, &missing) && j.Getenv("GITHUB_ACTIONS") != "true":
		return "", &Error{line: "this is no job of GitHub Actions: there is nobody to ask for a token", hint: "elsewhere take credentials of the SDK's default chain: leave --github-role out"}
	case errors.As(err, &missing):
		return "", &Error{line: "GitHub gave this job no token to ask with (" + missing.Name + " is not set)", hint: permissions, err: ErrNoToken}
	case errors.As(err, &refused):
		return "", &Error{line: fmt.Sprintf("GitHub gives this job no token: status %d", refused.StatusCode), hint: "run the job again if GitHub has trouble (githubstatus.com); if it stays: " + permissions, err: ErrNoToken}
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	}
	if why = explainNetwork(err); why != nil {
		return "", &Error{line: "asking GitHub for a token: " + why.line, hint: "is this machine online? run the job again if GitHub has trouble (githubstatus.com)"}
	}
	return "", &Error{line: "asking GitHub for a token: it did not answer as it should", hint: "run the job again; is GitHub well? githubstatus.com"}
}

// refused explains what STS says against a token.
func (j GitHubJob) refused(err error, token string) error {
	account := roleARN.FindStringSubmatch(j.Role)[1]
	var api smithy.APIError
	if !errors.As(err, &api) {
		return brief(err)
	}
	said := api.ErrorCode() + ": " + api.ErrorMessage()
	e := &Error{line: fmt.Sprintf("becoming role %s: %s", j.Role, strings.ReplaceAll(said, token, redacted))}
	switch code, text := api.ErrorCode(), api.ErrorMessage(); {
	case code == "AccessDenied":
		e.hint = fmt.Sprintf("does the role exist in account %s? Its trust policy must allow sts:AssumeRoleWithWebIdentity when %[2]s:aud is %[3]s and %[2]s:sub is what this job's token says: %[4]s",
			account, githubIssuer, stsAudience, claims(token))
	case code == "InvalidIdentityToken" && strings.Contains(text, "provider found"):
		e.hint = fmt.Sprintf("account %s has no identity provider for GitHub: aws iam create-open-id-connect-provider --url https://%s --client-id-list %s", account, githubIssuer, stsAudience)
	case code == "InvalidIdentityToken" && strings.Contains(strings.ToLower(text), "audience"):
		e.hint = fmt.Sprintf("the identity provider of account %s must list the client %s (this job's token says: %s)", account, stsAudience, claims(token))
	case code == "InvalidIdentityToken", code == "IDPCommunicationError":
		e.hint = "AWS could not check the token with GitHub: run the job again"
	case code == "ExpiredTokenException", code == "ExpiredToken":
		e.hint = "a token is good for minutes: run the job again; if it stays, this machine's clock is wrong"
	case code == "ValidationError" && strings.Contains(text, "MaxSessionDuration"):
		e.hint = "ask for less (--duration 1h), or raise the role's maximum session duration"
	}
	return e
}

// claims says who a token is of, in words, without any of its signature. GitHub
// writes the subject in two forms: repositories made or renamed since July 2026,
// and those that chose so, have immutable ids in it.
// https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/
func claims(token string) string {
	var claimed struct {
		Subject  string `json:"sub"`
		Audience any    `json:"aud"` // a text or a list of them
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "nothing that can be read"
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(payload, &claimed) != nil || claimed.Subject == "" {
		return "nothing that can be read"
	}
	form := "ORG/REPO; a repository with immutable ids has ORG@ID/REPO@ID instead"
	if subject, _, _ := strings.Cut(strings.TrimPrefix(claimed.Subject, "repo:"), ":"); strings.Contains(subject, "@") {
		form = "ORG@ID/REPO@ID, with immutable ids; older policies name ORG/REPO alone"
	}
	return fmt.Sprintf("sub %q, aud %q (the form is %s)", claimed.Subject, fmt.Sprint(claimed.Audience), form)
}
