package stack_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

const stackID = "arn:aws:cloudformation:eu-west-1:222222222222:stack/demo/6f1a"

// fake is CloudFormation with one stack: what each call does is a field.
type fake struct {
	mu     sync.Mutex
	status string
	events []types.StackEvent // oldest first
	calls  []call
	page   int // rows a page; 0: 100

	template   string
	parameters []types.Parameter
	tags       []types.Tag
	missing    bool

	trouble func(operation string, n int) error // n counts the calls of the operation from 1
	slow    func(ctx context.Context, operation string, n int) error
	execute func()
	cancel  func() error
	remove  func()
	set     func(n int) *cloudformation.DescribeChangeSetOutput // n-th description
	sets    []types.ChangeSetSummary                            // that are there
	created []*cloudformation.CreateChangeSetInput
	started []*cloudformation.ExecuteChangeSetInput
	dropped []string // deleted change sets
}

type call struct {
	operation string
	at        time.Time
}

func (f *fake) enter(ctx context.Context, operation string) error {
	f.mu.Lock()
	f.calls = append(f.calls, call{operation, time.Now()})
	n := 0
	for _, c := range f.calls {
		if c.operation == operation {
			n++
		}
	}
	trouble, slow := f.trouble, f.slow
	f.mu.Unlock()
	if slow != nil {
		if err := slow(ctx, operation, n); err != nil {
			return err
		}
	}
	if trouble != nil {
		return trouble(operation, n)
	}
	return nil
}

// named returns the operations called, in order.
func (f *fake) named() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, c := range f.calls {
		names = append(names, c.operation)
	}
	return names
}

// row adds an event; a row named "demo" is the stack's own.
func (f *fake) row(logical, status, reason string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := types.StackEvent{
		EventId: aws.String(fmt.Sprintf("%s-%d", logical, len(f.events))), StackId: aws.String(stackID), StackName: aws.String("demo"),
		Timestamp: aws.Time(time.Now()), LogicalResourceId: &logical, ResourceStatus: types.ResourceStatus(status), ResourceStatusReason: &reason,
		ResourceType: aws.String("AWS::ECS::TaskSet"), PhysicalResourceId: aws.String("physical-" + logical),
	}
	if logical == "demo" {
		e.ResourceType, e.PhysicalResourceId = aws.String("AWS::CloudFormation::Stack"), aws.String(stackID)
		f.status = status
	}
	f.events = append(f.events, e)
}

func (f *fake) DescribeStackEvents(ctx context.Context, in *cloudformation.DescribeStackEventsInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error) {
	if err := f.enter(ctx, "DescribeStackEvents"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	size := f.page
	if size == 0 {
		size = 100
	}
	rows := slices.Clone(f.events)
	slices.Reverse(rows)
	from := 0
	if in.NextToken != nil {
		fmt.Sscanf(*in.NextToken, "%d", &from)
	}
	out := &cloudformation.DescribeStackEventsOutput{StackEvents: rows[from:min(from+size, len(rows))]}
	if from+size < len(rows) {
		out.NextToken = aws.String(fmt.Sprint(from + size))
	}
	return out, nil
}

func (f *fake) DescribeStacks(ctx context.Context, in *cloudformation.DescribeStacksInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error) {
	if err := f.enter(ctx, "DescribeStacks"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.missing || f.status == "" || (f.status == "DELETE_COMPLETE" && !strings.HasPrefix(*in.StackName, "arn:")) {
		return nil, apiError("ValidationError", "Stack with id "+*in.StackName+" does not exist")
	}
	return &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{{
		StackId: aws.String(stackID), StackName: aws.String("demo"), StackStatus: types.StackStatus(f.status),
		CreationTime: aws.Time(time.Now()), Parameters: f.parameters, Tags: f.tags,
		Outputs: []types.Output{{OutputKey: aws.String("Url"), OutputValue: aws.String("http://demo")}},
	}}}, nil
}

func (f *fake) DescribeStackResources(ctx context.Context, in *cloudformation.DescribeStackResourcesInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeStackResourcesOutput, error) {
	if err := f.enter(ctx, "DescribeStackResources"); err != nil {
		return nil, err
	}
	return &cloudformation.DescribeStackResourcesOutput{StackResources: []types.StackResource{
		{LogicalResourceId: aws.String("Listener"), PhysicalResourceId: aws.String("arn:listener")},
	}}, nil
}

func (f *fake) GetTemplate(ctx context.Context, _ *cloudformation.GetTemplateInput, _ ...func(*cloudformation.Options)) (*cloudformation.GetTemplateOutput, error) {
	if err := f.enter(ctx, "GetTemplate"); err != nil {
		return nil, err
	}
	return &cloudformation.GetTemplateOutput{TemplateBody: &f.template}, nil
}

func (f *fake) ListChangeSets(ctx context.Context, _ *cloudformation.ListChangeSetsInput, _ ...func(*cloudformation.Options)) (*cloudformation.ListChangeSetsOutput, error) {
	return &cloudformation.ListChangeSetsOutput{Summaries: f.sets}, f.enter(ctx, "ListChangeSets")
}

func (f *fake) CreateChangeSet(ctx context.Context, in *cloudformation.CreateChangeSetInput, _ ...func(*cloudformation.Options)) (*cloudformation.CreateChangeSetOutput, error) {
	err := f.enter(ctx, "CreateChangeSet")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.created = append(f.created, in)
	if err != nil {
		return nil, err
	}
	if in.ChangeSetType == types.ChangeSetTypeCreate {
		f.status, f.missing = "REVIEW_IN_PROGRESS", false
	}
	return &cloudformation.CreateChangeSetOutput{Id: aws.String("arn:change-set"), StackId: aws.String(stackID)}, nil
}

func (f *fake) DescribeChangeSet(ctx context.Context, _ *cloudformation.DescribeChangeSetInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeChangeSetOutput, error) {
	if err := f.enter(ctx, "DescribeChangeSet"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c.operation == "DescribeChangeSet" {
			n++
		}
	}
	out := f.set(n)
	out.StackId, out.ChangeSetId = aws.String(stackID), aws.String("arn:change-set")
	return out, nil
}

func (f *fake) ExecuteChangeSet(ctx context.Context, in *cloudformation.ExecuteChangeSetInput, _ ...func(*cloudformation.Options)) (*cloudformation.ExecuteChangeSetOutput, error) {
	if err := f.enter(ctx, "ExecuteChangeSet"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.started = append(f.started, in)
	f.mu.Unlock()
	if f.execute != nil {
		f.execute()
	}
	return &cloudformation.ExecuteChangeSetOutput{}, nil
}

func (f *fake) DeleteChangeSet(ctx context.Context, in *cloudformation.DeleteChangeSetInput, _ ...func(*cloudformation.Options)) (*cloudformation.DeleteChangeSetOutput, error) {
	if err := f.enter(ctx, "DeleteChangeSet"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropped = append(f.dropped, *in.ChangeSetName)
	return &cloudformation.DeleteChangeSetOutput{}, nil
}

func (f *fake) CancelUpdateStack(ctx context.Context, _ *cloudformation.CancelUpdateStackInput, _ ...func(*cloudformation.Options)) (*cloudformation.CancelUpdateStackOutput, error) {
	if err := f.enter(ctx, "CancelUpdateStack"); err != nil {
		return nil, err
	}
	return &cloudformation.CancelUpdateStackOutput{}, f.cancel()
}

func (f *fake) DeleteStack(ctx context.Context, _ *cloudformation.DeleteStackInput, _ ...func(*cloudformation.Options)) (*cloudformation.DeleteStackOutput, error) {
	if err := f.enter(ctx, "DeleteStack"); err != nil {
		return nil, err
	}
	if f.remove != nil {
		f.remove()
	}
	return &cloudformation.DeleteStackOutput{}, nil
}

func apiError(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

var errThrottled = apiError("Throttling", "Rate exceeded")

// story runs rows, each after a while, as CloudFormation would write them.
func (f *fake) story(rows ...row) {
	go func() {
		for _, r := range rows {
			time.Sleep(r.after)
			f.row(r.logical, r.status, r.reason)
		}
	}()
}

type row struct {
	after                   time.Duration
	logical, status, reason string
}

func wantCalls(t *testing.T, f *fake, forbidden ...string) {
	t.Helper()
	for _, name := range f.named() {
		if slices.Contains(forbidden, name) {
			t.Errorf("called %s; all calls: %v", name, f.named())
		}
	}
}
