package codebuild_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox/iam"
)

// TestProject creates, changes, lists and deletes projects.
func TestProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(func(in *sdk.CreateProjectInput) { in.TimeoutInMinutes = nil; in.Description = aws.String("first") })
	w.create(func(in *sdk.CreateProjectInput) { in.Name = aws.String("bpp") })
	_, err := w.CreateProject(t.Context(), project())
	wantCode(t, err, "ResourceAlreadyExistsException", "arn:aws:codebuild:eu-west-1:222222222222:project/app")
	_, err = w.UpdateProject(t.Context(), &sdk.UpdateProjectInput{Name: aws.String("app"), ConcurrentBuildLimit: aws.Int32(2)})
	check(t, err)
	got, err := w.BatchGetProjects(t.Context(), &sdk.BatchGetProjectsInput{Names: []string{"app", "none"}})
	check(t, err)
	p := got.Projects[0]
	if *p.ConcurrentBuildLimit != 2 || *p.Description != "first" || *p.TimeoutInMinutes != 60 || *p.QueuedTimeoutInMinutes != 480 || got.ProjectsNotFound[0] != "none" {
		t.Errorf("got %+v", got)
	}
	listed, err := w.ListProjects(t.Context(), &sdk.ListProjectsInput{SortOrder: types.SortOrderTypeDescending})
	check(t, err)
	if strings.Join(listed.Projects, " ") != "bpp app" {
		t.Errorf("listed %v", listed.Projects)
	}
	for range 2 {
		_, err = w.DeleteProject(t.Context(), &sdk.DeleteProjectInput{Name: aws.String("app")})
		check(t, err)
	}
	_, err = w.StartBuild(t.Context(), &sdk.StartBuildInput{ProjectName: aws.String("app")})
	wantCode(t, err, "ResourceNotFoundException", "Project cannot be found")
	_, err = w.UpdateProject(t.Context(), &sdk.UpdateProjectInput{Name: aws.String("app")})
	wantCode(t, err, "ResourceNotFoundException", "Project cannot be found")
}

// TestRefusals asks for what isn't modelled, or is no project.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		code, message string
		change        func(*sdk.CreateProjectInput)
	}{
		{"NotModelled", "vpcConfig", func(in *sdk.CreateProjectInput) { in.VpcConfig = &types.VpcConfig{VpcId: aws.String("vpc-1")} }},
		{"NotModelled", "buildBatchConfig", func(in *sdk.CreateProjectInput) {
			in.BuildBatchConfig = &types.ProjectBuildBatchConfig{ServiceRole: aws.String(role)}
		}},
		{"NotModelled", `artifacts type "S3"`, func(in *sdk.CreateProjectInput) { in.Artifacts.Type = types.ArtifactsTypeS3 }},
		{"NotModelled", `source type "S3"`, func(in *sdk.CreateProjectInput) { in.Source.Type = types.SourceTypeS3 }},
		{"NotModelled", "auth of a CodeBuild source", func(in *sdk.CreateProjectInput) { in.Source.Auth = &types.SourceAuth{Type: types.SourceAuthTypeOauth} }},
		{"NotModelled", "fleet of a CodeBuild environment", func(in *sdk.CreateProjectInput) { in.Environment.Fleet = &types.ProjectFleet{} }},
		{"NotModelled", `environment type "ARM_CONTAINER"`, func(in *sdk.CreateProjectInput) { in.Environment.Type = types.EnvironmentTypeArmContainer }},
		{"NotModelled", "TOKEN of type SECRETS_MANAGER", func(in *sdk.CreateProjectInput) {
			in.Environment.EnvironmentVariables = []types.EnvironmentVariable{{Name: aws.String("TOKEN"), Value: aws.String("id"), Type: types.EnvironmentVariableTypeSecretsManager}}
		}},
		{"NotModelled", "CODEBUILD_SRC_DIR", func(in *sdk.CreateProjectInput) {
			in.Environment.EnvironmentVariables = []types.EnvironmentVariable{{Name: aws.String("CODEBUILD_SRC_DIR"), Value: aws.String("/")}}
		}},
		{"NotModelled", "logs in S3", func(in *sdk.CreateProjectInput) {
			in.LogsConfig = &types.LogsConfig{S3Logs: &types.S3LogsConfig{Status: types.LogsConfigStatusTypeEnabled}}
		}},
		{"InvalidInputException", "Project name", func(in *sdk.CreateProjectInput) { in.Name = aws.String("a b") }},
		{"InvalidInputException", "timeoutInMinutes: 1", func(in *sdk.CreateProjectInput) { in.TimeoutInMinutes = aws.Int32(1) }},
		{"InvalidInputException", "inline buildspec", func(in *sdk.CreateProjectInput) { in.Source = &types.ProjectSource{Type: types.SourceTypeNoSource} }},
		{"InvalidInputException", "sts:AssumeRole", func(in *sdk.CreateProjectInput) { in.ServiceRole = aws.String(role + "s") }},
	} {
		_, err := w.CreateProject(t.Context(), project(test.change))
		wantCode(t, err, test.code, test.message)
	}
	w.create()
	_, err := w.StartBuild(t.Context(), &sdk.StartBuildInput{ProjectName: aws.String("app"), ImageOverride: aws.String("alpine")})
	wantCode(t, err, "NotModelled", "imageOverride")
}

// TestAuthorization has a user who may describe projects and nothing else.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	check(t, w.iam.AddUser(accountID, "limited", "AKIALIMITED", "secret", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["codebuild:BatchGetProjects","codebuild:CreateProject"],"Resource":"*"}]}`))
	_, ctx, err := w.iam.Secret(t.Context(), "AKIALIMITED", "")
	check(t, err)
	_, err = w.room.BatchGetProjects(ctx, &sdk.BatchGetProjectsInput{Names: []string{"app"}})
	check(t, err)
	for what, err := range map[string]error{
		"codebuild:StartBuild on resource: arn:aws:codebuild:eu-west-1:222222222222:project/app": second(w.room.StartBuild(ctx, &sdk.StartBuildInput{ProjectName: aws.String("app")})),
		"codebuild:BatchGetBuilds on resource: arn:aws:codebuild:eu-west-1:222222222222:project/app": second(
			w.room.BatchGetBuilds(ctx, &sdk.BatchGetBuildsInput{Ids: []string{"app:1"}})),
		"iam:PassRole on resource: " + role:   second(w.room.CreateProject(ctx, project(func(in *sdk.CreateProjectInput) { in.Name = aws.String("other") }))),
		"codebuild:ListBuilds on resource: *": second(w.room.ListBuilds(ctx, &sdk.ListBuildsInput{})),
	} {
		if err == nil || !strings.Contains(err.Error(), "limited is not authorized to perform: "+what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = w.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("untrusting"), AssumeRolePolicyDocument: aws.String(iam.TrustService("ecs-tasks.amazonaws.com"))})
	check(t, err)
	_, err = w.UpdateProject(t.Context(), &sdk.UpdateProjectInput{Name: aws.String("app"), ServiceRole: aws.String("arn:aws:iam::222222222222:role/untrusting")})
	wantCode(t, err, "InvalidInputException", "not authorized to perform: sts:AssumeRole")
}

func second[T any](_ T, err error) error { return err }

// TestAWSCLI does the work of a day with the aws command.
func TestAWSCLI(t *testing.T) {
	t.Parallel()
	needsCLI(t)
	w := newWorld(t, "buildspec.yml", "version: 0.2\nphases: {build: {commands: [echo hello]}}\n")
	run := func(line, query string) string {
		cmd := exec.Command("aws", append(append([]string{"codebuild"}, strings.Fields(line)...), "--query", query)...)
		cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+w.url, "AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=",
			"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json",
			"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("aws codebuild %s: %s", line, out)
		}
		var v any
		check(t, json.Unmarshal(out, &v))
		compact, err := json.Marshal(v)
		check(t, err)
		return string(compact)
	}
	if got := run("create-project --name app --service-role "+role+" --source type=GITHUB,location="+location+
		" --artifacts type=NO_ARTIFACTS --environment type=LINUX_CONTAINER,image=aws/codebuild/standard:7.0,computeType=BUILD_GENERAL1_SMALL",
		"project.[name,timeoutInMinutes,environment.image]"); got != `["app",60,"aws/codebuild/standard:7.0"]` {
		t.Error(got)
	}
	id := strings.Trim(run("start-build --project-name app", "build.id"), `"`)
	w.ended(id)
	if got := run("batch-get-builds --ids "+id, "builds[0].[buildStatus,currentPhase,phases[6].[phaseType,phaseStatus]]"); got != `["SUCCEEDED","COMPLETED",["BUILD","SUCCEEDED"]]` {
		t.Error(got)
	}
	if got := run("list-builds-for-project --project-name app", "ids"); got != `["`+id+`"]` {
		t.Error(got)
	}
	if got := run("stop-build --id "+id, "build.buildStatus"); got != `"SUCCEEDED"` {
		t.Error(got)
	}
}
