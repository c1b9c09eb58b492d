package ecs

import (
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A rollout is what makes a task set a deployment of a service with the controller
// ECS, which replaces the tasks of the deployments before it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
type rollout struct {
	state  types.DeploymentRolloutState
	reason string
	wanted int // how many tasks it may have now
	failed int // tasks that failed since one was healthy
}

// deploy begins a deployment, which is the primary one from now on.
func (s *Service) deploy(svc *service, of spec) *taskSet {
	now := s.cfg.Clock.Now()
	set := &taskSet{
		spec: of, service: svc, id: newTaskSetID(), created: now, stableAt: now, wake: make(chan struct{}, 1),
		rollout: &rollout{},
	}
	svc.sets = append(svc.sets, set)
	s.sets[set.id] = set
	s.lead(set, "ECS deployment "+set.id+" in progress.")
	s.work.Go(func() { s.keep(set) })
	return set
}

// lead makes a deployment the primary one, which replaces all others.
func (s *Service) lead(set *taskSet, reason string) {
	now := s.cfg.Clock.Now()
	for _, other := range set.service.sets {
		if other.status == statusPrimary {
			other.status, other.updated = statusActive, now
		}
	}
	set.status, set.updated = statusPrimary, now
	set.rollout.state, set.rollout.reason, set.rollout.failed = types.DeploymentRolloutStateInProgress, reason, 0
	set.service.spec, set.service.steady = set.spec, false
	set.poke()
}

// primary is the deployment that replaces the others, nil where there is none.
func (svc *service) primary() *taskSet {
	for _, set := range svc.sets {
		if set.rollout != nil && set.status == statusPrimary {
			return set
		}
	}
	return nil
}

// roll decides how many tasks each deployment may have now: the primary one as many
// more as the maximum percent lets the service have, and the others as few as the
// minimum healthy percent asks for.
//
// Assumption A255: tasks that aren't healthy are the first to go, and a deployment
// that isn't primary gets no new tasks in place of those that fail.
func (svc *service) roll() {
	primary := svc.primary()
	if primary == nil {
		return
	}
	live, healthy := 0, 0
	for _, set := range svc.sets {
		live += len(set.live())
		healthy += set.healthy()
	}
	own := len(primary.live())
	switch {
	case primary.rollout.state == types.DeploymentRolloutStateFailed:
		primary.rollout.wanted = min(svc.desired, own)
		return // "doesn't launch any new tasks", and nothing replaces the others
	case len(svc.sets) == 1:
		primary.rollout.wanted = svc.desired
		return
	}
	most := svc.desired * int(value(svc.deployment.MaximumPercent)) / 100
	primary.rollout.wanted = min(svc.desired, own+max(0, most-live))
	least := int(math.Ceil(float64(svc.desired) * float64(value(svc.deployment.MinimumHealthyPercent)) / 100))
	spare := max(0, healthy-least)
	for _, set := range svc.sets {
		if set == primary {
			continue
		}
		stop := min(spare, set.healthy())
		set.rollout.wanted = set.healthy() - stop
		spare -= stop
	}
}

// healthy counts the tasks that count as healthy.
func (set *taskSet) healthy() int {
	n := 0
	for _, r := range set.runs {
		if r.desired == desiredRunning && r.last == lastRunning && r.well {
			n++
		}
	}
	return n
}

// complete ends a deployment that has replaced all others and is steady.
func (s *Service) complete(set *taskSet) {
	if set.rollout == nil || set.status != statusPrimary || set.rollout.state != types.DeploymentRolloutStateInProgress {
		return
	}
	if len(set.service.sets) > 1 || !set.stable || len(set.runs) != set.service.desired {
		return
	}
	set.rollout.state, set.rollout.reason = types.DeploymentRolloutStateCompleted, "ECS deployment "+set.id+" completed."
	set.updated = s.cfg.Clock.Now()
	set.service.completed = set
	s.say(set.service, "(deployment %s) deployment completed.", set.id)
}

// kind is what a reason calls the task set.
func (set *taskSet) kind() string {
	if set.rollout != nil {
		return "deployment"
	}
	return "taskSet"
}

// deploymentShape is a deployment as DescribeServices shows it.
func (set *taskSet) deploymentShape() types.Deployment {
	running, pending := count(set.runs)
	desired := set.rollout.wanted
	if set.status == statusPrimary {
		desired = set.service.desired
	}
	return types.Deployment{
		Id: &set.id, Status: new(set.status), TaskDefinition: set.definition.TaskDefinitionArn, DesiredCount: int32(desired),
		RunningCount: running, PendingCount: pending, FailedTasks: int32(set.rollout.failed),
		RolloutState: set.rollout.state, RolloutStateReason: new(set.rollout.reason), LaunchType: set.launch,
		PlatformVersion: &set.platform, PlatformFamily: new("Linux"), NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: set.network},
		CreatedAt: at(set.created), UpdatedAt: at(latest(set.created, set.updated)),
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
