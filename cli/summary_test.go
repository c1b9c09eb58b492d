package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"orgship/cli"
)

// evil is what an app or a stack's event could say, and a tag could be.
const evil = "x\nverdict=evil\n::set-output name=verdict::evil\r\n::error::evil %0A::error::evil ##[error]evil\nverdict<<EOF\nevil\nEOF\n" +
	"_GitHubActionsFileCommandDelimeter_\nverdict<<_GitHubActionsFileCommandDelimeter_\nevil\n_GitHubActionsFileCommandDelimeter_\n</details><script>evil()</script> ![a](http://evil)"

// What comes from outside writes no second output, is no command to the runner,
// and no markup.
func TestSummaryOfAnEvilReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, err := json.Marshal(evil)
	if err != nil {
		t.Fatal(err)
	}
	source := strings.ReplaceAll(`{"schema":"orgship.report/v2","kind":EVIL,"verdict":"failed","outcome":EVIL,"summary":EVIL,
		"started":"2026-03-14T12:00:00Z","ended":"2026-03-14T12:00:30Z","account":{"id":EVIL,"name":EVIL,"region":EVIL},"stack":{"name":EVIL,"status":EVIL},
		"image":{"reference":EVIL,"digest":EVIL,"version":EVIL,"revision":EVIL},"urls":{"service":EVIL,EVIL:EVIL},
		"plan":{"class":EVIL,"why":EVIL,"changes":[{"logicalId":EVIL}],"warnings":[{"line":3,"rule":EVIL,"message":EVIL}]},
		"steps":[{"name":EVIL,"state":EVIL,"started":"2026-03-14T12:00:00Z","detail":EVIL}],
		"verification":{"verdict":EVIL,"reason":EVIL,"last":[{"body":EVIL}]},
		"probe":{"sent":1,"answerers":[{"id":EVIL,"role":EVIL,"body":EVIL}],"moments":[{"start":"2026-03-14T12:00:00Z","answered":{EVIL:1}}]},
		"events":[{"at":"2026-03-14T12:00:00Z","source":EVIL,"subject":EVIL,"message":EVIL}],
		"errors":[{"step":EVIL,"message":EVIL,"hint":EVIL,"cause":{"resource":EVIL,"reason":EVIL}}],"hints":[EVIL]}`, "EVIL", string(text))
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("report.json"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": file("output"), "GITHUB_STEP_SUMMARY": file("summary.md")}
	var stdout, stderr bytes.Buffer
	status := cli.Run(cli.Program{
		Args: []string{"summary", file("report.json"), "--junit", file("junit.xml")}, Stdin: strings.NewReader(""),
		Stdout: &stdout, Stderr: &stderr, Getenv: func(name string) string { return env[name] },
	})
	if status != 0 || stderr.Len() > 0 {
		t.Fatalf("status %d, stderr %s", status, &stderr)
	}
	outputs, err := os.ReadFile(file("output"))
	if err != nil {
		t.Fatal(err)
	}
	got := readOutputs(t, outputs)
	if len(got) != 7 || got["verdict"] != "failed" {
		t.Errorf("outputs %q", got)
	}
	commands := readCommands(t, stdout.String())
	if len(commands) != 2 || !strings.HasPrefix(commands[0], "::error title=") || !strings.HasPrefix(commands[1], "::warning title=") {
		t.Errorf("commands %q", commands)
	}
	page, err := os.ReadFile(file("summary.md"))
	if err != nil || bytes.Contains(regexp.MustCompile("(?s)```.*?```|`[^`\n]*`").ReplaceAll(bytes.ReplaceAll(page, []byte("\\`"), nil), nil), []byte("<script")) {
		t.Errorf("%v: markup from outside in %s", err, page)
	}
}

// readOutputs reads a file of outputs as GitHub's runner does.
// https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs
func readOutputs(t *testing.T, content []byte) map[string]string {
	t.Helper()
	out := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		equals, here := strings.Index(lines[i], "="), strings.Index(lines[i], "<<")
		if here < 0 || equals >= 0 && equals < here {
			t.Fatalf("line %d is no output: %q", i, lines[i])
		}
		name, delimiter := lines[i][:here], lines[i][here+2:]
		var value []string
		for i++; i < len(lines) && lines[i] != delimiter; i++ {
			value = append(value, lines[i])
		}
		if _, twice := out[name]; twice || i == len(lines) {
			t.Errorf("output %q comes twice, or has no end", name)
		}
		out[name] = strings.Join(value, "\n")
	}
	return out
}

// readCommands finds what GitHub's runner would take for a command.
// https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
func readCommands(t *testing.T, log string) (commands []string) {
	t.Helper()
	stopped := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		token, stop := strings.CutPrefix(line, "::stop-commands::")
		switch {
		case stopped != "" && line == "::"+stopped+"::":
			stopped = ""
		case strings.Contains(line, "##["):
			t.Errorf("an old command in %q", line)
		case stopped != "" && strings.HasPrefix(line, "::"):
			t.Errorf("a command in the timeline: %q", line)
		case stop:
			stopped = token
		case strings.HasPrefix(line, "::"):
			commands = append(commands, line)
		}
	}
	if stopped != "" {
		t.Error("commands stay stopped")
	}
	return commands
}

// credentialsOf runs the verb credentials as a program of its own: it changes
// its environment.
func credentialsOf(t *testing.T, env []string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, append([]string{"credentials"}, args...)...)
	cmd.Args[0] = "orgship"
	cmd.Env = append([]string{"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "PATH=" + os.Getenv("PATH")}, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func TestPrintCredentials(t *testing.T) {
	t.Parallel()
	keys := []string{"AWS_ACCESS_KEY_ID=AKIA", "AWS_SECRET_ACCESS_KEY=CANARY"}
	stdout, stderr, err := credentialsOf(t, keys)
	if err != nil || stderr != "" || stdout != `{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"CANARY"}`+"\n" {
		t.Errorf("%v: %s%s", err, stdout, stderr)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			_, _ = w.Write([]byte(`{"value":"a.CANARY.c"}`))
			return
		}
		_, _ = w.Write([]byte(`<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>` +
			`<SessionToken>t</SessionToken><Expiration>2999-01-02T03:04:05Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`))
	}))
	t.Cleanup(server.Close)
	job := []string{"GITHUB_ACTIONS=true", "AWS_REGION=eu-west-1", "ACTIONS_ID_TOKEN_REQUEST_URL=" + server.URL + "/token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=CANARY", "AWS_ENDPOINT_URL=" + server.URL}
	const role = "arn:aws:iam::222222222222:role/release"
	stdout, stderr, err = credentialsOf(t, job, "--github-role", role, "--duration", "15m")
	if err != nil || stderr != "" || stdout != `{"Version":1,"AccessKeyId":"ASIA","SecretAccessKey":"s","SessionToken":"t","Expiration":"2999-01-02T03:04:05Z"}`+"\n" {
		t.Errorf("%v: %s%s", err, stdout, stderr)
	}
	for _, test := range []struct {
		name   string
		env    []string
		args   []string
		stderr string
	}{
		{"none", nil, nil, `^error: getting credentials: no AWS credentials were found\nhint: log in .*\n$`},
		{"a role, and no permission", job[:2], []string{"--github-role", role}, `^::error .*\nerror: getting credentials: GitHub gave this job no token to ask with .*\nhint: add to the job: permissions: \{ id-token: write, .*\n$`},
		{"no region", append(job[:1:1], job[2:]...), []string{"--github-role", role}, `^::error .*\nerror: getting credentials: no AWS region is set\nhint: name one.*\n$`},
		{"no duration", job, []string{"--github-role", role, "--duration", "13h"}, `^error: --duration: "13h": must be from 15m to 12h\nhint: .*\n$`},
	} {
		stdout, stderr, err := credentialsOf(t, test.env, test.args...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || stdout != "" || !regexp.MustCompile(test.stderr).MatchString(stderr) || strings.Contains(stderr, "CANARY") {
			t.Errorf("%s: %v, stdout %q, stderr %q", test.name, err, stdout, stderr)
		}
	}
}

// A job without a token, or one that the role doesn't trust, is told where its
// workflow is at fault.
func TestCredentialsPointAtTheWorkflow(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			_, _ = w.Write([]byte(`{"value":"a.CANARY.c"}`))
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`))
	}))
	t.Cleanup(server.Close)
	token := []string{"ACTIONS_ID_TOKEN_REQUEST_URL=" + server.URL + "/token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=CANARY"}
	const job = "jobs:\n  test:\n    permissions: {}\n  release:\n    steps:\n      - run: ci/ship\n"
	for _, test := range []struct {
		name, workflow string
		env            []string
		place          string
	}{
		{"of the job", strings.Replace(job, "    steps:", "    permissions:\n      contents: read\n    steps:", 1), nil, "file=.github/workflows/release.yml,line=5,"},
		{"of the workflow", "permissions: {}\n" + job, nil, "file=.github/workflows/release.yml,line=1,"},
		{"of nobody", job, nil, "file=.github/workflows/release.yml,line=4,"},
		{"not to be read", "jobs: [", nil, "file=.github/workflows/release.yml,line=1,"},
		{"not of this repository", "", nil, ""},
		{"not trusted", job, token, "file=.github/workflows/release.yml,line=6,"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, ".github/workflows/release.yml")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(test.workflow), 0o600)); err != nil {
			t.Fatal(err)
		}
		repository := "acme/app"
		if test.workflow == "" {
			repository = "acme/other"
		}
		env := append([]string{
			"GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + dir, "GITHUB_JOB=release", "GITHUB_REPOSITORY=" + repository,
			"GITHUB_WORKFLOW_REF=acme/app/.github/workflows/release.yml@refs/heads/main", "AWS_REGION=eu-west-1", "AWS_ENDPOINT_URL=" + server.URL,
		}, test.env...)
		stdout, stderr, err := credentialsOf(t, env, "--github-role", "arn:aws:iam::222222222222:role/release")
		first, rest, _ := strings.Cut(stderr, "\n")
		where := regexp.MustCompile(`^::error (.*?)title=orgship credentials::getting credentials: .*%0Ahint: `).FindStringSubmatch(first)
		if err == nil || stdout != "" || where == nil || where[1] != test.place || !strings.HasPrefix(rest, "error: getting credentials: ") || strings.Contains(stderr, "CANARY") {
			t.Errorf("%s: %v, stdout %q, stderr %q", test.name, err, stdout, stderr)
		}
	}
}

// A profile that asks orgship, which asks the profile, is refused and no loop.
func TestCredentialsOfItself(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	orgship, profile := filepath.Join(dir, "orgship"), filepath.Join(dir, "config")
	if err := os.Symlink(self, orgship); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(profile, []byte("[default]\ncredential_process = "+orgship+" credentials\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, err := credentialsOf(t, []string{"AWS_CONFIG_FILE=" + profile})
	if err == nil || !strings.HasPrefix(stderr, "error: the profile's credential_process is orgship credentials") || strings.Count(stderr, "credential_process is") != 1 {
		t.Errorf("%v: %s", err, stderr)
	}
	scanner := bufio.NewScanner(strings.NewReader(stderr))
	for scanner.Scan() {
		if line := scanner.Text(); !strings.HasPrefix(line, "error: ") && !strings.HasPrefix(line, "hint: ") {
			t.Errorf("line %q", line)
		}
	}
}
