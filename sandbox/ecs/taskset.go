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

type taskSet struct {
	service    *service
	definition *definition
	id, arn    string
	status     string
	scale      float64 // percent
	externalID *string
	token      string
	launch     types.LaunchType
	balancers  []types.LoadBalancer
	network    *types.AwsVpcConfiguration
	platform   string
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
		service: svc, definition: d, id: newTaskSetID(), status: statusActive, scale: 100,
		externalID: in.ExternalId, token: value(in.ClientToken), launch: in.LaunchType,
		balancers: slices.Clone(in.LoadBalancers), network: in.NetworkConfiguration.AwsvpcConfiguration, platform: "1.4.0",
		created: now, updated: now, tags: slices.Clone(in.Tags), stableAt: now, wake: make(chan struct{}, 1),
	}
	if in.Scale != nil {
		set.scale = in.Scale.Value
	}
	if v := value(in.PlatformVersion); v != "" && v != "LATEST" {
		set.platform = v
	}
	return set
}

// desired is the computed desired count: the scale's share, rounded up.
func (set *taskSet) desired() int {
	if set.status == statusDraining {
		return 0
	}
	return int(math.Ceil(float64(set.service.desired)*set.scale/100 - 1e-9))
}

// poke makes the scheduler look at the task set now.
func (set *taskSet) poke() {
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
