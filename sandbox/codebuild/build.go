package codebuild

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// build is a build. Its types.Build changes with Service.mu held; what it points
// to is replaced, never changed, but for Phases, which describe copies.
type build struct {
	types.Build
	account string
	uuid    string
	logs    *types.LogsConfig // of the project
	token   string            // that its credentials endpoint asks for
	cancel  context.CancelCauseFunc

	idempotency string // token of the request that started it
	request     string // that request, but for the token
}

// session names the sessions of the build's service role.
func (b *build) session() string { return "AWSCodeBuild-" + b.uuid }

// describe copies what a build shows. The caller holds Service.mu.
func (b *build) describe() types.Build {
	shown := b.Build
	shown.Phases = slices.Clone(b.Phases)
	shown.ReportArns = slices.Clone(b.ReportArns)
	return shown
}

// tokenLife is how long an idempotency token is known.
const tokenLife = 5 * time.Minute

// StartBuild starts a build, or tells about the one that a request with the
// same idempotency token started.
func (s *Service) StartBuild(ctx context.Context, in *codebuild.StartBuildInput) (*codebuild.StartBuildOutput, error) {
	name := named(value(in.ProjectName), "project/")
	if err := s.cfg.Auth.Authorize(ctx, "codebuild:StartBuild", s.projectARN(ctx, name)); err != nil {
		return nil, err
	}
	if len(s.cfg.Sources) == 0 {
		return nil, wire.NotModelled("starting a build, which runs commands on this machine: nobody allowed it with orgship sandbox --source")
	}
	if err := checkVariables(in.EnvironmentVariablesOverride); err != nil {
		return nil, err
	}
	request := *in
	request.IdempotencyToken = nil
	encoded, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(iam.Caller(ctx).Account)
	p := a.projects[name]
	if p == nil {
		return nil, missing("Project", s.projectARN(ctx, name))
	}
	if known, err := s.repeated(a, value(in.IdempotencyToken), string(encoded)); known != nil || err != nil {
		return known, err
	}
	if err := a.admits(&p.Project); err != nil {
		return nil, err
	}
	b := s.newBuild(ctx, p, in)
	b.idempotency, b.request = value(in.IdempotencyToken), string(encoded)
	if err := s.begin(b); err != nil {
		return nil, err
	}
	a.builds = append(a.builds, b)
	return &codebuild.StartBuildOutput{Build: new(b.describe())}, nil
}

// repeated finds the build that the same request started.
// https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html
func (s *Service) repeated(a *account, token, request string) (*codebuild.StartBuildOutput, error) {
	for _, b := range a.builds {
		if token == "" || b.idempotency != token || s.cfg.Clock.Now().Sub(*b.StartTime) > tokenLife {
			continue
		}
		if b.request != request {
			return nil, invalid("Parameter mismatch: the idempotency token was used with other parameters")
		}
		return &codebuild.StartBuildOutput{Build: new(b.describe())}, nil
	}
	return nil, nil
}

// admits refuses a build above the project's limit: it isn't queued.
// https://docs.aws.amazon.com/codebuild/latest/userguide/builds-working.html
//
// Assumption A93: the error is AccountLimitExceededException, with the words of
// the account's own limit.
func (a *account) admits(p *types.Project) error {
	if p.ConcurrentBuildLimit == nil {
		return nil
	}
	running := int32(0)
	for _, b := range a.builds {
		if *b.ProjectName == *p.Name && !b.BuildComplete {
			running++
		}
	}
	if running < *p.ConcurrentBuildLimit {
		return nil
	}
	return wire.Errorf("AccountLimitExceededException", "Cannot have more than %d active builds for the project", *p.ConcurrentBuildLimit)
}

// newBuild makes a build of a project. The caller holds s.mu.
func (s *Service) newBuild(ctx context.Context, p *project, in *codebuild.StartBuildInput) *build {
	p.builds++
	caller, now := iam.Caller(ctx), s.cfg.Clock.Now()
	b := &build{account: caller.Account, uuid: id.UUID(), logs: p.LogsConfig}
	id := *p.Name + ":" + b.uuid
	source, environment := *p.Source, *p.Environment
	if value(in.BuildspecOverride) != "" {
		source.Buildspec = in.BuildspecOverride
	}
	environment.EnvironmentVariables = override(environment.EnvironmentVariables, in.EnvironmentVariablesOverride)
	b.Build = types.Build{
		Id: &id, Arn: new(s.arn(caller.Account, "build/"+id)), BuildNumber: new(p.builds), ProjectName: p.Name,
		BuildStatus: types.StatusTypeInProgress, StartTime: &now, Initiator: new(initiator(caller)),
		Source: &source, SourceVersion: p.SourceVersion, Environment: &environment, ServiceRole: p.ServiceRole, Cache: p.Cache,
		Artifacts: &types.BuildArtifacts{Location: new("")}, EncryptionKey: p.EncryptionKey, TimeoutInMinutes: p.TimeoutInMinutes,
		QueuedTimeoutInMinutes: p.QueuedTimeoutInMinutes, Logs: &types.LogsLocation{CloudWatchLogs: cloudWatch(p.LogsConfig)},
	}
	if value(in.SourceVersion) != "" {
		b.SourceVersion = in.SourceVersion
	}
	return b
}

// initiator is a user's name, or role and session.
func initiator(p iam.Principal) string {
	_, name, _ := strings.Cut(p.ARN, "/")
	return name
}

// begin runs a build. The caller holds s.mu.
//
// Assumption A92: commands take their real time, so the timeout of a build is in
// real minutes, whatever the sandbox's speed is. Nothing waits in the queue.
func (s *Service) begin(b *build) error {
	if s.closed {
		return errors.New("starting build: the sandbox is closing")
	}
	ctx, cancel := context.WithCancelCause(s.ctx)
	b.cancel = cancel
	s.work.Go(func() {
		defer cancel(nil)
		limited, done := context.WithTimeoutCause(ctx, time.Duration(*b.TimeoutInMinutes)*s.cfg.Minute, errTimedOut)
		defer done()
		s.run(limited, b)
	})
	return nil
}

var (
	errStopped  = errors.New("the build was stopped")
	errTimedOut = errors.New("the build has timed out")
)

// StopBuild stops a build that runs; one that is over stays as it is.
func (s *Service) StopBuild(ctx context.Context, in *codebuild.StopBuildInput) (*codebuild.StopBuildOutput, error) {
	id := named(value(in.Id), "build/")
	if err := s.onBuild(ctx, "codebuild:StopBuild", id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.account(iam.Caller(ctx).Account).build(id)
	if b == nil {
		return nil, missing("Build", s.arn(iam.Caller(ctx).Account, "build/"+id))
	}
	b.cancel(errStopped)
	return &codebuild.StopBuildOutput{Build: new(b.describe())}, nil
}

// onBuild authorizes an action on the project of a build.
func (s *Service) onBuild(ctx context.Context, action, id string) error {
	name, _, _ := strings.Cut(id, ":")
	return s.cfg.Auth.Authorize(ctx, action, s.projectARN(ctx, name))
}

func (a *account) build(id string) *build {
	i := slices.IndexFunc(a.builds, func(b *build) bool { return *b.Id == id })
	if i < 0 {
		return nil
	}
	return a.builds[i]
}

// BatchGetBuilds describes builds, given by id or ARN.
func (s *Service) BatchGetBuilds(ctx context.Context, in *codebuild.BatchGetBuildsInput) (*codebuild.BatchGetBuildsOutput, error) {
	if len(in.Ids) > maxBatch {
		return nil, invalid("Cannot ask for more than %d builds", maxBatch)
	}
	out := &codebuild.BatchGetBuildsOutput{}
	for _, asked := range in.Ids {
		id := named(asked, "build/")
		if err := s.onBuild(ctx, "codebuild:BatchGetBuilds", id); err != nil {
			return nil, err
		}
		s.mu.Lock()
		if b := s.account(iam.Caller(ctx).Account).build(id); b != nil {
			out.Builds = append(out.Builds, b.describe())
		} else {
			out.BuildsNotFound = append(out.BuildsNotFound, asked)
		}
		s.mu.Unlock()
	}
	return out, nil
}

// ListBuilds lists the ids of the account's builds, the newest first.
func (s *Service) ListBuilds(ctx context.Context, in *codebuild.ListBuildsInput) (*codebuild.ListBuildsOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "codebuild:ListBuilds", "*"); err != nil {
		return nil, err
	}
	ids, next, err := s.listBuilds(ctx, "", in.SortOrder, in.NextToken)
	return &codebuild.ListBuildsOutput{Ids: ids, NextToken: next}, err
}

// ListBuildsForProject lists the ids of a project's builds, the newest first.
func (s *Service) ListBuildsForProject(ctx context.Context, in *codebuild.ListBuildsForProjectInput) (*codebuild.ListBuildsForProjectOutput, error) {
	name := named(value(in.ProjectName), "project/")
	if err := s.cfg.Auth.Authorize(ctx, "codebuild:ListBuildsForProject", s.projectARN(ctx, name)); err != nil {
		return nil, err
	}
	if _, err := s.project(ctx, name); err != nil {
		return nil, err
	}
	ids, next, err := s.listBuilds(ctx, name, in.SortOrder, in.NextToken)
	return &codebuild.ListBuildsForProjectOutput{Ids: ids, NextToken: next}, err
}

func (s *Service) listBuilds(ctx context.Context, project string, order types.SortOrderType, token *string) ([]string, *string, error) {
	s.mu.Lock()
	var ids []string
	for _, b := range s.account(iam.Caller(ctx).Account).builds {
		if project == "" || *b.ProjectName == project {
			ids = append(ids, *b.Id)
		}
	}
	s.mu.Unlock()
	ids, err := sorted(ids, order, types.SortOrderTypeDescending)
	if err != nil {
		return nil, nil, err
	}
	return cut("ListBuilds"+project, ids, nil, token)
}
