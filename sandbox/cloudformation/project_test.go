package cloudformation_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"orgship/sandbox/codedeploy"
	"orgship/sandbox/wire"
)

func project(t *testing.T, name string, replacements ...string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("../../cfn", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(replacements...).Replace(string(body))
}

// TestProjectTemplates makes, releases and deletes what orgship's own templates describe.
func TestProjectTemplates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.create("repository", project(t, "ecr-repository.yaml"), params("OrgID", "o-sandbox001", "DevOrgUnitID", "ou-sbox-dev00001")...), types.StackStatusCreateComplete)
	policy, err := w.ecr.GetRepositoryPolicy(w.ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: aws.String("demoecshwapp-ecr-repo")})
	if err != nil || !strings.Contains(*policy.PolicyText, "o-sandbox001/*/ou-sbox-dev00001/*") {
		t.Errorf("repository policy: %+v, %v", policy, err)
	}
	w.want(w.delete("repository"), types.StackStatusDeleteComplete)

	test := params("Vpc", w.network.VPCID, "Subnet1", w.network.SubnetIDs[0], "Subnet2", w.network.SubnetIDs[1], "TestCidr", "0.0.0.0/0")
	listener := []string{"              TargetGroups:\n", "              TestTrafficRoute:\n                Type: AWS::ElasticLoadBalancingV2::Listener\n                LogicalID: TestListener\n              TargetGroups:\n"}
	w.want(w.create("web", project(t, "bluegreen.yaml", listener...), test...), types.StackStatusCreateComplete)
	st := w.update("web", project(t, "bluegreen.yaml", append(listener, "sha256:0000", "sha256:1111",
		"Type: AllAtOnce\n      AdditionalOptions", "Type: TimeBasedLinear\n        TimeBasedLinear: {StepPercentage: 20, BakeTimeMins: 3}\n      AdditionalOptions")...), test...)
	w.want(st, types.StackStatusUpdateComplete)
	spec := w.deployer.last()
	want := codedeploy.Routing{Type: codedeploy.TimeBasedLinear, StepPercentage: 20, BakeTime: 3 * time.Minute}
	if spec.Routing != want || spec.TestListener != w.ids("web")["TestListener"] || spec.TerminationWait != 5*time.Minute {
		t.Errorf("deployment %+v", spec)
	}
	w.want(w.delete("web"), types.StackStatusDeleteComplete)
	w.nothingLeft()
}

// TestCLI has the aws CLI make, change and delete a stack, unchanged.
func TestCLI(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the aws CLI takes a second of CPU a call")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the aws CLI is not on the PATH")
	}
	w := newWorld(t)
	handler, err := wire.New(wire.Config{Region: region, Keys: w.iam}, w.Wire())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "things.json")
	if err := os.WriteFile(file, []byte(things), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(arguments ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		c := exec.CommandContext(ctx, "aws", append([]string{"cloudformation"}, arguments...)...)
		c.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+server.URL, "AWS_DEFAULT_REGION="+region, "AWS_PAGER=", "AWS_CONFIG_FILE=/dev/null",
			"AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_ACCESS_KEY_ID=AKIASANDBOXADMIN0001", "AWS_SECRET_ACCESS_KEY=secret")
		out, err := c.CombinedOutput()
		if err != nil {
			return "failed: " + string(out)
		}
		return string(out)
	}
	if out := run("deploy", "--stack-name", "things", "--template-file", file, "--capabilities", "CAPABILITY_IAM", "--no-execute-changeset"); !strings.Contains(out, "Changeset created successfully") {
		t.Fatalf("deploy --no-execute-changeset: %s", out)
	}
	if out := run("create-stack", "--stack-name", "other", "--template-body", "file://"+file, "--capabilities", "CAPABILITY_IAM"); !strings.Contains(out, "StackId") {
		t.Fatalf("create-stack: %s", out)
	}
	other := w.settled("other")
	w.want(other, types.StackStatusCreateComplete)
	if out := run("deploy", "--stack-name", "other", "--template-file", file, "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset"); !strings.Contains(out, "No changes to deploy. Stack other is up to date") {
		t.Errorf("deploying the same: %s", out)
	}
	var stacks cfn.DescribeStacksOutput
	if err := json.Unmarshal([]byte(run("describe-stacks", "--stack-name", "other")), &stacks); err != nil || len(stacks.Stacks) != 1 || len(stacks.Stacks[0].Outputs) != 1 {
		t.Errorf("describe-stacks: %+v, %v", stacks, err)
	}
	for _, arguments := range [][]string{
		{"describe-stack-events", "--stack-name", "other"}, {"describe-stack-resources", "--stack-name", "other"},
		{"describe-stack-resource", "--stack-name", "other", "--logical-resource-id", "Log"}, {"list-stack-resources", "--stack-name", "other"},
		{"list-stacks"}, {"get-template", "--stack-name", "other", "--template-stage", "Processed"}, {"get-template-summary", "--stack-name", "other"},
		{"validate-template", "--template-body", "file://" + file}, {"list-change-sets", "--stack-name", "things"},
		{"delete-stack", "--stack-name", "other"},
	} {
		if out := run(arguments...); strings.HasPrefix(out, "failed") {
			t.Errorf("%s: %s", arguments[0], out)
		}
	}
	w.want(w.settled(*other.StackId), types.StackStatusDeleteComplete)
	if out := run("describe-stacks", "--stack-name", "other"); !strings.Contains(out, "(ValidationError) when calling the DescribeStacks operation: Stack with id other does not exist") {
		t.Errorf("a deleted stack: %s", out)
	}
}
