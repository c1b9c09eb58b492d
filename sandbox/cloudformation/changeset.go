package cloudformation

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// nothingChanged is the reason of an empty change set.
const nothingChanged = "The submitted information didn't contain changes. Submit different information to create a change set."

// changeSet is a change set of a stack.
type changeSet struct {
	id, name     string
	kind         types.ChangeSetType
	created      time.Time
	status       types.ChangeSetStatus
	execution    types.ExecutionStatus
	reason       string
	description  *string
	capabilities []types.Capability
	roleARN      string
	onFailure    types.OnStackFailure
	goal         *goal
	changes      []types.Change
}

// CreateChangeSet computes what an update would do, or begins a new stack with
// ChangeSetType CREATE. The change set is ready a moment later, without the
// seconds that AWS takes.
func (s *Service) CreateChangeSet(ctx context.Context, in *cfn.CreateChangeSetInput) (*cfn.CreateChangeSetOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "CreateChangeSet", name); err != nil {
		return nil, err
	}
	if err := checkChangeSet(in); err != nil {
		return nil, err
	}
	st, fresh, err := s.stackOfChangeSet(ctx, in)
	if err != nil {
		return nil, err
	}
	role, err := s.role(ctx, st, aws.ToString(in.RoleARN))
	if err != nil {
		return nil, err
	}
	acting, err := s.acting(ctx, role)
	if err != nil {
		return nil, err
	}
	g, err := s.prepare(acting, request{
		stackID: st.id, stackName: st.name, body: in.TemplateBody, url: in.TemplateURL, usePrevious: in.UsePreviousTemplate,
		parameters: in.Parameters, tags: in.Tags, capabilities: in.Capabilities, previous: st.current,
	})
	if err != nil {
		return nil, err
	}
	cs := &changeSet{
		id: s.arn(ctx, "changeSet/"+*in.ChangeSetName+"/"+id.UUID()), name: *in.ChangeSetName, kind: in.ChangeSetType, created: s.cfg.Clock.Now().UTC(),
		status: types.ChangeSetStatusCreatePending, execution: types.ExecutionStatusUnavailable, description: in.Description,
		capabilities: in.Capabilities, goal: g, roleARN: role, onFailure: in.OnStackFailure,
	}
	if err := s.addChangeSet(ctx, st, fresh, cs); err != nil {
		return nil, err
	}
	s.begin(acting, func(ctx context.Context) { s.computeChangeSet(ctx, st, cs) })
	return &cfn.CreateChangeSetOutput{Id: &cs.id, StackId: &st.id}, nil
}

func checkChangeSet(in *cfn.CreateChangeSetInput) error {
	if name := aws.ToString(in.ChangeSetName); !changeSetName.MatchString(name) {
		return constraint(name, "changeSetName", "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
	}
	if in.ChangeSetType == types.ChangeSetTypeImport {
		return wire.NotModelled("change sets of type IMPORT")
	}
	if aws.ToBool(in.IncludeNestedStacks) || aws.ToBool(in.ImportExistingResources) || len(in.ResourcesToImport) > 0 {
		return wire.NotModelled("nested stacks and resource import in change sets")
	}
	if in.OnStackFailure != "" && in.ChangeSetType != types.ChangeSetTypeCreate {
		return wire.NotModelled("OnStackFailure of a change set that updates a stack")
	}
	return nil
}

// stackOfChangeSet returns a copy of the stack that the change set is for; fresh
// says that there is none yet, and the copy is to become it.
func (s *Service) stackOfChangeSet(ctx context.Context, in *cfn.CreateChangeSetInput) (st *stack, fresh bool, err error) {
	name := aws.ToString(in.StackName)
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(ctx, name)
	if found != nil && slices.ContainsFunc(found.changeSets, func(c *changeSet) bool { return c.name == *in.ChangeSetName }) {
		return nil, false, wire.Errorf("AlreadyExistsException", "ChangeSet %s already exists", *in.ChangeSetName)
	}
	if in.ChangeSetType != types.ChangeSetTypeCreate {
		if found == nil || found.status == types.StackStatusReviewInProgress {
			return nil, false, invalid("Stack [%s] does not exist", name)
		}
		return found.copy(), false, updatable(found)
	}
	switch {
	case found == nil:
		if err := checkName(name); err != nil {
			return nil, false, err
		}
		return &stack{id: s.arn(ctx, "stack/"+name+"/"+id.UUID()), name: name}, true, nil
	case found.status == types.StackStatusReviewInProgress:
		return found.copy(), false, nil
	}
	return nil, false, wire.Errorf("AlreadyExistsException", "Stack [%s] already exists and cannot be created again with the changeSet [%s].", found.name, *in.ChangeSetName)
}

// addChangeSet adds the change set to its stack, which it makes if it is fresh.
func (s *Service) addChangeSet(ctx context.Context, st *stack, fresh bool, cs *changeSet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	live := s.find(ctx, st.id)
	if fresh {
		if s.find(ctx, st.name) != nil {
			return wire.Errorf("AlreadyExistsException", "Stack [%s] already exists", st.name)
		}
		live = &stack{id: st.id, name: st.name, created: s.cfg.Clock.Now().UTC(), description: cs.goal.submitted.Description()}
		a := s.account(ctx)
		a.stacks = append(a.stacks, live)
		s.enter(live, "", types.StackStatusReviewInProgress, "User Initiated")
	}
	if live == nil {
		return invalid("Stack [%s] does not exist", st.name)
	}
	live.changeSets = append(live.changeSets, cs)
	return nil
}

// computeChangeSet finds out what a change set changes, on a copy of its stack.
func (s *Service) computeChangeSet(ctx context.Context, st *stack, cs *changeSet) {
	changes, err := s.computeChanges(ctx, st, cs)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		cs.status, cs.reason = types.ChangeSetStatusFailed, reasonOf(err)
		return
	}
	cs.changes = changes
	cs.status, cs.execution = types.ChangeSetStatusCreateComplete, types.ExecutionStatusAvailable
}

func (s *Service) computeChanges(ctx context.Context, st *stack, cs *changeSet) ([]types.Change, error) {
	// The transform looks at a copy: execution decides anew.
	g := *cs.goal
	if err := s.transform(ctx, &g, st, st.resourceIDs()); err != nil {
		return nil, err
	}
	if err := s.checkValues(ctx, g.parameters); err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, st, &g)
	if err != nil {
		return nil, err
	}
	if p.empty {
		return nil, invalid("%s", nothingChanged)
	}
	s.mu.Lock()
	cs.goal.processed, cs.goal.hook = p.processed, g.hook
	s.mu.Unlock()
	var changes []types.Change
	for _, d := range p.differences {
		changes = append(changes, change(d))
	}
	return changes, nil
}

// reasonOf says what a stack or change set failed of, without the error's code.
func reasonOf(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}
