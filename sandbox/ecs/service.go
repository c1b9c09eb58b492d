// Package ecs runs services and their task sets: the scheduler that keeps as
// many tasks running as a task set asks for, registers them with their target
// group, replaces those that fail, and says what happened in ECS's words.
//
// It models services on Fargate with the deployment controllers ECS and EXTERNAL, task
// sets and the primary task set. Everything else is refused by name.
//
// API: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/Welcome.html
package ecs

import (
	"context"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"orgship/sandbox/clock"
	"orgship/sandbox/ec2"
	"orgship/sandbox/iam"
	"orgship/sandbox/images"
	"orgship/sandbox/logs"
	"orgship/sandbox/secretsmanager"
	"orgship/sandbox/ssm"
	"orgship/sandbox/task"
)

// Roles lets ECS act as the roles that task definitions name.
type Roles interface {
	ServiceSession(ctx context.Context, roleARN, service, sessionName string) (context.Context, error)
}

// Logins is what ECS asks of ECR.
type Logins interface {
	GetAuthorizationToken(ctx context.Context, in *ecr.GetAuthorizationTokenInput) (*ecr.GetAuthorizationTokenOutput, error)
}

// Images knows from where to pull.
type Images interface {
	// Check refuses an image that can't be pulled from anywhere, and says of others
	// whether they are ECR's.
	Check(ref string) (ecr bool, err error)
	Resolve(ctx context.Context, ref string) (images.Image, error)
}

// Network gives tasks their network interfaces.
type Network interface {
	Attach(ctx context.Context, i ec2.Interface) (*ec2.ENI, error)
	Detach(id string)
	// Reaches reports whether an interface in a subnet, with a public address or without,
	// gets to an AWS service, such as "ecr.api".
	Reaches(account, subnetID string, public bool, service string) bool
	DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error)
	DescribeSecurityGroups(ctx context.Context, in *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error)
}

// Targets is what ECS asks of Elastic Load Balancing.
type Targets interface {
	RegisterTargets(ctx context.Context, in *elb.RegisterTargetsInput) (*elb.RegisterTargetsOutput, error)
	DeregisterTargets(ctx context.Context, in *elb.DeregisterTargetsInput) (*elb.DeregisterTargetsOutput, error)
	DescribeTargetHealth(ctx context.Context, in *elb.DescribeTargetHealthInput) (*elb.DescribeTargetHealthOutput, error)
	DescribeTargetGroups(ctx context.Context, in *elb.DescribeTargetGroupsInput) (*elb.DescribeTargetGroupsOutput, error)
}

// Secrets is what ECS asks of Secrets Manager.
type Secrets interface {
	GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput) (*secretsmanager.GetSecretValueOutput, error)
}

// Parameters is what ECS asks of the Parameter Store.
type Parameters interface {
	GetParameters(ctx context.Context, in *ssm.GetParametersInput) (*ssm.GetParametersOutput, error)
}

// Logs takes the output of containers with the awslogs driver.
type Logs interface {
	CreateLogGroup(ctx context.Context, in *logs.CreateLogGroupInput) (*logs.CreateLogGroupOutput, error)
	CreateLogStream(ctx context.Context, in *logs.CreateLogStreamInput) (*logs.CreateLogStreamOutput, error)
	Writer(ctx context.Context, group, stream string) io.WriteCloser
}

// Config is what the room needs of the others.
type Config struct {
	Clock      clock.Clock
	Region     string
	Auth       iam.Authorizer
	Roles      Roles
	Logins     Logins
	Images     Images
	Network    Network
	Targets    Targets
	Logs       Logs
	Secrets    Secrets
	Parameters Parameters
	Runtime    task.Runtime // a [task.Sharer], if tasks are to have several containers, volumes or health checks of their own
}

// Service is Amazon ECS.
type Service struct {
	cfg Config

	ctx   context.Context // done when the service closes
	close context.CancelFunc
	work  sync.WaitGroup // schedulers and tasks

	mu        sync.Mutex
	accounts  map[string]*account
	sets      map[string]*taskSet // by id, deleted ones as well while their tasks end
	unhealthy func(image string) bool
	closing   context.Context // that of Close
}

type account struct {
	clusters map[string]*cluster // by name
	families map[string]*family
}

// New returns ECS with nothing in it.
func New(c Config) *Service {
	s := &Service{cfg: c, accounts: map[string]*account{}, sets: map[string]*taskSet{}}
	s.ctx, s.close = context.WithCancel(context.Background())
	return s
}

// account returns the state of an account, which begins empty.
func (s *Service) account(id string) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{clusters: map[string]*cluster{}, families: map[string]*family{}}
		s.accounts[id] = a
	}
	return a
}

// Close stops every task of every account, deregisters its targets and
// detaches its interface, without waiting for connections to drain. It returns
// when nothing runs any more; once ctx is done, tasks are killed.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closing == nil {
		s.closing = ctx
	}
	s.close() // with the lock held: nothing begins any more
	s.mu.Unlock()
	s.work.Wait()
	return nil
}

// Unhealthy makes tasks whose image matches run without ever answering on
// their network, from now on; nil ends it. The image is as in the task definition.
func (s *Service) Unhealthy(match func(image string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unhealthy = match
}

// Failure says why the tasks of a task set (its id, or its ARN) keep failing:
// the reason of the last one. It is empty while they do not.
//
// Assumption A60: tasks keep failing when so many in a row failed, without one
// becoming healthy in between, as make the deployment circuit breaker act on a
// service of that size: half the desired count, at least 3, at most 200.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
func (s *Service) Failure(taskSet string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := s.sets[taskSetID(taskSet)]
	if set == nil || set.failures < min(max(3, (set.desired()+1)/2), 200) {
		return ""
	}
	return set.failure
}
