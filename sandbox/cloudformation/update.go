package cloudformation

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/bluegreen"
	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/cloudformation/resource"
	"orgship/sandbox/wire"
)

// UpdateStack changes a stack.
func (s *Service) UpdateStack(ctx context.Context, in *cfn.UpdateStackInput) (*cfn.UpdateStackOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "UpdateStack", name); err != nil {
		return nil, err
	}
	if err := notEmpty(in.StackName); err != nil {
		return nil, err
	}
	if aws.ToBool(in.DisableRollback) {
		return nil, wire.NotModelled("DisableRollback of an update")
	}
	st, err := s.copyForUpdate(ctx, name)
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
		parameters: in.Parameters, tags: in.Tags, capabilities: in.Capabilities, previous: st.current, direct: true,
	})
	if err != nil {
		return nil, err
	}
	if err := s.changesAnything(acting, st, g); err != nil {
		return nil, err
	}
	o := &operation{service: s, goal: g, token: tokenOf(in.ClientRequestToken), begins: types.StackStatusUpdateInProgress}
	o.run = o.update
	if err := s.as(ctx, o, role); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.stack = s.find(ctx, st.id); o.stack == nil {
		return nil, invalid("Stack [%s] does not exist", name)
	}
	if err := updatable(o.stack); err != nil {
		return nil, err
	}
	o.stack.capabilities, o.stack.roleARN = in.Capabilities, role
	s.start(o)
	return &cfn.UpdateStackOutput{StackId: &st.id}, nil
}

// copyForUpdate returns a copy of a stack that an update may look at.
func (s *Service) copyForUpdate(ctx context.Context, name string) (*stack, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.find(ctx, name)
	if st == nil || st.status == types.StackStatusReviewInProgress {
		return nil, invalid("Stack [%s] does not exist", name)
	}
	return st.copy(), updatable(st)
}

// changesAnything refuses an update without changes.
//
// Assumption A29: what the transform refuses of CreateStack and UpdateStack shows
// once they run, as the reason of the rollback; a change set fails with it.
func (s *Service) changesAnything(ctx context.Context, st *stack, g *goal) error {
	trial := *g
	if err := s.transform(ctx, &trial, st, st.resourceIDs()); err != nil {
		return modelled(err)
	}
	p, err := s.plan(ctx, st, &trial)
	if err != nil {
		return err
	}
	if p.empty {
		return invalid("No updates are to be performed.")
	}
	return nil
}

// update brings the stack to its goal, or back to what it was.
func (o *operation) update(ctx context.Context) {
	unlink := context.AfterFunc(ctx, func() { o.stop(context.Cause(ctx)) })
	defer unlink()
	o.locked(func() {
		if o.changeSet != nil {
			o.stack.capabilities, o.stack.roleARN = o.changeSet.capabilities, o.changeSet.roleARN
		}
	})
	p, err := o.decide(o.work)
	if err != nil {
		o.refused(err)
		o.undo(ctx, reasonOf(err))
		return
	}
	carried, graph, reason := o.forward(p)
	if o.closing() {
		return
	}
	if reason != "" {
		o.undo(ctx, reason)
		return
	}
	outputs, err := o.resolver.Outputs()
	if err != nil {
		o.undo(ctx, reasonOf(err))
		return
	}
	if reason := o.commit(ctx, outputs, carried); reason != "" {
		o.undo(ctx, reason)
		return
	}
	o.cleanUp(ctx, graph)
}

// decide prepares the update and finds out whether it is a green deployment; the
// hook's refusal is an error.
func (o *operation) decide(ctx context.Context) (*plan, error) {
	if err := o.prepare(ctx); err != nil {
		return nil, err
	}
	p, err := o.service.plan(ctx, o.snapshot(), o.goal)
	if err != nil {
		return nil, err
	}
	// Assumption A26: a change set doesn't show that the hook will refuse an
	// update (rows a and b of its error texts); the update itself fails.
	if p.conflict != nil {
		return nil, p.conflict
	}
	o.goal.processed = p.processed
	return p, o.ready(ctx)
}

// refused records the hook's own refusal in a row of the hook (assumption A27).
func (o *operation) refused(err error) {
	var refusal *bluegreen.Error
	if errors.As(err, &refusal) && o.goal.hook != nil {
		hook := &resourceState{id: o.goal.hook.ID, typeName: bluegreen.HookType}
		o.progress(hook, types.ResourceStatusUpdateFailed, refusal.Message)
	}
}

// snapshot returns a copy of the stack to look at without the lock.
func (o *operation) snapshot() *stack {
	o.service.mu.Lock()
	defer o.service.mu.Unlock()
	return o.stack.copy()
}

// forward makes and changes resources. It returns those that stay as they are,
// the graph of the new template, and why it failed ("" if it didn't).
func (o *operation) forward(p *plan) (carried []*resourceState, g document.Graph, reason string) {
	g, err := document.NewGraph(o.resolver.Resources())
	if err != nil {
		return nil, nil, reasonOf(err)
	}
	if p.green {
		carried, reason = o.green(g)
		return carried, g, reason
	}
	failed := walk(o.work, g, true, func(ctx context.Context, id string) error {
		r, err := o.resolved(id)
		if r != nil {
			r.needs = g[id]
		}
		same, err := o.step(ctx, id, r, err)
		if same {
			o.locked(func() { carried = append(carried, r) })
		}
		return err
	})
	if errors.Is(context.Cause(o.work), errByUser) {
		return nil, nil, byUser
	}
	return carried, g, o.failedSentence(failed)
}

// failedSentence says which resources failed to be made and which to be changed.
func (o *operation) failedSentence(failed []string) string {
	var creates, updates []string
	o.locked(func() {
		for _, id := range failed {
			if r := o.stack.resource(id); r != nil && r.status == types.ResourceStatusCreateFailed {
				creates = append(creates, id)
			} else {
				updates = append(updates, id)
			}
		}
	})
	reason := ""
	if len(creates) > 0 {
		reason += sentence("create", creates)
	}
	if len(updates) > 0 {
		reason += sentence("update", updates)
	}
	return reason
}

// step brings one resource to what the template says; same reports that it is so
// already.
func (o *operation) step(ctx context.Context, id string, r *resourceState, resolveErr error) (same bool, err error) {
	var was *resourceState
	o.locked(func() { was = o.stack.resource(id) })
	if was == nil || !was.exists {
		if r == nil {
			r = &resourceState{id: id, typeName: o.typeOf(id)}
		}
		o.note(entry{after: r})
		return false, o.make(ctx, id, r, resolveErr, false)
	}
	if resolveErr != nil {
		shadow := *was // the resource itself stays as it is
		o.progress(&shadow, types.ResourceStatusUpdateInProgress, "")
		o.progress(&shadow, types.ResourceStatusUpdateFailed, o.failure(ctx, was, "update", resolveErr))
		return false, resolveErr
	}
	changed := changedProperties(was.properties, r.properties)
	if len(changed) == 0 && maps.Equal(was.tags, r.tags) {
		return true, nil
	}
	r.physical, r.attributes, r.exists = was.physical, was.attributes, true
	if slices.ContainsFunc(changed, func(name string) bool { return o.service.replaces(r.typeName, name) }) {
		return false, o.replace(ctx, was, r)
	}
	return false, o.modify(ctx, was, r)
}

func (o *operation) typeOf(id string) string {
	res, _ := o.goal.processed.Resource(id)
	return res.Type
}

// modify changes a resource in place.
func (o *operation) modify(ctx context.Context, was, r *resourceState) error {
	o.note(entry{before: was, after: r})
	o.locked(func() { o.stack.put(r) })
	return o.change(ctx, was, r, "")
}

// change has the handler bring a resource from what it was to what it is to be.
func (o *operation) change(ctx context.Context, was, r *resourceState, reason string) error {
	o.progress(r, types.ResourceStatusUpdateInProgress, reason)
	request, err := o.revealing(ctx, r)
	if err != nil {
		o.progress(r, types.ResourceStatusUpdateFailed, o.failure(ctx, r, "update", err))
		return err
	}
	request.Previous, request.PreviousTags = previous(was, r, request.Properties), was.tags
	request.Initiated = func(state resource.State) { o.locked(func() { r.attributes = state.Attributes }) }
	if err := o.service.types[r.typeName].Handler.Update(ctx, request); err != nil {
		o.progress(r, types.ResourceStatusUpdateFailed, o.failure(ctx, r, "update", err))
		return err
	}
	o.progress(r, types.ResourceStatusUpdateComplete, "")
	return nil
}

// replace makes a new resource in place of the old one, which goes with the clean-up.
func (o *operation) replace(ctx context.Context, was, r *resourceState) error {
	o.note(entry{before: was, after: r, replaced: true})
	r.exists = false
	o.locked(func() {
		o.stack.put(r)
		o.service.progress(o.stack, o.token, r, types.ResourceStatusUpdateInProgress,
			"Requested update requires the creation of a new physical resource; hence creating one.")
	})
	err := o.sameName(was, r)
	if err == nil {
		err = o.call(ctx, r, types.ResourceStatusUpdateInProgress, false)
	}
	if err != nil {
		o.progress(r, types.ResourceStatusUpdateFailed, o.failure(ctx, r, "update", err))
		return err
	}
	o.progress(r, types.ResourceStatusUpdateComplete, "")
	return nil
}

// sameName refuses to replace a resource whose name the template fixes.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
func (o *operation) sameName(was, r *resourceState) error {
	property := o.service.types[r.typeName].NameProperty
	name, _ := r.properties[property].(string)
	if name == "" || was.properties[property] != r.properties[property] {
		return nil
	}
	return invalid("CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename %s and update the stack again.", name)
}

// commit makes the goal what the stack is. It says why it can't be that: the update
// was cancelled before (from here on it can't be), or an export is in use.
func (o *operation) commit(ctx context.Context, outputs []document.Output, carried []*resourceState) string {
	o.service.mu.Lock()
	defer o.service.mu.Unlock()
	if o.stack.cancel != nil && o.work.Err() != nil {
		return byUser
	}
	if reason := o.service.exportable(ctx, o.stack, outputs); reason != "" {
		return reason
	}
	o.stack.cancel = nil
	o.stack.settleImports(true)
	for _, c := range carried {
		if r := o.stack.resource(c.id); r != nil {
			r.needs, r.deletionPolicy, r.replacePolicy, r.shown = c.needs, c.deletionPolicy, c.replacePolicy, c.shown
		}
	}
	o.stack.current, o.stack.outputs, o.stack.description = o.goal, outputs, o.goal.submitted.Description()
	o.service.enter(o.stack, o.token, types.StackStatusUpdateCompleteCleanupInProgress, "")
	return ""
}

// cleanUp deletes what the update left over: what the template no longer has,
// and what was replaced. CloudFormation tries three times and then lets it be.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html
func (o *operation) cleanUp(ctx context.Context, g document.Graph) {
	var old []*resourceState
	replaced := map[*resourceState]bool{}
	o.locked(func() {
		for _, e := range o.journal {
			if e.replaced {
				old, replaced[e.before] = append(old, e.before), true
			}
		}
		for _, r := range o.stack.resources {
			if _, stays := g[r.id]; !stays {
				old = append(old, r)
			}
		}
	})
	failed := o.remove(ctx, old, 3, func(r *resourceState) bool {
		if replaced[r] {
			return r.replacePolicy == retain
		}
		return retains(r) || r.deletionPolicy == retainExceptOnCreate
	})
	if o.closing() {
		return
	}
	reason := ""
	if len(failed) > 0 {
		reason = "Update successful. One or more resources could not be deleted."
	}
	o.locked(func() {
		for _, r := range old {
			if !replaced[r] {
				o.stack.drop(r.id)
			}
		}
		o.finish(true)
		o.service.enter(o.stack, o.token, types.StackStatusUpdateComplete, reason)
	})
}
