// Package stack deploys one CloudFormation stack and tells what happens: it
// plans (a change set, classified before anything is touched), applies,
// watches, cancels and deletes.
//
// How the stack's service gets its new versions is for a [Classifier] to know.
// Every function may be interrupted through its context and called again: it
// looks at what is there and goes on from it.
package stack

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// cloudFormation is what the room asks of CloudFormation.
type cloudFormation interface {
	DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error)
	DescribeStackEvents(context.Context, *cloudformation.DescribeStackEventsInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error)
	DescribeStackResources(context.Context, *cloudformation.DescribeStackResourcesInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackResourcesOutput, error)
	GetTemplate(context.Context, *cloudformation.GetTemplateInput, ...func(*cloudformation.Options)) (*cloudformation.GetTemplateOutput, error)
	CreateChangeSet(context.Context, *cloudformation.CreateChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.CreateChangeSetOutput, error)
	DescribeChangeSet(context.Context, *cloudformation.DescribeChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeChangeSetOutput, error)
	ListChangeSets(context.Context, *cloudformation.ListChangeSetsInput, ...func(*cloudformation.Options)) (*cloudformation.ListChangeSetsOutput, error)
	ExecuteChangeSet(context.Context, *cloudformation.ExecuteChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.ExecuteChangeSetOutput, error)
	DeleteChangeSet(context.Context, *cloudformation.DeleteChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteChangeSetOutput, error)
	CancelUpdateStack(context.Context, *cloudformation.CancelUpdateStackInput, ...func(*cloudformation.Options)) (*cloudformation.CancelUpdateStackOutput, error)
	DeleteStack(context.Context, *cloudformation.DeleteStackInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteStackOutput, error)
}

// Client works on the stacks of one account and region. It is safe for
// concurrent use: a stack can be watched and cancelled at once.
type Client struct {
	cfn     cloudFormation
	buckets bucket
	pace    Pace
}

// New returns a client of the account and region that cfn is configured for.
func New(cfn cloudFormation, options ...Option) *Client {
	c := &Client{cfn: cfn, pace: Pace{}.orDefault()}
	for _, option := range options {
		option(c)
	}
	return c
}

// Option changes how a Client works.
type Option func(*Client)

// WithPace sets how often and how patiently the client polls; fields that are
// zero keep their default.
func WithPace(p Pace) Option {
	return func(c *Client) {
		c.pace = p.orDefault()
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

func (p Pace) orDefault() Pace {
	return Pace{
		Every: cmp.Or(p.Every, time.Second), Slowest: cmp.Or(p.Slowest, 30*time.Second), Patience: cmp.Or(p.Patience, 15*time.Minute),
		Throttled: cmp.Or(p.Throttled, 3*time.Minute), Call: cmp.Or(p.Call, 20*time.Second),
	}
}
