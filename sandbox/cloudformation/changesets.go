package cloudformation

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/wire"
)

// DescribeChangeSet shows a change set. Its Changes are complete: there is one page.
func (s *Service) DescribeChangeSet(ctx context.Context, in *cfn.DescribeChangeSetInput) (*cfn.DescribeChangeSetOutput, error) {
	if err := s.authorizeChangeSet(ctx, "DescribeChangeSet", in.StackName, in.ChangeSetName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, cs, err := s.changeSet(ctx, in.StackName, in.ChangeSetName)
	if err != nil {
		return nil, err
	}
	return &cfn.DescribeChangeSetOutput{
		ChangeSetId: &cs.id, ChangeSetName: &cs.name, StackId: &st.id, StackName: &st.name, Description: cs.description,
		CreationTime: &cs.created, Status: cs.status, ExecutionStatus: cs.execution, StatusReason: nonEmpty(cs.reason),
		Capabilities: cs.capabilities, Changes: cs.changes, Parameters: shownParameters(cs.goal.parameters), Tags: cs.goal.tags,
		IncludeNestedStacks: aws.Bool(false), ImportExistingResources: aws.Bool(false), OnStackFailure: cs.onFailure,
		RollbackConfiguration: &types.RollbackConfiguration{},
	}, nil
}

// ListChangeSets lists the change sets of a stack.
func (s *Service) ListChangeSets(ctx context.Context, in *cfn.ListChangeSetsInput) (*cfn.ListChangeSetsOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "ListChangeSets", name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.find(ctx, name)
	if st == nil {
		return nil, invalid("Stack [%s] does not exist", name)
	}
	out := &cfn.ListChangeSetsOutput{}
	for _, cs := range st.changeSets {
		if cs.execution == types.ExecutionStatusExecuteComplete || cs.execution == types.ExecutionStatusExecuteFailed {
			continue // kept for who asks by id
		}
		out.Summaries = append(out.Summaries, types.ChangeSetSummary{
			ChangeSetId: &cs.id, ChangeSetName: &cs.name, StackId: &st.id, StackName: &st.name, CreationTime: aws.Time(cs.created),
			Description: cs.description, Status: cs.status, StatusReason: nonEmpty(cs.reason), ExecutionStatus: cs.execution,
			IncludeNestedStacks: aws.Bool(false), ImportExistingResources: aws.Bool(false),
		})
	}
	return out, nil
}

// DeleteChangeSet removes a change set; a stack in review stays.
func (s *Service) DeleteChangeSet(ctx context.Context, in *cfn.DeleteChangeSetInput) (*cfn.DeleteChangeSetOutput, error) {
	if err := s.authorizeChangeSet(ctx, "DeleteChangeSet", in.StackName, in.ChangeSetName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, cs, err := s.changeSet(ctx, in.StackName, in.ChangeSetName)
	if err != nil {
		if in.StackName != nil && st == nil {
			return nil, err
		}
		return &cfn.DeleteChangeSetOutput{}, nil // there is none: it is deleted
	}
	if cs.execution == types.ExecutionStatusExecuteInProgress {
		return nil, wire.Errorf("InvalidChangeSetStatus", "ChangeSet [%s] cannot be deleted in its current status of [%s]", cs.id, cs.execution)
	}
	st.changeSets = slices.DeleteFunc(st.changeSets, func(c *changeSet) bool { return c == cs })
	return &cfn.DeleteChangeSetOutput{}, nil
}

// ExecuteChangeSet runs a change set. The stack's other change sets go.
func (s *Service) ExecuteChangeSet(ctx context.Context, in *cfn.ExecuteChangeSetInput) (*cfn.ExecuteChangeSetOutput, error) {
	if err := s.authorizeChangeSet(ctx, "ExecuteChangeSet", in.StackName, in.ChangeSetName); err != nil {
		return nil, err
	}
	if aws.ToBool(in.RetainExceptOnCreate) {
		return nil, wire.NotModelled("the member RetainExceptOnCreate")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, cs, err := s.changeSet(ctx, in.StackName, in.ChangeSetName)
	if err != nil {
		return nil, err
	}
	if cs.execution != types.ExecutionStatusAvailable {
		current := string(cs.status)
		if cs.status == types.ChangeSetStatusCreateComplete {
			current = string(cs.execution)
		}
		return nil, wire.Errorf("InvalidChangeSetStatus", "ChangeSet [%s] cannot be executed in its current status of [%s]", cs.id, current)
	}
	o, err := s.operationOf(ctx, st, cs, in)
	if err != nil {
		return nil, err
	}
	cs.execution = types.ExecutionStatusExecuteInProgress
	st.changeSets, st.changeSetID = []*changeSet{cs}, cs.id
	s.start(o)
	return &cfn.ExecuteChangeSetOutput{}, nil
}

func (s *Service) operationOf(ctx context.Context, st *stack, cs *changeSet, in *cfn.ExecuteChangeSetInput) (*operation, error) {
	g := *cs.goal
	o := &operation{service: s, stack: st, token: aws.ToString(in.ClientRequestToken), goal: &g, changeSet: cs}
	if err := s.as(ctx, o, cs.roleARN); err != nil {
		return nil, err
	}
	if cs.kind == types.ChangeSetTypeCreate {
		if st.status != types.StackStatusReviewInProgress {
			return nil, wire.Errorf("InvalidChangeSetStatus", "Stack [%s] already exists and cannot be created again", st.name)
		}
		o.run = o.create
		o.keepFailed = aws.ToBool(in.DisableRollback) || cs.onFailure == types.OnStackFailureDoNothing
		o.deleteFailed = cs.onFailure == types.OnStackFailureDelete
		o.begins = types.StackStatusCreateInProgress
		return o, nil
	}
	if aws.ToBool(in.DisableRollback) {
		return nil, wire.NotModelled("DisableRollback of an update")
	}
	if err := updatable(st); err != nil {
		return nil, err
	}
	o.run, o.begins = o.update, types.StackStatusUpdateInProgress
	return o, nil
}

// changeSet finds a change set by its id, or by its name and the stack. The
// stack is nil when that doesn't exist. Call it with s.mu held.
func (s *Service) changeSet(ctx context.Context, stackName, changeSet *string) (*stack, *changeSet, error) {
	name := aws.ToString(changeSet)
	if changeSetARN.MatchString(name) {
		for _, st := range s.account(ctx).stacks {
			for _, cs := range st.changeSets {
				if cs.id == name {
					return st, cs, nil
				}
			}
		}
		return nil, nil, changeSetNotFound(name)
	}
	if aws.ToString(stackName) == "" {
		return nil, nil, invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
	}
	st := s.find(ctx, *stackName)
	if st == nil {
		return nil, nil, invalid("Stack [%s] does not exist", *stackName)
	}
	for _, cs := range st.changeSets {
		if cs.name == name {
			return st, cs, nil
		}
	}
	return st, nil, changeSetNotFound(name)
}

func changeSetNotFound(name string) error {
	return &wire.Error{Code: "ChangeSetNotFound", Status: 404, Message: "ChangeSet [" + name + "] does not exist"}
}

func (s *Service) authorizeChangeSet(ctx context.Context, action string, stackName, changeSet *string) error {
	name := aws.ToString(stackName)
	if changeSetARN.MatchString(aws.ToString(changeSet)) {
		s.mu.Lock()
		if st, _, err := s.changeSet(ctx, nil, changeSet); err == nil {
			name = st.id
		}
		s.mu.Unlock()
	}
	return s.authorize(ctx, action, name)
}

// shownParameters lists parameters, masked where they ask for it, by name.
func shownParameters(values document.Values) []types.Parameter {
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var all []types.Parameter
	for _, name := range names {
		v := values[name]
		all = append(all, types.Parameter{ParameterKey: aws.String(name), ParameterValue: aws.String(v.Shown()), ResolvedValue: nonEmpty(v.ShownResolved())})
	}
	return all
}
