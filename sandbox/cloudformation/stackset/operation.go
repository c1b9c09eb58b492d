package stackset

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/id"
	"orgship/sandbox/organizations"
)

// operation is one change of a set's instances, now or in the past. Service.mu
// guards it.
type operation struct {
	set         *set
	id          string
	action      types.StackSetOperationAction
	preferences *types.StackSetOperationPreferences
	units       []string // as requested
	retain      bool     // Delete: the stacks stay

	created, ended time.Time
	status         types.StackSetOperationStatus
	reason         string
	failed         int
	tasks          []*task
}

// task is what an operation does in one account.
type task struct {
	account, unit string
	status        types.StackSetOperationResultStatus
	reason        string
}

// newOperation returns an operation that hasn't begun.
func newOperation(of *set, action types.StackSetOperationAction, given *string, p *types.StackSetOperationPreferences) (*operation, error) {
	o := &operation{set: of, id: aws.ToString(given), action: action, preferences: p, status: types.StackSetOperationStatusQueued}
	if o.id == "" {
		o.id = id.UUID()
	}
	if err := matches(idPattern, o.id, "operationId"); err != nil {
		return nil, err
	}
	return o, checkPreferences(p)
}

// add has the operation work in an account too.
func (o *operation) add(account, unit string) {
	o.tasks = append(o.tasks, &task{account: account, unit: unit, status: types.StackSetOperationResultStatusPending})
}

func (o *operation) touches(account string) bool {
	return slices.ContainsFunc(o.tasks, func(t *task) bool { return t.account == account })
}

// admits refuses an operation that is known already, and one beside another
// where the set doesn't manage that. Call it with s.mu held.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ManagedExecution.html
func (s *set) admits(o *operation) error {
	if slices.ContainsFunc(s.operations, func(other *operation) bool { return other.id == o.id }) {
		return conflict("OperationIdAlreadyExistsException", "The specified operation ID already exists: %s", o.id)
	}
	if !s.managed && s.busy() != nil {
		return s.inProgress()
	}
	return nil
}

// begin puts an operation at the end of its set's queue. One that has a reason
// already has failed. Call it with s.mu held.
func (s *Service) begin(o *operation) {
	o.created = s.now()
	o.set.operations = append(o.set.operations, o)
	if o.reason != "" {
		o.status, o.ended = types.StackSetOperationStatusFailed, o.created
		return
	}
	for _, t := range o.tasks {
		if i := o.set.instance(t.account); i != nil {
			i.operation = o.id
			i.enter(types.StackInstanceStatusOutdated, types.StackInstanceDetailedStatusPending, "")
		}
	}
	s.schedule(o.set)
}

// schedule starts what waits in a set's queue and needn't any more. Call it with
// s.mu held.
func (s *Service) schedule(of *set) {
	for n, o := range of.operations {
		blocked := slices.ContainsFunc(of.operations[:n], func(before *operation) bool { return before.ended.IsZero() && before.blocks(o) })
		if o.status != types.StackSetOperationStatusQueued || blocked || s.ctx.Err() != nil {
			continue
		}
		o.status = types.StackSetOperationStatusRunning
		s.work.Add(1)
		go func() {
			defer s.work.Done()
			s.run(o)
		}()
	}
}

// blocks reports whether a later operation of the set has to wait for this one.
func (o *operation) blocks(later *operation) bool {
	return !o.set.managed || slices.ContainsFunc(later.tasks, func(t *task) bool { return o.touches(t.account) })
}

// run works through the operation's accounts, as many at a time as its
// preferences say, until too many have failed.
func (s *Service) run(o *operation) {
	limits := limitsOf(o.preferences, len(o.tasks))
	results := make(chan bool)
	begun, running, failed := 0, 0, 0
	for {
		for ; begun < len(o.tasks) && running < limits.room(failed); begun++ {
			running++
			go func(t *task) { results <- s.do(o, t) }(o.tasks[begun])
		}
		if running == 0 {
			break
		}
		if !<-results {
			failed++
		}
		running--
	}
	if s.ctx.Err() == nil {
		s.end(o, o.tasks[begun:], failed)
	}
}

// end ends an operation, cancels the accounts that it didn't come to, and
// starts what waited for it.
func (s *Service) end(o *operation, cancelled []*task, failed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range cancelled {
		t.status, t.reason = types.StackSetOperationResultStatusCancelled, "Cancelled since failure tolerance has exceeded"
		if i := o.set.instance(t.account); i != nil {
			i.enter(types.StackInstanceStatusOutdated, types.StackInstanceDetailedStatusCancelled, t.reason)
		}
	}
	o.status, o.ended, o.failed = types.StackSetOperationStatusSucceeded, s.now(), failed
	if failed > limitsOf(o.preferences, len(o.tasks)).tolerance {
		o.status = types.StackSetOperationStatusFailed
	}
	s.schedule(o.set)
}

// do does one account's part of an operation and reports whether it succeeded.
func (s *Service) do(o *operation, t *task) bool {
	s.mu.Lock()
	t.status = types.StackSetOperationResultStatusRunning
	i := o.set.ensure(t.account, t.unit)
	i.operation, i.detail = o.id, types.StackInstanceDetailedStatusRunning
	d, now := o.set.definition, made{i.stackID, i.exists}
	name := o.set.stackName()
	s.mu.Unlock()

	ctx := iam.AsService(s.ctx, t.account, organizations.StackSets)
	var err error
	switch {
	case o.action != types.StackSetOperationActionDelete:
		now, err = s.deploy(ctx, d, name, now)
	case now.exists && !o.retain:
		err = s.withdraw(ctx, now.id)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	i.stackID, i.exists = now.id, now.exists
	o.record(t, i, err)
	return err == nil
}

// record notes how an account's part ended.
func (o *operation) record(t *task, i *instance, err error) {
	remove := o.action == types.StackSetOperationActionDelete
	if err == nil {
		t.status = types.StackSetOperationResultStatusSucceeded
		i.enter(types.StackInstanceStatusCurrent, types.StackInstanceDetailedStatusSucceeded, "")
		if remove {
			o.set.remove(t.account)
		}
		return
	}
	t.status, t.reason = types.StackSetOperationResultStatusFailed, reasonOf(err)
	if remove {
		i.enter(types.StackInstanceStatusInoperable, types.StackInstanceDetailedStatusInoperable, t.reason)
		return
	}
	i.enter(types.StackInstanceStatusOutdated, types.StackInstanceDetailedStatusFailed, t.reason)
}
