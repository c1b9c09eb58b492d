// Package cloudformation is CloudFormation: stacks, change sets, events, and the
// AWS::CodeDeployBlueGreen transform with its hook. Resources are made by calling
// the sandbox's other services in the caller's name.
//
// API: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/
package cloudformation

import (
	"context"
	"slices"
	"sync"

	"orgship/sandbox/clock"
	"orgship/sandbox/cloudformation/resource"
	"orgship/sandbox/cloudformation/stackset"
	"orgship/sandbox/codedeploy"
	"orgship/sandbox/ec2"
	"orgship/sandbox/iam"
)

// Sessions lets CloudFormation act as the service role of a stack.
type Sessions interface {
	ServiceSession(ctx context.Context, roleARN, service, sessionName string) (context.Context, error)
}

// Network answers whether the values of parameters with AWS-specific types exist.
type Network interface {
	DescribeVpcs(context.Context, *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error)
	DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error)
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error)
	DescribeAvailabilityZones(context.Context, *ec2.DescribeAvailabilityZonesInput) (*ec2.DescribeAvailabilityZonesOutput, error)
}

// Deployer runs the blue/green deployments of the hook.
type Deployer interface {
	Run(ctx context.Context, spec codedeploy.Spec, event func(codedeploy.Event)) error
	// CheckFunctions refuses Lambda functions, by lifecycle event, that can't be called.
	CheckFunctions(functions map[string]string) error
}

// Config is what the service needs.
type Config struct {
	Clock    clock.Clock
	Region   string
	Auth     iam.Authorizer
	Sessions Sessions
	Network  Network
	Deployer Deployer
	// Parameters and Secrets are what templates refer to.
	Parameters Parameters
	Secrets    Secrets
	// Objects are what TemplateURL refers to.
	Objects Objects
	// Types are the resource types of the other services.
	Types []*resource.Type
	// Organization is the one whose accounts stack sets reach; nil: none.
	Organization stackset.Organization
}

// Objects is the part of S3 that CloudFormation uses.
type Objects interface {
	// Object returns what a URL stands for, as the caller may read it; ok false if it is
	// none of an object.
	Object(ctx context.Context, url string) (body []byte, ok bool, err error)
}

// Service is CloudFormation.
type Service struct {
	cfg   Config
	types resource.Catalogue
	sets  *stackset.Service

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup // operations that run

	mu       sync.Mutex
	accounts map[string]*account
}

// New returns a service without stacks. Close ends what it runs.
func New(cfg Config) *Service {
	ctx, stop := context.WithCancel(context.Background())
	s := &Service{cfg: cfg, ctx: ctx, stop: stop, accounts: map[string]*account{}}
	s.sets = stackset.New(stackset.Config{Clock: cfg.Clock, Region: cfg.Region, Auth: cfg.Auth, Organization: cfg.Organization, Stacks: s})
	s.types = resource.NewCatalogue(slices.Concat(cfg.Types, resource.CloudFormation(s.sets))...)
	return s
}

// StackSets returns the stack sets of the organization.
func (s *Service) StackSets() *stackset.Service { return s.sets }

// Close ends every operation where it stands and waits for them: the stacks
// keep the state they are in. It returns the cause of ctx when that ends first.
func (s *Service) Close(ctx context.Context) error {
	s.stop()
	done := make(chan struct{})
	go func() {
		s.sets.Close()
		s.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
