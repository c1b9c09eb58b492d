package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// callers is a sandbox whose accounts are prepared as the README says.
type callers struct {
	*box
	settings map[string]string // of a release, but for what a caller adds
}

// outcome is what became of a call.
type outcome struct {
	report report.Report
	status int
	log    string
}

// TestCallers releases the same thing from a laptop, from GitHub Actions and from
// CodeBuild: the exit statuses, the images, the verdicts and the steps are the same,
// whether it answers rightly or wrongly.
func TestCallers(t *testing.T) {
	inFull(t)
	t.Parallel()
	newCallers(t, need(t), map[string]string{"_EXPERIMENTAL_DAGGER_RUNNER_HOST": os.Getenv("_EXPERIMENTAL_DAGGER_RUNNER_HOST"), "DAGGER_NO_NAG": "1"}).try(t)
}

// TestCallersWithoutEngine tries the same with a stand-in for dagger.
func TestCallersWithoutEngine(t *testing.T) {
	t.Parallel()
	path := newStandIn(t) + string(filepath.ListSeparator) + os.Getenv("PATH")
	newCallers(t, &world{}, map[string]string{"PATH": path, "TMPDIR": t.TempDir()}).try(t)
}

// try releases from each.
func (c *callers) try(t *testing.T) {
	t.Helper()
	for _, test := range []struct {
		name     string
		settings map[string]string
		status   int
		outcome  report.Outcome
	}{
		{"a right answer", nil, 0, report.Released},
		{"a wrong answer", map[string]string{"ORGSHIP_VARIANT": "blue", "ORGSHIP_ROUTING": "canary:20:1", "ORGSHIP_EXPECT": "Purple"}, 1, report.RolledBack},
	} {
		want := c.onALaptop(t, test.settings)
		if want.status != test.status || want.report.Outcome != test.outcome {
			t.Fatalf("%s: status %d, %s\n%s", test.name, want.status, want.report.Outcome, want.log)
		}
		for name, caller := range map[string]func(*testing.T, map[string]string) outcome{"GitHub Actions": c.inGitHub, "CodeBuild": c.inCodeBuild} {
			t.Run(test.name+", "+name, func(t *testing.T) {
				got := caller(t, test.settings)
				if got.status != want.status || !slices.Equal(told(got.report), told(want.report)) {
					t.Errorf("status %d, it says\n%s\nand the laptop %d\n%s\n%s", got.status, strings.Join(told(got.report), "\n"), want.status, strings.Join(told(want.report), "\n"), got.log)
				}
			})
		}
	}
	c.refused(t)
}

// noReport is what a summary says of a release that ended before it could write.
const noReport = "the release wrote no report: its own error is above"

// refused has jobs that GitHub gives no token, or one that the role doesn't trust,
// and one that may not release into the account: one line says so, with a hint.
func (c *callers) refused(t *testing.T) {
	t.Helper()
	github := c.Info().GitHub
	for name, test := range map[string]struct {
		change     func(*runner)
		line, hint string
		status     int    // 2 where nothing could be asked, 1 for a refusal
		summary    string // what is told of it at the end
	}{
		"no permission for a token": {
			func(r *runner) { delete(r.env, "ACTIONS_ID_TOKEN_REQUEST_URL") },
			"error: getting credentials: GitHub gave this job no token to ask with", "hint: add to the job: permissions: { id-token: write",
			2, noReport,
		},
		"a pull request's token": {
			func(r *runner) {
				r.env["ACTIONS_ID_TOKEN_REQUEST_URL"] = github.URL("repo:" + owner + "/" + app + ":pull_request")
			},
			"AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity", `this job's token says: sub "repo:acme/app:pull_request"`,
			2, noReport,
		},
		"another unit": {
			func(r *runner) { r.inputs["unit"] = "production" },
			`error: account 222222222222 is not in OU "production"`, "hint: name an account of the unit",
			1, "failed: refused",
		},
		"another account": {
			func(r *runner) { r.vars["ORGSHIP_ACCOUNT"], r.vars["ORGSHIP_UNIT"] = "prod-1", "" },
			"error: getting into account 555555555555: assuming a role", "hint: the role must exist, its trust policy must name the caller",
			2, "error: refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := c.runner(t, nil)
			test.change(r)
			r.run(t, workflow(t, "../../../.github/workflows/release.yml").Jobs["release"])
			if r.status != test.status || !strings.Contains(r.log, test.line) || !strings.Contains(r.log, test.hint) {
				t.Errorf("status %d\n%s", r.status, r.log)
			}
			pointed := strings.Contains(r.log, "::error file=.github/workflows/release.yml,line=")
			told := test.summary != noReport || strings.Contains(r.log, "error: getting credentials: ")
			if pointed != told {
				t.Errorf("an annotation points at the workflow: %t\n%s", pointed, r.log)
			}
			if !strings.Contains(r.log, test.summary) {
				t.Errorf("the summary doesn't say %q:\n%s", test.summary, r.log)
			}
		})
	}
}

// TestNoEngine has ci/ship say what it misses, before anything else.
func TestNoEngine(t *testing.T) {
	t.Parallel()
	without := t.TempDir()
	for _, name := range []string{"sh", "dirname", "printf"} {
		link(t, without, name)
	}
	broken := filepath.Join(t.TempDir(), "dagger")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	path := filepath.Dir(broken) + string(filepath.ListSeparator) + os.Getenv("PATH")
	for name, test := range map[string]struct{ path, host, line, hint string }{
		"no dagger":          {without, "", "dagger is not on the PATH", "ci/install-dagger installs it"},
		"no socket":          {path, "unix:///nowhere/engine.sock", "no Dagger engine listens at unix:///nowhere/engine.sock", "start Docker, "},
		"nobody who answers": {path, "", "no Dagger engine answers", "start Docker, "},
	} {
		dir := checkedOut(t)
		cmd := exec.CommandContext(t.Context(), "ci/ship")
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + test.path, "ORGSHIP_STACK=hello", "ORGSHIP_REPOSITORY=r", "ORGSHIP_REVISION=" + commit, "_EXPERIMENTAL_DAGGER_RUNNER_HOST=" + test.host}
		out, err := cmd.CombinedOutput()
		if want := "error: " + test.line + "\nhint: " + test.hint; err == nil || cmd.ProcessState.ExitCode() != 2 || !strings.HasPrefix(string(out), want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// link puts a program of this machine into a folder.
func link(t *testing.T, dir, name string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		err = os.Symlink(path, filepath.Join(dir, name))
	}
	if err != nil {
		t.Fatal(err)
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

// newCallers prepares the accounts. The environment is what dagger needs.
func newCallers(t *testing.T, w *world, environment map[string]string) *callers {
	t.Helper()
	b := newBoxIn(t, w, map[string]string{origin: checkedOut(t)})
	c := &callers{box: b}
	where := map[string]string{"OrgID": c.Info().OrganizationID, "DevOrgUnitID": "ou-sbox-dev00001"}
	c.prepare(t, "shared-services", "ecr-repository.yaml", where)
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
	}
	maps.Copy(c.settings, environment)
	return c
}

// checkedOut copies what is in the repository's index or new, as a checkout has it:
// nothing else that lies beside it on this machine.
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
func (c *callers) with(stack string, more ...map[string]string) map[string]string {
	all := maps.Clone(c.settings)
	all["ORGSHIP_STACK"] = stack
	for _, some := range more {
		maps.Copy(all, some)
	}
	return all
}

// onALaptop calls what the others call.
func (c *callers) onALaptop(t *testing.T, settings map[string]string) outcome {
	t.Helper()
	dir := checkedOut(t)
	cmd := exec.CommandContext(t.Context(), "ci/ship")
	cmd.Dir, cmd.Env = dir, os.Environ()
	own := map[string]string{"KEY": c.credentials(t, "management"), "ORGSHIP_CREDENTIALS": "env://KEY", "ORGSHIP_REVISION": commit}
	for name, value := range c.with("hello-laptop", own, settings) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return outcome{kept(t, dir, string(out)), cmd.ProcessState.ExitCode(), string(out)}
}

// kept is the report that a caller left.
func kept(t *testing.T, dir, log string) (r report.Report) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "out", "report.json"))
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	return r
}

// inGitHub runs the release workflow's job for a merge to main, or for whoever
// starts it with a variant.
func (c *callers) inGitHub(t *testing.T, settings map[string]string) outcome {
	t.Helper()
	r := c.runner(t, settings)
	r.run(t, workflow(t, "../../../.github/workflows/release.yml").Jobs["release"])
	document := kept(t, r.dir, r.log)
	for name, want := range map[string]string{"verdict": string(document.Verdict), "digest": document.Image.Digest, "url": document.URLs["service"]} {
		if got := r.outputs["summary"][name]; got != want {
			t.Errorf("output %s is %q, want %q", name, got, want)
		}
	}
	level := "::notice"
	if r.failing {
		level = "::error"
	}
	if !strings.Contains(r.summary, document.Summary) || !strings.Contains(r.log, level) || strings.Contains(r.log, c.Info().GitHub.RequestToken) {
		t.Errorf("the summary has no release, the log no %s, or a secret: %.300s\n%s", level, r.summary, r.log)
	}
	return outcome{document, r.status, r.log}
}

// runner is a runner of GitHub's with a checkout, for a merge to main.
func (c *callers) runner(t *testing.T, settings map[string]string) *runner {
	t.Helper()
	github := c.Info().GitHub
	env := c.with("hello-github", settings, map[string]string{
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
	inputs := map[string]string{"variant": env["ORGSHIP_VARIANT"], "routing": env["ORGSHIP_ROUTING"]}
	dir := checkedOut(t)
	env["GITHUB_JOB"], env["GITHUB_WORKSPACE"] = "release", dir
	return &runner{dir: dir, vars: vars, inputs: inputs, env: env}
}

// inCodeBuild starts a build, and reads the report that it keeps.
func (c *callers) inCodeBuild(t *testing.T, settings map[string]string) outcome {
	t.Helper()
	cfg := c.config(t, "shared-services")
	client := codebuild.NewFromConfig(cfg)
	in := &codebuild.StartBuildInput{ProjectName: aws.String("orgship"), SourceVersion: aws.String(commit)}
	folder := filepath.Join(t.TempDir(), "out")
	for name, value := range c.with("hello-codebuild", settings, map[string]string{"ORGSHIP_REVISION": commit, "KEPT": folder}) {
		in.EnvironmentVariablesOverride = append(in.EnvironmentVariablesOverride, cbtypes.EnvironmentVariable{Name: aws.String(name), Value: aws.String(value)})
	}
	// The build's folder goes with it: the report is kept for us.
	in.BuildspecOverride = aws.String(strings.Replace(read(t, "../../../ci/buildspec.yml"), "out/orgship.xml out/report.json", "out/orgship.xml out/report.json && cp -r out \"$KEPT\"", 1))
	started, err := client.StartBuild(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	build := c.ended(t, client, *started.Build.Id)
	log := c.lines(t, cfg, build)
	r := outcome{kept(t, filepath.Dir(folder), log), statusOf(build), log}
	cases, err := client.DescribeTestCases(t.Context(), &codebuild.DescribeTestCasesInput{ReportArn: aws.String(cmp.Or(build.ReportArns...))})
	if err != nil {
		t.Fatalf("reading the build's report: %v\n%s", err, r.log)
	}
	failed := slices.ContainsFunc(cases.TestCases, func(c cbtypes.TestCase) bool { return aws.ToString(c.Status) == "FAILED" })
	if len(cases.TestCases) < len(r.report.Steps) || failed != (r.status == 1) {
		t.Errorf("the build's report has %d cases, one failed: %t", len(cases.TestCases), failed)
	}
	return r
}

// statusOf is the exit status of the command that a build failed with, 0 if it
// succeeded.
func statusOf(build cbtypes.Build) (status int) {
	if build.BuildStatus == cbtypes.StatusTypeSucceeded {
		return 0
	}
	for _, phase := range build.Phases {
		for _, c := range phase.Contexts {
			if n, err := fmt.Sscanf(aws.ToString(c.Message), "Error while executing command: ci/ship. Reason: exit status %d", &status); n == 1 && err == nil {
				return status
			}
		}
	}
	return -1
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
