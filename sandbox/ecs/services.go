package ecs

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

type service struct {
	spec       // what its next deployment runs; with the controller EXTERNAL, empty
	account    string
	cluster    *cluster
	name, arn  string
	status     string
	controller types.DeploymentControllerType
	desired    int
	grace      *int32 // health check grace period, in seconds
	deployment *types.DeploymentConfiguration
	propagate  types.PropagateTags
	shown      shown
	token      string
	created    time.Time
	createdBy  string
	tags       []types.Tag
	events     []types.ServiceEvent
	sets       []*taskSet // task sets or deployments, the oldest first
	completed  *taskSet   // the last deployment that was, for going back
	steady     bool       // the last event about it said so
}

// shown is what has no effect but to be shown.
type shown struct {
	managed     bool // EnableECSManagedTags
	execute     bool // EnableExecuteCommand
	rebalancing types.AvailabilityZoneRebalancing
}

// Statuses of services.
const (
	statusActive   = "ACTIVE"
	statusDraining = "DRAINING"
	statusInactive = "INACTIVE"
)

// service finds a service of a cluster, by name or ARN, whatever its status.
func (s *Service) service(ctx context.Context, cluster, ref *string) (*service, error) {
	c, err := s.cluster(ctx, cluster)
	if err != nil {
		return nil, err
	}
	svc := c.services[last(s.name(ctx, "service", value(ref)))]
	if svc == nil {
		return nil, serviceNotFound()
	}
	return svc, nil
}

// active is service for those that refuse one being deleted.
func (s *Service) active(ctx context.Context, cluster, ref *string) (*service, error) {
	svc, err := s.service(ctx, cluster, ref)
	if err == nil && svc.status != statusActive {
		return nil, serviceNotActive()
	}
	return svc, err
}

func (s *Service) serviceARN(ctx context.Context, cluster, ref *string) string {
	return s.arn(iam.Caller(ctx).Account, "service", last(s.clusterARN(ctx, cluster))+"/"+last(value(ref)))
}

// CreateService makes a service. With the controller ECS its first deployment begins at
// once; with EXTERNAL it has no tasks until task sets bring them.
func (s *Service) CreateService(ctx context.Context, in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	arn := s.serviceARN(ctx, in.Cluster, in.ServiceName)
	if err := s.cfg.Auth.Authorize(ctx, "ecs:CreateService", arn); err != nil {
		return nil, err
	}
	if err := s.checkService(ctx, in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.cluster(ctx, in.Cluster)
	if err != nil {
		return nil, err
	}
	if old := c.services[*in.ServiceName]; old != nil && old.status != statusInactive {
		return s.again(old, in)
	}
	svc := s.newService(ctx, c, in)
	svc.arn = arn
	if svc.controller == types.DeploymentControllerTypeEcs {
		d, err := s.runnable(ctx, value(in.TaskDefinition), in.LoadBalancers)
		if err != nil {
			return nil, err
		}
		if err := s.open(); err != nil {
			return nil, err
		}
		s.deploy(svc, newSpec(d, types.LaunchTypeFargate, in.LoadBalancers, in.NetworkConfiguration, in.PlatformVersion))
	}
	c.services[svc.name] = svc
	shape := svc.shape(s.cfg.Clock.Now())
	return &ecs.CreateServiceOutput{Service: &shape}, nil
}

func (s *Service) newService(ctx context.Context, c *cluster, in *ecs.CreateServiceInput) *service {
	svc := &service{
		account: iam.Caller(ctx).Account, cluster: c, name: *in.ServiceName, status: statusActive, desired: 1, controller: controller(in.DeploymentController),
		grace: in.HealthCheckGracePeriodSeconds, deployment: rolling(in.DeploymentConfiguration), propagate: in.PropagateTags,
		shown: shown{managed: in.EnableECSManagedTags, execute: in.EnableExecuteCommand, rebalancing: in.AvailabilityZoneRebalancing},
		token: value(in.ClientToken), created: s.cfg.Clock.Now(), createdBy: iam.Caller(ctx).ARN, tags: slices.Clone(in.Tags),
	}
	if in.DesiredCount != nil {
		svc.desired = int(*in.DesiredCount)
	}
	return svc
}

// open refuses to begin anything once the service closes. The caller holds s.mu.
func (s *Service) open() error {
	if s.ctx.Err() != nil {
		return wire.Errorf("ServerException", "The sandbox is closing.")
	}
	return nil
}

// again answers a request for a service that exists: fine if it is the same
// request once more.
func (s *Service) again(old *service, in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	switch {
	case old.status == statusDraining:
		return nil, invalid("Unable to Start a service that is still Draining.")
	case old.token == "" || old.token != value(in.ClientToken):
		return nil, invalid("Creation of service was not idempotent.")
	}
	shape := old.shape(s.cfg.Clock.Now())
	return &ecs.CreateServiceOutput{Service: &shape}, nil
}

func (svc *service) shape(now time.Time) types.Service {
	out := types.Service{
		ServiceArn: &svc.arn, ServiceName: &svc.name, ClusterArn: &svc.cluster.arn, Status: new(svc.status), DesiredCount: int32(svc.desired),
		DeploymentController:    &types.DeploymentController{Type: svc.controller},
		DeploymentConfiguration: svc.deployment, Deployments: []types.Deployment{}, SchedulingStrategy: types.SchedulingStrategyReplica,
		HealthCheckGracePeriodSeconds: svc.grace, PropagateTags: svc.propagate, EnableECSManagedTags: svc.shown.managed,
		EnableExecuteCommand: svc.shown.execute, AvailabilityZoneRebalancing: svc.shown.rebalancing,
		RoleArn:   new("arn:aws:iam::" + svc.account + ":role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
		CreatedAt: &svc.created, CreatedBy: &svc.createdBy, Events: slices.Clone(svc.events), LoadBalancers: []types.LoadBalancer{},
		PlacementConstraints: []types.PlacementConstraint{}, PlacementStrategy: []types.PlacementStrategy{}, Tags: slices.Clone(svc.tags),
	}
	for _, set := range svc.sets {
		running, pending := count(set.runs)
		out.RunningCount += running
		out.PendingCount += pending
	}
	if svc.controller == types.DeploymentControllerTypeEcs {
		svc.showDeployments(&out)
		return out
	}
	for _, set := range svc.sets {
		shape := set.shape(now)
		shape.Tags = nil
		out.TaskSets = append(out.TaskSets, shape)
	}
	return out
}

// showDeployments adds the deployments, the primary one and then the newest first.
func (svc *service) showDeployments(out *types.Service) {
	out.TaskDefinition, out.LaunchType = svc.definition.TaskDefinitionArn, svc.launch
	out.PlatformVersion, out.PlatformFamily = &svc.platform, new("Linux")
	out.LoadBalancers = append(out.LoadBalancers, svc.balancers...)
	out.NetworkConfiguration = &types.NetworkConfiguration{AwsvpcConfiguration: svc.network}
	for _, set := range slices.Backward(svc.sets) {
		if set.status == statusDraining {
			continue
		}
		at := len(out.Deployments)
		if set.status == statusPrimary {
			at = 0
		}
		out.Deployments = slices.Insert(out.Deployments, at, set.deploymentShape())
	}
}

// DescribeServices describes up to ten services, also those being deleted.
func (s *Service) DescribeServices(ctx context.Context, in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
	if len(in.Services) == 0 || len(in.Services) > 10 {
		return nil, invalid("Services must have 1 to 10 entries.")
	}
	for _, ref := range in.Services {
		if err := s.cfg.Auth.Authorize(ctx, "ecs:DescribeServices", s.serviceARN(ctx, in.Cluster, &ref)); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.cluster(ctx, in.Cluster); err != nil {
		return nil, err
	}
	out := &ecs.DescribeServicesOutput{}
	for _, ref := range in.Services {
		svc, err := s.service(ctx, in.Cluster, &ref)
		if err != nil {
			out.Failures = append(out.Failures, missing(s.serviceARN(ctx, in.Cluster, &ref)))
			continue
		}
		shape := svc.shape(s.cfg.Clock.Now())
		if !slices.Contains(in.Include, types.ServiceFieldTags) {
			shape.Tags = nil
		}
		out.Services = append(out.Services, shape)
	}
	return out, nil
}

// DeleteService deletes a service that wants no tasks and has none or, by
// force, any: it is DRAINING until its tasks have stopped, then INACTIVE.
func (s *Service) DeleteService(ctx context.Context, in *ecs.DeleteServiceInput) (*ecs.DeleteServiceOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:DeleteService", s.serviceARN(ctx, in.Cluster, in.Service)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	svc, err := s.active(ctx, in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if !value(in.Force) {
		if svc.desired > 0 {
			return nil, invalid("The service cannot be stopped while it is scaled above 0.")
		}
		if len(svc.sets) > 0 && svc.controller == types.DeploymentControllerTypeExternal {
			return nil, invalid("The service cannot be stopped while it has task sets.")
		}
	}
	svc.status = statusDraining
	svc.desired = 0
	for _, set := range svc.sets {
		set.drain(s.cfg.Clock.Now())
	}
	svc.settleStatus()
	shape := svc.shape(s.cfg.Clock.Now())
	return &ecs.DeleteServiceOutput{Service: &shape}, nil
}

// settleStatus ends a service whose last task set is gone.
func (svc *service) settleStatus() {
	if svc.status == statusDraining && len(svc.sets) == 0 {
		svc.status = statusInactive
	}
}

// ListServices lists the ARNs of a cluster's active services.
func (s *Service) ListServices(ctx context.Context, in *ecs.ListServicesInput) (*ecs.ListServicesOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:ListServices", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.cluster(ctx, in.Cluster)
	if err != nil {
		return nil, err
	}
	var arns []string
	for svc := range maps.Values(c.services) {
		strategy := in.SchedulingStrategy == "" || in.SchedulingStrategy == types.SchedulingStrategyReplica
		// A service with the controller EXTERNAL has no launch type: its task sets have.
		if svc.status == statusActive && strategy && (in.LaunchType == "" || in.LaunchType == svc.launch) {
			arns = append(arns, svc.arn)
		}
	}
	arns, next, err := cut("ListServices", arns, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ecs.ListServicesOutput{ServiceArns: arns, NextToken: next}, nil
}
