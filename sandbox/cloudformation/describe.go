package cloudformation

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/page"
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
	some, next, err := pageOf("DescribeStacks", all, stackID, in.NextToken, stacksPerPage)
	out := &cfn.DescribeStacksOutput{NextToken: next}
	for _, st := range some {
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
		d.Outputs = append(d.Outputs, types.Output{OutputKey: aws.String(o.Name), OutputValue: aws.String(o.Value), Description: nonEmpty(o.Description), ExportName: nonEmpty(o.Export)})
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
	some, next, err := pageOf("ListStacks", all, stackID, in.NextToken, stacksPerPage)
	out := &cfn.ListStacksOutput{NextToken: next}
	for _, st := range some {
		d := st.describe()
		out.StackSummaries = append(out.StackSummaries, types.StackSummary{
			StackId: d.StackId, StackName: d.StackName, StackStatus: d.StackStatus, StackStatusReason: d.StackStatusReason,
			CreationTime: d.CreationTime, LastUpdatedTime: d.LastUpdatedTime, DeletionTime: d.DeletionTime, TemplateDescription: d.Description,
			DriftInformation: &types.StackDriftInformationSummary{StackDriftStatus: types.StackDriftStatusNotChecked},
		})
	}
	return out, err
}

func stackID(st *stack) string { return st.id }

// pageOf returns the page of a list that a token asks for, and the token of the next one.
func pageOf[T any](list string, all []T, key func(T) string, from *string, size int) ([]T, *string, error) {
	out, next, err := page.List[T]{Name: list, Key: key, Max: size}.Cut(all, nil, from)
	if err != nil {
		return nil, nil, invalid("Invalid NextToken")
	}
	return out, next, nil
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
