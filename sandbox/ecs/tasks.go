package ecs

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/iam"
)

// tasks are those of a cluster that can be looked at.
func (c *cluster) tasks() []*run {
	all := slices.Concat(c.runs, c.stopped)
	return slices.DeleteFunc(all, func(r *run) bool { return r.hidden })
}

// task finds a task by its id or ARN; nil if there is none.
func (c *cluster) task(ref string) *run {
	tasks := c.tasks()
	i := slices.IndexFunc(tasks, func(r *run) bool { return r.id == ref || r.arn == ref })
	if i < 0 {
		return nil
	}
	return tasks[i]
}

func (s *Service) taskARN(ctx context.Context, cluster *string, ref string) string {
	return s.arn(iam.Caller(ctx).Account, "task", last(s.clusterARN(ctx, cluster))+"/"+last(ref))
}

// DescribeTasks describes up to a hundred tasks, also those that have stopped.
func (s *Service) DescribeTasks(ctx context.Context, in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
	if len(in.Tasks) == 0 || len(in.Tasks) > 100 {
		return nil, invalid("Tasks must have 1 to 100 entries.")
	}
	for _, ref := range in.Tasks {
		if err := s.cfg.Auth.Authorize(ctx, "ecs:DescribeTasks", s.taskARN(ctx, in.Cluster, ref)); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.cluster(ctx, in.Cluster)
	if err != nil {
		return nil, err
	}
	out := &ecs.DescribeTasksOutput{}
	for _, ref := range in.Tasks {
		r := c.task(ref)
		if r == nil {
			out.Failures = append(out.Failures, missing(s.taskARN(ctx, in.Cluster, ref)))
			continue
		}
		shape := s.shape(r)
		if !slices.Contains(in.Include, types.TaskFieldTags) {
			shape.Tags = nil
		}
		out.Tasks = append(out.Tasks, shape)
	}
	return out, nil
}

// ListTasks lists the ARNs of a cluster's tasks that are to run, or of those
// that are to stop or have stopped.
func (s *Service) ListTasks(ctx context.Context, in *ecs.ListTasksInput) (*ecs.ListTasksOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:ListTasks", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.cluster(ctx, in.Cluster)
	if err != nil {
		return nil, err
	}
	if in.ServiceName != nil {
		if _, err := s.service(ctx, in.Cluster, in.ServiceName); err != nil {
			return nil, err
		}
	}
	var arns []string
	for _, r := range c.tasks() {
		if s.listed(ctx, r, in) {
			arns = append(arns, r.arn)
		}
	}
	arns, next, err := cut("ListTasks", arns, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ecs.ListTasksOutput{TaskArns: arns, NextToken: next}, nil
}

func (s *Service) listed(ctx context.Context, r *run, in *ecs.ListTasksInput) bool {
	switch {
	case in.ServiceName != nil && r.set.service.name != last(s.name(ctx, "service", *in.ServiceName)),
		in.StartedBy != nil && r.set.id != *in.StartedBy,
		in.Family != nil && value(r.set.definition.Family) != *in.Family,
		in.LaunchType != "" && r.set.launch != in.LaunchType:
		return false
	}
	if in.DesiredStatus == "" {
		return r.desired == desiredRunning
	}
	return r.desired == string(in.DesiredStatus)
}

// StopTask stops a task; its service starts another one.
func (s *Service) StopTask(ctx context.Context, in *ecs.StopTaskInput) (*ecs.StopTaskOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:StopTask", s.taskARN(ctx, in.Cluster, value(in.Task))); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.cluster(ctx, in.Cluster)
	if err != nil {
		return nil, err
	}
	r := c.task(value(in.Task))
	if r == nil {
		return nil, invalid("The referenced task was not found.")
	}
	reason := value(in.Reason)
	if reason == "" {
		reason = "Task stopped by user"
	}
	if r.desired == desiredRunning {
		s.saySet(r.set, "has stopped 1 running tasks: (task %s).", r.id)
		r.end(types.TaskStopCodeUserInitiated, reason)
	}
	shape := s.shape(r)
	return &ecs.StopTaskOutput{Task: &shape}, nil
}

// shape is the task as AWS shows it.
func (s *Service) shape(r *run) types.Task {
	d := r.set.definition
	t := types.Task{
		TaskArn: &r.arn, ClusterArn: &r.set.service.cluster.arn, TaskDefinitionArn: d.TaskDefinitionArn,
		Group: new("service:" + r.set.service.name), StartedBy: &r.set.id, LaunchType: r.set.launch,
		PlatformVersion: &r.set.platform, PlatformFamily: new("Linux"), Cpu: d.Cpu, Memory: d.Memory,
		LastStatus: new(r.last), DesiredStatus: new(r.desired), HealthStatus: r.health(), Version: r.version,
		CreatedAt: at(r.created), PullStartedAt: at(r.pullStarted), PullStoppedAt: at(r.pullStopped), StartedAt: at(r.started),
		StoppingAt: at(r.stopping), ExecutionStoppedAt: at(r.executionStopped), StoppedAt: at(r.stopped), StopCode: r.code,
		Attachments: []types.Attachment{s.attachmentOf(r)}, Overrides: &types.TaskOverride{}, Tags: slices.Clone(r.tags), EphemeralStorage: d.EphemeralStorage,
	}
	for _, c := range r.containers {
		t.Containers = append(t.Containers, c.shape())
		t.Overrides.ContainerOverrides = append(t.Overrides.ContainerOverrides, types.ContainerOverride{Name: c.def.Name})
	}
	if r.reason != "" {
		t.StoppedReason = &r.reason
	}
	if r.last == lastRunning {
		t.Connectivity, t.ConnectivityAt = types.ConnectivityConnected, at(r.started)
	}
	return t
}

// attachmentOf shows the task's network interface.
func (s *Service) attachmentOf(r *run) types.Attachment {
	a := types.Attachment{
		Id: &r.attachment, Type: new("ElasticNetworkInterface"), Status: new("PRECREATED"),
		Details: []types.KeyValuePair{{Name: new("subnetId"), Value: &r.subnet}},
	}
	if r.eni == nil {
		return a
	}
	a.Status = new("ATTACHED")
	if r.last == lastStopped {
		a.Status = new("DELETED")
	}
	for _, d := range [][2]string{
		{"networkInterfaceId", r.eni.ID}, {"macAddress", r.eni.MAC},
		{"privateDnsName", s.hostname(r.eni.PrivateIP)}, {"privateIPv4Address", r.eni.PrivateIP},
	} {
		a.Details = append(a.Details, types.KeyValuePair{Name: new(d[0]), Value: new(d[1])})
	}
	return a
}

func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
