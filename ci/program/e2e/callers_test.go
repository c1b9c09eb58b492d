package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/pipeline/report"
)

// Of the repository that is released, and of what is released.
const (
	owner, ownerID = "acme", "1234567"
	app, appID     = "app", "7654321"
	origin         = "https://github.com/acme/app.git"
	commit         = "5f0c6a3e9d1b4872a6c05d3e8f9b7a1c2d4e6f80"

	// The roles that our templates make in the accounts.
	githubRole    = "arn:aws:iam::" + shared + ":role/orgship-build"
	codebuildRole = "arn:aws:iam::" + shared + ":role/orgship-codebuild"
	deployRole    = "orgship-deploy"
)

// callers is a sandbox whose accounts are prepared as the README says, and a
// checkout of the repository.
type callers struct {
	*box
	checkout string
	settings map[string]string // of a release, but for what a caller adds
}

// TestCallers releases the same thing from a laptop, from GitHub Actions and from
// CodeBuild: the images, the verdicts and the steps are the same.
func TestCallers(t *testing.T) {
	inFull(t)
	t.Parallel()
	c := newCallers(t)
	laptop := c.onALaptop(t)
	for name, caller := range map[string]func(*testing.T) report.Report{"GitHub Actions": c.inGitHub, "CodeBuild": c.inCodeBuild} {
		t.Run(name, func(t *testing.T) {
			r := caller(t)
			if got, want := told(r), told(laptop); !slices.Equal(got, want) {
				t.Errorf("it says\n%s\nand the laptop\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// told is what all callers have to tell alike.
func told(r report.Report) []string {
	lines := []string{"schema " + r.Schema, "verdict " + string(r.Verdict), "outcome " + string(r.Outcome), "account " + r.Account.ID}
	if r.Image != nil {
		lines = append(lines, "digest "+r.Image.Digest, "revision "+r.Image.Revision, "version "+r.Image.Version)
	}
	for _, s := range r.Steps {
		lines = append(lines, "step "+s.Name+" "+string(s.State))
	}
	return lines
}

// newCallers prepares the accounts.
func newCallers(t *testing.T) *callers {
	t.Helper()
	checkout := checkedOut(t)
	b := newBoxWith(t, map[string]string{origin: checkout})
	c := &callers{box: b, checkout: checkout}
	c.in(t).call(t, "share", "--account=shared-services", "result").ok(t)
	where := map[string]string{"OrgID": c.Info().OrganizationID, "DevOrgUnitID": "ou-sbox-dev00001"}
	c.prepare(t, "shared-services", "github-oidc.yaml", where, map[string]string{
		"GitHubOwner": owner, "GitHubOwnerId": ownerID, "GitHubRepository": app, "GitHubRepositoryId": appID, "Environments": "dev-1",
	})
	c.prepare(t, "shared-services", "codebuild.yaml", where, map[string]string{"SourceLocation": origin, "Account": "222222222222"})
	c.prepare(t, "dev-1", "deploy-role.yaml", map[string]string{
		"BuildRoleArns": githubRole + "," + codebuildRole, "StackNames": "hello-*", "RepositoryArn": "arn:aws:ecr:eu-west-1:" + shared + ":repository/" + repository,
	})
	c.settings = map[string]string{
		"ORGSHIP_REPOSITORY": b.repo, "ORGSHIP_ACCOUNT": "dev-1", "ORGSHIP_UNIT": unit, "ORGSHIP_PARAMETERS": b.network(t, "dev-1"),
		"ORGSHIP_ENDPOINT": "tcp://" + host(b.Endpoint()), "ORGSHIP_GO_IMAGE": b.goImage, "AWS_ENDPOINT_URL": b.Endpoint(), "AWS_REGION": "eu-west-1",
		"_EXPERIMENTAL_DAGGER_RUNNER_HOST": os.Getenv("_EXPERIMENTAL_DAGGER_RUNNER_HOST"), "DAGGER_NO_NAG": "1",
	}
	return c
}

// checkedOut copies what is in the repository's index or new, as a checkout has it.
func checkedOut(t *testing.T) string {
	t.Helper()
	root, to := "../../..", t.TempDir()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	files, err := list.Output()
	if err != nil {
		t.Skip("SKIP: the tests don't run in a checkout of the repository: ", err)
	}
	for _, name := range strings.Split(strings.Trim(string(files), "\x00"), "\x00") {
		info, err := os.Stat(filepath.Join(root, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and not committed yet
		}
		content, err2 := os.ReadFile(filepath.Join(root, name))
		path := filepath.Join(to, name)
		if err := errors.Join(err, err2, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, info.Mode().Perm())); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// config returns how an account's administrator asks.
func (c *callers) config(t *testing.T, account string) aws.Config {
	t.Helper()
	a, ok := c.Account(account)
	if !ok {
		t.Fatalf("no account %q", account)
	}
	return aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(c.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider(a.AccessKeyID, a.SecretAccessKey, "")}
}

// prepare deploys one of our templates into an account.
func (c *callers) prepare(t *testing.T, account, file string, parameters ...map[string]string) {
	t.Helper()
	client := cloudformation.NewFromConfig(c.config(t, account))
	name := aws.String(strings.TrimSuffix(file, ".yaml"))
	in := &cloudformation.CreateStackInput{
		StackName: name, TemplateBody: aws.String(read(t, filepath.Join("../../../cfn", file))), Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam},
	}
	for _, some := range parameters {
		for key, value := range some {
			in.Parameters = append(in.Parameters, cfntypes.Parameter{ParameterKey: aws.String(key), ParameterValue: aws.String(value)})
		}
	}
	if _, err := client.CreateStack(t.Context(), in); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := cloudformation.NewStackCreateCompleteWaiter(client, quickly).Wait(t.Context(), &cloudformation.DescribeStacksInput{StackName: name}, callTimeout); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func quickly(o *cloudformation.StackCreateCompleteWaiterOptions) { o.MinDelay, o.MaxDelay = poll, poll }

// with are the settings of a release of a stack, and more.
func (c *callers) with(stack string, more map[string]string) map[string]string {
	all := maps.Clone(c.settings)
	all["ORGSHIP_STACK"] = stack
	maps.Copy(all, more)
	return all
}

// onALaptop calls what the others call.
func (c *callers) onALaptop(t *testing.T) report.Report {
	t.Helper()
	dir := checkedOut(t)
	cmd := exec.CommandContext(t.Context(), "ci/ship")
	cmd.Dir, cmd.Env = dir, os.Environ()
	settings := c.with("hello-laptop", map[string]string{"KEY": c.credentials(t, "management"), "ORGSHIP_CREDENTIALS": "env://KEY", "ORGSHIP_REVISION": commit})
	for name, value := range settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ci/ship: %v\n%s", err, out)
	}
	return kept(t, dir)
}

// kept is the report that a caller left.
func kept(t *testing.T, dir string) (r report.Report) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, "out", "report.json"))), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// inGitHub runs the release workflow's job for a merge to main.
func (c *callers) inGitHub(t *testing.T) report.Report {
	t.Helper()
	r := c.runner(t, "hello-github")
	r.run(t, workflow(t, "../../../.github/workflows/release.yml").Jobs["release"])
	if r.failing {
		t.Fatalf("the job failed:\n%s", r.log)
	}
	document := kept(t, r.dir)
	for name, want := range map[string]string{"verdict": "successful", "digest": document.Image.Digest, "url": document.URLs["service"]} {
		if got := r.outputs["summary"][name]; got != want {
			t.Errorf("output %s is %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(r.summary, "released") || strings.Contains(r.log, c.Info().GitHub.RequestToken) {
		t.Errorf("the summary has no release, or the log a secret: %.300s", r.summary)
	}
	return document
}

// runner is a runner of GitHub's with a checkout, for a merge to main.
func (c *callers) runner(t *testing.T, stack string) *runner {
	t.Helper()
	github := c.Info().GitHub
	env := c.with(stack, map[string]string{
		"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_SHA": commit, "GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_NAME": "push",
		"GITHUB_REPOSITORY": owner + "/" + app, "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "1",
		"GITHUB_WORKFLOW_REF":            owner + "/" + app + "/.github/workflows/release.yml@refs/heads/main",
		"ACTIONS_ID_TOKEN_REQUEST_URL":   github.URL("repo:" + owner + "/" + app + ":environment:dev-1"),
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN": github.RequestToken,
	})
	vars := map[string]string{"ORGSHIP_GITHUB_ROLE": githubRole, "ORGSHIP_ROLE": deployRole}
	for _, name := range []string{"AWS_REGION", "ORGSHIP_REPOSITORY", "ORGSHIP_STACK", "ORGSHIP_ACCOUNT", "ORGSHIP_UNIT", "ORGSHIP_PARAMETERS"} {
		vars[name] = env[name]
		delete(env, name)
	}
	return &runner{dir: checkedOut(t), vars: vars, env: env}
}

// inCodeBuild starts a build, and reads the report that it keeps.
func (c *callers) inCodeBuild(t *testing.T) report.Report {
	t.Helper()
	cfg := c.config(t, "shared-services")
	client := codebuild.NewFromConfig(cfg)
	in := &codebuild.StartBuildInput{ProjectName: aws.String("orgship"), SourceVersion: aws.String(commit)}
	settings := c.with("hello-codebuild", map[string]string{"ORGSHIP_ROLE": deployRole, "KEPT": filepath.Join(t.TempDir(), "out")})
	settings["ORGSHIP_REVISION"] = commit
	for name, value := range settings {
		in.EnvironmentVariablesOverride = append(in.EnvironmentVariablesOverride, cbtypes.EnvironmentVariable{Name: aws.String(name), Value: aws.String(value)})
	}
	// The build's folder goes with it: the report is kept for us.
	in.BuildspecOverride = aws.String(strings.Replace(read(t, "../../../ci/buildspec.yml"), "out/orgship.xml out/report.json", "out/orgship.xml out/report.json && cp -r out \"$KEPT\"", 1))
	started, err := client.StartBuild(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	build := c.ended(t, client, *started.Build.Id)
	if build.BuildStatus != cbtypes.StatusTypeSucceeded {
		t.Fatalf("the build is %s:\n%s", build.BuildStatus, c.lines(t, cfg, build))
	}
	if len(build.ReportArns) != 1 {
		t.Errorf("the build has reports %v", build.ReportArns)
	}
	cases, err := client.DescribeTestCases(t.Context(), &codebuild.DescribeTestCasesInput{ReportArn: aws.String(cmp.Or(build.ReportArns...))})
	if err != nil || len(cases.TestCases) == 0 {
		t.Errorf("its report: %v, %v", cases, err)
	}
	return kept(t, filepath.Dir(settings["KEPT"]))
}

// ended waits for the end of a build.
func (c *callers) ended(t *testing.T, client *codebuild.Client, id string) cbtypes.Build {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	defer cancel()
	for {
		out, err := client.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		if out.Builds[0].BuildComplete {
			return out.Builds[0]
		}
		wait(ctx)
	}
}

// lines is a build's log.
func (c *callers) lines(t *testing.T, cfg aws.Config, build cbtypes.Build) string {
	t.Helper()
	out, err := cloudwatchlogs.NewFromConfig(cfg).GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: build.Logs.GroupName, LogStreamName: build.Logs.StreamName, StartFromHead: aws.Bool(true),
	})
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for _, e := range out.Events {
		text.WriteString(aws.ToString(e.Message) + "\n")
	}
	return text.String()
}

// poll is how long is waited between two looks.
const poll = 200 * time.Millisecond

// wait waits for the next look.
func wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(poll):
	}
}
