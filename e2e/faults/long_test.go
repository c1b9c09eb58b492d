package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"orgship/pipeline/report"
)

// TestLongTemplate releases a stack whose template is too long for a request.
func TestLongTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "two")
	d := &desk{w: w, t: t, account: "dev-1"}
	d.makeShop()
	pad := "Metadata:\n  Pad: |\n" + strings.Repeat("    "+strings.Repeat("x", 90)+"\n", 600)
	long, err := os.ReadFile("../testdata/stranger.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "long.yaml"), append([]byte(pad), long...), 0o600); err != nil {
		t.Fatal(err)
	}
	const release = "release shop --account dev-1 --template TMP/long.yaml REPO:two "
	d.play(situation{args: release, status: 1, verdict: report.Failed, outcome: report.Refused, line: `^Nothing was touched.*\n.*CloudFormation takes at most 51200 in a request`})
	d.play(situation{args: release + "--template-bucket shop-templates", status: 2, verdict: report.Error, outcome: report.Refused, line: `^Nothing was touched.*\n.*bucket "shop-templates".*The specified bucket does not exist`})
	if _, err := cloudformation.NewFromConfig(d.config()).CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("bucket"), TemplateBody: aws.String(`{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shop-templates"}}}}`),
	}); err != nil {
		t.Fatal(err)
	}
	if err := cloudformation.NewStackCreateCompleteWaiter(cloudformation.NewFromConfig(d.config()), func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, 200*time.Millisecond
	}).Wait(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("bucket")}, time.Minute); err != nil {
		t.Fatal(err)
	}
	proved := "^Now serving: .*\n.*by AWS's records"
	d.play(situation{args: release + "--template-bucket shop-templates", verdict: report.Successful, outcome: report.Released, line: proved, serves: "two"})
	d.play(situation{args: "rollback shop --account dev-1 --template-bucket shop-templates", verdict: report.Successful, outcome: report.Released, line: proved, serves: "one"})
}
