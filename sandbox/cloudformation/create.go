package cloudformation

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/cloudformation/resource"
	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// CreateStack makes a stack and its resources.
func (s *Service) CreateStack(ctx context.Context, in *cfn.CreateStackInput) (*cfn.CreateStackOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "CreateStack", name); err != nil {
		return nil, err
	}
	if err := checkCreate(in); err != nil {
		return nil, err
	}
	role, err := s.role(ctx, nil, aws.ToString(in.RoleARN))
	if err != nil {
		return nil, err
	}
	st := &stack{
		id: s.arn(ctx, "stack/"+name+"/"+id.UUID()), name: name, capabilities: in.Capabilities, roleARN: role,
		protected: aws.ToBool(in.EnableTerminationProtection),
	}
	acting, err := s.acting(ctx, role)
	if err != nil {
		return nil, err
	}
	g, err := s.prepare(acting, request{
		stackID: st.id, stackName: name, body: in.TemplateBody, url: in.TemplateURL, parameters: in.Parameters, tags: in.Tags,
		capabilities: in.Capabilities, direct: true,
	})
	if err != nil {
		return nil, err
	}
	o := &operation{
		service: s, stack: st, goal: g, token: tokenOf(in.ClientRequestToken), begins: types.StackStatusCreateInProgress,
		keepFailed:   aws.ToBool(in.DisableRollback) || in.OnFailure == types.OnFailureDoNothing,
		deleteFailed: in.OnFailure == types.OnFailureDelete,
	}
	o.run = o.create
	if err := s.as(ctx, o, role); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(ctx, name) != nil {
		return nil, wire.Errorf("AlreadyExistsException", "Stack [%s] already exists", name)
	}
	a := s.account(ctx)
	a.stacks = append(a.stacks, st)
	s.start(o)
	return &cfn.CreateStackOutput{StackId: &st.id}, nil
}

// Check refuses what CreateStack would refuse at once, whatever the stack's name,
// and transforms, which stack sets with service-managed permissions don't support:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
func (s *Service) Check(ctx context.Context, in *cfn.CreateStackInput) error {
	const name = "StackSet"
	g, err := s.prepare(ctx, request{
		stackID: s.arn(ctx, "stack/"+name+"/"+id.UUID()), stackName: name, body: in.TemplateBody, parameters: in.Parameters, tags: in.Tags,
		capabilities: in.Capabilities, direct: true,
	})
	if err == nil && len(g.submitted.Transforms()) > 0 {
		return invalid("StackSets with service-managed permissions don't support macros in templates: %s", list(g.submitted.Transforms()))
	}
	return err
}

func checkCreate(in *cfn.CreateStackInput) error {
	if aws.ToBool(in.DisableRollback) && in.OnFailure != "" {
		return invalid("You can specify either DisableRollback or OnFailure, but not both.")
	}
	return checkName(aws.ToString(in.StackName))
}

// create makes the resources of a new stack.
func (o *operation) create(ctx context.Context) {
	unlink := context.AfterFunc(ctx, func() { o.stop(context.Cause(ctx)) })
	defer unlink()
	o.locked(func() {
		o.stack.keepFailed = o.keepFailed
		if o.changeSet != nil {
			o.stack.capabilities, o.stack.roleARN = o.changeSet.capabilities, o.changeSet.roleARN
		}
	})
	if err := o.prepare(ctx); err != nil {
		o.createFailed(ctx, reasonOf(err)+". ")
		return
	}
	graph, err := document.NewGraph(o.resolver.Resources())
	if err != nil {
		o.createFailed(ctx, reasonOf(err)+". ")
		return
	}
	failed := walk(o.work, graph, true, func(ctx context.Context, id string) error {
		r, err := o.resolved(id)
		if r != nil {
			r.needs = graph[id]
		}
		return o.make(ctx, id, r, err, false)
	})
	if o.closing() {
		return
	}
	if len(failed) > 0 {
		o.createFailed(ctx, sentence("create", failed))
		return
	}
	outputs, err := o.resolver.Outputs()
	if err != nil {
		o.createFailed(ctx, reasonOf(err)+". ")
		return
	}
	reason := ""
	o.locked(func() {
		if errors.Is(context.Cause(o.work), errDeleted) {
			return // whoever deletes it waits for this
		}
		if reason = o.service.exportable(ctx, o.stack, outputs); reason != "" {
			return
		}
		o.stack.settleImports(true)
		o.stack.current, o.stack.outputs, o.stack.cancel = o.goal, outputs, nil
		o.finish(true)
		o.service.enter(o.stack, o.token, types.StackStatusCreateComplete, "")
	})
	if reason != "" {
		o.createFailed(ctx, reason+". ")
	}
}

// make creates one resource. It puts it into the stack before anything can fail.
func (o *operation) make(ctx context.Context, id string, r *resourceState, resolveErr error, unsteady bool) error {
	if r == nil {
		res, _ := o.goal.processed.Resource(id)
		r = &resourceState{id: id, typeName: res.Type}
	}
	o.locked(func() {
		o.stack.put(r)
		o.service.progress(o.stack, o.token, r, types.ResourceStatusCreateInProgress, "")
	})
	err := resolveErr
	if err == nil {
		err = o.call(ctx, r, types.ResourceStatusCreateInProgress, unsteady)
	}
	if err != nil {
		o.progress(r, types.ResourceStatusCreateFailed, o.failure(ctx, r, "creation", err))
		return err
	}
	o.progress(r, types.ResourceStatusCreateComplete, o.service.types[r.typeName].Note)
	return nil
}

// call has the handler create a resource and notes when it exists.
func (o *operation) call(ctx context.Context, r *resourceState, status types.ResourceStatus, unsteady bool) error {
	request, err := o.revealing(ctx, r)
	if err != nil {
		return err
	}
	request.Unsteady = unsteady
	request.Initiated = func(state resource.State) {
		o.locked(func() {
			r.physical, r.attributes, r.exists = state.ID, state.Attributes, true
			o.service.progress(o.stack, o.token, r, status, "Resource creation Initiated")
		})
	}
	return o.service.types[r.typeName].Handler.Create(ctx, request)
}

// createFailed ends a creation that failed: the stack goes back to nothing,
// unless it is to stay as it is.
func (o *operation) createFailed(ctx context.Context, reason string) {
	if o.closing() {
		return
	}
	if o.keepFailed {
		if o.leave(types.StackStatusCreateFailed, reason) {
			o.locked(func() { o.abandoned() })
		}
		return
	}
	begin, end, stuck := types.StackStatusRollbackInProgress, types.StackStatusRollbackComplete, types.StackStatusRollbackFailed
	requested := "Rollback requested by user."
	if o.deleteFailed {
		begin, end, stuck = types.StackStatusDeleteInProgress, types.StackStatusDeleteComplete, types.StackStatusDeleteFailed
		requested = "Delete requested by user."
	}
	if !o.leave(begin, reason+requested) {
		return
	}
	failed := o.removeAll(ctx, nil, retains)
	o.locked(func() {
		o.abandoned()
		if len(failed) > 0 {
			o.service.enter(o.stack, o.token, stuck, sentence("delete", failed))
			return
		}
		if o.deleteFailed {
			o.stack.deleted = o.service.cfg.Clock.Now().UTC()
		}
		o.service.enter(o.stack, o.token, end, "")
	})
}

// leave ends the creation: from here on it can't be cancelled. It reports false
// when the stack is being deleted already.
func (o *operation) leave(status types.StackStatus, reason string) bool {
	o.service.mu.Lock()
	defer o.service.mu.Unlock()
	if errors.Is(context.Cause(o.work), errDeleted) {
		return false
	}
	o.stack.cancel = nil
	o.service.enter(o.stack, o.token, status, reason)
	return true
}

// abandoned notes that the stack was not made: its template can still be seen.
func (o *operation) abandoned() {
	o.finish(false)
	o.stack.settleImports(o.keepFailed)
	if o.stack.current == nil {
		o.stack.current = o.goal
	}
}
