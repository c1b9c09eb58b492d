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

// DeleteStack removes a stack and its resources. One that doesn't exist is no error.
func (s *Service) DeleteStack(ctx context.Context, in *cfn.DeleteStackInput) (*cfn.DeleteStackOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "DeleteStack", name); err != nil {
		return nil, err
	}
	if err := notEmpty(in.StackName); err != nil {
		return nil, err
	}
	if in.DeletionMode != "" && in.DeletionMode != types.DeletionModeStandard {
		return nil, wire.NotModelled("DeletionMode %s", in.DeletionMode)
	}
	s.mu.Lock()
	st := s.find(ctx, name)
	s.mu.Unlock()
	if st == nil || st.status == types.StackStatusDeleteComplete {
		return &cfn.DeleteStackOutput{}, nil
	}
	role, err := s.role(ctx, st, aws.ToString(in.RoleARN))
	if err != nil {
		return nil, err
	}
	o := &operation{service: s, stack: st, token: tokenOf(in.ClientRequestToken), begins: types.StackStatusDeleteInProgress}
	if err := s.as(ctx, o, role); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	was := st.status
	o.run = func(ctx context.Context) { o.delete(ctx, in.RetainResources, was) }
	if err := deletable(st, in.RetainResources); err != nil || st.status == types.StackStatusDeleteInProgress {
		return &cfn.DeleteStackOutput{}, err
	}
	st.roleARN = role
	if st.status == types.StackStatusCreateInProgress {
		s.deleteUnfinished(o)
	}
	s.start(o)
	return &cfn.DeleteStackOutput{}, nil
}

// deleteUnfinished cancels the creation of the stack that o deletes and has o
// wait for its end. Call it with s.mu held.
func (s *Service) deleteUnfinished(o *operation) {
	created := o.stack.done
	if o.stack.cancel != nil {
		o.stack.cancel(errDeleted)
	}
	o.run = func(ctx context.Context) {
		select {
		case <-created:
			o.delete(ctx, nil, types.StackStatusCreateInProgress)
		case <-ctx.Done():
		}
	}
}

func deletable(st *stack, retained []string) error {
	switch {
	case st.protected:
		return invalid("Stack [%s] cannot be deleted while TerminationProtection is enabled", st.name)
	case running(st.status) && st.status != types.StackStatusDeleteInProgress && st.status != types.StackStatusCreateInProgress:
		return invalid("Stack [%s] cannot be deleted while in status %s", st.id, st.status)
	case len(retained) > 0 && st.status != types.StackStatusDeleteFailed:
		return invalid("Invalid operation on stack [%s]. RetainResources can be specified only when the stack is in the DELETE_FAILED state.", st.id)
	}
	for _, id := range retained {
		if r := st.resource(id); r == nil {
			return invalid("Resource %s does not exist in stack %s", id, st.name)
		}
	}
	return nil
}

// delete removes everything, but for what is retained. A stack that exports what
// others use goes back to what it was.
// https://github.com/rlister/stax/issues/40
func (o *operation) delete(ctx context.Context, retained []string, was types.StackStatus) {
	used := ""
	o.locked(func() {
		if used = o.service.exportable(ctx, o.stack, nil); used != "" {
			o.service.enter(o.stack, o.token, was, used)
		}
	})
	if used != "" {
		return
	}
	failed := o.removeAll(ctx, retained, func(r *resourceState) bool { return retains(r) || r.deletionPolicy == retainExceptOnCreate })
	if o.closing() {
		return
	}
	o.locked(func() {
		if len(failed) > 0 {
			o.service.enter(o.stack, o.token, types.StackStatusDeleteFailed, sentence("delete", failed))
			return
		}
		o.stack.imports = nil
		o.stack.changeSets, o.stack.deleted = nil, o.service.cfg.Clock.Now().UTC()
		o.service.enter(o.stack, o.token, types.StackStatusDeleteComplete, "")
	})
}

// retains reports whether a resource's policy keeps it whatever happens.
func retains(r *resourceState) bool { return r.deletionPolicy == retain }

// removeAll deletes all of the stack's resources, but for those that keep says and
// the retained ones, and returns those that failed.
func (o *operation) removeAll(ctx context.Context, retained []string, keep func(*resourceState) bool) []string {
	var all []*resourceState
	o.locked(func() { all = slices.Clone(o.stack.resources) })
	return o.remove(ctx, all, 1, func(r *resourceState) bool {
		return keep(r) || slices.Contains(retained, r.id)
	})
}

// remove deletes resources, each after those that need it, and returns the ids
// of those that failed every attempt.
func (o *operation) remove(ctx context.Context, resources []*resourceState, attempts int, retained func(*resourceState) bool) []string {
	byID, needs := map[string]*resourceState{}, document.Graph{}
	for _, r := range resources {
		if r.exists {
			byID[r.id], needs[r.id] = r, nil
		}
	}
	for id, r := range byID {
		for _, need := range r.needs {
			if byID[need] != nil {
				needs[id] = append(needs[id], need)
			}
		}
	}
	return walk(ctx, needs.Reverse(), false, func(ctx context.Context, id string) error {
		r := byID[id]
		if retained(r) {
			o.progress(r, types.ResourceStatusDeleteSkipped, "")
			o.locked(func() { r.exists = false })
			return nil
		}
		var err error
		for range attempts {
			if err = o.unmake(ctx, r); err == nil {
				return nil
			}
		}
		return err
	})
}

// unmake deletes one resource.
func (o *operation) unmake(ctx context.Context, r *resourceState) error {
	o.progress(r, types.ResourceStatusDeleteInProgress, "")
	request := o.request(r)
	request.Previous = r.properties
	if err := o.service.types[r.typeName].Handler.Delete(ctx, request); err != nil {
		o.progress(r, types.ResourceStatusDeleteFailed, o.failure(ctx, r, "deletion", err))
		return err
	}
	o.progress(r, types.ResourceStatusDeleteComplete, "")
	o.locked(func() { r.exists = false })
	return nil
}
