package ecs

import (
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// maxDrain is the longest that a task is kept for connections to drain: the
// longest deregistration delay there is.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
const maxDrain = time.Hour

// register puts the task into its target groups.
func (s *Service) register(r *run) {
	for _, lb := range r.set.balancers {
		_, err := s.cfg.Targets.RegisterTargets(s.acting(r.set.service.account), &elb.RegisterTargetsInput{
			TargetGroupArn: lb.TargetGroupArn, Targets: r.target(lb.ContainerPort),
		})
		s.change(r, func() {
			if err != nil {
				s.say(r.set.service, "failed to register targets in (target-group %s) with (error %s)", *lb.TargetGroupArn, said(err))
				return
			}
			s.say(r.set.service, "registered 1 targets in (target-group %s)", *lb.TargetGroupArn)
		})
	}
}

func (r *run) target(port *int32) []elbtypes.TargetDescription {
	return []elbtypes.TargetDescription{{Id: &r.eni.PrivateIP, Port: port}}
}

// deregister takes the task out of its target groups: they send it nothing new.
func (s *Service) deregister(r *run) {
	s.change(r, func() { r.last, r.well = lastDeactivating, false })
	for _, lb := range r.set.balancers {
		_, err := s.cfg.Targets.DeregisterTargets(s.acting(r.set.service.account), &elb.DeregisterTargetsInput{
			TargetGroupArn: lb.TargetGroupArn, Targets: r.target(lb.ContainerPort),
		})
		if err != nil {
			continue // the group is gone, and the target with it
		}
		s.change(r, func() {
			s.say(r.set.service, "deregistered 1 targets in (target-group %s)", *lb.TargetGroupArn)
			s.saySet(r.set, "has begun draining connections on 1 tasks.")
		})
	}
}

// drain waits until the task's target groups have let go of it, so that
// requests under way are answered.
func (s *Service) drain(r *run) {
	deadline := time.After(s.cfg.Clock.Scale(maxDrain))
	every := time.NewTicker(max(s.cfg.Clock.Scale(lookSoon), soonFloor))
	defer every.Stop()
	for s.draining(r) {
		select {
		case <-every.C:
		case <-deadline:
			return
		case <-r.broken:
			return
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Service) draining(r *run) bool {
	for _, lb := range r.set.balancers {
		out, err := s.cfg.Targets.DescribeTargetHealth(s.acting(r.set.service.account), &elb.DescribeTargetHealthInput{
			TargetGroupArn: lb.TargetGroupArn, Targets: r.target(lb.ContainerPort),
		})
		if err != nil {
			continue
		}
		for _, d := range out.TargetHealthDescriptions {
			if d.TargetHealth != nil && d.TargetHealth.State == elbtypes.TargetHealthStateEnumDraining {
				return true
			}
		}
	}
	return false
}
