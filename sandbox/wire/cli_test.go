package wire_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/wire"
)

// awsCLI runs the aws command and returns what it prints, parsed.
func awsCLI(t *testing.T, url string, args ...string) (out map[string]any, stderr string) {
	t.Helper()
	cmd := exec.Command("aws", args...)
	cmd.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL="+url, "AWS_ACCESS_KEY_ID="+keyID, "AWS_SECRET_ACCESS_KEY="+secretKey, "AWS_SESSION_TOKEN=",
		"AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
	)
	var errs strings.Builder
	cmd.Stderr = &errs
	stdout, err := cmd.Output()
	if err != nil {
		return nil, errs.String()
	}
	if len(stdout) > 0 {
		if err := json.Unmarshal(stdout, &out); err != nil {
			t.Fatalf("aws %v printed no JSON: %v\n%s", args, err, stdout)
		}
	}
	return out, errs.String()
}

func TestAWSCLI(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIP: the aws CLI is not on the PATH")
	}
	f := &fake{}
	_, url := serve(t, f)

	f.will(someStacks(), nil)
	out, stderr := awsCLI(t, url, "cloudformation", "describe-stacks", "--query", "Stacks[0].{name:StackName,out:Outputs[].OutputValue,arns:NotificationARNs}")
	want := map[string]any{
		"name": "a<b>&\"c'\n", "out": []any{"ü", ""}, "arns": []any{"one", "two"},
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("query (-want +got):\n%s%s", diff, stderr)
	}

	f.will(someServices(), nil)
	out, stderr = awsCLI(t, url, "ecs", "describe-services", "--services", "web", "--query", "services[0].{name:serviceName,scale:taskSets[0].scale,n:desiredCount}")
	want = map[string]any{"name": `web"\`, "scale": map[string]any{"unit": "PERCENT", "value": 12.5}, "n": 3.0}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("json (-want +got):\n%s%s", diff, stderr)
	}

	f.will(&describeVpcsOutput{Vpcs: []vpc{{VpcId: aws.String("vpc-1"), CidrBlock: aws.String("10.0.0.0/8"), IsDefault: aws.Bool(true)}}}, nil)
	out, stderr = awsCLI(t, url, "ec2", "describe-vpcs", "--vpc-ids", "vpc-1", "vpc-2", "--filters", "Name=is-default,Values=true,false")
	want = map[string]any{"Vpcs": []any{map[string]any{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/8", "IsDefault": true}}}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("ec2 (-want +got):\n%s%s", diff, stderr)
	}
	asked := f.got().(*describeVpcsInput)
	if diff := cmp.Diff([]string{"vpc-1", "vpc-2"}, asked.VpcIds); diff != "" || len(asked.Filters) != 1 || len(asked.Filters[0].Values) != 2 {
		t.Errorf("ec2 was asked %+v", asked)
	}

	for _, test := range []struct {
		err  error
		args []string
		want string
	}{
		{wire.Errorf("InvalidVpcID.NotFound", "The vpc ID 'vpc-9' does not exist"), []string{"ec2", "describe-vpcs"},
			"An error occurred (InvalidVpcID.NotFound) when calling the DescribeVpcs operation: The vpc ID 'vpc-9' does not exist"},
		{wire.Errorf("ValidationError", "Stack with id s does not exist"), []string{"cloudformation", "describe-stacks"},
			"An error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id s does not exist"},
		{wire.Errorf("ClusterNotFoundException", "Cluster not found."), []string{"ecs", "describe-services", "--services", "s"},
			"An error occurred (ClusterNotFoundException) when calling the DescribeServices operation: Cluster not found."},
		{nil, []string{"ec2", "describe-instances"}, "(NotModelled) when calling the DescribeInstances operation: the orgship sandbox does not model ec2:DescribeInstances"},
		{nil, []string{"lambda", "list-functions"}, "does not model the service lambda"},
	} {
		f.will(nil, test.err)
		if _, stderr := awsCLI(t, url, test.args...); !strings.Contains(stderr, test.want) {
			t.Errorf("aws %v: got %q, want %q", test.args, stderr, test.want)
		}
	}
}
