package ecs

import (
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// statusPrimary is that of the task set that serves production traffic; the
// others are ACTIVE, or DRAINING while they are being deleted.
const statusPrimary = "PRIMARY"

// spec is what tasks are made of.
type spec struct {
	definition *definition
	launch     types.LaunchType
	balancers  []types.LoadBalancer
	network    *types.AwsVpcConfiguration
	platform   string
}

// newSpec is a spec on the platform version that a request names.
func newSpec(d *definition, launch types.LaunchType, balancers []types.LoadBalancer, network *types.NetworkConfiguration, platform *string) spec {
	s := spec{definition: d, launch: launch, balancers: slices.Clone(balancers), network: network.AwsvpcConfiguration, platform: latestPlatform}
	if v := value(platform); v != "" && v != "LATEST" {
		s.platform = v
	}
	return s
}

// latestPlatform is what LATEST means.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-fargate.html
const latestPlatform = "1.4.0"

// A taskSet keeps tasks of one spec running: a task set of a service with the
// controller EXTERNAL, or with a rollout a deployment of one with the controller ECS.
type taskSet struct {
	spec
	service    *service
	rollout    *rollout
	id, arn    string
	status     string
	scale      float64 // percent
	externalID *string
	token      string
	created    time.Time
	updated    time.Time
	tags       []types.Tag
	stable     bool
	stableAt   time.Time
	announced  int // the desired count that an event told last
	runs       []*run
	placed     int       // how many tasks there were, to take the subnets in turn
	failures   int       // tasks that failed since one was well
	failure    string    // why the last one failed
	throttled  bool      // an event told that tasks cannot be started
	notBefore  time.Time // when the next task may start
	wake       chan struct{}
}

func newTaskSet(svc *service, d *definition, in *ecs.CreateTaskSetInput, now time.Time) *taskSet {
	set := &taskSet{
		spec:    newSpec(d, in.LaunchType, in.LoadBalancers, in.NetworkConfiguration, in.PlatformVersion),
		service: svc, id: newTaskSetID(), status: statusActive, scale: 100, externalID: in.ExternalId, token: value(in.ClientToken),
		created: now, updated: now, tags: slices.Clone(in.Tags), stableAt: now, wake: make(chan struct{}, 1),
	}
	if in.Scale != nil {
		set.scale = in.Scale.Value
	}
	return set
}

// desired is how many tasks there are to be: a deployment's share, or the computed
// desired count of a task set, which is the scale's share, rounded up.
func (set *taskSet) desired() int {
	switch {
	case set.status == statusDraining:
		return 0
	case set.rollout != nil:
		return set.rollout.wanted
	}
	return int(math.Ceil(float64(set.service.desired)*set.scale/100 - 1e-9))
}

// poke makes the schedulers look at what a change of the task set concerns now: the
// task set, and the other deployments of its service.
func (set *taskSet) poke() {
	if set.rollout == nil {
		set.look()
		return
	}
	for _, other := range set.service.sets {
		other.look()
	}
}

func (set *taskSet) look() {
	select {
	case set.wake <- struct{}{}:
	default: // it is going to look anyway
	}
}

// drain begins to delete the task set.
func (set *taskSet) drain(now time.Time) {
	set.status, set.updated = statusDraining, now
	set.poke()
}

func (set *taskSet) shape(now time.Time) types.TaskSet {
	running, pending := count(set.runs)
	out := types.TaskSet{
		Id: &set.id, TaskSetArn: &set.arn, ServiceArn: &set.service.arn, ClusterArn: &set.service.cluster.arn, Status: new(set.status),
		TaskDefinition: set.definition.TaskDefinitionArn, ExternalId: set.externalID, LaunchType: set.launch,
		PlatformVersion: &set.platform, PlatformFamily: new("Linux"), Scale: &types.Scale{Unit: types.ScaleUnitPercent, Value: set.scale},
		LoadBalancers: slices.Clone(set.balancers), ServiceRegistries: []types.ServiceRegistry{},
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: set.network},
		ComputedDesiredCount: int32(set.desired()), RunningCount: running, PendingCount: pending,
		StabilityStatus: types.StabilityStatusStabilizing, StabilityStatusAt: &now,
		CreatedAt: new(set.created), UpdatedAt: new(set.updated), Tags: slices.Clone(set.tags),
	}
	// The stability is that of the last look; a change since then is not stable yet.
	if set.stable && set.steady() {
		out.StabilityStatus = types.StabilityStatusSteadyState
	}
	return out
}

// steady reports whether the task set is in a steady state as ECS defines it.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html
func (set *taskSet) steady() bool {
	running, pending := count(set.runs)
	return int(running) == set.desired() && pending == 0 && !slices.ContainsFunc(set.runs, func(r *run) bool {
		return r.desired == desiredRunning && !r.well
	})
}
