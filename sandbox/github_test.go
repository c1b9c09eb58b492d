package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"orgship/sandbox"
)

// federation is a stack by which a repository's jobs may become a role of an account.
const federation = `{"Resources": {
  "GitHub": {"Type": "AWS::IAM::OIDCProvider", "Properties": {"Url": "https://token.actions.githubusercontent.com", "ClientIdList": ["sts.amazonaws.com"]}},
  "Release": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "Release", "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
      "Effect": "Allow", "Principal": {"Federated": {"Fn::GetAtt": ["GitHub", "Arn"]}}, "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {"StringEquals": {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": ["repo:acme/app:environment:dev-1", "repo:acme@123/app@456:environment:dev-1"]}}
    }]}}}
}}`

const releaseRole = "arn:aws:iam::222222222222:role/Release"

// federate makes account dev-1 take GitHub's tokens.
func (w *world) federate() {
	w.t.Helper()
	_, err := w.stacks("dev-1").CreateStack(w.ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("federation"), TemplateBody: aws.String(federation), Capabilities: []cfn.Capability{cfn.CapabilityCapabilityNamedIam},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if st := w.settle("dev-1", "federation"); st.StackStatus != cfn.StackStatusCreateComplete {
		w.t.Fatalf("stack is %s: %s", st.StackStatus, aws.ToString(st.StackStatusReason))
	}
}

// job is a job of GitHub Actions: it gets tokens for a subject.
type job struct {
	w       *world
	subject string
}

// GetIdentityToken asks for a token as the toolkit of GitHub's actions does: the
// audience is appended to the URL.
func (j job) GetIdentityToken() ([]byte, error) {
	info := j.w.Info().GitHub
	r, err := http.NewRequestWithContext(j.w.ctx, http.MethodGet, info.URL(j.subject)+"&audience=sts.amazonaws.com", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+info.RequestToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s %w", response.Status, body, err)
	}
	var answer struct{ Value string }
	err = json.Unmarshal(body, &answer)
	return []byte(answer.Value), err
}

// config makes SDK clients that are the role by a token of the job.
func (j job) config(role string) aws.Config {
	c := aws.Config{Region: j.w.Info().Region, BaseEndpoint: aws.String(j.w.Endpoint()), Credentials: aws.AnonymousCredentials{}}
	c.Credentials = aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(c), role, j,
		func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = "run-42" }))
	return c
}

// TestJobsOfGitHub has jobs use their tokens instead of a key.
func TestJobsOfGitHub(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.federate()
	for _, subject := range []string{"repo:acme/app:environment:dev-1", "repo:acme@123/app@456:environment:dev-1"} {
		config := job{w, subject}.config(releaseRole)
		who := must(sts.NewFromConfig(config).GetCallerIdentity(w.ctx, nil))(t)
		if *who.Arn != "arn:aws:sts::222222222222:assumed-role/Release/run-42" {
			t.Errorf("%s is %s", subject, *who.Arn)
		}
		must(cloudformation.NewFromConfig(config).DescribeStacks(w.ctx, nil))(t)
	}
	for _, subject := range []string{"repo:acme/app:pull_request", "repo:acme/app:ref:refs/heads/main", "repo:mallory/app:environment:dev-1"} {
		_, err := sts.NewFromConfig(job{w, subject}.config(releaseRole)).GetCallerIdentity(w.ctx, nil)
		var denied smithy.APIError
		if !errors.As(err, &denied) || denied.ErrorCode() != "AccessDenied" || !strings.Contains(denied.ErrorMessage(), "Not authorized to perform sts:AssumeRoleWithWebIdentity") {
			t.Errorf("%s: %v", subject, err)
		}
	}
	state := must(w.State(w.ctx))(t)
	if got := state["222222222222"]["iam:oidc-provider"]; !slices.Equal(got, []string{"token.actions.githubusercontent.com"}) {
		t.Errorf("providers %q", got)
	}
}

// TestTokensThroughTheProxy asks for a token where the sandbox is a proxy for itself.
func TestTokensThroughTheProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	proxy := must(url.Parse(w.Endpoint()))(t)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy), DisableKeepAlives: true}}
	response, err := client.Get(w.Info().GitHub.URL("repo:acme/app:pull_request"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized || response.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("got %s", response.Status)
	}
}

// TestJobChains has a job's role of one account become a role of another.
func TestJobChains(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.federate()
	body := strings.Replace(`{"Resources": {"Target": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "Target",
		"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "ROLE"}, "Action": "sts:AssumeRole"}]}}}}}`,
		"ROLE", releaseRole, 1)
	must(w.stacks("prod-1").CreateStack(w.ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("target"), TemplateBody: &body, Capabilities: []cfn.Capability{cfn.CapabilityCapabilityNamedIam},
	}))(t)
	w.settle("prod-1", "target")
	client := sts.NewFromConfig(job{w, "repo:acme/app:environment:dev-1"}.config(releaseRole))
	in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::555555555555:role/Target"), RoleSessionName: aws.String("chained")}
	out := must(client.AssumeRole(w.ctx, in))(t)
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::555555555555:assumed-role/Target/chained" {
		t.Errorf("became %s", *out.AssumedRoleUser.Arn)
	}
}

// TestTokensStayHidden looks for the secrets of a job where they don't belong.
func TestTokensStayHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.federate()
	info := w.Info().GitHub
	token := string(must(job{w, "repo:acme/app:environment:dev-1"}.GetIdentityToken())(t))
	client := sts.NewFromConfig(aws.Config{Region: w.Info().Region, BaseEndpoint: aws.String(w.Endpoint()), Credentials: aws.AnonymousCredentials{}})
	assume := func(role, token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return client.AssumeRoleWithWebIdentity(w.ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &role, RoleSessionName: aws.String("run-42"), WebIdentityToken: &token,
		})
	}
	out := must(assume(releaseRole, token))(t)
	secrets := append(strings.Split(token, "."), info.RequestToken, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	var said strings.Builder
	for _, c := range []struct{ role, token string }{
		{releaseRole + "x", token}, {strings.Replace(releaseRole, "2222", "3333", 1), token}, {"role", token}, {releaseRole, token + "x"}, {releaseRole, token + "." + token},
	} {
		_, err := assume(c.role, c.token)
		if err == nil {
			t.Errorf("%s: no error", c.role)
		}
		fmt.Fprintln(&said, err)
	}
	for _, authorization := range []string{"", "Bearer " + info.RequestToken + "x"} {
		r := must(http.NewRequestWithContext(w.ctx, http.MethodGet, info.URL("repo:acme/app:pull_request"), nil))(t)
		r.Header.Set("Authorization", authorization)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body := must(io.ReadAll(response.Body))(t)
		response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%q: %s", authorization, response.Status)
		}
		said.Write(body)
	}
	fmt.Fprintf(&said, "%+v", w.Calls())
	for _, secret := range secrets {
		if len(secret) > 8 && strings.Contains(said.String(), secret) {
			t.Errorf("%.8s… shows", secret)
		}
	}
	if !strings.Contains(said.String(), "AssumeRoleWithWebIdentity") {
		t.Error("the log has no call to look at")
	}
}

// TestJobWithTheCLI gets a token with curl, where there is one, and asks with the aws CLI.
func TestJobWithTheCLI(t *testing.T) {
	t.Parallel()
	needsCLI(t)
	w := newWorld(t, sandbox.Options{})
	w.federate()
	j := job{w, "repo:acme/app:environment:dev-1"}
	token := string(must(j.GetIdentityToken())(t))
	if curl, err := exec.LookPath("curl"); err == nil {
		token = curlToken(t, curl, j)
	}
	cli := func(args ...string) (string, error) {
		cmd := exec.CommandContext(context.Background(), "aws", args...)
		cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
		cmd.Env = append(cmd.Env, "AWS_ENDPOINT_URL="+w.Endpoint(), "AWS_REGION="+w.Info().Region, "AWS_DEFAULT_REGION="+w.Info().Region,
			"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true")
		if args[0] == "cloudformation" { // the CLI gets its credentials itself, and keeps them in the home directory
			home := t.TempDir()
			cmd.Env = append(cmd.Env, "HOME="+home, "USERPROFILE="+home)
			file := filepath.Join(home, "token")
			if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd.Env = append(cmd.Env, "AWS_ROLE_ARN="+releaseRole, "AWS_WEB_IDENTITY_TOKEN_FILE="+file, "AWS_ROLE_SESSION_NAME=run-42")
		}
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	assume := []string{"sts", "assume-role-with-web-identity", "--no-sign-request", "--role-session-name", "run-42", "--role-arn"}
	query := []string{"--output", "text", "--query", "[AssumedRoleUser.Arn,Provider,Audience,SubjectFromWebIdentityToken]"}
	out, err := cli(append(append(assume, releaseRole, "--web-identity-token", token), query...)...)
	want := "arn:aws:sts::222222222222:assumed-role/Release/run-42\tarn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com\t" +
		"sts.amazonaws.com\trepo:acme/app:environment:dev-1"
	if err != nil || out != want {
		t.Errorf("got %q, %v\nwant %q", out, err, want)
	}
	out, err = cli("cloudformation", "describe-stacks", "--output", "text", "--query", "Stacks[].StackName")
	if err != nil || out != "federation" {
		t.Errorf("got %q, %v", out, err)
	}
	out, err = cli(append(assume, strings.Replace(releaseRole, "222222222222", "333333333333", 1), "--web-identity-token", token)...)
	if err == nil || !strings.Contains(out, "(InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: "+
		"No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com") {
		t.Errorf("got %q, %v", out, err)
	}
}

// curlToken gets a token as scripts do, with what the lines to paste say.
func curlToken(t *testing.T, curl string, j job) string {
	t.Helper()
	info := j.w.Info().GitHub
	cmd := exec.Command(curl, "-sSf", "-H", "Authorization: Bearer "+info.RequestToken, info.URL(j.subject)+"&audience=sts.amazonaws.com")
	var answer struct{ Value string }
	if err := json.Unmarshal(must(cmd.Output())(t), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Value
}
