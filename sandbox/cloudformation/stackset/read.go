package stackset

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

// DescribeStackSet shows a stack set; a deleted one too, by its id.
func (s *Service) DescribeStackSet(ctx context.Context, in *cfn.DescribeStackSetInput) (*cfn.DescribeStackSetOutput, error) {
	found, err := s.open(ctx, "DescribeStackSet", in.CallAs, in.StackSetName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &cfn.DescribeStackSetOutput{StackSet: found.describe(s.cfg.Region)}, nil
}

// ListStackSets lists the organization's stack sets, deleted ones too. A member
// account that says SELF asks for its own, which are self-managed ones: none.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackSets.html
func (s *Service) ListStackSets(ctx context.Context, in *cfn.ListStackSetsInput) (*cfn.ListStackSetsOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "cloudformation:ListStackSets", "*"); err != nil {
		return nil, err
	}
	if err := s.administers(ctx, in.CallAs); err != nil {
		if in.CallAs == types.CallAsDelegatedAdmin {
			return nil, err
		}
		return &cfn.ListStackSetsOutput{}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []types.StackSetSummary
	for _, st := range s.sets {
		if in.Status == "" || in.Status == st.status {
			all = append(all, st.summary())
		}
	}
	some, next, err := pageOf("ListStackSets", all, in.MaxResults, in.NextToken)
	return &cfn.ListStackSetsOutput{Summaries: some, NextToken: next}, err
}

// ListStackInstances lists the instances of a stack set, by account.
func (s *Service) ListStackInstances(ctx context.Context, in *cfn.ListStackInstancesInput) (*cfn.ListStackInstancesOutput, error) {
	found, err := s.open(ctx, "ListStackInstances", in.CallAs, in.StackSetName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []types.StackInstanceSummary
	for _, i := range found.byAccount() {
		wanted, err := i.wanted(in, s.cfg.Region)
		if err != nil {
			return nil, err
		}
		if wanted {
			all = append(all, i.summary(found.id, s.cfg.Region))
		}
	}
	some, next, err := pageOf("ListStackInstances "+found.id, all, in.MaxResults, in.NextToken)
	return &cfn.ListStackInstancesOutput{Summaries: some, NextToken: next}, err
}

func (s *set) byAccount() []*instance {
	return slices.SortedFunc(slices.Values(s.instances), func(a, b *instance) int { return strings.Compare(a.account, b.account) })
}

// wanted reports whether a list is to have the instance.
func (i *instance) wanted(in *cfn.ListStackInstancesInput, region string) (bool, error) {
	wanted := (in.StackInstanceAccount == nil || *in.StackInstanceAccount == i.account) &&
		(in.StackInstanceRegion == nil || *in.StackInstanceRegion == region)
	for _, f := range in.Filters {
		switch f.Name {
		case types.StackInstanceFilterNameDetailedStatus:
			wanted = wanted && aws.ToString(f.Values) == string(i.detail)
		case types.StackInstanceFilterNameLastOperationId:
			wanted = wanted && aws.ToString(f.Values) == i.operation
		default:
			return false, wire.NotModelled("the filter %s of ListStackInstances", f.Name)
		}
	}
	return wanted, nil
}

// DescribeStackInstance shows the instance of a stack set in an account.
func (s *Service) DescribeStackInstance(ctx context.Context, in *cfn.DescribeStackInstanceInput) (*cfn.DescribeStackInstanceOutput, error) {
	found, err := s.open(ctx, "DescribeStackInstance", in.CallAs, in.StackSetName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	account, region := aws.ToString(in.StackInstanceAccount), aws.ToString(in.StackInstanceRegion)
	i := found.instance(account)
	if i == nil || region != s.cfg.Region {
		return nil, notFound("StackInstanceNotFoundException", "Stack instance not found: stack set %s, account %s, region %s", found.id, account, region)
	}
	return &cfn.DescribeStackInstanceOutput{StackInstance: i.describe(found.id, region)}, nil
}

// ListStackSetOperations lists what was done with a stack set, newest first.
func (s *Service) ListStackSetOperations(ctx context.Context, in *cfn.ListStackSetOperationsInput) (*cfn.ListStackSetOperationsOutput, error) {
	found, err := s.open(ctx, "ListStackSetOperations", in.CallAs, in.StackSetName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []types.StackSetOperationSummary
	for _, o := range slices.Backward(found.operations) {
		d := o.describe()
		all = append(all, types.StackSetOperationSummary{
			OperationId: d.OperationId, Action: d.Action, Status: d.Status, StatusReason: d.StatusReason, StatusDetails: d.StatusDetails,
			CreationTimestamp: d.CreationTimestamp, EndTimestamp: d.EndTimestamp, OperationPreferences: d.OperationPreferences,
		})
	}
	some, next, err := pageOf("ListStackSetOperations "+found.id, all, in.MaxResults, in.NextToken)
	return &cfn.ListStackSetOperationsOutput{Summaries: some, NextToken: next}, err
}

// DescribeStackSetOperation shows one operation.
func (s *Service) DescribeStackSetOperation(ctx context.Context, in *cfn.DescribeStackSetOperationInput) (*cfn.DescribeStackSetOperationOutput, error) {
	found, err := s.open(ctx, "DescribeStackSetOperation", in.CallAs, in.StackSetName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := found.operation(in.OperationId)
	if err != nil {
		return nil, err
	}
	return &cfn.DescribeStackSetOperationOutput{StackSetOperation: o.describe()}, nil
}

// ListStackSetOperationResults lists how an operation went, by account.
func (s *Service) ListStackSetOperationResults(ctx context.Context, in *cfn.ListStackSetOperationResultsInput) (*cfn.ListStackSetOperationResultsOutput, error) {
	found, err := s.open(ctx, "ListStackSetOperationResults", in.CallAs, in.StackSetName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := found.operation(in.OperationId)
	if err != nil {
		return nil, err
	}
	var all []types.StackSetOperationResultSummary
	for _, t := range o.tasks {
		wanted, err := t.wanted(in.Filters)
		if err != nil {
			return nil, err
		}
		if wanted {
			all = append(all, types.StackSetOperationResultSummary{
				Account: &t.account, Region: &s.cfg.Region, OrganizationalUnitId: &t.unit, Status: t.status, StatusReason: nonEmpty(t.reason),
			})
		}
	}
	some, next, err := pageOf("ListStackSetOperationResults "+o.id, all, in.MaxResults, in.NextToken)
	return &cfn.ListStackSetOperationResultsOutput{Summaries: some, NextToken: next}, err
}

// wanted reports whether a list is to have the task.
func (t *task) wanted(filters []types.OperationResultFilter) (bool, error) {
	for _, f := range filters {
		if f.Name != types.OperationResultFilterNameOperationResultStatus {
			return false, wire.NotModelled("the filter %s of ListStackSetOperationResults", f.Name)
		}
		if aws.ToString(f.Values) != string(t.status) {
			return false, nil
		}
	}
	return true, nil
}

func (s *set) operation(id *string) (*operation, error) {
	for _, o := range s.operations {
		if o.id == aws.ToString(id) {
			return o, nil
		}
	}
	return nil, notFound("OperationNotFoundException", "Operation %s not found", aws.ToString(id))
}

func (o *operation) describe() *types.StackSetOperation {
	d := &types.StackSetOperation{
		OperationId: &o.id, StackSetId: &o.set.id, Action: o.action, Status: o.status, StatusReason: nonEmpty(o.reason),
		CreationTimestamp: timeOf(o.created), EndTimestamp: timeOf(o.ended), OperationPreferences: o.preferences,
		StatusDetails: &types.StackSetOperationStatusDetails{FailedStackInstancesCount: aws.Int32(int32(o.failed))}, //nolint:gosec // a count of accounts
	}
	if len(o.units) > 0 {
		d.DeploymentTargets = &types.DeploymentTargets{OrganizationalUnitIds: o.units}
	}
	if o.action == types.StackSetOperationActionDelete {
		d.RetainStacks = &o.retain
	}
	return d
}

// pageSize is how many rows a page has at most, and when none is asked for.
const pageSize = 100

// pageOf returns the page of a list that a request asks for, and the token of the next
// one; the place in the list tells its items.
func pageOf[T any](list string, all []T, size *int32, from *string) ([]T, *string, error) {
	out, next, err := page.List[T]{Name: list, Max: pageSize}.Cut(all, size, from)
	switch {
	case errors.Is(err, page.ErrSize):
		return nil, nil, constraint(strconv.Itoa(int(*size)), "maxResults", "Member must be between 1 and 100")
	case err != nil:
		return nil, nil, invalid("Invalid NextToken")
	}
	return out, next, nil
}
