package stack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/pipeline/report"
)

// changeSet is a change set as CloudFormation has it.
type changeSet struct {
	id, stackID string
	status      types.ChangeSetStatus
	execution   types.ExecutionStatus
	reason      string
	changes     []report.Change
}

// empty recognises CloudFormation's two ways to say that nothing changes.
// https://github.com/aws/aws-cli/blob/v2/awscli/customizations/cloudformation/deployer.py
func (s changeSet) empty() bool {
	return s.status == types.ChangeSetStatusFailed &&
		(strings.Contains(s.reason, "didn't contain changes") || strings.Contains(s.reason, "No updates are to be performed"))
}

// prepare makes a change set for a plan and waits until CloudFormation has
// computed it. It leaves nothing behind when it fails or ctx ends meanwhile.
func (c *Client) prepare(ctx context.Context, p Plan) (changeSet, error) {
	in := p.input()
	url, err := c.upload(ctx, p.request)
	if err != nil {
		return changeSet{}, err
	}
	if url != "" {
		in.TemplateBody, in.TemplateURL = nil, &url
	}
	id, err := c.create(ctx, newImpatient(c.pace), in)
	if missing(err) && p.kind == types.ChangeSetTypeUpdate { // deleted since it was looked at
		return changeSet{}, &ReplacedError{Name: p.Name}
	}
	if err != nil {
		return changeSet{}, refused(p.Name, err)
	}
	set, err := c.computed(ctx, newComputing(c.pace), id, p.Name)
	switch {
	case err == nil:
	case gone(err) && p.StackID != "": // somebody else executed theirs meanwhile
		return set, c.overtaken(ctx, p, err)
	default:
		p.changeSet = id
		c.Discard(ctx, p)
	}
	return set, err
}

func (p Plan) input() *cloudformation.CreateChangeSetInput {
	req := p.request
	in := &cloudformation.CreateChangeSetInput{
		StackName:     &req.Name,
		ChangeSetName: aws.String("orgship-" + time.Now().UTC().Format("20060102-150405") + "-" + random(4)),
		ChangeSetType: p.kind,
		TemplateBody:  aws.String(string(req.Template)),
		Parameters:    p.parameters,
	}
	for _, key := range sortedKeys(req.Tags) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String(req.Tags[key])})
	}
	for _, capability := range req.Capabilities {
		in.Capabilities = append(in.Capabilities, types.Capability(capability))
	}
	if req.RoleARN != "" {
		in.RoleARN = &req.RoleARN
	}
	return in
}

// create returns the new change set's id. An answer that got lost on the way
// shows as a change set of that name, which nobody else makes.
func (c *Client) create(ctx context.Context, poll *Poller, in *cloudformation.CreateChangeSetInput) (string, error) {
	tries := 0
	out, err := Ask(ctx, poll, func(ctx context.Context) (*cloudformation.CreateChangeSetOutput, error) {
		tries++
		return c.cfn.CreateChangeSet(ctx, in, once)
	})
	if ErrorCode(err) == "AlreadyExistsException" && tries > 1 {
		return aws.ToString(in.ChangeSetName), nil
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Id), nil
}

// refused turns a refusal of the request itself into a *ChangeSetError.
func refused(name string, err error) error {
	switch code := ErrorCode(err); code {
	case "ValidationError", "InsufficientCapabilitiesException", "InsufficientCapabilities":
		return &ChangeSetError{Name: name, Reason: ErrorText(err)}
	}
	return fmt.Errorf("creating a change set for stack %q: %w", name, err)
}

// computed waits until a change set is complete or has failed.
func (c *Client) computed(ctx context.Context, poll *Poller, id, stackName string) (changeSet, error) {
	for {
		set, err := c.describe(ctx, poll, id, stackName)
		if err != nil {
			return set, fmt.Errorf("describing the change set for stack %q: %w", stackName, err)
		}
		switch set.status {
		case types.ChangeSetStatusCreateComplete, types.ChangeSetStatusFailed:
			return set, nil
		case types.ChangeSetStatusCreatePending, types.ChangeSetStatusCreateInProgress:
			tellIdle(ctx, fmt.Sprintf("CloudFormation computes the change set of stack %q", stackName))
		default:
			return set, &ChangeSetError{Name: stackName, Reason: fmt.Sprintf("it is in %s", set.status)}
		}
	}
}

// describe reads a change set with all its pages.
func (c *Client) describe(ctx context.Context, poll *Poller, id, stackName string) (changeSet, error) {
	in := &cloudformation.DescribeChangeSetInput{ChangeSetName: &id, StackName: &stackName}
	var set changeSet
	for {
		out, err := Ask(ctx, poll, func(ctx context.Context) (*cloudformation.DescribeChangeSetOutput, error) {
			return c.cfn.DescribeChangeSet(ctx, in, once)
		})
		if err != nil {
			return changeSet{}, err
		}
		set.id, set.stackID = aws.ToString(out.ChangeSetId), aws.ToString(out.StackId)
		set.status, set.execution, set.reason = out.Status, out.ExecutionStatus, aws.ToString(out.StatusReason)
		for _, change := range out.Changes {
			if change.ResourceChange != nil {
				set.changes = append(set.changes, newChange(*change.ResourceChange))
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return set, nil
		}
		in.NextToken = out.NextToken
	}
}
