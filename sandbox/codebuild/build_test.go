package codebuild_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

const begin = "SUBMITTED QUEUED PROVISIONING DOWNLOAD_SOURCE "

// TestPhases runs a failure in each phase.
func TestPhases(t *testing.T) {
	t.Parallel()
	failed := func(command string) string {
		return "COMMAND_EXECUTION_ERROR: Error while executing command: " + command + ". Reason: exit status "
	}
	w := newWorld(t)
	w.create()
	for _, test := range []struct{ name, phases, status, shown, fault, printed string }{
		{"all", "install: {commands: [echo i]}\n  post_build: {commands: [echo $CODEBUILD_BUILD_SUCCEEDING]}", "SUCCEEDED",
			"INSTALL PRE_BUILD BUILD POST_BUILD UPLOAD_ARTIFACTS FINALIZING COMPLETED", "", "i\n1"},
		{"install", "install: {commands: ['false', echo no], finally: [echo $CODEBUILD_BUILD_SUCCEEDING]}\n  post_build: {commands: [echo no]}", "FAILED",
			"INSTALL=FAILED FINALIZING COMPLETED", failed("false") + "1", "0"},
		{"pre_build", "pre_build: {commands: [exit 3]}\n  build: {commands: [echo no]}", "FAILED",
			"INSTALL PRE_BUILD=FAILED FINALIZING COMPLETED", failed("exit 3") + "3", ""},
		{"build", "build: {commands: [echo b, exit 7, echo no], finally: [echo f]}\n  post_build: {commands: [echo $CODEBUILD_BUILD_SUCCEEDING]}", "FAILED",
			"INSTALL PRE_BUILD BUILD=FAILED POST_BUILD UPLOAD_ARTIFACTS FINALIZING COMPLETED", failed("exit 7") + "7", "b\nf\n0"},
		{"build aborted", "build: {on-failure: ABORT, commands: ['false']}\n  post_build: {commands: [echo no]}", "FAILED",
			"INSTALL PRE_BUILD BUILD=FAILED FINALIZING COMPLETED", failed("false") + "1", ""},
		{"continued", "install: {on-failure: CONTINUE, commands: ['false']}\n  build: {commands: [echo $CODEBUILD_BUILD_SUCCEEDING]}", "SUCCEEDED",
			"INSTALL=FAILED PRE_BUILD BUILD POST_BUILD UPLOAD_ARTIFACTS FINALIZING COMPLETED", failed("false") + "1", "1"},
		{"finally", "build: {commands: [echo b], finally: ['false']}", "FAILED",
			"INSTALL PRE_BUILD BUILD=FAILED POST_BUILD UPLOAD_ARTIFACTS FINALIZING COMPLETED", failed("false") + "1", "b"},
		{"post_build", "post_build: {commands: ['false']}", "FAILED",
			"INSTALL PRE_BUILD BUILD POST_BUILD=FAILED UPLOAD_ARTIFACTS FINALIZING COMPLETED", failed("false") + "1", ""},
		{"background", "build: {commands: ['(sleep 600; echo no) & exit 4']}\n  post_build: {commands: [echo on]}", "FAILED",
			"INSTALL PRE_BUILD BUILD=FAILED POST_BUILD UPLOAD_ARTIFACTS FINALIZING COMPLETED", failed("(sleep 600; echo no) & exit 4") + "4", "on"},
		{"killed", "build: {commands: [kill -9 $$]}\n  post_build: {commands: [echo $CODEBUILD_SRC_DIR | grep -c src]}", "FAILED",
			"INSTALL PRE_BUILD BUILD=FAILED POST_BUILD UPLOAD_ARTIFACTS FINALIZING COMPLETED",
			"COMMAND_EXECUTION_ERROR: Error while executing command: kill -9 $$. Reason: signal: killed", "1"},
		{"syntax", "build: {commands: ['if']}\n  post_build: {commands: [echo on]}", "FAILED",
			"INSTALL PRE_BUILD BUILD=FAILED POST_BUILD UPLOAD_ARTIFACTS FINALIZING COMPLETED", failed("if"), "on"},
	} {
		b := w.runs("version: 0.2\nphases:\n  " + test.phases)
		if got := shown(b); got != begin+test.shown || string(b.BuildStatus) != test.status {
			t.Errorf("%s: %s %s\nwant %s %s", test.name, b.BuildStatus, got, test.status, test.shown)
		}
		if got := fault(b); !strings.HasPrefix(got, test.fault) || test.fault == "" && got != "" {
			t.Errorf("%s: %s\nwant %s", test.name, got, test.fault)
		}
		if got := w.printed(b); !strings.HasSuffix(got, test.printed) || test.name != "syntax" && got != test.printed {
			t.Errorf("%s printed %q, want %q", test.name, got, test.printed)
		}
	}
}

// TestOneShell shows that commands of all phases share a shell, also after one
// that says exit, and which environment they have.
func TestOneShell(t *testing.T) {
	t.Setenv("CANARY_OF_THIS_MACHINE", "leaked")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "leaked")
	for _, shell := range []string{"sh", "bash"} {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skip("SKIP: no " + shell + " on the PATH")
			}
			w := newWorld(t, "sub/file", "text")
			w.create(func(in *sdk.CreateProjectInput) {
				in.Environment.EnvironmentVariables = []types.EnvironmentVariable{
					{Name: aws.String("PROJECT"), Value: aws.String("project")}, {Name: aws.String("BOTH"), Value: aws.String("project")}}
			})
			spec := `version: 0.2
env:
  shell: ` + shell + `
  variables: {SPEC: spec, PROJECT: spec}
  exported-variables: [TAG, MISSING]
phases:
  install:
    commands:
      - cd sub
      - UNEXPORTED=kept
      - shout() { echo "shouts $1"; }
  build:
    commands:
      - cat file; echo " $UNEXPORTED"
      - shout loud
      - export TAG=v1; cd ..; exit 0
      - ls; echo "$TAG $PROJECT $BOTH $SPEC $CI $AWS_REGION $CODEBUILD_BUILD_NUMBER $CODEBUILD_INITIATOR [$CANARY_OF_THIS_MACHINE$AWS_SECRET_ACCESS_KEY]"
      - test "$PWD" = "$CODEBUILD_SRC_DIR" && test "$CODEBUILD_LOG_PATH" && test "$HOME"
`
			b := w.ended(w.start(func(in *sdk.StartBuildInput) {
				in.BuildspecOverride = &spec
				in.EnvironmentVariablesOverride = []types.EnvironmentVariable{{Name: aws.String("BOTH"), Value: aws.String("override")}}
			}))
			if got, want := w.printed(b), "text kept\nshouts loud\nsub\nv1 project override spec true eu-west-1 1 admin []"; got != want || b.BuildStatus != "SUCCEEDED" {
				t.Errorf("%s %s: %q\nwant %q", b.BuildStatus, fault(b), got, want)
			}
			if e := b.ExportedEnvironmentVariables; len(e) != 1 || *e[0].Name != "TAG" || *e[0].Value != "v1" {
				t.Errorf("exported: %v", e)
			}
		})
	}
}

// TestLog shows the lines of a log, and that the room itself prints no values.
func TestLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "buildspec.yml", "version: 0.2\nphases: {build: {commands: ['printf half', 'echo err >&2; false']}}\n")
	w.create(func(in *sdk.CreateProjectInput) {
		in.Environment.EnvironmentVariables = []types.EnvironmentVariable{{Name: aws.String("CANARY"), Value: aws.String("hush-hush")}}
	})
	b := w.ended(w.start())
	if *b.Logs.GroupName != "/aws/codebuild/app" || !strings.HasSuffix(*b.Id, ":"+*b.Logs.StreamName) {
		t.Errorf("log at %s %s", *b.Logs.GroupName, *b.Logs.StreamName)
	}
	stamp := regexp.MustCompile(`^\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} `)
	var got []string
	for _, line := range w.lines(b) {
		got = append(got, stamp.ReplaceAllString(line, "> "))
	}
	at := slices.Index(got, "> Entering phase BUILD")
	want := []string{"> Entering phase BUILD", "> Running command printf half", "half", "> Running command echo err >&2; false", "err",
		"> Command did not exit successfully echo err >&2; false exit status 1", "> Phase complete: BUILD State: FAILED",
		"> Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: echo err >&2; false. Reason: exit status 1",
		"> Entering phase POST_BUILD"}
	if at < 0 || !slices.Equal(got[at:at+len(want)], want) {
		t.Errorf("log:\n%s", strings.Join(got, "\n"))
	}
	if all := strings.Join(got, "\n"); strings.Contains(all, "hush-hush") {
		t.Errorf("the log has a variable's value:\n%s", all)
	}
}

// TestStop stops a build, whose commands leave their process group.
func TestStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	mark := filepath.Join(t.TempDir(), "pids")
	spec := "version: 0.2\nphases:\n  build:\n    commands:\n      - sleep 600 & echo $! >>" + mark + "\n" +
		"      - setsid sleep 600 & echo $! >>" + mark + "; echo ready >>" + mark + "; sleep 600\n    finally: [echo no]\n"
	id := w.start(func(in *sdk.StartBuildInput) { in.BuildspecOverride = &spec })
	w.until("the commands to run", func() bool { text, _ := os.ReadFile(mark); return strings.Contains(string(text), "ready") })
	if _, err := w.StopBuild(t.Context(), &sdk.StopBuildInput{Id: &id}); err != nil {
		t.Fatal(err)
	}
	b := w.ended(id)
	if got := shown(b); b.BuildStatus != "STOPPED" || got != begin+"INSTALL PRE_BUILD BUILD=STOPPED FINALIZING COMPLETED" || w.printed(b) != "" {
		t.Errorf("%s %s %q", b.BuildStatus, got, w.printed(b))
	}
	text, _ := os.ReadFile(mark)
	for _, pid := range strings.Fields(string(text))[:2] {
		w.until("process "+pid+" to be gone", func() bool {
			stat, err := os.ReadFile("/proc/" + pid + "/stat")
			return err != nil || strings.Contains(string(stat), ") Z ")
		})
	}
}

// TestTimeout has a build run into its timeout: five minutes of a tenth of a second.
func TestTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(func(in *sdk.CreateProjectInput) { in.TimeoutInMinutes = aws.Int32(5) })
	b := w.runs("version: 0.2\nphases:\n  build: {commands: [sleep 600]}\n")
	if b.BuildStatus != "TIMED_OUT" || fault(b) != "BUILD_TIMED_OUT: Build has timed out." {
		t.Errorf("%s %s %s", b.BuildStatus, shown(b), fault(b))
	}
}

// TestClose ends what runs.
func TestClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	id := w.start(func(in *sdk.StartBuildInput) {
		in.BuildspecOverride = aws.String("version: 0.2\nphases:\n  build: {commands: [sleep 600]}\n")
	})
	check(t, w.room.Close(context.Background()))
	if b := w.build(id); b.BuildStatus != "STOPPED" {
		t.Errorf("%s", b.BuildStatus)
	}
	_, err := w.StartBuild(t.Context(), &sdk.StartBuildInput{ProjectName: aws.String("app")})
	if err == nil {
		t.Error("a build began after Close")
	}
}

// TestLimits starts more builds than the project has at a time, and one twice.
func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(func(in *sdk.CreateProjectInput) { in.ConcurrentBuildLimit = aws.Int32(1) })
	in := &sdk.StartBuildInput{ProjectName: aws.String("app"), IdempotencyToken: aws.String("once"),
		BuildspecOverride: aws.String("version: 0.2\nphases:\n  build: {commands: [sleep 600]}\n")}
	first, err := w.StartBuild(t.Context(), in)
	check(t, err)
	again, err := w.StartBuild(t.Context(), in)
	check(t, err)
	if *again.Build.Id != *first.Build.Id {
		t.Errorf("the same token began %s and %s", *first.Build.Id, *again.Build.Id)
	}
	_, err = w.StartBuild(t.Context(), &sdk.StartBuildInput{ProjectName: aws.String("app"), IdempotencyToken: aws.String("once")})
	wantCode(t, err, "InvalidInputException", "idempotency token")
	_, err = w.StartBuild(t.Context(), &sdk.StartBuildInput{ProjectName: aws.String("app")})
	wantCode(t, err, "AccountLimitExceededException", "more than 1 active builds")
	_, err = w.StopBuild(t.Context(), &sdk.StopBuildInput{Id: first.Build.Id})
	check(t, err)
	w.ended(*first.Build.Id)
	second := w.start()
	w.ended(second)
	out, err := w.ListBuildsForProject(t.Context(), &sdk.ListBuildsForProjectInput{ProjectName: aws.String("app")})
	check(t, err)
	if !slices.Equal(out.Ids, []string{second, *first.Build.Id}) {
		t.Errorf("builds %v", out.Ids)
	}
}

// TestSource builds what isn't there, or isn't as asked.
func TestSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "buildspec.yml", "version: 0.2\nphase: {}\nphases:\n  build: {commands: [echo a: b], tests: []}\n")
	for name, change := range map[string]func(*types.ProjectSource){
		"unmapped": func(s *types.ProjectSource) { s.Location = aws.String("https://github.com/acme/other") },
		"missing":  func(s *types.ProjectSource) { s.Buildspec = aws.String("ci/none.yml") },
		"outside":  func(s *types.ProjectSource) { s.Buildspec = aws.String("../buildspec.yml") },
		"faulty":   func(s *types.ProjectSource) { s.Location = aws.String(strings.TrimSuffix(location, ".git")) },
		"inline": func(s *types.ProjectSource) {
			*s = types.ProjectSource{Type: types.SourceTypeNoSource, Buildspec: aws.String("version: 0.2\nphases: {}\n")}
		},
	} {
		want := map[string]string{
			"unmapped": "CLIENT_ERROR: the orgship sandbox has no folder for the source https://github.com/acme/other: start it with --source https://github.com/acme/other=DIR",
			"missing":  "no such file or directory", "outside": "YAML_FILE_ERROR: the buildspec ../buildspec.yml is not in the source",
			"faulty": `YAML_FILE_ERROR: line 2: unknown key "phase" in the buildspec; line 4: expected a string, found subkeys: quote a text that has ": " in it; line 4: unknown key "tests" in build`,
			"inline": "YAML_FILE_ERROR: line 2: phases has none of",
		}[name]
		w.create(func(in *sdk.CreateProjectInput) { in.Name = &name; change(in.Source) })
		out, err := w.StartBuild(t.Context(), &sdk.StartBuildInput{ProjectName: &name})
		check(t, err)
		b := w.ended(*out.Build.Id)
		if shown(b) != "SUBMITTED QUEUED PROVISIONING DOWNLOAD_SOURCE=FAILED FINALIZING COMPLETED" || b.BuildStatus != "FAILED" || !strings.Contains(fault(b), want) {
			t.Errorf("%s: %s\n%s\nwant %s", name, shown(b), fault(b), want)
		}
	}
}

// TestSourceVersion builds versions of a git work tree.
func TestSourceVersion(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("SKIP: git is not on the PATH")
	}
	w := newWorld(t, "buildspec.yml", "version: 0.2\nphases: {build: {commands: [echo $CODEBUILD_RESOLVED_SOURCE_VERSION $CODEBUILD_SOURCE_VERSION, ls -A]}}\n")
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", w.source, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "--quiet", "--initial-branch=main")
	git("add", ".")
	git("commit", "--quiet", "--message=one")
	git("branch", "old")
	git("commit", "--quiet", "--allow-empty", "--message=two")
	head := git("rev-parse", "HEAD")
	w.create()
	for version, want := range map[string]string{"": "", "main": "", head: "", "old": "CLIENT_ERROR: the source version old is commit", "nope": "CLIENT_ERROR: the source has no version nope"} {
		b := w.ended(w.start(func(in *sdk.StartBuildInput) { in.SourceVersion = &version }))
		if got := fault(b); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("version %q: %s", version, got)
		}
		if want == "" && (aws.ToString(b.ResolvedSourceVersion) != head || w.printed(b) != strings.TrimSpace(head+" "+version)+"\nbuildspec.yml") {
			t.Errorf("version %q: %q", version, w.printed(b))
		}
	}
}
