package codedeploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// FailedError says why a deployment failed. Traffic is back on blue.
type FailedError struct {
	DeploymentID string
	Event        string // the lifecycle event
	Code         types.ErrorCode
	Reason       string
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("deployment %s failed at %s: %s", e.DeploymentID, e.Event, e.Reason)
}

// failure is an error with the code that CodeDeploy gives it.
type failure struct {
	code   types.ErrorCode
	reason string
}

func (f *failure) Error() string { return f.reason }

func fail(code types.ErrorCode, format string, args ...any) error {
	return &failure{code, fmt.Sprintf(format, args...)}
}

// run is one deployment under way.
type run struct {
	*Service
	d       *deployment
	spec    Spec
	tell    func(Event)
	faultAt string
	step    string // the lifecycle event under way
	prod    *route
	test    *route // nil without a test listener
	primary bool   // green is, or may be, the primary task set
}

// Run executes one blue/green deployment of the hook for the caller in ctx,
// who needs codedeploy:CreateCloudFormationDeployment.
//
// It returns nil once the termination wait is over: blue may go, and nothing
// forwards to its target group any more. When ctx is cancelled or a step
// fails, traffic and the primary task set are back on blue before Run returns:
// a *FailedError, or the cause of ctx (wrapped).
// The callback may be nil; it is called in order, from Run's goroutine.
//
// Assumption A40: what a deployment does to load balancers and services, it
// does as CodeDeploy; the caller needs the one permission above, the only one
// that AWS names for it.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-considerations.html
func (s *Service) Run(ctx context.Context, spec Spec, event func(Event)) error {
	if err := s.authorize(ctx, "CreateCloudFormationDeployment"); err != nil {
		return err
	}
	if err := spec.check(); err != nil {
		return err
	}
	if event == nil {
		event = func(Event) {}
	}
	r := &run{Service: s, d: s.create(ctx, spec), spec: spec, tell: event, faultAt: s.takeFault()}
	ctx = iam.AsService(ctx, iam.Caller(ctx).Account, "codedeploy.amazonaws.com")
	err := r.deploy(ctx)
	if err == nil {
		s.change(r.d, func(d *deployment) { d.end(types.DeploymentStatusSucceeded, nil, s.cfg.Clock.Now().UTC()) })
		return nil
	}
	return r.giveUp(ctx, err)
}

// check refuses a routing that does not exist.
func (spec Spec) check() error {
	switch spec.Routing.Type {
	case AllAtOnce:
	case TimeBasedCanary, TimeBasedLinear:
		if p := spec.Routing.StepPercentage; p < 1 || p > 99 {
			return wire.Errorf("InvalidTrafficRoutingConfigurationException", "The step percentage %d must be between 1 and 99", p)
		}
	default:
		return wire.Errorf("InvalidTrafficRoutingConfigurationException", "The traffic routing type %q is not valid", spec.Routing.Type)
	}
	return nil
}

// deploy runs the lifecycle events.
//
// Assumption A42: an event without a Lambda function succeeds at once; those
// of test traffic are skipped without a test listener.
func (r *run) deploy(ctx context.Context) error {
	if f := r.faultAt; f != "" && f != TerminationWait && !slices.Contains(lifecycle(), f) {
		return fail(types.ErrorCodeHookExecutionFailure, "told to fail at %q, which is no lifecycle event", f)
	}
	work := map[string]func(context.Context) error{
		Install:          r.install,
		AllowTestTraffic: r.allowTestTraffic,
		AllowTraffic:     r.allowTraffic,
		TerminationWait:  r.terminationWait,
	}
	for _, name := range append(lifecycle(), TerminationWait) {
		if r.spec.TestListener == "" && (name == AllowTestTraffic || name == AfterAllowTestTraffic) {
			r.mark(name, types.LifecycleEventStatusSkipped, "There is no test listener")
			continue
		}
		r.step = name
		r.mark(name, types.LifecycleEventStatusInProgress, "")
		if err := r.perform(ctx, name, work[name]); err != nil {
			return err
		}
		r.mark(name, types.LifecycleEventStatusSucceeded, "")
	}
	return r.release(ctx)
}

// perform does the work of an event, and the fault that is ordered for it.
func (r *run) perform(ctx context.Context, name string, work func(context.Context) error) error {
	if work == nil {
		work = func(ctx context.Context) error { return r.call(ctx, name) }
	}
	if err := work(ctx); err != nil {
		return err
	}
	if r.faultAt == name {
		return r.fault(name)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (r *run) fault(name string) error {
	return fail(types.ErrorCodeHookExecutionFailure, "The lifecycle event %s failed (as ordered)", name)
}

// mark records the status of a lifecycle event and tells it.
func (r *run) mark(name string, status types.LifecycleEventStatus, message string) {
	now := r.cfg.Clock.Now().UTC()
	r.change(r.d, func(d *deployment) { d.mark(name, status, now) })
	r.tell(Event{DeploymentID: r.d.id, Time: now, Lifecycle: name, Status: status, Percent: r.d.percent, Message: message})
}

// note tells what happens within the lifecycle event under way.
func (r *run) note(format string, args ...any) {
	r.tell(Event{
		DeploymentID: r.d.id, Time: r.cfg.Clock.Now().UTC(), Lifecycle: r.step, Status: types.LifecycleEventStatusInProgress,
		Percent: r.d.percent, Message: fmt.Sprintf(format, args...),
	})
}

// allowTestTraffic sends all of the test listener's traffic to green.
func (r *run) allowTestTraffic(ctx context.Context) error {
	var err error
	if r.test, err = r.findRoute(ctx, r.spec.TestListener); err != nil {
		return err
	}
	return r.test.move(ctx, 100)
}

// allowTraffic shifts production traffic as the routing says, and makes green
// the service's primary task set.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-hook-syntax.html
func (r *run) allowTraffic(ctx context.Context) error {
	for i, percent := range r.spec.Routing.steps() {
		if i > 0 {
			if err := r.cfg.Clock.Sleep(ctx, r.spec.Routing.BakeTime); err != nil {
				return err
			}
		}
		if err := r.shift(ctx, percent); err != nil {
			return err
		}
		if r.faultAt == AllowTraffic {
			return r.fault(AllowTraffic)
		}
	}
	r.primary = true
	return r.setPrimary(ctx, r.spec.GreenTaskSet)
}

// steps returns the percentages on green, one after the other.
func (g Routing) steps() []int {
	switch g.Type {
	case TimeBasedCanary:
		return []int{g.StepPercentage, 100}
	case TimeBasedLinear:
		var out []int
		for p := g.StepPercentage; p < 100; p += g.StepPercentage {
			out = append(out, p)
		}
		return append(out, 100)
	}
	return []int{100}
}

// shift sends percent of the production traffic to green.
func (r *run) shift(ctx context.Context, percent int) error {
	if err := r.prod.move(ctx, percent); err != nil {
		return err
	}
	r.change(r.d, func(d *deployment) { d.percent = percent })
	r.note("%d%% of production traffic on the green task set", percent)
	return nil
}

func (r *run) setPrimary(ctx context.Context, taskSet string) error {
	_, err := r.cfg.Containers.UpdateServicePrimaryTaskSet(ctx, &ecs.UpdateServicePrimaryTaskSetInput{
		Cluster: &r.spec.Cluster, Service: &r.spec.Service, PrimaryTaskSet: &taskSet,
	})
	if err != nil {
		return fail(types.ErrorCodeEcsUpdateError, "Setting the primary task set to %s: %v", taskSet, err)
	}
	return nil
}

// terminationWait keeps blue for as long as the hook's options say.
func (r *run) terminationWait(ctx context.Context) error {
	r.change(r.d, func(d *deployment) { d.waiting = true })
	return r.cfg.Clock.Sleep(ctx, r.spec.TerminationWait)
}

// release takes blue's target group out of the listeners: the deployment is final.
//
// Assumption A44: a finished deployment leaves plain forwards to green's
// target group, none to blue's with weight 0.
func (r *run) release(ctx context.Context) error {
	if r.test != nil {
		if err := r.test.settle(ctx); err != nil {
			return err
		}
	}
	return r.prod.settle(ctx)
}

// giveUp brings traffic and primary task set back to blue and closes the record.
func (r *run) giveUp(ctx context.Context, cause error) error {
	cancelled := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	back := r.goBack(ctx)
	var f *failure
	if !errors.As(cause, &f) {
		f = &failure{types.ErrorCodeInternalError, cause.Error()}
	}
	status := types.DeploymentStatusFailed
	if cancelled {
		status, f = types.DeploymentStatusStopped, &failure{types.ErrorCodeCloudformationStackFailure, cause.Error()}
	}
	if back != nil {
		f.reason += "; going back to blue failed: " + back.Error()
	}
	now := r.cfg.Clock.Now().UTC()
	r.change(r.d, func(d *deployment) {
		d.mark(r.step, types.LifecycleEventStatusFailed, now)
		d.end(status, &types.ErrorInformation{Code: f.code, Message: &f.reason}, now)
	})
	r.tell(Event{DeploymentID: r.d.id, Time: now, Lifecycle: r.step, Status: types.LifecycleEventStatusFailed, Percent: r.d.percent, Message: f.reason})
	if cancelled {
		return fmt.Errorf("deployment %s stopped at %s: %w", r.d.id, r.step, cause)
	}
	return &FailedError{r.d.id, r.step, f.code, f.reason}
}

// goBack undoes what the deployment did to traffic, at once, whatever the routing.
func (r *run) goBack(ctx context.Context) error {
	var errs []error
	if r.prod != nil {
		err := r.prod.restore(ctx)
		if errs = append(errs, err); err == nil && r.d.percent > 0 {
			r.change(r.d, func(d *deployment) { d.percent = 0 })
			r.note("0%% of production traffic on the green task set: back on blue")
		}
	}
	if r.test != nil {
		errs = append(errs, r.test.restore(ctx))
	}
	if r.primary {
		errs = append(errs, r.setPrimary(ctx, r.spec.BlueTaskSet))
	}
	return errors.Join(errs...)
}

// sleep waits between two looks at green.
func (r *run) sleep(ctx context.Context) error {
	t := time.NewTimer(max(r.cfg.Clock.Scale(2*time.Second), 20*time.Millisecond))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
