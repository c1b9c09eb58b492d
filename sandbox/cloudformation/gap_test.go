package cloudformation_test

import (
	"strings"
	"testing"

	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// gappy has what the sandbox doesn't model: on its own, under a condition that holds and
// one that doesn't, and by the value of a parameter.
const gappy = `Parameters:
  Vpc: {Type: "AWS::EC2::VPC::Id"}
  Driver: {Type: String, Default: awslogs}
  Keys: {Type: "AWS::EC2::KeyPair::KeyName", Default: x}
Conditions:
  Holds: !Equals [a, a]
  Fails: !Equals [a, b]
Resources:
  Group:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {TargetType: ip, Protocol: TCP, Port: 80, VpcId: !Ref Vpc, Targets: [{Id: 10.0.0.1}]}
  Events:
    Type: AWS::Events::Rule
    Condition: Holds
  Never:
    Type: AWS::Events::Rule
    Condition: Fails
  Task:
    Type: AWS::ECS::TaskDefinition
    DeletionPolicy: Snapshot
    Properties:
      RequiresCompatibilities: [EC2]
      Cpu: !Select [0, !Split [",", !ToJsonString {a: b}]]
      ContainerDefinitions:
        - Name: app
          Image: elsewhere/x
          LogConfiguration: {LogDriver: !Ref Driver}
        - Name: b
          Image: x
          LogConfiguration: {LogDriver: awslogs, Options: {awslogs-datetime-format: x}}
          MountPoints: !If [Fails, [{SourceVolume: x}], !Ref AWS::NoValue]
`

// TestGaps has all that isn't modelled refused in one answer, with lines, before
// anything is made.
func TestGaps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	static := []string{
		"the parameter type AWS::EC2::KeyPair::KeyName (parameter Keys) (line 4)",
		"the value TCP of property Protocol of AWS::ElasticLoadBalancingV2::TargetGroup (resource Group) (line 11)",
		"property Targets of AWS::ElasticLoadBalancingV2::TargetGroup (resource Group) (line 11)",
		"the DeletionPolicy Snapshot (resource Task) (line 20)",
		"task definitions that do not require FARGATE (resource Task) (line 22)",
		"the function Fn::ToJsonString (line 23)",
		`pulling "elsewhere/x" (resource Task) (line 26)`,
		"the option awslogs-datetime-format of the log driver awslogs (resource Task) (line 30)",
	}
	byValue := []string{"the resource type AWS::Events::Rule (resource Events) (line 13)", "the value splunk of property ContainerDefinitions.LogConfiguration.LogDriver"}
	body, name := gappy, "gappy"
	_, err := w.ValidateTemplate(w.ctx, &cfn.ValidateTemplateInput{TemplateBody: &body})
	refuses(t, err, static, append(byValue, "Never"))

	// The function can't be evaluated, so that no values are known.
	_, err = w.CreateStack(w.ctx, &cfn.CreateStackInput{StackName: &name, TemplateBody: &body, Capabilities: capabilities})
	refuses(t, err, static, []string{"Never"})

	body = strings.Replace(body, `!Select [0, !Split [",", !ToJsonString {a: b}]]`, `"256"`, 1)
	_, err = w.CreateChangeSet(w.ctx, &cfn.CreateChangeSetInput{
		StackName: &name, ChangeSetName: &name, ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: &body, Capabilities: capabilities,
		Parameters: append(params("Vpc", w.network.VPCID), params("Driver", "splunk")...),
	})
	refuses(t, err, append(static[:5:5], byValue...), []string{"Never", "MountPoints"})
	if out, err := w.ListStacks(w.ctx, &cfn.ListStacksInput{}); err != nil || len(out.StackSummaries) > 0 {
		t.Errorf("something was made: %+v, error %v", out.StackSummaries, err)
	}
}

func refuses(t *testing.T, err error, want, not []string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "NotModelled: ") {
		t.Fatalf("got %v, not NotModelled", err)
	}
	for _, part := range want {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("no %q in\n%v", part, err)
		}
	}
	for _, part := range not {
		if strings.Contains(err.Error(), part) {
			t.Errorf("%q in\n%v", part, err)
		}
	}
}
