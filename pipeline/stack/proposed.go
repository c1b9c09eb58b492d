package stack

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Proposed is what a stack that was never created is to become, by its latest
// change set.
type Proposed struct {
	Template   []byte // nil: it has no change set
	Parameters map[string]string
	Tags       map[string]string // nil: none
}

// Proposed reads the latest change set of a stack in REVIEW_IN_PROGRESS, whoever
// made it. A parameter whose value isn't shown is left out.
func (c *Client) Proposed(ctx context.Context, stackID string) (Proposed, error) {
	var p Proposed
	listed, err := Ask(ctx, newImpatient(c.pace), func(ctx context.Context) (*cloudformation.ListChangeSetsOutput, error) {
		return c.cfn.ListChangeSets(ctx, &cloudformation.ListChangeSetsInput{StackName: &stackID}, once)
	})
	if err != nil {
		return p, fmt.Errorf("listing the change sets of stack %q: %w", nameOf(stackID), err)
	}
	var latest types.ChangeSetSummary
	for _, s := range listed.Summaries {
		if aws.ToTime(s.CreationTime).After(aws.ToTime(latest.CreationTime)) {
			latest = s
		}
	}
	if latest.ChangeSetId == nil {
		return p, nil
	}
	set, err := Ask(ctx, newImpatient(c.pace), func(ctx context.Context) (*cloudformation.DescribeChangeSetOutput, error) {
		return c.cfn.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{StackName: &stackID, ChangeSetName: latest.ChangeSetId}, once)
	})
	if err != nil {
		return p, fmt.Errorf("describing change set %q of stack %q: %w", aws.ToString(latest.ChangeSetName), nameOf(stackID), err)
	}
	body, err := Ask(ctx, newImpatient(c.pace), func(ctx context.Context) (*cloudformation.GetTemplateOutput, error) {
		return c.cfn.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &stackID, ChangeSetName: latest.ChangeSetId, TemplateStage: types.TemplateStageOriginal}, once)
	})
	if err != nil {
		return p, fmt.Errorf("reading the template of change set %q of stack %q: %w", aws.ToString(latest.ChangeSetName), nameOf(stackID), err)
	}
	p.Template, p.Parameters = []byte(aws.ToString(body.TemplateBody)), map[string]string{}
	for _, v := range set.Parameters {
		if aws.ToString(v.ParameterValue) != hidden {
			p.Parameters[aws.ToString(v.ParameterKey)] = aws.ToString(v.ParameterValue)
		}
	}
	for _, t := range set.Tags {
		if p.Tags == nil {
			p.Tags = map[string]string{}
		}
		p.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return p, nil
}
