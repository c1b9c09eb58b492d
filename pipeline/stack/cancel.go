package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// Cancel cancels the update that runs in a stack and waits until the stack is
// back where it was, handing on the events from then on. Cancelling what is
// already being rolled back just waits. *TooLateError says that there is
// nothing left to cancel.
//
// In a blue/green update this moves all traffic back to blue, as long as blue
// lives.
func (c *Client) Cancel(ctx context.Context, stackID string, each func(Event)) (End, error) {
	if err := CheckName(stackID); err != nil {
		return End{}, err
	}
	mark, err := c.newest(ctx, stackID)
	if err != nil {
		return End{}, fmt.Errorf("cancelling the update of stack %q: %w", nameOf(stackID), err)
	}
	if err := c.requestCancel(ctx, stackID, aws.String(tokenMark+rollbackMark+random(8))); err != nil {
		return End{}, err
	}
	end, err := c.follow(ctx, From{StackID: stackID, After: mark}, each)
	if err != nil {
		return end, fmt.Errorf("waiting for the rollback of stack %q: %w", nameOf(stackID), err)
	}
	if rolledBack(end.Status) {
		return end, nil
	}
	return end, cancelledTooLate(end)
}

func cancelledTooLate(end End) error {
	if Succeeded(end.Status) {
		return &TooLateError{Name: nameOf(end.StackID), Status: end.Status}
	}
	return &StuckError{Name: nameOf(end.StackID), End: end}
}

// RequestCancel asks for an update to be cancelled and returns at once; a
// watch that is under way sees the rollback. Cancel does so too, in the name of a
// rollback: that it was one shows in the token of the events. It returns nil when the stack is
// already going back, and *TooLateError when it can't be cancelled any more.
func (c *Client) RequestCancel(ctx context.Context, stackID string) error {
	return c.requestCancel(ctx, stackID, nil)
}

func (c *Client) requestCancel(ctx context.Context, stackID string, token *string) error {
	if err := CheckName(stackID); err != nil {
		return err
	}
	_, err := Ask(ctx, NewPoller(c.pace), func(ctx context.Context) (*cloudformation.CancelUpdateStackOutput, error) {
		return c.cfn.CancelUpdateStack(ctx, &cloudformation.CancelUpdateStackInput{StackName: &stackID, ClientRequestToken: token}, once)
	})
	if err == nil {
		return nil
	}
	wrap := fmt.Errorf("cancelling the update of stack %q: %w", nameOf(stackID), err)
	if ErrorCode(err) != "ValidationError" {
		return wrap
	}
	// ValidationError: "CancelUpdateStack cannot be called from current stack status"
	s, err := c.Describe(ctx, stackID)
	if err != nil {
		return errors.Join(wrap, err)
	}
	switch {
	case strings.HasPrefix(s.Status, "UPDATE_ROLLBACK_") && !strings.HasSuffix(s.Status, "FAILED"):
		return nil
	case Cancellable(s.Status):
		return wrap
	}
	return &TooLateError{Name: nameOf(stackID), Status: s.Status}
}

// newest returns the id of the latest event of a stack, "" without any.
func (c *Client) newest(ctx context.Context, stackID string) (string, error) {
	w := &watcher{client: c, from: From{StackID: stackID}, poll: newImpatient(c.pace)}
	id := ""
	err := w.pages(ctx, func(page []Event) bool {
		if len(page) > 0 {
			id = page[0].ID
		}
		return false
	})
	return id, err
}
