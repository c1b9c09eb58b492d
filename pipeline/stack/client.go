// Package stack deploys one CloudFormation stack and tells what happens: it
// plans (a change set, classified before anything is touched), applies,
// watches, cancels and deletes.
//
// It is made for stacks with the AWS::CodeDeploy::BlueGreen hook, for which it
// also shows how the traffic moves, and works for any other stack as well.
// Every function may be interrupted through its context and called again: it
// looks at what is there and goes on from it.
package stack

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
)

// cloudFormation is what the room asks of CloudFormation.
type cloudFormation interface {
	DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error)
	DescribeStackEvents(context.Context, *cloudformation.DescribeStackEventsInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error)
	DescribeStackResources(context.Context, *cloudformation.DescribeStackResourcesInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackResourcesOutput, error)
	GetTemplate(context.Context, *cloudformation.GetTemplateInput, ...func(*cloudformation.Options)) (*cloudformation.GetTemplateOutput, error)
	CreateChangeSet(context.Context, *cloudformation.CreateChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.CreateChangeSetOutput, error)
	DescribeChangeSet(context.Context, *cloudformation.DescribeChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeChangeSetOutput, error)
	ExecuteChangeSet(context.Context, *cloudformation.ExecuteChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.ExecuteChangeSetOutput, error)
	DeleteChangeSet(context.Context, *cloudformation.DeleteChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteChangeSetOutput, error)
	CancelUpdateStack(context.Context, *cloudformation.CancelUpdateStackInput, ...func(*cloudformation.Options)) (*cloudformation.CancelUpdateStackOutput, error)
	DeleteStack(context.Context, *cloudformation.DeleteStackInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteStackOutput, error)
}

// codeDeploy is what the room reads of CodeDeploy to see traffic move.
type codeDeploy interface {
	ListDeployments(context.Context, *codedeploy.ListDeploymentsInput, ...func(*codedeploy.Options)) (*codedeploy.ListDeploymentsOutput, error)
	GetDeployment(context.Context, *codedeploy.GetDeploymentInput, ...func(*codedeploy.Options)) (*codedeploy.GetDeploymentOutput, error)
	BatchGetDeploymentTargets(context.Context, *codedeploy.BatchGetDeploymentTargetsInput, ...func(*codedeploy.Options)) (*codedeploy.BatchGetDeploymentTargetsOutput, error)
}

// Client works on the stacks of one account and region. It is safe for
// concurrent use: a stack can be watched and cancelled at once.
type Client struct {
	cfn    cloudFormation
	deploy codeDeploy // nil: traffic is not looked at
	pace   Pace
}

// New returns a client of the account and region that cfn is configured for.
func New(cfn cloudFormation, options ...Option) *Client {
	c := &Client{cfn: cfn, pace: defaultPace()}
	for _, option := range options {
		option(c)
	}
	return c
}

// Option changes how a Client works.
type Option func(*Client)

// WithCodeDeploy lets Traffic read the deployments of the hook.
func WithCodeDeploy(api codeDeploy) Option { return func(c *Client) { c.deploy = api } }

// WithPace sets how often and how patiently the client polls; fields that are
// zero keep their default.
func WithPace(p Pace) Option {
	return func(c *Client) {
		c.pace = p.orDefault(c.pace)
	}
}

// Pace is how often the client polls.
type Pace struct {
	// Every is the time from one poll to the next while all is well: one
	// second. AWS publishes no rates for CloudFormation; every poll and every
	// page of one counts.
	Every time.Duration
	// Slowest is the longest time between polls under throttling: 30 seconds.
	Slowest time.Duration
	// Patience is how long CloudFormation may be out of reach without a single
	// answer before a watch gives up: 15 minutes. Throttling never ends a watch.
	Patience time.Duration
	// Throttled is how long AWS may throttle a call on which nothing depends yet:
	// 3 minutes.
	Throttled time.Duration
	// Call is how long one call may take before it is dropped and made again:
	// 20 seconds.
	Call time.Duration
}

func defaultPace() Pace {
	return Pace{Every: time.Second, Slowest: 30 * time.Second, Patience: 15 * time.Minute, Throttled: 3 * time.Minute, Call: 20 * time.Second}
}

func (p Pace) orDefault(d Pace) Pace {
	for _, f := range []struct{ to, from *time.Duration }{
		{&p.Every, &d.Every}, {&p.Slowest, &d.Slowest}, {&p.Patience, &d.Patience}, {&p.Throttled, &d.Throttled}, {&p.Call, &d.Call},
	} {
		if *f.to == 0 {
			*f.to = *f.from
		}
	}
	return p
}
