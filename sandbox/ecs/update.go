package ecs

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// UpdateService changes a service. With the controller ECS, a change of what its tasks
// are made of begins a deployment, and force does; with EXTERNAL, its task sets follow
// by their scale.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
func (s *Service) UpdateService(ctx context.Context, in *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:UpdateService", s.serviceARN(ctx, in.Cluster, in.Service)); err != nil {
		return nil, err
	}
	if err := s.checkUpdate(ctx, in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	svc, err := s.active(ctx, in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	next, err := s.next(ctx, svc, in)
	if err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	svc.change(in)
	switch {
	case svc.controller == types.DeploymentControllerTypeEcs && (in.ForceNewDeployment || !reflect.DeepEqual(next, svc.spec)):
		s.deploy(svc, next)
	default:
		for _, set := range svc.sets {
			set.poke()
		}
	}
	shape := svc.shape(s.cfg.Clock.Now())
	return &ecs.UpdateServiceOutput{Service: &shape}, nil
}

func (s *Service) checkUpdate(ctx context.Context, in *ecs.UpdateServiceInput) error {
	if err := onlyModelledOf("an update of a service", *in, ofUpdates...); err != nil {
		return err
	}
	if err := checkDeployment(in.DeploymentConfiguration); err != nil {
		return err
	}
	if value(in.DesiredCount) < 0 || value(in.HealthCheckGracePeriodSeconds) < 0 {
		return invalid("Desired count and health check grace period cannot be negative.")
	}
	if err := checkPlatformVersion(in.PlatformVersion); err != nil {
		return err
	}
	if in.NetworkConfiguration != nil {
		if err := s.checkNetwork(ctx, in.NetworkConfiguration); err != nil {
			return err
		}
	}
	return s.checkTargets(ctx, "service", in.LoadBalancers)
}

// next is the spec that a service has after an update.
func (s *Service) next(ctx context.Context, svc *service, in *ecs.UpdateServiceInput) (spec, error) {
	given := in.TaskDefinition != nil || in.LoadBalancers != nil || in.NetworkConfiguration != nil || in.PlatformVersion != nil
	if svc.controller == types.DeploymentControllerTypeExternal {
		if given || in.ForceNewDeployment {
			return spec{}, invalid("Unable to update task definition, load balancers, network configuration or platform version on services with an EXTERNAL deployment controller.")
		}
		return spec{}, nil
	}
	next := svc.spec
	if in.LoadBalancers != nil {
		next.balancers = in.LoadBalancers
	}
	if in.TaskDefinition != nil || in.LoadBalancers != nil {
		name := next.definition.arn()
		if in.TaskDefinition != nil {
			name = *in.TaskDefinition
		}
		d, err := s.runnable(ctx, name, next.balancers)
		if err != nil {
			return spec{}, err
		}
		next.definition = d
	}
	network := &types.NetworkConfiguration{AwsvpcConfiguration: next.network}
	if in.NetworkConfiguration != nil {
		network = in.NetworkConfiguration
	}
	platform := &next.platform
	if in.PlatformVersion != nil {
		platform = in.PlatformVersion
	}
	return newSpec(next.definition, next.launch, next.balancers, network, platform), nil
}

func (svc *service) change(in *ecs.UpdateServiceInput) {
	if in.DesiredCount != nil {
		svc.desired = int(*in.DesiredCount)
	}
	if in.HealthCheckGracePeriodSeconds != nil {
		svc.grace = in.HealthCheckGracePeriodSeconds
	}
	if in.DeploymentConfiguration != nil {
		svc.deployment = rolling(in.DeploymentConfiguration)
	}
	if in.PropagateTags != "" {
		svc.propagate = in.PropagateTags
	}
	if in.EnableECSManagedTags != nil {
		svc.shown.managed = *in.EnableECSManagedTags
	}
	if in.EnableExecuteCommand != nil {
		svc.shown.execute = *in.EnableExecuteCommand
	}
	if in.AvailabilityZoneRebalancing != "" {
		svc.shown.rebalancing = in.AvailabilityZoneRebalancing
	}
}
