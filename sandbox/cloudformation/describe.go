package cloudformation

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// stacksPerPage is how many stacks DescribeStacks and ListStacks give at a time.
const stacksPerPage = 100

// DescribeStacks shows a stack, or all that aren't deleted.
func (s *Service) DescribeStacks(ctx context.Context, in *cfn.DescribeStacksInput) (*cfn.DescribeStacksOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "DescribeStacks", name); err != nil {
		return nil, err
	}
	if err := notEmpty(in.StackName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if name != "" {
		st := s.find(ctx, name)
		if st == nil {
			return nil, notThere(name)
		}
		return &cfn.DescribeStacksOutput{Stacks: []types.Stack{st.describe()}}, nil
	}
	var all []*stack
	for _, st := range slices.Backward(s.account(ctx).stacks) {
		if st.status != types.StackStatusDeleteComplete {
			all = append(all, st)
		}
	}
	page, next, err := pageOf(all, in.NextToken, stacksPerPage)
	out := &cfn.DescribeStacksOutput{NextToken: next}
	for _, st := range page {
		out.Stacks = append(out.Stacks, st.describe())
	}
	return out, err
}

// Settled waits until nothing works on a stack of the caller's account any more,
// and returns it. It fails when the service closes before.
func (s *Service) Settled(ctx context.Context, id string) (types.Stack, error) {
	for s.ctx.Err() == nil {
		s.mu.Lock()
		st := s.find(ctx, id)
		if st == nil {
			s.mu.Unlock()
			return types.Stack{}, notThere(id)
		}
		description, working, done := st.describe(), running(st.status), st.done
		s.mu.Unlock()
		if !working {
			return description, nil
		}
		select {
		case <-done:
		case <-ctx.Done():
			return types.Stack{}, context.Cause(ctx)
		}
	}
	return types.Stack{}, context.Cause(s.ctx)
}

func notThere(name string) error { return invalid("Stack with id %s does not exist", name) }

func (s *stack) describe() types.Stack {
	d := types.Stack{
		StackId: &s.id, StackName: &s.name, StackStatus: s.status, StackStatusReason: nonEmpty(s.reason), Description: nonEmpty(s.description),
		CreationTime: aws.Time(s.created), Capabilities: s.capabilities, RoleARN: nonEmpty(s.roleARN), ChangeSetId: nonEmpty(s.changeSetID),
		DisableRollback: aws.Bool(s.keepFailed), EnableTerminationProtection: aws.Bool(s.protected),
		RollbackConfiguration: &types.RollbackConfiguration{},
		DriftInformation:      &types.StackDriftInformation{StackDriftStatus: types.StackDriftStatusNotChecked},
	}
	if !s.updated.IsZero() {
		d.LastUpdatedTime = aws.Time(s.updated)
	}
	if !s.deleted.IsZero() {
		d.DeletionTime = aws.Time(s.deleted)
	}
	if s.current == nil {
		return d
	}
	d.Parameters, d.Tags = shownParameters(s.current.parameters), s.current.tags
	for _, o := range s.outputs {
		d.Outputs = append(d.Outputs, types.Output{OutputKey: aws.String(o.Name), OutputValue: aws.String(o.Value), Description: nonEmpty(o.Description)})
	}
	return d
}

// ListStacks lists stacks, deleted ones too, newest first.
func (s *Service) ListStacks(ctx context.Context, in *cfn.ListStacksInput) (*cfn.ListStacksOutput, error) {
	if err := s.authorize(ctx, "ListStacks", ""); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*stack
	for _, st := range slices.Backward(s.account(ctx).stacks) {
		if len(in.StackStatusFilter) == 0 || slices.Contains(in.StackStatusFilter, st.status) {
			all = append(all, st)
		}
	}
	page, next, err := pageOf(all, in.NextToken, stacksPerPage)
	out := &cfn.ListStacksOutput{NextToken: next}
	for _, st := range page {
		d := st.describe()
		out.StackSummaries = append(out.StackSummaries, types.StackSummary{
			StackId: d.StackId, StackName: d.StackName, StackStatus: d.StackStatus, StackStatusReason: d.StackStatusReason,
			CreationTime: d.CreationTime, LastUpdatedTime: d.LastUpdatedTime, DeletionTime: d.DeletionTime, TemplateDescription: d.Description,
			DriftInformation: &types.StackDriftInformationSummary{StackDriftStatus: types.StackDriftStatusNotChecked},
		})
	}
	return out, err
}

// pageOf returns the part of all that a page token asks for, and the next token.
func pageOf[T any](all []T, from *string, size int) ([]T, *string, error) {
	start := 0
	if from != nil {
		n, err := offset(*from)
		if err != nil || n > len(all) {
			return nil, nil, invalid("Invalid NextToken")
		}
		start = n
	}
	end := min(len(all), start+size)
	if end == len(all) {
		return all[start:end], nil, nil
	}
	return all[start:end], token(end), nil
}

// UpdateTerminationProtection sets whether a stack can be deleted.
func (s *Service) UpdateTerminationProtection(ctx context.Context, in *cfn.UpdateTerminationProtectionInput) (*cfn.UpdateTerminationProtectionOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "UpdateTerminationProtection", name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.find(ctx, name)
	if st == nil || st.status == types.StackStatusDeleteComplete {
		return nil, invalid("Stack [%s] does not exist", name)
	}
	st.protected = aws.ToBool(in.EnableTerminationProtection)
	return &cfn.UpdateTerminationProtectionOutput{StackId: &st.id}, nil
}
