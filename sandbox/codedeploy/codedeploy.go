// Package codedeploy is the part of CodeDeploy that the AWS::CodeDeploy::BlueGreen
// hook of CloudFormation uses: it runs one blue/green deployment after the other,
// moves traffic from blue to green, and shows each as CodeDeploy's API does.
//
// https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-create-ecs-cfn.html
package codedeploy

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
)

// Balancer is the load balancer whose weights a deployment moves.
type Balancer interface {
	DescribeListeners(context.Context, *elbv2.DescribeListenersInput) (*elbv2.DescribeListenersOutput, error)
	DescribeRules(context.Context, *elbv2.DescribeRulesInput) (*elbv2.DescribeRulesOutput, error)
	ModifyListener(context.Context, *elbv2.ModifyListenerInput) (*elbv2.ModifyListenerOutput, error)
	ModifyRule(context.Context, *elbv2.ModifyRuleInput) (*elbv2.ModifyRuleOutput, error)
	DescribeTargetHealth(context.Context, *elbv2.DescribeTargetHealthInput) (*elbv2.DescribeTargetHealthOutput, error)
}

// Containers is ECS: the green task set's state and the service's primary one.
type Containers interface {
	DescribeTaskSets(context.Context, *ecs.DescribeTaskSetsInput) (*ecs.DescribeTaskSetsOutput, error)
	UpdateServicePrimaryTaskSet(context.Context, *ecs.UpdateServicePrimaryTaskSetInput) (*ecs.UpdateServicePrimaryTaskSetOutput, error)
	// Failure says why the tasks of a task set (its id) keep failing; "" when
	// they do not.
	Failure(taskSet string) string
}

// Config is what the service needs.
type Config struct {
	Clock      clock.Clock
	Region     string
	Auth       iam.Authorizer
	Balancer   Balancer
	Containers Containers
}

// Routing types of the hook.
const (
	AllAtOnce       = "AllAtOnce"
	TimeBasedCanary = "TimeBasedCanary"
	TimeBasedLinear = "TimeBasedLinear"
)

// Routing says how traffic moves to green.
type Routing struct {
	Type           string        // AllAtOnce, TimeBasedCanary or TimeBasedLinear
	StepPercentage int           // canary: the first step; linear: every step
	BakeTime       time.Duration // between steps, on the clock
}

// Spec is one blue/green deployment.
type Spec struct {
	ExternalID                        string // the stack's id (ARN)
	Cluster, Service                  string // names or ARNs
	BlueTaskSet, GreenTaskSet         string // task set ids, ecs-svc/…
	ProdListener, TestListener        string // ARNs; "" = no test listener
	BlueTargetGroup, GreenTargetGroup string // ARNs
	Routing                           Routing
	TerminationWait                   time.Duration // on the clock
	// Functions are the Lambda functions that lifecycle events name, by event.
	Functions map[string]string
}

// Event tells what a running deployment does: a lifecycle event that changed
// its status, or traffic that moved.
type Event struct {
	DeploymentID string // d-…
	Time         time.Time
	Lifecycle    string // BeforeInstall … AfterAllowTraffic; TerminationWait for the wait after it
	Status       types.LifecycleEventStatus
	Percent      int    // production traffic on green now
	Message      string // for people
}
