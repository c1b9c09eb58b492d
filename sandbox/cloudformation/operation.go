package cloudformation

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/cloudformation/resource"
	"orgship/sandbox/iam"
	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// The policies that keep a resource: always, or but for a creation that is rolled back.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
const (
	retain               = "Retain"
	retainExceptOnCreate = "RetainExceptOnCreate"
)

// Why a resource's operation ended early.
var (
	errCancelled = errors.New("cancelled because another resource failed")
	errDeleted   = errors.New("the stack is being deleted")
	errByUser    = errors.New("the stack update was cancelled")
)

// operation is one creation, update or deletion of a stack while it runs.
type operation struct {
	service   *Service
	stack     *stack
	goal      *goal
	changeSet *changeSet // nil for a direct operation
	token     string     // ClientRequestToken
	run       func(context.Context)
	begins    types.StackStatus
	ctx       context.Context // the caller's values; not cancelled with the request

	keepFailed   bool // CREATE_FAILED instead of a rollback
	deleteFailed bool // OnFailure DELETE
	resolver     *document.Resolver

	// Of a creation and of an update:
	work    context.Context // ends when the operation is cancelled
	stop    context.CancelCauseFunc
	journal []entry
	hidden  []string // secrets that it has read
}

// start puts the stack into the operation's first status and runs it. Call it
// with s.mu held.
func (s *Service) start(o *operation) {
	st := o.stack
	s.enter(st, o.token, o.begins, "User Initiated")
	switch o.begins {
	case types.StackStatusCreateInProgress:
		st.created, st.description = *st.events[len(st.events)-1].Timestamp, o.goal.submitted.Description()
		o.cancellable()
	case types.StackStatusUpdateInProgress:
		st.updated = *st.events[len(st.events)-1].Timestamp
		o.cancellable()
	}
	done := make(chan struct{})
	st.done = done
	s.begin(o.ctx, func(ctx context.Context) {
		defer close(done)
		o.run(ctx)
	})
}

// cancellable gives the operation a context that ends when it is cancelled, and
// the stack the means to do so. Call it with s.mu held.
func (o *operation) cancellable() {
	o.work, o.stop = context.WithCancelCause(context.WithoutCancel(o.ctx))
	o.stack.cancel = o.stop
}

// begin runs f for a caller until it returns or the service closes. The context
// keeps who calls and outlives the request.
func (s *Service) begin(caller context.Context, f func(context.Context)) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(caller))
	unlink := context.AfterFunc(s.ctx, func() { cancel(context.Canceled) })
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		defer cancel(nil)
		defer unlink()
		f(ctx)
	}()
}

// as makes an operation act as the stack's service role, or as the caller.
func (s *Service) as(ctx context.Context, o *operation, role string) error {
	session, err := s.acting(ctx, role)
	o.ctx = session
	return err
}

// acting returns the context of who makes a stack's resources: its service role, or
// the caller.
func (s *Service) acting(ctx context.Context, role string) (context.Context, error) {
	if role == "" {
		return ctx, nil
	}
	return s.cfg.Sessions.ServiceSession(ctx, role, "cloudformation.amazonaws.com", "AWSCloudFormation")
}

// role returns the service role of an operation: the given one, which the caller
// must be allowed to pass, or the one that the stack has had since an earlier one.
func (s *Service) role(ctx context.Context, st *stack, given string) (string, error) {
	if given == "" {
		if st == nil {
			return "", nil
		}
		return st.roleARN, nil
	}
	err := s.cfg.Auth.AuthorizeWith(ctx, "iam:PassRole", given, map[string][]string{"iam:PassedToService": {"cloudformation.amazonaws.com"}})
	if err != nil {
		return "", err
	}
	// The session shows at once whether the role trusts CloudFormation.
	if _, err := s.cfg.Sessions.ServiceSession(ctx, given, "cloudformation.amazonaws.com", "AWSCloudFormation"); err != nil {
		return "", invalid("Role %s is invalid or cannot be assumed", given)
	}
	return given, nil
}

// locked runs f with the service's lock.
func (o *operation) locked(f func()) {
	o.service.mu.Lock()
	defer o.service.mu.Unlock()
	f()
}

// enter puts the stack into a status.
func (o *operation) enter(status types.StackStatus, reason string) {
	o.locked(func() { o.service.enter(o.stack, o.token, status, reason) })
}

// progress puts a resource into a status.
func (o *operation) progress(r *resourceState, status types.ResourceStatus, reason string) {
	o.locked(func() { o.service.progress(o.stack, o.token, r, status, reason) })
}

// closing reports whether the service is shutting down: nothing is undone then.
func (o *operation) closing() bool { return o.service.ctx.Err() != nil }

// prepare transforms the goal, checks the parameters' values and readies the
// resolver of the processed template.
func (o *operation) prepare(ctx context.Context) error {
	s := o.service
	var ids []string
	o.locked(func() { ids = o.stack.resourceIDs() })
	if err := s.transform(ctx, o.goal, o.stack, ids); err != nil {
		return err
	}
	if err := s.checkValues(ctx, o.goal.parameters); err != nil {
		return err
	}
	if err := o.ready(ctx); err != nil {
		return err
	}
	return o.holdImports(ctx)
}

// ready makes the resolver of the goal's processed template.
func (o *operation) ready(ctx context.Context) error {
	var err error
	o.resolver, err = o.service.resolver(ctx, o.goal, o.goal.processed, o.stack.id, o.stack.name, o.lookup)
	return err
}

// lookup gives what is known of the stack's resources now.
func (o *operation) lookup(id, attribute string) (any, error) {
	o.service.mu.Lock()
	defer o.service.mu.Unlock()
	r := o.stack.resource(id)
	if r == nil || !r.exists {
		return nil, invalid("Template error: resource %s does not exist", id)
	}
	return r.value(attribute)
}

// request begins the request to a handler for a resource.
func (o *operation) request(r *resourceState) *resource.Request {
	return &resource.Request{
		Scope: resource.Scope{
			StackID: o.stack.id, StackName: o.stack.name, Account: iam.Caller(o.ctx).Account, Region: o.service.cfg.Region,
		},
		LogicalID: r.id, ID: r.physical, Properties: r.properties, Tags: r.tags, Clock: o.service.cfg.Clock,
		Initiated: func(resource.State) {},
	}
}

// resolved returns a resource of the processed template as it is to be.
func (o *operation) resolved(id string) (*resourceState, error) {
	res, _ := o.goal.processed.Resource(id)
	properties, err := o.resolver.Properties(id)
	if err != nil {
		return nil, err
	}
	r := &resourceState{
		id: id, typeName: res.Type, deletionPolicy: res.DeletionPolicy, replacePolicy: res.UpdateReplacePolicy,
		properties: properties, shown: shown(properties, o.goal.parameters),
	}
	typ := o.service.types[res.Type]
	if typ.Tagged {
		r.tags = stackTags(o.goal.tags)
	}
	if properties, err = o.service.plain(o.ctx, res.Type, properties); err != nil {
		return r, &referenceError{reasonOf(err)}
	}
	veiled, _ := document.Veiled(properties).(map[string]any)
	checked, err := typ.Properties.Check(veiled)
	if err != nil {
		return r, invalid("Properties validation failed for resource %s with message:\n%s", id, err)
	}
	r.properties, _ = document.Unveil(checked).(map[string]any)
	return r, nil
}

// failure says why a resource's operation failed.
func (o *operation) failure(ctx context.Context, r *resourceState, verb string, err error) string {
	cause := context.Cause(ctx)
	if ctx.Err() != nil && (errors.Is(err, cause) || errors.Is(err, ctx.Err())) {
		return "Resource " + verb + " cancelled"
	}
	var reference *referenceError
	if errors.As(err, &reference) {
		return reference.text
	}
	var e *wire.Error
	if errors.As(err, &e) && e.Code == "ValidationError" && e.Status == 0 && isOurs(e) {
		return o.hide(e.Message)
	}
	return o.hide(resource.Reason(err, service(r.typeName), id.UUID()))
}

// isOurs tells what this package says itself from what a service answered.
func isOurs(e *wire.Error) bool {
	return slices.ContainsFunc([]string{"Properties validation failed", "Template ", "CloudFormation cannot update"}, func(p string) bool {
		return len(e.Message) >= len(p) && e.Message[:len(p)] == p
	})
}

// finish ends the operation's change set.
func (o *operation) finish(ok bool) {
	if o.changeSet == nil {
		return
	}
	o.changeSet.execution = types.ExecutionStatusExecuteComplete
	if !ok {
		o.changeSet.execution = types.ExecutionStatusExecuteFailed
	}
}

func sentence(verb string, ids []string) string {
	slices.Sort(ids)
	return "The following resource(s) failed to " + verb + ": " + list(ids) + ". "
}

func tokenOf(token *string) string { return aws.ToString(token) }
