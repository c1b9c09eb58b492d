package stack

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/pipeline/report"
)

// Applied is an operation that Apply has begun.
type Applied struct {
	StackID string
	// From is where to watch it from: also after a pause, with After set to the
	// last event seen.
	From From
}

// Apply executes a plan and follows it to its end, handing on the events; see
// Watch for the errors. A plan with nothing to do ends at once, well.
func (c *Client) Apply(ctx context.Context, p Plan, each func(Event)) (End, error) {
	if p.Class == report.NothingToDo {
		return End{StackID: p.StackID}, nil
	}
	begun, err := c.Begin(ctx, p)
	if err != nil {
		return End{}, err
	}
	return c.Watch(ctx, begun.From, each)
}

// Begin executes a plan without waiting for its end. Of a plan whose execution
// isn't begun no change set is left.
func (c *Client) Begin(ctx context.Context, p Plan) (Applied, error) {
	if p.Recreate {
		var err error
		if p, err = c.replace(ctx, p); err != nil {
			return Applied{}, err
		}
	}
	if p.changeSet == "" {
		return Applied{}, fmt.Errorf("applying a plan of class %q for stack %q: it has no change set", p.Class, p.Name)
	}
	mark, err := c.newest(ctx, p.StackID)
	if err != nil {
		c.Discard(ctx, p)
		return Applied{}, fmt.Errorf("reading the events of stack %q: %w", p.Name, err)
	}
	if err := c.execute(ctx, p); err != nil {
		if gone(err) {
			return Applied{}, c.overtaken(ctx, p, err)
		}
		c.Discard(ctx, p) // one that is being executed after all can't be deleted
		return Applied{}, fmt.Errorf("executing the change set for stack %q: %w", p.Name, err)
	}
	return Applied{StackID: p.StackID, From: From{StackID: p.StackID, After: mark}}, nil
}

// gone reports whether a change set isn't there any more: CloudFormation removes
// all others of a stack when one is executed.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-execute.html
func gone(err error) bool {
	switch ErrorCode(err) {
	case "ChangeSetNotFound", "ChangeSetNotFoundException", "InvalidChangeSetStatus", "InvalidChangeSetStatusException":
		return true
	}
	return missing(err)
}

// overtaken says what somebody else made of a stack after it was planned: an
// *InProgressError while that goes on, else an *OvertakenError.
func (c *Client) overtaken(ctx context.Context, p Plan, said error) error {
	s, err := c.Describe(ctx, p.StackID)
	var none *NotFoundError
	switch {
	case errors.As(err, &none), err == nil && s.Status == string(types.StackStatusDeleteComplete):
		return &ReplacedError{Name: p.Name}
	case err != nil:
		return err
	case !Settled(s.Status):
		return c.busy(ctx, s)
	}
	return &OvertakenError{Name: p.Name, Status: s.Status, Reason: ErrorText(said)}
}

// replace removes the empty remains of a failed creation and makes the change
// set for the stack that takes their place.
func (c *Client) replace(ctx context.Context, p Plan) (Plan, error) {
	if _, err := c.Delete(ctx, p.StackID, nil); err != nil {
		return p, err
	}
	p.fresh = true
	set, err := c.prepare(ctx, p)
	if err != nil {
		return p, err
	}
	p.take(set)
	if set.status == types.ChangeSetStatusFailed {
		c.Discard(ctx, p)
		return p, &ChangeSetError{Name: p.Name, Reason: set.reason}
	}
	return p, nil
}

// execute starts the change set. When an answer got lost, a further try may be
// told that the change set is being executed already: that is what was asked.
func (c *Client) execute(ctx context.Context, p Plan) error {
	poll := newImpatient(c.pace)
	in := &cloudformation.ExecuteChangeSetInput{
		ChangeSetName: &p.changeSet, StackName: &p.Name, ClientRequestToken: aws.String(p.token),
	}
	tries := 0
	_, err := Ask(ctx, poll, func(ctx context.Context) (*cloudformation.ExecuteChangeSetOutput, error) {
		tries++
		return c.cfn.ExecuteChangeSet(ctx, in, once)
	})
	if err == nil || tries == 1 {
		return err
	}
	set, again := c.describe(ctx, poll, p.changeSet, p.Name)
	if again != nil {
		return errors.Join(err, again)
	}
	if set.execution == types.ExecutionStatusExecuteInProgress || set.execution == types.ExecutionStatusExecuteComplete {
		return nil
	}
	return err
}
