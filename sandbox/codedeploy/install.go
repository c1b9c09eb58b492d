package codedeploy

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// When the wait for green ends in failure.
//
// Assumption A46: after the limit of a lifecycle event (one hour:
// https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html), when ECS
// says that green's tasks keep failing, or once a target of green has been
// unhealthy for five minutes without a break. How long AWS's hook waits is not
// documented. Applications start at real speed, so the clock's speed makes these
// limits no shorter than the floors.
const (
	installLimit   = time.Hour
	installFloor   = 10 * time.Second
	unhealthyLimit = 5 * time.Minute
	unhealthyFloor = 5 * time.Second
)

// install waits until the green task set is steady and all its targets are
// healthy.
//
// Assumption A41: for this, green's target group stands behind the production
// listener with weight 0 from the beginning: AWS checks the health of targets
// only if something forwards to their group.
func (r *run) install(ctx context.Context) error {
	var err error
	if r.prod, err = r.findRoute(ctx, r.spec.ProdListener); err != nil {
		return err
	}
	if err := r.prod.move(ctx, 0); err != nil {
		return err
	}
	r.note("Waiting for the green task set to become steady and healthy")
	deadline := time.Now().Add(max(r.cfg.Clock.Scale(installLimit), installFloor))
	patience := max(r.cfg.Clock.Scale(unhealthyLimit), unhealthyFloor)
	var unhealthySince time.Time
	for {
		g, err := r.lookAtGreen(ctx)
		switch {
		case err != nil:
			return err
		case g.ready:
			return nil
		case g.unhealthy == "":
			unhealthySince = time.Time{}
		case unhealthySince.IsZero():
			unhealthySince = time.Now()
		case time.Since(unhealthySince) > patience:
			return fail(types.ErrorCodeHealthConstraints, "The green task set does not become healthy: %s", g.unhealthy)
		}
		if time.Now().After(deadline) {
			return fail(types.ErrorCodeTimeout, "The green task set did not become steady within %v: %s", installLimit, g)
		}
		if err := r.sleep(ctx); err != nil {
			return err
		}
	}
}

// green is the state of the green task set.
type green struct {
	ready            bool
	running, desired int32
	healthy          int
	unhealthy        string // a target that is, and why; or empty
}

func (g green) String() string {
	return fmt.Sprintf("%d of %d tasks running, %d targets healthy", g.running, g.desired, g.healthy)
}

// lookAtGreen asks ECS and the load balancer. It fails when green has failed.
func (r *run) lookAtGreen(ctx context.Context) (green, error) {
	sets, err := r.cfg.Containers.DescribeTaskSets(ctx, &ecs.DescribeTaskSetsInput{
		Cluster: &r.spec.Cluster, Service: &r.spec.Service, TaskSets: []string{r.spec.GreenTaskSet},
	})
	if err != nil {
		return green{}, fail(types.ErrorCodeInvalidEcsService, "Describing the green task set: %v", err)
	}
	if len(sets.TaskSets) == 0 {
		return green{}, fail(types.ErrorCodeInvalidEcsService, "The green task set %s does not exist", r.spec.GreenTaskSet)
	}
	set := sets.TaskSets[0]
	g := green{running: set.RunningCount, desired: set.ComputedDesiredCount}
	if err := r.lookAtTargets(ctx, &g); err != nil {
		return green{}, err
	}
	g.ready = set.StabilityStatus == ecstypes.StabilityStatusSteadyState && g.unhealthy == "" &&
		g.running >= g.desired && g.healthy >= int(g.desired)
	if reason := r.cfg.Containers.Failure(r.spec.GreenTaskSet); reason != "" && !g.ready {
		return green{}, fail(types.ErrorCodeHealthConstraints, "The tasks of the green task set keep failing, the last one with: %s", reason)
	}
	return g, nil
}

func (r *run) lookAtTargets(ctx context.Context, g *green) error {
	out, err := r.cfg.Balancer.DescribeTargetHealth(ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &r.spec.GreenTargetGroup})
	if err != nil {
		return elbError(err)
	}
	for _, t := range out.TargetHealthDescriptions {
		switch t.TargetHealth.State {
		case elbtypes.TargetHealthStateEnumHealthy:
			g.healthy++
		case elbtypes.TargetHealthStateEnumUnhealthy:
			g.unhealthy = fmt.Sprintf("target %s:%d is unhealthy (%s)", *t.Target.Id, *t.Target.Port, t.TargetHealth.Reason)
			if t.TargetHealth.Description != nil {
				g.unhealthy += ": " + *t.TargetHealth.Description
			}
		}
	}
	return nil
}
