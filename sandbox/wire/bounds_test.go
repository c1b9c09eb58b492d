package wire_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/wire"
)

// TestBounds refuses values that a model doesn't allow, in the service's words, and
// doesn't repeat texts, which may be secrets.
func TestBounds(t *testing.T) {
	t.Parallel()
	f := &fake{}
	_, url := serve(t, f)
	stacks, services := cloudformation.NewFromConfig(config(url)), ecs.NewFromConfig(config(url))
	create := func(name string, do ...func(*cloudformation.CreateStackInput)) func() error {
		return func() error {
			in := &cloudformation.CreateStackInput{StackName: &name}
			for _, change := range do {
				change(in)
			}
			_, err := stacks.CreateStack(t.Context(), in)
			return err
		}
	}
	for name, row := range map[string]struct {
		call       func() error
		code, part string
	}{
		"an enumeration of the SDK's": {create("web", func(in *cloudformation.CreateStackInput) { in.Capabilities = []cfn.Capability{"CAPABILITY_ALL"} }),
			"ValidationError", "Value 'CAPABILITY_ALL' at 'capabilities.member.1' failed to satisfy constraint: Member must satisfy enum value set: [CAPABILITY_IAM,"},
		"one in JSON": {func() error {
			_, err := services.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Services: []string{"web"}, Include: []ecstypes.ServiceField{"ALL"}})
			return err
		}, "InvalidParameterException", "Value 'ALL' at 'include"},
		"too short":           {create(""), "ValidationError", "Value at 'stackName' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		"too long":            {create(strings.Repeat("ä", 129)), "ValidationError", "less than or equal to 128"},
		"outside its pattern": {create("a secret!"), "ValidationError", "Value at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		"too small":           {create("web", func(in *cloudformation.CreateStackInput) { in.TimeoutInMinutes = aws.Int32(0) }), "ValidationError", "Value '0' at 'timeoutInMinutes' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		"too large":           {create("web", func(in *cloudformation.CreateStackInput) { in.TimeoutInMinutes = aws.Int32(61) }), "ValidationError", "less than or equal to 60"},
		"none of them": {func() error {
			_, err := stacks.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{NextToken: aws.String("c")})
			return err
		}, "ValidationError", "Value 'c' at 'nextToken' failed to satisfy constraint: Member must satisfy enum value set: [a, b]"},
	} {
		err := row.call()
		wantCode(t, err, row.code, row.part)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s repeats the text: %v", name, err)
		}
	}
	if f.got() != nil {
		t.Errorf("a refused request reached the service: %T", f.got())
	}
	f.will(&cloudformation.CreateStackOutput{}, nil)
	if err := create("web", func(in *cloudformation.CreateStackInput) {
		in.TimeoutInMinutes, in.Capabilities = aws.Int32(60), []cfn.Capability{"CAPABILITY_IAM"}
	})(); err != nil {
		t.Error(err)
	}
}

// A bound of a member that isn't modelled bounds nothing: it is a slip.
func TestNewRefusesBoundsOfNothing(t *testing.T) {
	t.Parallel()
	_, err := wire.New(wire.Config{Keys: keys{}}, wire.Service{Name: "ec2", Protocol: wire.EC2Query, Operations: []wire.Operation{
		wire.Op("DescribeVpcs", reply[describeVpcsInput, describeVpcsOutput](&fake{}), wire.Length("VpcIds", 1, 2)),
	}})
	if err == nil || !strings.Contains(err.Error(), "VpcIds is bounded") {
		t.Errorf("got %v", err)
	}
}
