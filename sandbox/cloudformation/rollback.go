package cloudformation

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/wire"
)

// byUser is the reason of a rollback that the user asked for.
//
// Assumption A28: no source shows the row that CancelUpdateStack begins with.
const byUser = "User Initiated"

// entry is one thing that an update did to a resource.
type entry struct {
	before   *resourceState // nil: it was created
	after    *resourceState
	replaced bool
}

// rollback is what is left to undo of an update.
type rollback struct {
	entries   []entry // in the order they were done
	leftovers []*resourceState
}

// note remembers what the update does, before it does it.
func (o *operation) note(e entry) {
	o.locked(func() { o.journal = append(o.journal, e) })
}

// undo brings a stack back to what it was before the update.
func (o *operation) undo(ctx context.Context, reason string) {
	if o.closing() {
		return
	}
	rest := &rollback{}
	o.locked(func() {
		o.stack.cancel = nil
		rest.entries = slices.Clone(o.journal)
		o.finish(false)
		o.stack.settleImports(false)
		if given := o.stack.cancelToken; errors.Is(context.Cause(o.work), errByUser) && given != "" {
			o.token = given // Assumption A115
		}
		o.stack.cancelToken = ""
		o.service.enter(o.stack, o.token, types.StackStatusUpdateRollbackInProgress, reason)
	})
	o.rollBack(ctx, rest, nil)
}

// rollBack undoes what is left of an update, but for the resources to skip.
func (o *operation) rollBack(ctx context.Context, rest *rollback, skip []string) {
	var failed []string
	var stuck []entry
	for _, e := range slices.Backward(rest.entries) {
		if err := o.revert(ctx, e, slices.Contains(skip, e.after.id)); err != nil {
			failed, stuck = append(failed, e.after.id), append(stuck, e)
			continue
		}
		if (e.before == nil || e.replaced) && e.after.exists {
			rest.leftovers = append(rest.leftovers, e.after)
		}
	}
	if o.closing() {
		return
	}
	if len(failed) > 0 {
		slices.Reverse(stuck)
		rest.entries = stuck
		o.locked(func() {
			o.stack.failed = rest
			o.service.enter(o.stack, o.token, types.StackStatusUpdateRollbackFailed, sentence("update", failed))
		})
		return
	}
	o.enter(types.StackStatusUpdateRollbackCompleteCleanupInProgress, "")
	o.removeLeftovers(ctx, rest)
}

func (o *operation) removeLeftovers(ctx context.Context, rest *rollback) {
	made := map[*resourceState]bool{}
	o.locked(func() {
		for _, r := range o.stack.resources {
			made[r] = true // a replacement isn't there any more
		}
	})
	failed := o.remove(ctx, rest.leftovers, 3, func(r *resourceState) bool { return made[r] && r.deletionPolicy == retain })
	if o.closing() {
		return
	}
	reason := ""
	if len(failed) > 0 {
		reason = "Rollback successful. One or more resources could not be deleted."
	}
	o.locked(func() {
		for _, r := range slices.Clone(o.stack.resources) {
			if !r.exists || slices.Contains(rest.leftovers, r) { // made by the update
				o.stack.drop(r.id)
			}
		}
		o.stack.failed = nil
		o.service.enter(o.stack, o.token, types.StackStatusUpdateRollbackComplete, reason)
	})
}

// revert undoes one entry. What was created or replaced goes with the clean-up.
func (o *operation) revert(ctx context.Context, e entry, skip bool) error {
	switch {
	case e.before == nil:
		return nil
	case e.replaced || skip:
		o.locked(func() {
			o.stack.put(e.before)
			o.service.progress(o.stack, o.token, e.before, types.ResourceStatusUpdateInProgress, "")
			o.service.progress(o.stack, o.token, e.before, types.ResourceStatusUpdateComplete, "")
		})
		return nil
	}
	o.locked(func() { o.stack.put(e.before) })
	return o.change(ctx, e.after, e.before, "")
}

// CancelUpdateStack ends an update and rolls the stack back.
func (s *Service) CancelUpdateStack(ctx context.Context, in *cfn.CancelUpdateStackInput) (*cfn.CancelUpdateStackOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "CancelUpdateStack", name); err != nil {
		return nil, err
	}
	if err := notEmpty(in.StackName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.find(ctx, name)
	if st == nil {
		return nil, invalid("Stack [%s] does not exist", name)
	}
	if st.status != types.StackStatusUpdateInProgress || st.cancel == nil {
		return nil, invalid("CancelUpdateStack cannot be called from current stack status")
	}
	st.cancelToken = tokenOf(in.ClientRequestToken)
	st.cancel(errByUser)
	return &cfn.CancelUpdateStackOutput{}, nil
}

// ContinueUpdateRollback goes on with an update rollback that failed.
func (s *Service) ContinueUpdateRollback(ctx context.Context, in *cfn.ContinueUpdateRollbackInput) (*cfn.ContinueUpdateRollbackOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "ContinueUpdateRollback", name); err != nil {
		return nil, err
	}
	if aws.ToBool(in.ForceRollback) {
		return nil, wire.NotModelled("the member ForceRollback")
	}
	s.mu.Lock()
	st := s.find(ctx, name)
	s.mu.Unlock()
	if st == nil {
		return nil, invalid("Stack [%s] does not exist", name)
	}
	role, err := s.role(ctx, st, aws.ToString(in.RoleARN))
	if err != nil {
		return nil, err
	}
	o := &operation{service: s, stack: st, token: tokenOf(in.ClientRequestToken), begins: types.StackStatusUpdateRollbackInProgress}
	if err := s.as(ctx, o, role); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := st.failed
	if st.status != types.StackStatusUpdateRollbackFailed || rest == nil {
		return nil, invalid("Stack:%s is in %s state and can not continue rolling back update.", st.id, st.status)
	}
	for _, id := range in.ResourcesToSkip {
		if !slices.ContainsFunc(rest.entries, func(e entry) bool { return e.after.id == id }) {
			return nil, invalid("ResourcesToSkip: %s did not fail to roll back", id)
		}
	}
	o.run = func(ctx context.Context) { o.rollBack(ctx, rest, in.ResourcesToSkip) }
	st.failed = nil
	s.start(o)
	return &cfn.ContinueUpdateRollbackOutput{}, nil
}
