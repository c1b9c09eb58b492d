package stack

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Delete deletes a stack with all that it made and waits until it is gone,
// handing on the events. What runs in the stack is ended first: an update is
// cancelled, a rollback waited for. A stack that is not there is a success:
// the returned End is zero then.
func (c *Client) Delete(ctx context.Context, nameOrID string, each func(Event)) (End, error) {
	if err := CheckName(nameOrID); err != nil {
		return End{}, err
	}
	s, err := c.Describe(ctx, nameOrID)
	var none *NotFoundError
	if errors.As(err, &none) || s.Status == string(types.StackStatusDeleteComplete) {
		return End{}, nil
	}
	if err != nil {
		return End{}, err
	}
	if err := c.quiet(ctx, s, each); err != nil {
		return End{}, err
	}
	mark := ""
	if s.Status != string(types.StackStatusDeleteInProgress) {
		if mark, err = c.requestDelete(ctx, s.ID); err != nil {
			return End{}, notDeleted(s.Name, err)
		}
	}
	return c.gone(ctx, From{StackID: s.ID, After: mark}, each)
}

// notDeleted is a deletion that AWS refuses, or one that nobody knows whether it has begun.
func notDeleted(name string, err error) error {
	if ErrorCode(err) == "" || transient(err) {
		return fmt.Errorf("deleting stack %q: %w", name, err)
	}
	return &DeletionRefusedError{Name: name, Err: err}
}

// quiet ends what runs in a stack and can't be deleted meanwhile. A creation
// can: CloudFormation takes a deletion at any time of it.
func (c *Client) quiet(ctx context.Context, s Stack, each func(Event)) error {
	switch types.StackStatus(s.Status) {
	case types.StackStatusUpdateInProgress:
		_, err := c.Cancel(ctx, s.ID, each)
		var late *TooLateError
		var stuck *StuckError // a stack stuck in its rollback can be deleted
		if err == nil || errors.As(err, &late) || errors.As(err, &stuck) {
			return c.settle(ctx, s.ID, each)
		}
		return err
	case types.StackStatusUpdateCompleteCleanupInProgress, types.StackStatusUpdateRollbackInProgress,
		types.StackStatusUpdateRollbackCompleteCleanupInProgress, types.StackStatusRollbackInProgress:
		return c.settle(ctx, s.ID, each)
	}
	return nil
}

// settle waits until nothing runs in a stack, however it ends.
func (c *Client) settle(ctx context.Context, stackID string, each func(Event)) error {
	s, err := c.Describe(ctx, stackID)
	if err != nil || Settled(s.Status) {
		return err
	}
	if _, err := c.follow(ctx, From{StackID: stackID}, each); err != nil {
		return fmt.Errorf("waiting for stack %q: %w", nameOf(stackID), err)
	}
	return nil
}

func (c *Client) requestDelete(ctx context.Context, stackID string) (mark string, err error) {
	if mark, err = c.newest(ctx, stackID); err != nil {
		return "", err
	}
	_, err = Ask(ctx, newImpatient(c.pace), func(ctx context.Context) (*cloudformation.DeleteStackOutput, error) {
		return c.cfn.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &stackID}, once)
	})
	return mark, err
}

// gone follows a deletion to its end. A stack that only held change sets
// vanishes without a last event.
func (c *Client) gone(ctx context.Context, from From, each func(Event)) (End, error) {
	end, err := c.follow(ctx, from, each)
	var none *NotFoundError
	switch {
	case errors.As(err, &none) || missing(err):
		return End{StackID: from.StackID, Status: string(types.StackStatusDeleteComplete)}, nil
	case err != nil:
		return end, fmt.Errorf("waiting for the deletion of stack %q: %w", nameOf(from.StackID), err)
	case end.Status != string(types.StackStatusDeleteComplete):
		return end, &StuckError{Name: nameOf(from.StackID), End: end}
	}
	return end, nil
}
