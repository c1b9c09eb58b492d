package sandbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox"
	"orgship/sandbox/wire"
)

const buildTemplate = `
Parameters:
  Minutes: {Type: Number, Default: 10}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: codebuild.amazonaws.com}}]
      Policies:
        - PolicyName: build
          PolicyDocument: {Statement: [{Effect: Allow, Action: ['logs:*', 'sts:GetCallerIdentity'], Resource: '*'}]}
  Project:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: app
      ServiceRole: !GetAtt Role.Arn
      Source: {Type: GITHUB, Location: 'https://github.com/acme/app.git', BuildSpec: ci/buildspec.yml, GitCloneDepth: 1, ReportBuildStatus: true}
      Artifacts: {Type: NO_ARTIFACTS}
      Environment:
        Type: LINUX_CONTAINER
        ComputeType: BUILD_GENERAL1_SMALL
        Image: aws/codebuild/standard:7.0
        PrivilegedMode: true
        EnvironmentVariables: [{Name: GREETING, Value: hello}]
      LogsConfig: {CloudWatchLogs: {Status: ENABLED, GroupName: builds}}
      Cache: {Type: LOCAL, Modes: [LOCAL_SOURCE_CACHE]}
      TimeoutInMinutes: !Ref Minutes
      ConcurrentBuildLimit: 1
      Tags: [{Key: team, Value: a}]
Outputs:
  Name: {Value: !Ref Project}
  Arn: {Value: !GetAtt Project.Arn}
`

// TestBuildProject deploys a project, builds a mapped source, and changes and
// deletes the stack.
func TestBuildProject(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	if err := os.Mkdir(filepath.Join(source, "ci"), 0o755); err != nil {
		t.Fatal(err)
	}
	spec := "version: 0.2\nphases: {build: {commands: [test \"$GREETING\" = hello]}}\n"
	if err := os.WriteFile(filepath.Join(source, "ci", "buildspec.yml"), []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, sandbox.Options{Sources: map[string]string{"https://github.com/acme/app.git": source}})
	capabilities := []cfn.Capability{cfn.CapabilityCapabilityIam}
	must(w.stacks("dev-1").CreateStack(w.ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("build"), TemplateBody: aws.String(buildTemplate), Capabilities: capabilities,
	}))(t)
	stack := w.wantStatus("dev-1", "build", cfn.StackStatusCreateComplete)
	for _, o := range stack.Outputs {
		if want := map[string]string{"Name": "app", "Arn": "arn:aws:codebuild:eu-west-1:222222222222:project/app"}[*o.OutputKey]; *o.OutputValue != want {
			t.Errorf("%s is %s, want %s", *o.OutputKey, *o.OutputValue, want)
		}
	}
	client := codebuild.NewFromConfig(w.config("dev-1"))
	started := must(client.StartBuild(w.ctx, &codebuild.StartBuildInput{ProjectName: aws.String("app")}))(t)
	var build types.Build
	eventually(t, "the build", func() bool {
		build = must(client.BatchGetBuilds(w.ctx, &codebuild.BatchGetBuildsInput{Ids: []string{*started.Build.Id}}))(t).Builds[0]
		return build.BuildComplete
	})
	if build.BuildStatus != types.StatusTypeSucceeded || *build.Logs.GroupName != "builds" || *build.TimeoutInMinutes != 10 {
		t.Errorf("%s %v %d", build.BuildStatus, build.Phases, *build.TimeoutInMinutes)
	}
	if state := must(w.State(w.ctx))(t).String(); !strings.Contains(state, "222222222222 codebuild:project app\n") || !strings.Contains(state, "logs:log-group builds\n") {
		t.Errorf("state:\n%s", state)
	}
	must(w.stacks("dev-1").UpdateStack(w.ctx, &cloudformation.UpdateStackInput{
		StackName: aws.String("build"), UsePreviousTemplate: aws.Bool(true), Capabilities: capabilities, Parameters: parameters("Minutes", "20"),
	}))(t)
	w.wantStatus("dev-1", "build", cfn.StackStatusUpdateComplete)
	p := must(client.BatchGetProjects(w.ctx, &codebuild.BatchGetProjectsInput{Names: []string{"app"}}))(t).Projects[0]
	if *p.TimeoutInMinutes != 20 || len(p.Tags) != 1 {
		t.Errorf("changed: %d %v", *p.TimeoutInMinutes, p.Tags)
	}
	must(w.stacks("dev-1").DeleteStack(w.ctx, &cloudformation.DeleteStackInput{StackName: aws.String("build")}))(t)
	eventually(t, "nothing but the log", func() bool {
		return must(w.State(w.ctx))(t).String() == "222222222222 logs:log-group builds\n"
	})
}

// TestBuildTrouble orders trouble for CodeBuild, and gives a folder that isn't there.
func TestBuildTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.Fail(wire.Fault{Service: "codebuild", Operation: "ListProjects", Times: 1, Kind: wire.Throttle})
	client := codebuild.NewFromConfig(w.config("dev-1"), func(o *codebuild.Options) { o.RetryMaxAttempts = 1 })
	if _, err := client.ListProjects(w.ctx, &codebuild.ListProjectsInput{}); err == nil {
		t.Error("ListProjects wasn't throttled")
	}
	must(client.ListProjects(w.ctx, &codebuild.ListProjectsInput{}))(t)
	if _, err := client.StartBuild(w.ctx, &codebuild.StartBuildInput{ProjectName: aws.String("app")}); err == nil || !strings.Contains(err.Error(), "orgship sandbox --source") {
		t.Errorf("commands may run here without anybody's leave: %v", err)
	}
	_, err := sandbox.New(sandbox.Options{Sources: map[string]string{"https://github.com/acme/app.git": filepath.Join(t.TempDir(), "none")}})
	var source *sandbox.SourceError
	if !errors.As(err, &source) || source.Hint() == "" {
		t.Errorf("a folder that isn't there: %v", err)
	}
}
