package codebuild_test

import (
	"cmp"
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/smithy-go"

	"orgship/sandbox/clock"
	"orgship/sandbox/codebuild"
	"orgship/sandbox/iam"
	"orgship/sandbox/logs"
	"orgship/sandbox/sts"
	"orgship/sandbox/wire"
)

const (
	accountID = "222222222222"
	region    = "eu-west-1"
	role      = "arn:aws:iam::222222222222:role/builder"
	location  = "https://github.com/acme/app.git"
)

// world is CodeBuild beside IAM, STS and CloudWatch Logs, behind one endpoint.
type world struct {
	*sdk.Client
	t      *testing.T
	ctx    context.Context // of the administrator
	room   *codebuild.Service
	iam    *iam.Service
	logs   *logs.Service
	url    string
	source string // folder of the source at location
}

// trust is the trust policy of a service role: for projects of the account alone.
const trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole",
	"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:codebuild:` + region + `:` + accountID + `:project/*"}}}]}`

// newWorld makes a world whose source has the files given, name and text.
func newWorld(t *testing.T, files ...string) *world {
	t.Helper()
	w := &world{t: t, iam: iam.New(iam.Config{}), source: t.TempDir()}
	for i := 0; i < len(files); i += 2 {
		w.write(files[i], files[i+1])
	}
	check(t, w.iam.AddUser(accountID, "admin", "AKIATEST", "secret", iam.AdministratorPolicy))
	check(t, w.iam.AddRole(accountID, "builder", trust))
	_, ctx, err := w.iam.Secret(t.Context(), "AKIATEST", "")
	check(t, err)
	w.ctx = ctx
	w.allow(`"*"`)
	w.logs = logs.New(logs.Config{Region: region, Auth: w.iam})
	w.room = codebuild.New(codebuild.Config{
		Clock: clock.Clock{}, Region: region, Auth: w.iam, Roles: w.iam, Logs: w.logs, Getenv: os.Getenv,
		Endpoint: func() string { return w.url }, Sources: map[string]string{location: w.source}, Minute: 100 * time.Millisecond,
	})
	t.Cleanup(func() { check(t, w.room.Close(context.Background())) })
	handler, err := wire.New(wire.Config{Region: region, Keys: w.iam}, w.room.Wire(), w.logs.Wire(), sts.New(sts.Config{Sessions: w.iam}).Wire())
	check(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w.url = server.URL
	w.Client = sdk.New(sdk.Options{Region: region, BaseEndpoint: &w.url, Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""), RetryMaxAttempts: 1})
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.source, name)
	check(w.t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(w.t, os.WriteFile(path, []byte(text), 0o644))
}

// allow gives the service role a policy that allows actions, and nothing else.
func (w *world) allow(actions string) {
	w.t.Helper()
	_, err := w.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: aws.String("builder"), PolicyName: aws.String("all"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + actions + `],"Resource":"*"}]}`)})
	check(w.t, err)
}

// project is a valid project, with changes.
func project(changes ...func(*sdk.CreateProjectInput)) *sdk.CreateProjectInput {
	in := &sdk.CreateProjectInput{
		Name: aws.String("app"), ServiceRole: aws.String(role), TimeoutInMinutes: aws.Int32(2160),
		Source:    &types.ProjectSource{Type: types.SourceTypeGithub, Location: aws.String(location)},
		Artifacts: &types.ProjectArtifacts{Type: types.ArtifactsTypeNoArtifacts},
		Environment: &types.ProjectEnvironment{Type: types.EnvironmentTypeLinuxContainer, ComputeType: types.ComputeTypeBuildGeneral1Small,
			Image: aws.String("aws/codebuild/standard:7.0"), PrivilegedMode: aws.Bool(true)},
	}
	for _, change := range changes {
		change(in)
	}
	return in
}

func (w *world) create(changes ...func(*sdk.CreateProjectInput)) {
	w.t.Helper()
	_, err := w.CreateProject(w.t.Context(), project(changes...))
	check(w.t, err)
}

// start starts a build of the project app.
func (w *world) start(changes ...func(*sdk.StartBuildInput)) string {
	w.t.Helper()
	in := &sdk.StartBuildInput{ProjectName: aws.String("app")}
	for _, change := range changes {
		change(in)
	}
	out, err := w.StartBuild(w.t.Context(), in)
	check(w.t, err)
	return *out.Build.Id
}

func (w *world) build(id string) types.Build {
	w.t.Helper()
	out, err := w.BatchGetBuilds(w.t.Context(), &sdk.BatchGetBuildsInput{Ids: []string{id}})
	check(w.t, err)
	if len(out.Builds) != 1 {
		w.t.Fatalf("there is no build %s", id)
	}
	return out.Builds[0]
}

// until polls until done says true, for a minute at most.
func (w *world) until(what string, done func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			w.t.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// ended waits for the end of a build.
func (w *world) ended(id string) types.Build {
	w.t.Helper()
	w.until("build "+id, func() bool { return w.build(id).BuildComplete })
	return w.build(id)
}

// runs runs a build of an inline buildspec to its end.
func (w *world) runs(buildspec string) types.Build {
	w.t.Helper()
	return w.ended(w.start(func(in *sdk.StartBuildInput) { in.BuildspecOverride = &buildspec }))
}

// lines are what is in a build's log.
func (w *world) lines(b types.Build) []string {
	w.t.Helper()
	out, err := w.logs.GetLogEvents(w.ctx, &logs.GetLogEventsInput{LogGroupName: b.Logs.GroupName, LogStreamName: b.Logs.StreamName, StartFromHead: aws.Bool(true)})
	check(w.t, err)
	var all []string
	for _, e := range out.Events {
		all = append(all, *e.Message)
	}
	return all
}

// printed are the lines that commands printed.
func (w *world) printed(b types.Build) string {
	return strings.Join(slices.DeleteFunc(w.lines(b), func(l string) bool { return strings.HasPrefix(l, "[Container] ") }), "\n")
}

// shown lists phases with their states but for those that succeeded.
func shown(b types.Build) string {
	var all []string
	for _, p := range b.Phases {
		text := string(p.PhaseType)
		if s := cmp.Or(p.PhaseStatus, types.StatusTypeSucceeded); s != types.StatusTypeSucceeded {
			text += "=" + string(s)
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// fault is the first context that says something.
func fault(b types.Build) string {
	for _, p := range b.Phases {
		for _, c := range p.Contexts {
			if aws.ToString(c.StatusCode)+aws.ToString(c.Message) != "" {
				return *c.StatusCode + ": " + *c.Message
			}
		}
	}
	return ""
}

func wantCode(t *testing.T, err error, code, message string) {
	t.Helper()
	var answered smithy.APIError
	if !errors.As(err, &answered) || answered.ErrorCode() != code || !strings.Contains(answered.ErrorMessage(), message) {
		t.Errorf("got %v, want %s with %q", err, code, message)
	}
}
