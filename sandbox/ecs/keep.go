package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// How often the scheduler looks at a task set, on the clock: often while
// something is expected to change, and never so often that a fast clock keeps
// the machine busy.
const (
	lookSoon   = time.Second
	lookLater  = 5 * time.Second
	soonFloor  = 10 * time.Millisecond
	laterFloor = 25 * time.Millisecond
)

// How long the scheduler waits after a task failed.
//
// Assumption A64: AWS documents that the time between attempts grows, up to 15
// minutes, for tasks that never get to run, and not from what. It is doubled
// here from 10 seconds. A task that failed after it ran is replaced after 10
// seconds: about what it takes AWS to notice and to place another one.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
const (
	firstBackoff = 10 * time.Second
	maxBackoff   = 15 * time.Minute
)

// throttleAfter is how many tasks fail to start before an event says so.
const throttleAfter = 3

// keep is the scheduler of one task set: it starts and stops tasks until the
// task set is deleted and its last task gone, or the service closes.
func (s *Service) keep(set *taskSet) {
	for {
		s.place(set)
		s.judge(set)
		wait := s.settle(set)
		if wait < 0 {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-set.wake:
		case <-timer.C:
		case <-s.ctx.Done():
			timer.Stop()
			return // its tasks see that too
		}
		timer.Stop()
	}
}

// place starts the tasks that are missing and stops those that are too many.
func (s *Service) place(set *taskSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	set.service.roll()
	want := set.desired()
	if want != set.announced && set.rollout == nil {
		set.announced = want
		s.say(set.service, "updated computedDesiredCount for taskSet %s to %d.", set.id, want)
	}
	live := set.live()
	for ; len(live) > want; live = live[:len(live)-1] {
		r := live[len(live)-1]
		s.saySet(set, "has stopped 1 running tasks: (task %s).", r.id)
		r.end(types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by ("+set.kind()+" "+set.id+")")
	}
	if s.cfg.Clock.Now().Before(set.notBefore) {
		return
	}
	for range want - len(live) {
		r := s.newRun(set)
		set.runs = append(set.runs, r)
		set.service.cluster.runs = append(set.service.cluster.runs, r)
		s.work.Go(func() { s.live(r) })
	}
}

// live returns the tasks that are not to stop, those first that are to be kept longest.
func (set *taskSet) live() []*run {
	var well, others []*run
	for _, r := range set.runs {
		switch {
		case r.desired != desiredRunning:
		case r.well:
			well = append(well, r)
		default:
			others = append(others, r)
		}
	}
	return append(well, others...)
}

// settle draws the conclusions of a look: it tells of a steady state, and
// returns how long to wait until the next look, less than zero for ever.
func (s *Service) settle(set *taskSet) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if set.over() {
		set.service.remove(set)
		delete(s.sets, set.id)
		return -1
	}
	steady := set.steady() && set.status != statusDraining
	if steady && !set.stable {
		set.stableAt = s.cfg.Clock.Now()
		if set.rollout == nil {
			s.saySet(set, "updated state to STEADY_STATE.")
		}
	}
	set.stable = steady
	s.complete(set)
	s.tellSteady(set.service)
	if !steady || set.rollout != nil && len(set.service.sets) > 1 || len(set.runs) > 0 && len(set.balancers) > 0 && set.failures > 0 {
		return max(s.cfg.Clock.Scale(lookSoon), soonFloor)
	}
	return max(s.cfg.Clock.Scale(lookLater), laterFloor)
}

// over reports whether nothing is left of the task set and nothing is to come.
func (set *taskSet) over() bool {
	ends := set.status == statusDraining || set.rollout != nil && set.status == statusActive && set.rollout.wanted == 0
	return ends && len(set.runs) == 0
}

// tellSteady adds an event when the whole service has become steady.
func (s *Service) tellSteady(svc *service) {
	steady := len(svc.sets) > 0
	for _, set := range svc.sets {
		steady = steady && set.stable && (set.rollout == nil || set.rollout.state == types.DeploymentRolloutStateCompleted)
	}
	if steady && !svc.steady {
		s.say(svc, "has reached a steady state.")
	}
	svc.steady = steady
}

func (svc *service) remove(set *taskSet) {
	for i, other := range svc.sets {
		if other == set {
			svc.sets = append(svc.sets[:i:i], svc.sets[i+1:]...)
			break
		}
	}
	svc.settleStatus()
}

// failed notes that a task failed, and puts the next one off.
func (s *Service) failed(set *taskSet, f *failure, ran bool) {
	set.failures++
	set.failure = f.reason
	s.count(set)
	wait := firstBackoff
	if !ran {
		wait = min(firstBackoff<<min(set.failures-1, 10), maxBackoff)
		if set.failures >= throttleAfter && !set.throttled {
			set.throttled = true
			s.saySet(set, "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")
		}
	}
	set.notBefore = s.cfg.Clock.Now().Add(s.cfg.Clock.Scale(wait))
	set.poke()
}

// recovered notes that a task is well: what failed before is forgotten.
func (set *taskSet) recovered() {
	set.failures, set.failure, set.throttled, set.notBefore = 0, "", false, time.Time{}
	if set.rollout != nil && set.service.resets() {
		set.rollout.failed = 0
	}
}
