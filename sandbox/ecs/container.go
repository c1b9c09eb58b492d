package ecs

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/id"
	"orgship/sandbox/task"
)

// A container is one of a task's.
type container struct {
	run     *run
	def     *types.ContainerDefinition
	id      string
	runtime string // id that the runtime gives
	secrets []string
	spec    task.Spec
	output  io.WriteCloser

	task    task.Task // nil until it runs
	gone    chan struct{}
	exit    *int32
	why     string
	culprit bool // it is essential, and ended before it was asked to
	health  types.HealthStatus
	checked chan struct{} // closed when its health is known for the first time
}

func newContainer(r *run, d *types.ContainerDefinition) *container {
	return &container{
		run: r, def: d, id: id.UUID(), runtime: r.id + "-" + newTaskSetID()[8:18],
		gone: make(chan struct{}), checked: make(chan struct{}), health: types.HealthStatusUnknown,
	}
}

// shares reports whether a task definition needs what a [task.Sharer] alone can do.
func shares(containers []types.ContainerDefinition, volumes []types.Volume) bool {
	return len(containers) > 1 || len(volumes) > 0 || slices.ContainsFunc(containers, func(c types.ContainerDefinition) bool { return c.HealthCheck != nil })
}

// ordered returns containers so that each comes after those it depends on.
func ordered(all []*container) []*container {
	var out []*container
	for len(out) < len(all) {
		n := len(out)
		for _, c := range all {
			ready := !slices.Contains(out, c)
			for _, on := range c.def.DependsOn {
				ready = ready && slices.ContainsFunc(out, func(other *container) bool { return *other.def.Name == value(on.ContainerName) })
			}
			if ready {
				out = append(out, c)
			}
		}
		if len(out) == n {
			return all // can't happen: a task definition with a cycle is refused
		}
	}
	return out
}

// start pulls the images and runs them, each once those it depends on are as far as
// it wants them.
func (s *Service) start(ctx context.Context, r *run) *failure {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // nothing further begins when an essential container has ended
		select {
		case <-r.broken:
			cancel()
		case <-ctx.Done():
		}
	}()
	runtime := s.cfg.Runtime
	if d := r.set.definition; shares(d.ContainerDefinitions, d.Volumes) {
		group, f := s.share(ctx, r)
		if f != nil {
			return f
		}
		runtime = group
	}
	for _, c := range ordered(r.containers) {
		f := s.await(ctx, r, c)
		if f == nil {
			f = s.run(ctx, runtime, c)
		}
		if f != nil && r.isBroken() {
			return essentialExited()
		}
		if f != nil {
			return f
		}
	}
	return nil
}

func (r *run) isBroken() bool {
	select {
	case <-r.broken:
		return true
	default:
		return false
	}
}

// share makes what the containers share.
func (s *Service) share(ctx context.Context, r *run) (task.Group, *failure) {
	first := r.containers[0]
	spec := task.Shared{IP: first.spec.IP, Hostname: first.spec.Hostname}
	for _, v := range r.set.definition.Volumes {
		spec.Volumes = append(spec.Volumes, *v.Name)
	}
	group, err := s.cfg.Runtime.(task.Sharer).Share(ctx, spec)
	if err != nil {
		return nil, first.unstarted(err)
	}
	s.change(r, func() { r.group = group })
	return group, nil
}

// run starts a container.
func (s *Service) run(ctx context.Context, runtime task.Runtime, c *container) *failure {
	started, err := runtime.Start(ctx, c.spec)
	s.change(c.run, func() { c.run.pullStopped = s.cfg.Clock.Now() })
	if err != nil {
		return c.unstarted(err)
	}
	s.change(c.run, func() { c.task = started })
	s.work.Go(func() {
		<-started.Done()
		_ = c.output.Close()
		s.noteExit(c)
	})
	if c.def.HealthCheck != nil {
		s.work.Go(func() { s.watchHealth(c) })
	}
	return nil
}

// noteExit notes how a container ended.
func (s *Service) noteExit(c *container) {
	code, why := c.task.Exit()
	s.change(c.run, func() {
		c.exit, c.why = new(int32(code)), why
		if value(c.def.Essential) && !c.run.isBroken() {
			c.culprit = c.run.stopping.IsZero()
			close(c.run.broken)
		}
	})
	close(c.gone)
}

// dependencyTimeout is how long a container waits for those it depends on, unless
// theirs say otherwise.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
const dependencyTimeout = 3 * time.Minute

// await waits until the containers that one depends on are as far as it wants them.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
//
// Assumption A259: a task whose dependencies can't be fulfilled stops as one that
// failed to start; the words are ours.
func (s *Service) await(ctx context.Context, r *run, c *container) *failure {
	for _, on := range c.def.DependsOn {
		i := slices.IndexFunc(r.containers, func(other *container) bool { return *other.def.Name == value(on.ContainerName) })
		other := r.containers[i]
		if on.Condition == types.ContainerConditionStart {
			continue
		}
		limit := dependencyTimeout
		if set := other.def.StartTimeout; set != nil {
			limit = time.Duration(*set) * time.Second
		}
		wait, cancel := context.WithTimeoutCause(ctx, s.cfg.Clock.Scale(limit), errDependencyTimeout)
		err := s.fulfilled(wait, other, on.Condition)
		cancel()
		if err != nil {
			return unstartable("Container %s: the condition %s of its dependency on %s isn't fulfilled: %v", *c.def.Name, on.Condition, *other.def.Name, err)
		}
	}
	return nil
}

var errDependencyTimeout = errors.New("timeout")

func (s *Service) fulfilled(ctx context.Context, c *container, condition types.ContainerCondition) error {
	reached := c.gone
	if condition == types.ContainerConditionHealthy {
		reached = c.checked
	}
	select {
	case <-reached:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case condition == types.ContainerConditionSuccess && *c.exit != 0:
		return errors.New("it ended otherwise")
	case condition == types.ContainerConditionHealthy && c.health != types.HealthStatusHealthy:
		return errors.New("it is unhealthy")
	}
	return nil
}

// watchHealth runs a container's health check again and again.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
//
// Assumption A260: a check's timeout is real time at any speed, since the command
// really runs; the rest is the sandbox's.
func (s *Service) watchHealth(c *container) {
	h := c.def.HealthCheck
	started := s.cfg.Clock.Now()
	every := time.NewTicker(max(s.cfg.Clock.Scale(time.Duration(*h.Interval)*time.Second), soonFloor))
	defer every.Stop()
	first, failed := true, int32(0)
	know := func(is types.HealthStatus) {
		s.change(c.run, func() { c.health = is })
		if first {
			close(c.checked)
			first = false
		}
	}
	for {
		if s.checkOnce(c) {
			failed = 0
			know(types.HealthStatusHealthy)
		} else if s.cfg.Clock.Now().Sub(started) >= s.cfg.Clock.Scale(time.Duration(value(h.StartPeriod))*time.Second) {
			if failed++; failed >= *h.Retries {
				know(types.HealthStatusUnhealthy)
			}
		}
		select {
		case <-every.C:
		case <-c.gone:
			return
		}
	}
}

func (s *Service) checkOnce(c *container) bool {
	ctx, cancel := context.WithTimeout(s.ctx, time.Duration(*c.def.HealthCheck.Timeout)*time.Second)
	defer cancel()
	argv := c.def.HealthCheck.Command[1:]
	if c.def.HealthCheck.Command[0] == commandShell {
		argv = []string{"/bin/sh", "-c", strings.Join(argv, " ")}
	}
	code, err := c.task.(task.Execer).Exec(ctx, argv)
	return err == nil && code == 0
}

// How the command of a health check begins.
const (
	commandShell = "CMD-SHELL"
	commandExec  = "CMD"
)

// health is that of the task's essential containers that have a check.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html
func (r *run) health() types.HealthStatus {
	is := types.HealthStatusUnknown
	for _, c := range r.containers {
		switch {
		case c.def.HealthCheck == nil || !value(c.def.Essential):
		case c.health != types.HealthStatusHealthy:
			return c.health
		default:
			is = types.HealthStatusHealthy
		}
	}
	return is
}

// checked reports whether the task has health checks of its own that count.
func (r *run) checked() bool {
	return slices.ContainsFunc(r.containers, func(c *container) bool { return c.def.HealthCheck != nil && value(c.def.Essential) })
}

// answers returns a container whose network has a port: that with the mapping, if it
// runs, else any that does.
func (r *run) answers(port int) task.Task {
	var found task.Task
	for _, c := range r.containers {
		if c.task == nil || c.exit != nil {
			continue
		}
		if found == nil || slices.ContainsFunc(c.def.PortMappings, func(m types.PortMapping) bool { return int(value(m.ContainerPort)) == port }) {
			found = c.task
		}
	}
	return found
}

// shape is the container as AWS shows it.
func (c *container) shape() types.Container {
	r := c.run
	path := r.set.service.cluster.name + "/" + r.id
	out := types.Container{
		ContainerArn: new(strings.TrimSuffix(r.arn, "task/"+path) + "container/" + path + "/" + c.id),
		TaskArn:      &r.arn, Name: c.def.Name, Image: c.def.Image, LastStatus: new(c.status()), HealthStatus: c.health,
		ExitCode: c.exit, NetworkBindings: []types.NetworkBinding{}, Cpu: new("0"),
	}
	if c.why != "" {
		out.Reason = &c.why
	}
	if c.task != nil {
		out.ImageDigest, out.RuntimeId = new(c.task.Digest()), &c.runtime
	}
	if r.eni != nil {
		out.NetworkInterfaces = []types.NetworkInterface{{AttachmentId: &r.attachment, PrivateIpv4Address: &r.eni.PrivateIP}}
	}
	return out
}

// status is what a container's status can be: it knows fewer than a task.
func (c *container) status() string {
	switch {
	case c.run.last == lastStopped || c.exit != nil:
		return lastStopped
	case c.task != nil:
		return lastRunning
	}
	return lastPending
}
