package codebuild

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// principal is who assumes service roles.
const principal = "codebuild.amazonaws.com"

// projectName: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
var projectName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9\-_]{1,149}$`)

// CreateProject makes a build project. The caller has to be allowed to pass its
// service role to codebuild.amazonaws.com, which the role has to trust.
func (s *Service) CreateProject(ctx context.Context, in *codebuild.CreateProjectInput) (*codebuild.CreateProjectOutput, error) {
	name, now := value(in.Name), s.cfg.Clock.Now()
	arn := s.projectARN(ctx, name)
	if err := s.cfg.Auth.Authorize(ctx, "codebuild:CreateProject", arn); err != nil {
		return nil, err
	}
	if !projectName.MatchString(name) {
		return nil, invalid("Project name %q is invalid: it has 2 to 150 letters, digits, hyphens and underscores", name)
	}
	p := types.Project{
		Arn: &arn, Name: &name, Created: &now, TimeoutInMinutes: new(int32(60)), QueuedTimeoutInMinutes: new(int32(480)),
		EncryptionKey: new("arn:aws:kms:" + s.cfg.Region + ":" + iam.Caller(ctx).Account + ":alias/aws/s3"),
		Cache:         &types.ProjectCache{Type: types.CacheTypeNoCache}, Badge: &types.ProjectBadge{}, ProjectVisibility: types.ProjectVisibilityTypePrivate,
	}
	change(&p, now, &codebuild.UpdateProjectInput{
		Artifacts: in.Artifacts, BadgeEnabled: in.BadgeEnabled, Cache: in.Cache, ConcurrentBuildLimit: in.ConcurrentBuildLimit,
		Description: in.Description, EncryptionKey: in.EncryptionKey, Environment: in.Environment, LogsConfig: in.LogsConfig,
		QueuedTimeoutInMinutes: in.QueuedTimeoutInMinutes, ServiceRole: in.ServiceRole, Source: in.Source,
		SourceVersion: in.SourceVersion, Tags: in.Tags, TimeoutInMinutes: in.TimeoutInMinutes,
	})
	if err := s.usable(ctx, &p); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	projects := s.account(iam.Caller(ctx).Account).projects
	if projects[name] != nil {
		return nil, wire.Errorf("ResourceAlreadyExistsException", "Project already exists: %s", arn)
	}
	projects[name] = &project{Project: p}
	return &codebuild.CreateProjectOutput{Project: &p}, nil
}

// UpdateProject changes what the request gives; what it doesn't give stays.
func (s *Service) UpdateProject(ctx context.Context, in *codebuild.UpdateProjectInput) (*codebuild.UpdateProjectOutput, error) {
	arn := s.projectARN(ctx, value(in.Name))
	if err := s.cfg.Auth.Authorize(ctx, "codebuild:UpdateProject", arn); err != nil {
		return nil, err
	}
	known, err := s.project(ctx, value(in.Name))
	if err != nil {
		return nil, err
	}
	p := known.Project
	change(&p, s.cfg.Clock.Now(), in)
	if err := s.usable(ctx, &p); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := s.account(iam.Caller(ctx).Account).projects[*p.Name]
	if stored == nil {
		return nil, missing("Project", arn)
	}
	stored.Project = p
	return &codebuild.UpdateProjectOutput{Project: &p}, nil
}

// change sets what the request gives.
func change(p *types.Project, now time.Time, in *codebuild.UpdateProjectInput) {
	p.LastModified = &now
	p.Artifacts = cmp.Or(in.Artifacts, p.Artifacts)
	p.Cache = cmp.Or(in.Cache, p.Cache)
	p.ConcurrentBuildLimit = cmp.Or(in.ConcurrentBuildLimit, p.ConcurrentBuildLimit)
	p.Description = cmp.Or(in.Description, p.Description)
	p.EncryptionKey = cmp.Or(in.EncryptionKey, p.EncryptionKey)
	p.Environment = cmp.Or(in.Environment, p.Environment)
	p.LogsConfig = cmp.Or(in.LogsConfig, p.LogsConfig)
	p.QueuedTimeoutInMinutes = cmp.Or(in.QueuedTimeoutInMinutes, p.QueuedTimeoutInMinutes)
	p.ServiceRole = cmp.Or(in.ServiceRole, p.ServiceRole)
	p.Source = cmp.Or(in.Source, p.Source)
	p.SourceVersion = cmp.Or(in.SourceVersion, p.SourceVersion)
	p.TimeoutInMinutes = cmp.Or(in.TimeoutInMinutes, p.TimeoutInMinutes)
	if in.BadgeEnabled != nil {
		p.Badge = &types.ProjectBadge{BadgeEnabled: *in.BadgeEnabled}
	}
	if in.Tags != nil {
		p.Tags = in.Tags
	}
}

// usable checks a project, and that its role can be passed and assumed.
// https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
func (s *Service) usable(ctx context.Context, p *types.Project) error {
	if err := check(p); err != nil {
		return err
	}
	role := value(p.ServiceRole)
	if err := s.cfg.Auth.AuthorizeWith(ctx, "iam:PassRole", role, map[string][]string{"iam:PassedToService": {principal}}); err != nil {
		return err
	}
	if _, err := s.cfg.Roles.ServiceSession(iam.ForResource(ctx, s.projectARN(ctx, value(p.Name))), role, principal, "AWSCodeBuild"); err != nil {
		return invalid("CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify that: "+
			"1) The provided service role exists, 2) The role name is case-sensitive and matches exactly, and 3) The role has the necessary trust policy configured. (%s)", role)
	}
	return nil
}

// DeleteProject deletes a project; its builds stay. One that isn't there is no error.
func (s *Service) DeleteProject(ctx context.Context, in *codebuild.DeleteProjectInput) (*codebuild.DeleteProjectOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "codebuild:DeleteProject", s.projectARN(ctx, value(in.Name))); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.account(iam.Caller(ctx).Account).projects, value(in.Name))
	return &codebuild.DeleteProjectOutput{}, nil
}

// BatchGetProjects describes projects, given by name or ARN.
func (s *Service) BatchGetProjects(ctx context.Context, in *codebuild.BatchGetProjectsInput) (*codebuild.BatchGetProjectsOutput, error) {
	if len(in.Names) > maxBatch {
		return nil, invalid("Cannot ask for more than %d projects", maxBatch)
	}
	out := &codebuild.BatchGetProjectsOutput{}
	for _, asked := range in.Names {
		name := named(asked, "project/")
		if err := s.cfg.Auth.Authorize(ctx, "codebuild:BatchGetProjects", s.projectARN(ctx, name)); err != nil {
			return nil, err
		}
		p, err := s.project(ctx, name)
		if err != nil {
			out.ProjectsNotFound = append(out.ProjectsNotFound, asked)
			continue
		}
		out.Projects = append(out.Projects, p.Project)
	}
	return out, nil
}

// ListProjects lists the names of projects.
func (s *Service) ListProjects(ctx context.Context, in *codebuild.ListProjectsInput) (*codebuild.ListProjectsOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "codebuild:ListProjects", "*"); err != nil {
		return nil, err
	}
	if in.SortBy != "" && in.SortBy != types.ProjectSortByTypeName {
		return nil, wire.NotModelled("sorting projects by %s", in.SortBy)
	}
	s.mu.Lock()
	names := slices.Sorted(maps.Keys(s.account(iam.Caller(ctx).Account).projects))
	s.mu.Unlock()
	names, err := sorted(names, in.SortOrder, types.SortOrderTypeAscending)
	if err != nil {
		return nil, err
	}
	names, next, err := cut("ListProjects", names, nil, in.NextToken)
	return &codebuild.ListProjectsOutput{Projects: names, NextToken: next}, err
}

// project returns a copy of a project of the caller's account.
func (s *Service) project(ctx context.Context, name string) (project, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.account(iam.Caller(ctx).Account).projects[name]; p != nil {
		return *p, nil
	}
	return project{}, missing("Project", s.projectARN(ctx, name))
}
