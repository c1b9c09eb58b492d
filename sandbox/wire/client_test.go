package wire_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	org "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"orgship/sandbox/wire"
)

// same compares what went in at one end with what came out at the other.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	ignore := []cmp.Option{
		cmpopts.IgnoreFields(cloudformation.DescribeStacksOutput{}, "ResultMetadata"),
		cmpopts.IgnoreFields(ecs.DescribeServicesOutput{}, "ResultMetadata"),
		cmpopts.IgnoreFields(organizations.DescribeAccountOutput{}, "ResultMetadata"),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".noSmithyDocumentSerde" }, cmp.Ignore()),
	}
	if diff := cmp.Diff(want, got, ignore...); diff != "" {
		t.Errorf("%s (-sent +received):\n%s", what, diff)
	}
}

func TestClientsSeeWhatServicesAnswer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := &fake{}
	_, url := serve(t, f)

	stacks := someStacks()
	f.will(stacks, nil)
	gotStacks, err := cloudformation.NewFromConfig(config(url)).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "cloudformation", gotStacks, stacks)

	services := someServices()
	f.will(services, nil)
	gotServices, err := ecs.NewFromConfig(config(url)).DescribeServices(ctx, &ecs.DescribeServicesInput{Services: []string{"web"}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "ecs", gotServices, services)

	account := someAccount()
	f.will(account, nil)
	gotAccount, err := organizations.NewFromConfig(config(url)).DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: aws.String("222222222222")})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "organizations", gotAccount, account)
}

func TestServicesSeeWhatClientsSend(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := &fake{}
	_, url := serve(t, f)

	create := &cloudformation.CreateStackInput{
		StackName:    aws.String("s"),
		TemplateBody: aws.String("Resources: {}\n# ünï & = + % ;"),
		Parameters: []cfn.Parameter{
			{ParameterKey: aws.String("A"), ParameterValue: aws.String("")},
			{ParameterKey: aws.String("B"), UsePreviousValue: aws.Bool(true)},
		},
		Capabilities:          []cfn.Capability{cfn.CapabilityCapabilityIam},
		Tags:                  []cfn.Tag{},
		DisableRollback:       aws.Bool(false),
		RollbackConfiguration: &cfn.RollbackConfiguration{MonitoringTimeInMinutes: aws.Int32(7)},
	}
	if _, err := cloudformation.NewFromConfig(config(url)).CreateStack(ctx, create); err != nil {
		t.Fatal(err)
	}
	same(t, "cloudformation", f.got(), create)

	taskSet := &ecs.CreateTaskSetInput{
		Cluster: aws.String("c"), Service: aws.String("s"), TaskDefinition: aws.String("d:1"),
		Scale: &ecstypes.Scale{Unit: ecstypes.ScaleUnitPercent, Value: 0.5},
		NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
			Subnets: []string{"subnet-1", "subnet-2"}, AssignPublicIp: ecstypes.AssignPublicIpEnabled,
		}},
	}
	if _, err := ecs.NewFromConfig(config(url)).CreateTaskSet(ctx, taskSet); err != nil {
		t.Fatal(err)
	}
	same(t, "ecs", f.got(), taskSet)

	part := &ecr.UploadLayerPartInput{
		LayerPartBlob: []byte{0, 1, 254, 255}, PartFirstByte: aws.Int64(1 << 40), PartLastByte: aws.Int64(1<<40 + 3),
		RepositoryName: aws.String("r"), UploadId: aws.String("u"),
	}
	if _, err := ecr.NewFromConfig(config(url)).UploadLayerPart(ctx, part); err != nil {
		t.Fatal(err)
	}
	same(t, "ecr", f.got(), part)
}

func TestErrorsReachClientsTyped(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := &fake{}
	_, url := serve(t, f)
	stacks := cloudformation.NewFromConfig(config(url))
	services := ecs.NewFromConfig(config(url))

	f.will(nil, wire.Errorf("AlreadyExistsException", "Stack [%s] already exists", "<s>"))
	_, err := stacks.CreateStack(ctx, &cloudformation.CreateStackInput{StackName: aws.String("s")})
	var exists *cfn.AlreadyExistsException
	if !errors.As(err, &exists) || exists.ErrorMessage() != "Stack [<s>] already exists" {
		t.Errorf("query: got %v", err)
	}

	f.will(nil, &ecstypes.ClusterNotFoundException{Message: aws.String("Cluster not found.")})
	_, err = services.DescribeServices(ctx, &ecs.DescribeServicesInput{Services: []string{"web"}})
	var noCluster *ecstypes.ClusterNotFoundException
	if !errors.As(err, &noCluster) || noCluster.ErrorMessage() != "Cluster not found." {
		t.Errorf("json: got %v", err)
	}

	f.will(nil, &org.AWSOrganizationsNotInUseException{Message: aws.String("no")})
	_, err = organizations.NewFromConfig(config(url)).DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: aws.String("1")})
	var unused *org.AWSOrganizationsNotInUseException
	if !errors.As(err, &unused) {
		t.Errorf("json, Pascal: got %v", err)
	}

	f.will(nil, &wire.Error{Code: "AccessDenied", Message: "User: x is not authorized", Status: 403})
	_, err = stacks.DescribeStacks(ctx, nil)
	wantCode(t, err, "AccessDenied", "not authorized")
	_, err = services.DescribeServices(ctx, &ecs.DescribeServicesInput{Services: []string{"web"}})
	wantCode(t, err, "AccessDeniedException", "not authorized")

	f.will(nil, errors.New("a bug"))
	_, err = stacks.DescribeStacks(ctx, nil)
	wantCode(t, err, "InternalFailure", "a bug")
	f.will("another bug", nil)
	_, err = stacks.DescribeStacks(ctx, nil)
	wantCode(t, err, "InternalFailure", "another bug")
}

// wantCode checks an error's AWS code and a part of its text.
func wantCode(t *testing.T, err error, code, part string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), part) {
		t.Errorf("got %v, want %s with %q", err, code, part)
	}
}

func TestWhatIsNotModelledIsRefusedByName(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := &fake{}
	h, url := serve(t, f)
	stacks := cloudformation.NewFromConfig(config(url))
	services := ecs.NewFromConfig(config(url))

	tests := []struct {
		name string
		call func() error
		code string
		part string
	}{
		{"operation, query", func() error {
			_, err := stacks.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String("s")})
			return err
		}, "NotModelled", "cloudformation:DeleteStack"},
		{"operation, json", func() error {
			_, err := services.ListServices(ctx, nil)
			return err
		}, "NotModelled", "ecs:ListServices"},
		{"service", func() error {
			_, err := sts.NewFromConfig(config(url)).GetCallerIdentity(ctx, nil)
			return err
		}, "NotModelled", "the service sts"},
		{"member, query", func() error {
			_, err := stacks.CreateStack(ctx, &cloudformation.CreateStackInput{StackName: aws.String("s"), RoleARN: aws.String("arn:aws:iam::1:role/r")})
			return err
		}, "NotModelled", "RoleARN of cloudformation:CreateStack"},
		{"member, json", func() error {
			_, err := services.CreateTaskSet(ctx, &ecs.CreateTaskSetInput{
				Cluster: aws.String("c"), Service: aws.String("s"), TaskDefinition: aws.String("d"), PlatformVersion: aws.String("1.4.0"),
			})
			return err
		}, "NotModelled", "platformVersion of ecs:CreateTaskSet"},
		{"region", func() error {
			c := config(url)
			c.Region = "us-west-2"
			_, err := cloudformation.NewFromConfig(c).DescribeStacks(ctx, nil)
			return err
		}, "SignatureDoesNotMatch", "'us-west-2'. (This orgship sandbox is the region eu-west-1.)"},
	}
	for _, test := range tests {
		wantCode(t, test.call(), test.code, test.part)
	}
	if f.got() != nil {
		t.Errorf("a refused request reached the service: %T", f.got())
	}
	calls := h.Calls()
	if len(calls) != len(tests) {
		t.Fatalf("%d calls in the log, want %d", len(calls), len(tests))
	}
	for i, c := range calls {
		if c.Code != tests[i].code || c.Status < 400 {
			t.Errorf("%s: log has %+v", tests[i].name, c)
		}
	}
}

func TestNewRefusesMembersThatAreNotThere(t *testing.T) {
	t.Parallel()
	f := &fake{}
	_, err := wire.New(wire.Config{Keys: keys{}}, wire.Service{Name: "ec2", Protocol: wire.EC2Query, Operations: []wire.Operation{
		wire.Op("DescribeVpcs", reply[describeVpcsInput, describeVpcsOutput](f), wire.Optional("VpcIDs")),
	}})
	if err == nil || !strings.Contains(err.Error(), "has no member VpcIDs") {
		t.Errorf("got %v", err)
	}
}

func TestNewRefusesAServiceWithoutAProtocol(t *testing.T) {
	t.Parallel()
	_, err := wire.New(wire.Config{Keys: keys{}}, wire.Service{Name: "ec2"})
	if err == nil || !strings.Contains(err.Error(), "preparing service ec2: it has no protocol") {
		t.Errorf("got %v", err)
	}
}
