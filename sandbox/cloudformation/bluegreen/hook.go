// Package bluegreen knows the AWS::CodeDeploy::BlueGreen hook of a template and
// the AWS::CodeDeployBlueGreen transform: what they accept, which resources
// they rename, and when an update is a green deployment.
//
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green.html
package bluegreen

import (
	"fmt"
	"time"

	"orgship/sandbox/codedeploy"
	"orgship/template"
)

// Names of the transform and of the hook's type.
const (
	TransformName = "AWS::CodeDeployBlueGreen"
	HookType      = "AWS::CodeDeploy::BlueGreen"
)

// Colour tells the two halves apart: Blue has the names of the template's
// Resources, Green those that stand in its Hooks only.
type Colour int

// The colours.
const (
	Blue  Colour = iota // first name of each pair
	Green               // second name of each pair
)

// Other returns the other colour.
func (c Colour) Other() Colour { return 1 - c }

func (c Colour) String() string { return [...]string{"blue", "green"}[c] }

// Hook is the hook of a template. Names are logical ids; pairs are by Colour.
type Hook struct {
	ID              string
	Service         string
	TaskDefinitions [2]string
	TaskSets        [2]string
	TargetGroups    [2]string
	ProdListener    string
	TestListener    string // "" = none
	Routing         codedeploy.Routing
	TerminationWait time.Duration
	Functions       map[string]string // names of Lambda functions, by lifecycle event
}

// Defaults: the documentation names those of TrafficRoutingConfig; that of the
// termination wait is the CDK's.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-hook-syntax.html
// https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/core/lib/cfn-codedeploy-blue-green-hook.ts
const (
	defaultStep   = 15
	defaultBake   = 5 * time.Minute
	defaultWait   = 5 * time.Minute
	smallestStep  = 14
	longestWait   = 48 * 60 // minutes: https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
	ecsService    = "AWS::ECS::Service"
	ecsDefinition = "AWS::ECS::TaskDefinition"
	ecsTaskSet    = "AWS::ECS::TaskSet"
	elbListener   = "AWS::ElasticLoadBalancingV2::Listener"
	elbRule       = "AWS::ElasticLoadBalancingV2::ListenerRule"
	elbGroup      = "AWS::ElasticLoadBalancingV2::TargetGroup"
)

// Transformed reports whether a template names the transform.
func Transformed(t *template.Template) bool {
	for _, name := range t.Transforms() {
		if name == TransformName {
			return true
		}
	}
	return false
}

// Error is a refusal of the transform or of the hook, in AWS's words.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// schemaError is what a Hooks section gets that isn't as the transform wants it:
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/821
func schemaError() error {
	return transformError(`Failed to parse the "Hooks" section for the provided template. Please ensure the AWS::CodeDeploy::BlueGreen Hook matches the expected schema.`)
}

// resourceError is what a resource gets that isn't as the hook wants it:
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1479
func resourceError(id string) error {
	return transformError(fmt.Sprintf(`Failed to parse the template resource "Resources->%s". Please validate the template configuration.`, id))
}

func transformError(message string) error {
	return &Error{Message: "Transform " + TransformName + " failed with: Failed to transform template. " + message}
}

// hookError frames what the hook itself refuses:
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/605
func (h *Hook) hookError(message string) error {
	return &Error{Message: h.Failed(message)}
}

// Failed says that the hook failed, as CloudFormation does.
func (h *Hook) Failed(message string) string {
	return fmt.Sprintf("'%s' of type %s failed with message: %s", h.ID, HookType, message)
}
