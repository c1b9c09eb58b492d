package ecs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// provenAfter is how long a task without a load balancer has to run, on the
// clock, before a deployment counts it as healthy.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
//
// Assumption A65: as long until it counts as one that works, after others failed.
const provenAfter = 40 * time.Second

// A verdict is what a load balancer says of a target.
type verdict struct {
	healthy   bool
	unhealthy bool
	reason    string // "Health checks failed with these codes: [500]"
}

// judge asks the load balancer for the health of the task set's targets and
// stops the tasks that fail their health checks.
func (s *Service) judge(set *taskSet) {
	s.mu.Lock()
	watching := false
	for _, r := range set.runs {
		watching = watching || r.last == lastRunning && r.desired == desiredRunning
	}
	account := set.service.account
	s.mu.Unlock()
	if !watching {
		return
	}
	verdicts := map[string]map[string]verdict{} // by target group and address
	for _, lb := range set.balancers {
		verdicts[*lb.TargetGroupArn] = s.verdicts(s.acting(account), *lb.TargetGroupArn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range set.runs {
		if r.last == lastRunning && r.desired == desiredRunning {
			s.judgeTask(set, r, verdicts)
		}
	}
}

// verdicts asks about all targets of a group, by "ip:port".
//
// Assumption A66: a target whose group no listener forwards to counts as
// healthy, since nobody checks it.
func (s *Service) verdicts(ctx context.Context, arn string) map[string]verdict {
	found := map[string]verdict{}
	out, err := s.cfg.Targets.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
	if err != nil {
		return found // the group is gone: no task of it is healthy
	}
	for _, d := range out.TargetHealthDescriptions {
		if d.Target == nil || d.TargetHealth == nil {
			continue
		}
		h := d.TargetHealth
		found[address(value(d.Target.Id), value(d.Target.Port))] = verdict{
			healthy:   h.State == elbtypes.TargetHealthStateEnumHealthy || h.State == elbtypes.TargetHealthStateEnumUnused && h.Reason == elbtypes.TargetHealthReasonEnumNotInUse,
			unhealthy: h.State == elbtypes.TargetHealthStateEnumUnhealthy,
			reason:    value(h.Description),
		}
	}
	return found
}

func address(ip string, port int32) string { return fmt.Sprintf("%s:%d", ip, port) }

func (s *Service) judgeTask(set *taskSet, r *run, verdicts map[string]map[string]verdict) {
	now := s.cfg.Clock.Now()
	ran := now.Sub(r.started)
	switch r.health() {
	case types.HealthStatusUnhealthy:
		s.giveUp(set, r)
		return
	case types.HealthStatusUnknown:
		if r.checked() {
			r.well = false
			return
		}
	}
	if len(set.balancers) == 0 {
		proven := ran >= s.cfg.Clock.Scale(provenAfter) || r.checked()
		r.well = proven || set.rollout == nil
		if proven {
			set.recovered()
		}
		return
	}
	r.well = true
	for _, lb := range set.balancers {
		v := verdicts[*lb.TargetGroupArn][address(r.eni.PrivateIP, *lb.ContainerPort)]
		r.well = r.well && v.healthy
		grace := s.cfg.Clock.Scale(time.Duration(value(set.service.grace)) * time.Second)
		if v.unhealthy && ran >= grace {
			s.replace(set, r, lb, v)
			return
		}
	}
	if r.well {
		set.recovered()
	}
}

// replace stops a task that fails its health checks; the next one need not
// wait for it.
func (s *Service) replace(set *taskSet, r *run, lb types.LoadBalancer, v verdict) {
	reason := strings.TrimSuffix(v.reason, ".")
	s.saySet(set, "(task %s) (port %d) is unhealthy in (target-group %s) due to (reason %s).", r.id, *lb.ContainerPort, *lb.TargetGroupArn, reason)
	f := &failure{
		code:   types.TaskStopCodeServiceSchedulerInitiated,
		reason: fmt.Sprintf("Task failed ELB health checks in (target-group %s)", *lb.TargetGroupArn),
	}
	s.saySet(set, "has stopped 1 running tasks: (task %s).", r.id)
	s.failed(set, &failure{code: f.code, reason: f.reason + " due to (reason " + reason + ")"}, true)
	r.end(f.code, f.reason)
}

// giveUp stops a task whose own health checks fail.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html
func (s *Service) giveUp(set *taskSet, r *run) {
	s.saySet(set, "(task %s) failed container health checks.", r.id)
	s.saySet(set, "has stopped 1 running tasks: (task %s).", r.id)
	f := &failure{code: types.TaskStopCodeServiceSchedulerInitiated, reason: "Task failed container health checks"}
	s.failed(set, f, true)
	r.end(f.code, f.reason)
}
