package stackset

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// made is the stack of an instance: the last one's id, and whether it is there.
type made struct {
	id     string
	exists bool
}

// longestSetName is how much of a set's name a stack's name has room for:
// 128 characters without "StackSet-" and a UUID.
const longestSetName = 128 - len("StackSet-") - len("-00000000-0000-0000-0000-000000000000")

// stackName makes the name of an instance's stack.
//
// Assumption A112: of a long set's name as much as fits.
func (s *set) stackName() string {
	return "StackSet-" + s.name[:min(len(s.name), longestSetName)] + "-" + id.UUID()
}

// deploy makes or updates the stack of the account in ctx.
func (s *Service) deploy(ctx context.Context, d definition, name string, now made) (made, error) {
	if now.exists {
		return now, s.update(ctx, d, now.id)
	}
	out, err := s.cfg.Stacks.CreateStack(ctx, &cfn.CreateStackInput{
		StackName: &name, TemplateBody: &d.body, Parameters: d.parameters, Tags: d.tags, Capabilities: d.capabilities,
		// A stack that can't be made goes: "view the events for the stack, which will
		// have a status of DELETED".
		// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-troubleshooting.html
		OnFailure: types.OnFailureDelete,
	})
	if err != nil {
		return now, err
	}
	st, err := s.settled(ctx, *out.StackId, types.StackStatusCreateComplete)
	return made{id: *out.StackId, exists: st != types.StackStatusDeleteComplete}, err
}

// update brings a stack to what it is to be; one that is so already is left alone.
func (s *Service) update(ctx context.Context, d definition, id string) error {
	tags := d.tags
	if tags == nil {
		tags = []types.Tag{} // nil would keep those that the stack has
	}
	_, err := s.cfg.Stacks.UpdateStack(ctx, &cfn.UpdateStackInput{
		StackName: &id, TemplateBody: &d.body, Parameters: d.parameters, Tags: tags, Capabilities: d.capabilities,
	})
	var refused *wire.Error
	if errors.As(err, &refused) && refused.Message == "No updates are to be performed." {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.settled(ctx, id, types.StackStatusUpdateComplete)
	return err
}

// withdraw deletes the stack of the account in ctx.
func (s *Service) withdraw(ctx context.Context, id string) error {
	if _, err := s.cfg.Stacks.DeleteStack(ctx, &cfn.DeleteStackInput{StackName: &id}); err != nil {
		return err
	}
	_, err := s.settled(ctx, id, types.StackStatusDeleteComplete)
	return err
}

// settled waits for a stack's operation and says why it ended otherwise than wanted.
func (s *Service) settled(ctx context.Context, id string, want types.StackStatus) (types.StackStatus, error) {
	st, err := s.cfg.Stacks.Settled(ctx, id)
	if err != nil {
		return "", err
	}
	if st.StackStatus == want {
		return want, nil
	}
	reason, err := s.cause(ctx, id)
	if err == nil && reason == "" {
		reason = fmt.Sprintf("Stack %s is in status %s: %s", id, st.StackStatus, aws.ToString(st.StackStatusReason))
	}
	return st.StackStatus, errors.Join(err, causeError(reason))
}

// causeError is why a stack can't be made, changed or deleted.
type causeError string

func (e causeError) Error() string { return string(e) }

// cause returns the first failure of a stack's last operation, as stack sets show
// it. An operation begins with the row of the stack itself that the user initiated.
func (s *Service) cause(ctx context.Context, id string) (string, error) {
	in, found := &cfn.DescribeStackEventsInput{StackName: &id}, ""
	for {
		out, err := s.cfg.Stacks.DescribeStackEvents(ctx, in)
		if err != nil {
			return "", err
		}
		for _, e := range out.StackEvents { // newest first
			reason := aws.ToString(e.ResourceStatusReason)
			if aws.ToString(e.PhysicalResourceId) == id {
				if reason == "User Initiated" {
					return found, nil
				}
				continue
			}
			if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") && !strings.HasSuffix(reason, " cancelled") {
				found = fmt.Sprintf("ResourceLogicalId:%s, ResourceType:%s, ResourceStatusReason:%s",
					aws.ToString(e.LogicalResourceId), aws.ToString(e.ResourceType), reason)
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return found, nil
		}
	}
}

// reasonOf returns what an error says, without its code.
func reasonOf(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}
