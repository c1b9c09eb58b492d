package ecs

import (
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// count counts a failed task of a deployment and ends one of which too many failed, if
// the service has a circuit breaker.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
//
// Assumption A256: every task counts that ends without having been asked to, also one
// that ran for a while.
func (s *Service) count(set *taskSet) {
	if set.rollout == nil {
		return
	}
	set.rollout.failed++
	breaker := set.service.deployment.DeploymentCircuitBreaker
	on := breaker != nil && breaker.Enable && set.status == statusPrimary && set.rollout.state == types.DeploymentRolloutStateInProgress
	if on && set.rollout.failed >= threshold(breaker.ThresholdConfiguration, set.service.desired) {
		s.fail(set, "tasks failed to start.", "ECS deployment circuit breaker", breaker.Rollback)
	}
}

// resets reports whether a healthy task makes the circuit breaker forget the failed ones.
func (svc *service) resets() bool {
	breaker := svc.deployment.DeploymentCircuitBreaker
	return breaker == nil || breaker.ResetOnHealthyTask == nil || *breaker.ResetOnHealthyTask
}

// threshold is how many failed tasks end a deployment: half the desired count, at least
// 3 and at most 200, unless it is given.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ThresholdConfiguration.html
func threshold(c *types.ThresholdConfiguration, desired int) int {
	kind, n := types.ThresholdTypeBoundedPercent, int32(50)
	if c != nil {
		kind, n = c.Type, c.Value
	}
	share := int(math.Ceil(float64(n) * float64(desired) / 100))
	switch kind {
	case types.ThresholdTypeCount:
		return int(n)
	case types.ThresholdTypeUnboundedPercent:
		return max(1, share)
	}
	return min(max(3, share), 200)
}

// fail ends a deployment, and takes the service back to the last one that was
// completed, if it is to.
//
// Assumption A257: going back makes the deployment primary again if it still has tasks,
// and else begins another one of the same task definition.
func (s *Service) fail(set *taskSet, why, by string, back bool) {
	svc := set.service
	set.rollout.state, set.rollout.reason = types.DeploymentRolloutStateFailed, by+": "+why
	set.updated = s.cfg.Clock.Now()
	s.say(svc, "(deployment %s) deployment failed: %s", set.id, why)
	to := svc.completed
	if !back || to == nil || to == set {
		return
	}
	if to.over() || !slices.Contains(svc.sets, to) {
		to = s.deploy(svc, to.spec)
	}
	s.lead(to, by+": rolling back to deploymentId "+to.id+".")
	s.say(svc, "rolling back to deployment %s.", to.id)
}
