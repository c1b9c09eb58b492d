package ecs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/ec2"
	"orgship/sandbox/id"
	"orgship/sandbox/task"
)

// The states of a task.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
const (
	lastProvisioning   = "PROVISIONING"   // gets its network interface
	lastPending        = "PENDING"        // pulls its image
	lastRunning        = "RUNNING"        //
	lastDeactivating   = "DEACTIVATING"   // leaves its target groups
	lastStopping       = "STOPPING"       // has been asked to end
	lastDeprovisioning = "DEPROVISIONING" // gives its network interface back
	lastStopped        = "STOPPED"

	desiredRunning = "RUNNING"
	desiredStopped = "STOPPED"
)

// A run is a task from its beginning to its end.
type run struct {
	set                                                                             *taskSet
	id, arn                                                                         string
	hidden                                                                          bool // nobody sees it yet: its role has to be assumed first
	last                                                                            string
	desired                                                                         string
	subnet                                                                          string
	attachment                                                                      string // id of the interface's attachment
	eni                                                                             *ec2.ENI
	containers                                                                      []*container // as in the task definition
	group                                                                           task.Group   // what they share; nil for a task of one that needs none
	well                                                                            bool         // as far as its load balancers and its own health checks know
	code                                                                            types.TaskStopCode
	reason                                                                          string
	tags                                                                            []types.Tag
	version                                                                         int64
	created, pullStarted, pullStopped, started, stopping, executionStopped, stopped time.Time

	ending chan struct{} // closed when the task is asked to end
	broken chan struct{} // closed when an essential container has ended
}

func (s *Service) newRun(set *taskSet) *run {
	own := id.Hex(32)
	subnets := set.network.Subnets
	r := &run{
		set: set, id: own, arn: s.arn(set.service.account, "task", set.service.cluster.name+"/"+own), hidden: true,
		last: lastProvisioning, desired: desiredRunning, subnet: subnets[set.placed%len(subnets)],
		attachment: id.UUID(), created: s.cfg.Clock.Now(), version: 1, ending: make(chan struct{}), broken: make(chan struct{}),
	}
	for i := range set.definition.ContainerDefinitions {
		r.containers = append(r.containers, newContainer(r, &set.definition.ContainerDefinitions[i]))
	}
	set.placed++
	switch set.service.propagate {
	case types.PropagateTagsService:
		r.tags = slices.Clone(set.service.tags)
	case types.PropagateTagsTaskDefinition:
		r.tags = slices.Clone(set.definition.tags)
	}
	return r
}

// end asks a task to end, once.
func (r *run) end(code types.TaskStopCode, reason string) {
	if r.desired == desiredStopped {
		return
	}
	r.desired, r.code, r.reason = desiredStopped, code, reason
	r.version++
	close(r.ending)
	r.set.poke()
}

// change does something to a task under the service's lock.
func (s *Service) change(r *run, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	r.version++
	r.set.poke()
}

// live is a task's life: it begins, does its work, and cleans up.
func (s *Service) live(r *run) {
	ctx, cancel := context.WithCancel(s.acting(r.set.service.account))
	defer cancel()
	go func() { // a task that is asked to end need not finish beginning
		select {
		case <-r.ending:
		case <-s.ctx.Done():
		case <-ctx.Done():
		}
		cancel()
	}()
	f := s.begin(ctx, r)
	if f == nil {
		f = s.attend(r)
	} else {
		s.abandon(r)
	}
	s.finish(r, f)
}

// attend lets the task run until it ends by itself, which is a failure, or is
// asked to.
func (s *Service) attend(r *run) *failure {
	s.change(r, func() { r.last, r.started = lastRunning, s.cfg.Clock.Now() })
	s.register(r)
	select {
	case <-r.broken:
	case <-r.ending:
	case <-s.ctx.Done():
	}
	s.deregister(r)
	select {
	case <-r.broken:
	default:
		s.drain(r)
	}
	s.stop(r)
	return s.ended(r)
}

// abandon ends what has begun of a task that couldn't begin as a whole.
func (s *Service) abandon(r *run) {
	if slices.ContainsFunc(r.containers, func(c *container) bool { return c.task != nil }) {
		s.stop(r)
	}
	s.closeGroup(r)
}

// stopTimeout is how long a container has to end by itself after its stop
// signal, unless its definition says otherwise.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
const stopTimeout = 30 * time.Second

// stop ends the containers that still run, those first that depend on others.
func (s *Service) stop(r *run) {
	ctx, cancel := s.patience()
	defer cancel()
	for _, c := range slices.Backward(ordered(r.containers)) {
		if c.task == nil {
			continue
		}
		select {
		case <-c.gone:
			continue
		default:
		}
		s.change(r, func() {
			if r.stopping.IsZero() {
				r.last, r.stopping = lastStopping, s.cfg.Clock.Now()
			}
		})
		grace := stopTimeout
		if set := c.def.StopTimeout; set != nil {
			grace = time.Duration(*set) * time.Second
		}
		if err := c.task.Stop(ctx, s.cfg.Clock.Scale(grace)); err != nil {
			s.change(r, func() { s.saySet(r.set, "(task %s) left something behind: %v", r.id, err) })
		}
		<-c.gone
	}
}

// closeGroup lets go of what the task's containers shared.
func (s *Service) closeGroup(r *run) {
	if r.group == nil {
		return
	}
	if err := r.group.Close(); err != nil {
		s.change(r, func() { s.saySet(r.set, "(task %s) left something behind: %v", r.id, err) })
	}
}

// patience is the context of a stop: the service's, and then that of Close.
func (s *Service) patience() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-s.ctx.Done():
		case <-ctx.Done():
			return
		}
		s.mu.Lock()
		closing := s.closing
		s.mu.Unlock()
		select {
		case <-closing.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// ended is how the task ended. It is a failure if nobody asked for it.
func (s *Service) ended(r *run) *failure {
	s.closeGroup(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	r.executionStopped = s.cfg.Clock.Now()
	if r.desired == desiredStopped || s.ctx.Err() != nil {
		return nil
	}
	return essentialExited()
}

func essentialExited() *failure {
	return &failure{code: types.TaskStopCodeEssentialContainerExited, reason: "Essential container in task exited"}
}

// finish gives back what the task had and puts it among the stopped ones.
func (s *Service) finish(r *run, f *failure) {
	s.mu.Lock()
	ran := !r.started.IsZero()
	asked := r.desired == desiredStopped || s.ctx.Err() != nil
	if f != nil && !asked {
		r.code, r.reason = f.code, f.reason
		told := *f
		for _, c := range r.containers {
			if f.code == types.TaskStopCodeEssentialContainerExited && c.culprit {
				told.reason = fmt.Sprintf("%s (exit code %d)", f.reason, *c.exit)
			}
			if !ran && c.exit == nil {
				c.why = f.reason
			}
		}
		s.failed(r.set, &told, ran)
	}
	if r.code == "" { // the sandbox ends
		r.code, r.reason = types.TaskStopCodeServiceSchedulerInitiated, "The sandbox ends"
	}
	r.desired, r.last = desiredStopped, lastDeprovisioning
	eni := r.eni
	s.mu.Unlock()
	if eni != nil {
		s.cfg.Network.Detach(eni.ID)
	}
	s.change(r, func() {
		r.last, r.stopped = lastStopped, s.cfg.Clock.Now()
		s.retire(r)
	})
}

// maxStopped is how many stopped tasks of a cluster can be looked at. AWS shows
// them for an hour at least.
const maxStopped = 500

func (s *Service) retire(r *run) {
	c := r.set.service.cluster
	gone := func(other *run) bool { return other == r }
	r.set.runs = slices.DeleteFunc(r.set.runs, gone)
	c.runs = slices.DeleteFunc(c.runs, gone)
	if r.hidden {
		return
	}
	c.stopped = append(c.stopped, r)
	if len(c.stopped) > maxStopped {
		c.stopped = slices.Delete(c.stopped, 0, 1)
	}
}

// count counts the tasks that are not to stop.
func count(runs []*run) (running, pending int32) {
	for _, r := range runs {
		switch {
		case r.hidden || r.desired == desiredStopped:
		case r.last == lastRunning:
			running++
		default:
			pending++
		}
	}
	return running, pending
}
