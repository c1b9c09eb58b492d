package stack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Stack is a stack as it is now.
type Stack struct {
	ID           string // its ARN
	Name         string
	Status       string
	Reason       string
	Outputs      map[string]string
	Parameters   map[string]string // values of NoEcho parameters are "****"
	Tags         map[string]string
	Capabilities []string
	ChangeSetID  string // the change set that made it what it is, if one did
	RoleARN      string
	Created      time.Time
	Updated      time.Time // zero: never
	Deleted      time.Time // zero: not
}

// Changed returns when the stack last changed.
func (s Stack) Changed() time.Time {
	for _, t := range []time.Time{s.Deleted, s.Updated} {
		if !t.IsZero() {
			return t
		}
	}
	return s.Created
}

// Describe returns the stack of this name or id; *NotFoundError if there is
// none. A deleted stack is found by its id only.
func (c *Client) Describe(ctx context.Context, nameOrID string) (Stack, error) {
	if err := CheckName(nameOrID); err != nil {
		return Stack{}, err
	}
	s, err := c.poll(ctx, newImpatient(c.pace), nameOrID)
	if err != nil {
		return Stack{}, fmt.Errorf("describing stack %q: %w", nameOf(nameOrID), err)
	}
	return s, nil
}

// poll describes a stack as one of the calls of p.
func (c *Client) poll(ctx context.Context, p *Poller, nameOrID string) (Stack, error) {
	out, err := Ask(ctx, p, func(ctx context.Context) (*cloudformation.DescribeStacksOutput, error) {
		return c.cfn.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &nameOrID}, once)
	})
	if missing(err) || (err == nil && len(out.Stacks) == 0) {
		return Stack{}, &NotFoundError{Name: nameOf(nameOrID)}
	}
	if err != nil {
		return Stack{}, err
	}
	s := newStack(out.Stacks[0])
	if s.ID != nameOrID && s.Name != nameOrID {
		return Stack{}, fmt.Errorf("asked for stack %q, CloudFormation described %q (%s)", nameOf(nameOrID), s.Name, s.ID)
	}
	return s, nil
}

// missing recognises CloudFormation's way to say that there is no such stack:
// ValidationError "Stack with id X does not exist" or "Stack [X] does not exist".
func missing(err error) bool {
	return ErrorCode(err) == "ValidationError" && strings.Contains(ErrorText(err), "does not exist")
}

func newStack(s types.Stack) Stack {
	out := Stack{
		ID:          aws.ToString(s.StackId),
		Name:        aws.ToString(s.StackName),
		Status:      string(s.StackStatus),
		Reason:      aws.ToString(s.StackStatusReason),
		Outputs:     map[string]string{},
		Parameters:  map[string]string{},
		Tags:        map[string]string{},
		ChangeSetID: aws.ToString(s.ChangeSetId),
		RoleARN:     aws.ToString(s.RoleARN),
		Created:     aws.ToTime(s.CreationTime),
		Updated:     aws.ToTime(s.LastUpdatedTime),
		Deleted:     aws.ToTime(s.DeletionTime),
	}
	for _, o := range s.Outputs {
		out.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	for _, p := range s.Parameters {
		out.Parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, t := range s.Tags {
		out.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	for _, c := range s.Capabilities {
		out.Capabilities = append(out.Capabilities, string(c))
	}
	return out
}

// Template returns a stack's template as it was handed in, comments and all.
func (c *Client) Template(ctx context.Context, nameOrID string) ([]byte, error) {
	if err := CheckName(nameOrID); err != nil {
		return nil, err
	}
	out, err := Ask(ctx, newImpatient(c.pace), func(ctx context.Context) (*cloudformation.GetTemplateOutput, error) {
		return c.cfn.GetTemplate(ctx, &cloudformation.GetTemplateInput{
			StackName: &nameOrID, TemplateStage: types.TemplateStageOriginal,
		}, once)
	})
	if missing(err) {
		err = &NotFoundError{Name: nameOf(nameOrID)}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the template of stack %q: %w", nameOf(nameOrID), err)
	}
	return []byte(aws.ToString(out.TemplateBody)), nil
}

// PhysicalID returns the physical id of one resource of a stack, e.g. a
// listener's ARN; "" if the stack has no such resource (yet).
func (c *Client) PhysicalID(ctx context.Context, nameOrID, logicalID string) (string, error) {
	if err := CheckName(nameOrID); err != nil {
		return "", err
	}
	out, err := Ask(ctx, newImpatient(c.pace), func(ctx context.Context) (*cloudformation.DescribeStackResourcesOutput, error) {
		return c.cfn.DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{
			StackName: &nameOrID, LogicalResourceId: &logicalID,
		}, once)
	})
	if missing(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading resource %q of stack %q: %w", logicalID, nameOf(nameOrID), err)
	}
	for _, r := range out.StackResources {
		if aws.ToString(r.LogicalResourceId) == logicalID {
			return aws.ToString(r.PhysicalResourceId), nil
		}
	}
	return "", nil
}
