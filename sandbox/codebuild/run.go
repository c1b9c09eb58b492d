package codebuild

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// run is a build while it runs: what only its own goroutine knows.
type run struct {
	build       *build
	session     context.Context // the service role is its caller
	credentials credentials
	dir         string // temporary folder: source, shell, aws
	source      string // CODEBUILD_SRC_DIR
	stream      string // of the log, "" without one
	log         io.WriteCloser
	output      *output // nil before there is a log
	spec        *Buildspec
	shell       *shell
	failing     bool
	ended       types.StatusType // STOPPED or TIMED_OUT, once that happened
}

// failure is why a phase failed.
type failure struct {
	status        types.StatusType
	code, message string
}

func clientError(format string, args ...any) *failure {
	return &failure{types.StatusTypeFailed, "CLIENT_ERROR", fmt.Sprintf(format, args...)}
}

func yamlError(format string, args ...any) *failure {
	return &failure{types.StatusTypeFailed, "YAML_FILE_ERROR", fmt.Sprintf(format, args...)}
}

// commandPhases are the phases of a buildspec, in order.
// https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
//
// Assumption A94: the picture of the transitions says what follows a failure:
// POST_BUILD and UPLOAD_ARTIFACTS that of BUILD, FINALIZING that of INSTALL and
// PRE_BUILD. on-failure: ABORT leads to FINALIZING everywhere; with CONTINUE the
// phase shows as failed and the build goes on as if it hadn't. A build that is
// stopped or times out still shows FINALIZING and COMPLETED.
var commandPhases = []struct {
	name  string
	shown types.BuildPhaseType
	goOn  bool // after a failure
}{
	{"install", types.BuildPhaseTypeInstall, false},
	{"pre_build", types.BuildPhaseTypePreBuild, false},
	{"build", types.BuildPhaseTypeBuild, true},
	{"post_build", types.BuildPhaseTypePostBuild, true},
}

// run runs a build from its submission to its end.
func (s *Service) run(ctx context.Context, b *build) {
	r := &run{build: b}
	defer s.finish(ctx, r)
	none := func(context.Context, *run) *failure { return nil }
	if s.phase(ctx, r, types.BuildPhaseTypeSubmitted, none) && s.phase(ctx, r, types.BuildPhaseTypeQueued, none) &&
		s.phase(ctx, r, types.BuildPhaseTypeProvisioning, s.provision) && s.phase(ctx, r, types.BuildPhaseTypeDownloadSource, s.prepare) &&
		s.runCommands(ctx, r) {
		s.phase(ctx, r, types.BuildPhaseTypeUploadArtifacts, s.upload)
	}
}

// runCommands runs the phases of the buildspec, and says whether the build goes on.
func (s *Service) runCommands(ctx context.Context, r *run) bool {
	for _, p := range commandPhases {
		spec, before := r.spec.Phases[p.name], r.failing
		ok := s.phase(ctx, r, p.shown, func(ctx context.Context, r *run) *failure {
			r.say("Entering phase %s", p.shown)
			return r.phase(ctx, spec)
		})
		switch {
		case ok:
		case r.ended != "":
			return false
		case spec.OnFailure == "CONTINUE":
			r.failing = before
		case spec.OnFailure == "ABORT" || !p.goOn:
			return false
		}
	}
	return true
}

// phase runs a phase, shows it, and says whether it succeeded.
func (s *Service) phase(ctx context.Context, r *run, name types.BuildPhaseType, do func(context.Context, *run) *failure) bool {
	begun := s.cfg.Clock.Now()
	s.change(func() {
		r.build.CurrentPhase = new(string(name))
		r.build.Phases = append(r.build.Phases, types.BuildPhase{PhaseType: name, StartTime: &begun})
	})
	f := do(ctx, r)
	if name != types.BuildPhaseTypeFinalizing && ctx.Err() != nil {
		f = interrupted(ctx)
		r.ended = f.status
	}
	p := types.BuildPhase{PhaseType: name, StartTime: &begun, PhaseStatus: types.StatusTypeSucceeded}
	told := types.PhaseContext{StatusCode: new(""), Message: new("")}
	if f != nil {
		r.failing = true
		p.PhaseStatus, told.StatusCode, told.Message = f.status, &f.code, &f.message
	}
	if name != types.BuildPhaseTypeSubmitted && name != types.BuildPhaseTypeQueued {
		p.Contexts = []types.PhaseContext{told}
	}
	ended := s.cfg.Clock.Now()
	p.EndTime, p.DurationInSeconds = &ended, new(int64(ended.Sub(begun)/time.Second))
	if name != types.BuildPhaseTypeProvisioning && name != types.BuildPhaseTypeFinalizing { // those are outside the container
		r.say("Phase complete: %s State: %s", name, p.PhaseStatus)
		r.say("Phase context status code: %s Message: %s", *told.StatusCode, *told.Message)
	}
	s.change(func() { r.build.Phases[len(r.build.Phases)-1] = p })
	return f == nil
}

func (s *Service) change(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// interrupted is how a phase ends that is broken off.
func interrupted(ctx context.Context) *failure {
	if errors.Is(context.Cause(ctx), errTimedOut) {
		return &failure{types.StatusTypeTimedOut, "BUILD_TIMED_OUT", "Build has timed out."}
	}
	return &failure{types.StatusTypeStopped, "", ""}
}

// provision gets ready what the build needs of AWS: its role, its log, a place
// to run.
func (s *Service) provision(ctx context.Context, r *run) *failure {
	var err error
	if r.session, err = s.assumed(ctx, r.build); err != nil {
		return &failure{types.StatusTypeFailed, "ACCESS_DENIED", "CodeBuild can't assume the service role " + *r.build.ServiceRole + ": " + said(err)}
	}
	if f := s.openLog(r); f != nil {
		return f
	}
	if r.dir, err = os.MkdirTemp("", "orgship-codebuild-"); err == nil {
		r.source = filepath.Join(r.dir, "src")
		r.credentials, err = s.offer(r.build)
	}
	if err != nil {
		return &failure{types.StatusTypeFault, "INTERNAL_SERVICE_ERROR", err.Error()}
	}
	r.say("Waiting for agent ping")
	r.say("Waiting for DOWNLOAD_SOURCE")
	return nil
}

// prepare copies the source, reads the buildspec, and makes the shell.
func (s *Service) prepare(ctx context.Context, r *run) *failure {
	r.say("Phase is DOWNLOAD_SOURCE")
	if f := s.download(ctx, r); f != nil {
		return f
	}
	r.say("CODEBUILD_SRC_DIR=%s", r.source)
	source, f := r.buildspec()
	if f != nil {
		return f
	}
	var err error
	if r.spec, err = ParseBuildspec(source); err != nil {
		return yamlError("%v", err)
	}
	program, err := exec.LookPath(r.spec.Shell)
	if err != nil {
		return clientError("env.shell: this machine has no %s on its PATH", r.spec.Shell)
	}
	files := filepath.Join(r.dir, "shell")
	if err := os.Mkdir(files, 0o700); err != nil {
		return clientError("making the shell's folder: %v", err)
	}
	r.shell = &shell{program: program, files: files, dir: r.source, env: s.environment(r), output: r.output.in}
	return nil
}

// buildspec returns the text of the buildspec: the project's own, or a file of
// the source.
func (r *run) buildspec() ([]byte, *failure) {
	given := value(r.build.Source.Buildspec)
	if inline(given) {
		return []byte(given), nil
	}
	if given == "" {
		given = "buildspec.yml"
	}
	if !filepath.IsLocal(given) {
		return nil, yamlError("the buildspec %s is not in the source", given)
	}
	path := filepath.Join(r.source, given)
	r.say("YAML location is %s", path)
	source, err := os.ReadFile(path)
	var missing *os.PathError
	if errors.As(err, &missing) {
		return nil, yamlError("stat %s: %v", path, missing.Err)
	}
	return source, nil
}

// phase runs the commands of a phase, then its finally block.
func (r *run) phase(ctx context.Context, spec Phase) *failure {
	failed := r.commands(ctx, spec.Commands, !r.failing)
	if f := r.commands(ctx, spec.Finally, !r.failing && failed == nil); failed == nil {
		failed = f
	}
	return failed
}

// commands runs commands up to the first that fails.
func (r *run) commands(ctx context.Context, commands []string, succeeding bool) *failure {
	for _, command := range commands {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		r.say("Running command %s", command)
		reason, err := r.shell.run(ctx, command, succeeding)
		switch {
		case err != nil:
			return &failure{types.StatusTypeFault, "INTERNAL_SERVICE_ERROR", err.Error()}
		case ctx.Err() != nil:
			return interrupted(ctx)
		case reason != "":
			r.say("Command did not exit successfully %s %s", command, reason)
			return &failure{types.StatusTypeFailed, "COMMAND_EXECUTION_ERROR",
				fmt.Sprintf("Error while executing command: %s. Reason: %s", strings.TrimSpace(command), reason)}
		}
	}
	return nil
}

// finish ends a build: nothing that it started is left.
func (s *Service) finish(ctx context.Context, r *run) {
	s.phase(ctx, r, types.BuildPhaseTypeFinalizing, func(ctx context.Context, r *run) *failure {
		if r.shell != nil {
			r.shell.finish(ctx, *r.build.Id)
		}
		return nil
	})
	if r.output != nil {
		r.output.close()
		_ = r.log.Close()
	}
	if r.dir != "" {
		_ = os.RemoveAll(r.dir) // what commands made unremovable stays
	}
	status := types.StatusTypeSucceeded
	switch {
	case r.ended != "":
		status = r.ended
	case r.failing:
		status = types.StatusTypeFailed
	}
	now := s.cfg.Clock.Now()
	s.change(func() {
		b := r.build
		b.Phases = append(b.Phases, types.BuildPhase{PhaseType: types.BuildPhaseTypeCompleted, StartTime: &now})
		b.CurrentPhase, b.BuildStatus, b.BuildComplete, b.EndTime = new(string(types.BuildPhaseTypeCompleted)), status, true, &now
		b.ExportedEnvironmentVariables = r.exported()
	})
}

// exported are the values of exported-variables when the shell ended.
// https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#build-spec.env.exported-variables
func (r *run) exported() []types.ExportedEnvironmentVariable {
	if r.shell == nil || r.ended != "" {
		return nil
	}
	var all []types.ExportedEnvironmentVariable
	for _, name := range r.spec.Exported {
		if v, ok := r.shell.variable(name); ok {
			all = append(all, types.ExportedEnvironmentVariable{Name: &name, Value: &v})
		}
	}
	return all
}
