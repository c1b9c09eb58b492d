package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/pipeline/report"
	"orgship/template"
)

// TestDocumentationExample takes over what somebody made with the aws CLI out of
// AWS's own example: release, rollback, destroy.
func TestDocumentationExample(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIP: aws is not on the PATH")
	}
	w := newWorld(t, "one", "two")
	d := &desk{w: w, t: t, account: "dev-1"}
	example, err := os.ReadFile("../testdata/documentation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.dir, "example.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(string(example), "IMAGE", w.repo+":one", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	a, _ := w.box.Account(d.account)
	key := func(name, value string) string { return "ParameterKey=" + name + ",ParameterValue=" + value }
	d.aws("cloudformation", "create-stack", "--stack-name", "example", "--template-body", "file://"+file, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
		"--parameters", key("Vpc", a.VPCID), key("Subnet1", a.SubnetIDs[0]), key("Subnet2", a.SubnetIDs[1]))
	d.aws("cloudformation", "wait", "stack-create-complete", "--stack-name", "example")
	for _, step := range []struct {
		args    []string
		outcome report.Outcome
		says    string
	}{
		{[]string{"release", "example", w.repo + ":two", "--expect-body", "two"}, report.Released, "two"},
		{[]string{"rollback", "example", "--expect-body", "one"}, report.Released, "one"},
	} {
		r := d.reported(step.args...)
		d.url = r.URLs["service"]
		if r.Verdict != report.Successful || r.Outcome != step.outcome || r.Serving.Lost > 0 || r.Serving.Proof != "tasks" {
			t.Fatalf("%s: %s, %s: %s", step.args[0], r.Verdict, r.Outcome, r.Summary)
		}
		if got := d.ask(); !strings.Contains(got, step.says) {
			t.Errorf("after %s it says %q", step.args[0], got)
		}
	}
	if r := d.reported("destroy", "example", "--yes"); r.Outcome != report.Removed {
		t.Errorf("%s: %s", r.Outcome, r.Summary)
	}
}

// TestPlannedByOthers releases into a stack that somebody has only planned: it is
// made of their template and parameters, not of ours.
func TestPlannedByOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	d := &desk{w: w, t: t, account: "dev-1"}
	in := d.shop()
	_, err := cloudformation.NewFromConfig(d.config()).CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{
		StackName: aws.String("planned"), ChangeSetName: aws.String("theirs"), ChangeSetType: types.ChangeSetTypeCreate,
		TemplateBody: in.TemplateBody, Parameters: in.Parameters, Capabilities: in.Capabilities,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := d.reported("release", "planned", w.repo+":one", "--expect-body", "one")
	d.url = r.URLs["service"]
	if r.Outcome != report.Released || !strings.Contains(d.ask(), "one") {
		t.Errorf("%s: %s", r.Outcome, r.Summary)
	}
	resources, err := cloudformation.NewFromConfig(d.config()).DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{
		StackName: aws.String("planned"), LogicalResourceId: aws.String("Robots"),
	})
	if err != nil || len(resources.StackResources) != 1 {
		t.Errorf("it isn't their template: %+v, error %v", resources, err)
	}
}

// TestJSON takes a stack over whose template is JSON, as the CDK writes it: the way
// back works from the first release on.
func TestJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "two")
	d := &desk{w: w, t: t, account: "dev-1"}
	d.makeShopOf(func(in *cloudformation.CreateStackInput) {
		parsed, err := template.Parse([]byte(*in.TemplateBody))
		if err != nil {
			t.Fatal(err)
		}
		in.TemplateBody = aws.String(string(parsed.JSON()))
	})
	for _, step := range [][]string{{"two", "release", "shop", w.repo + ":two", "--expect-body", "two"}, {"one", "rollback", "shop", "--expect-body", "one"}} {
		if r := d.reported(step[1:]...); r.Outcome != report.Released || !strings.Contains(d.ask(), step[0]) {
			t.Fatalf("%s: %s: %s; the shop says %q", step[1], r.Outcome, r.Summary, d.ask())
		}
	}
	d.endState("one")
}

// aws is the aws CLI of the account's administrator.
func (d *desk) aws(args ...string) {
	d.t.Helper()
	a, _ := d.w.box.Account(d.account)
	c := exec.Command("aws", args...)
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.w.dir, "AWS_ENDPOINT_URL=" + d.w.box.Endpoint(), "AWS_DEFAULT_REGION=eu-west-1", "AWS_PAGER=",
		"AWS_ACCESS_KEY_ID=" + a.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + a.SecretAccessKey,
	}
	if out, err := c.CombinedOutput(); err != nil {
		d.t.Fatalf("aws %s: %v\n%s", strings.Join(args[:2], " "), err, out)
	}
}
