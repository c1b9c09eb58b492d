// Package ecs runs services and their task sets: the scheduler that keeps as
// many tasks running as a task set asks for, registers them with their target
// group, replaces those that fail, and says what happened in ECS's words.
//
// It models what the blue/green hook of CloudFormation needs: services with
// the EXTERNAL deployment controller, task sets and the primary task set, on
// Fargate, with one container a task. Everything else is refused by name.
package ecs

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"io"

	"orgship/sandbox/clock"
	"orgship/sandbox/ec2"
	"orgship/sandbox/task"
)

// Authorizer decides whether the caller of ctx may do something; a refusal is
// a wire error in AWS's words.
type Authorizer interface {
	Authorize(ctx context.Context, action, resource string) error
	AuthorizeWith(ctx context.Context, action, resource string, conditions map[string][]string) error
}

// Roles lets ECS act as the roles that task definitions name.
type Roles interface {
	ServiceSession(ctx context.Context, roleARN, service, sessionName string) (context.Context, error)
}

// Images is what ECS asks of ECR.
type Images interface {
	GetAuthorizationToken(ctx context.Context, in *ecr.GetAuthorizationTokenInput) (*ecr.GetAuthorizationTokenOutput, error)
	// Resolve turns an image reference of ECR's form into the sandbox's.
	Resolve(ref string) (string, error)
}

// Network gives tasks their network interfaces.
type Network interface {
	Attach(ctx context.Context, i ec2.Interface) (*ec2.ENI, error)
	Detach(id string)
}

// Targets is what ECS asks of Elastic Load Balancing.
type Targets interface {
	RegisterTargets(ctx context.Context, in *elb.RegisterTargetsInput) (*elb.RegisterTargetsOutput, error)
	DeregisterTargets(ctx context.Context, in *elb.DeregisterTargetsInput) (*elb.DeregisterTargetsOutput, error)
	DescribeTargetHealth(ctx context.Context, in *elb.DescribeTargetHealthInput) (*elb.DescribeTargetHealthOutput, error)
	DescribeTargetGroups(ctx context.Context, in *elb.DescribeTargetGroupsInput) (*elb.DescribeTargetGroupsOutput, error)
}

// Logs takes the output of containers with the awslogs driver.
type Logs interface {
	Writer(ctx context.Context, group, stream string) io.WriteCloser
}

// Config is what the room needs of the others.
type Config struct {
	Clock   clock.Clock
	Region  string
	Auth    Authorizer
	Roles   Roles
	Images  Images
	Network Network
	Targets Targets
	Logs    Logs
	Runtime task.Runtime
}

// Service is Amazon ECS.
type Service struct {
	cfg Config

	mu        sync.Mutex
	unhealthy func(image string) bool
}

// New returns ECS with nothing in it.
func New(c Config) *Service { return &Service{cfg: c} }

// Close stops every task of every account, deregisters its targets and
// detaches its interfaces. It returns when nothing runs any more, or with the
// cause of ctx.
func (s *Service) Close(context.Context) error { return nil }

// Unhealthy makes tasks whose image matches run without ever answering on
// their network, from now on; nil ends it. The image is as in the task definition.
func (s *Service) Unhealthy(match func(image string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unhealthy = match
}

// Failure says why the tasks of a task set keep failing ("" while they do not):
// the reason of the last one. The id is that of the task set or its ARN.
func (s *Service) Failure(taskSet string) string { return "" }
