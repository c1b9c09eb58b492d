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
	account    string
	cluster    *cluster
	name, arn  string
	status     string
	desired    int
	grace      *int32 // health check grace period, in seconds
	deployment *types.DeploymentConfiguration
	propagate  types.PropagateTags
	managed    bool // EnableECSManagedTags, shown only
	token      string
	created    time.Time
	createdBy  string
	tags       []types.Tag
	events     []types.ServiceEvent
	sets       []*taskSet
	steady     bool // the last event about it said so
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

// CreateService makes a service without tasks: with the controller EXTERNAL,
// task sets bring them.
func (s *Service) CreateService(ctx context.Context, in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	arn := s.serviceARN(ctx, in.Cluster, in.ServiceName)
	if err := s.cfg.Auth.Authorize(ctx, "ecs:CreateService", arn); err != nil {
		return nil, err
	}
	if err := checkService(in); err != nil {
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
	svc := &service{
		account: iam.Caller(ctx).Account, cluster: c, name: *in.ServiceName, arn: arn, status: statusActive, desired: 1,
		grace: in.HealthCheckGracePeriodSeconds, deployment: rolling(in.DeploymentConfiguration), propagate: in.PropagateTags,
		managed: in.EnableECSManagedTags, token: value(in.ClientToken),
		created: s.cfg.Clock.Now(), createdBy: iam.Caller(ctx).ARN, tags: slices.Clone(in.Tags),
	}
	if in.DesiredCount != nil {
		svc.desired = int(*in.DesiredCount)
	}
	c.services[svc.name] = svc
	shape := svc.shape(s.cfg.Clock.Now())
	return &ecs.CreateServiceOutput{Service: &shape}, nil
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

func checkService(in *ecs.CreateServiceInput) error {
	if !nameShape.MatchString(value(in.ServiceName)) {
		return invalid("Invalid service name %q: it may contain letters, numbers, hyphens and underscores, up to 255.", value(in.ServiceName))
	}
	controller := types.DeploymentControllerTypeEcs
	if in.DeploymentController != nil {
		controller = in.DeploymentController.Type
	}
	if controller != types.DeploymentControllerTypeExternal {
		return wire.NotModelled("services with the deployment controller %s (only EXTERNAL)", controller)
	}
	if in.SchedulingStrategy != "" && in.SchedulingStrategy != types.SchedulingStrategyReplica {
		return wire.NotModelled("the scheduling strategy %s", in.SchedulingStrategy)
	}
	if err := onlyModelledOf("a service", *in, "ServiceName", "Cluster", "ClientToken", "DeploymentController", "DeploymentConfiguration", "DesiredCount",
		"SchedulingStrategy", "HealthCheckGracePeriodSeconds", "PropagateTags", "EnableECSManagedTags", "Tags"); err != nil {
		return err
	}
	if value(in.DesiredCount) < 0 || value(in.HealthCheckGracePeriodSeconds) < 0 {
		return invalid("Desired count and health check grace period cannot be negative.")
	}
	if err := checkDeployment(in.DeploymentConfiguration); err != nil {
		return err
	}
	return checkTags(in.Tags)
}

// checkDeployment lets through the percentages of rolling deployments, which
// EXTERNAL does not use.
func checkDeployment(c *types.DeploymentConfiguration) error {
	if c == nil {
		return nil
	}
	return onlyModelledOf("a deployment configuration", *c, "MaximumPercent", "MinimumHealthyPercent")
}

func rolling(c *types.DeploymentConfiguration) *types.DeploymentConfiguration {
	out := &types.DeploymentConfiguration{MaximumPercent: new(int32(200)), MinimumHealthyPercent: new(int32(100))}
	if c != nil && c.MaximumPercent != nil {
		out.MaximumPercent = c.MaximumPercent
	}
	if c != nil && c.MinimumHealthyPercent != nil {
		out.MinimumHealthyPercent = c.MinimumHealthyPercent
	}
	return out
}

func (svc *service) shape(now time.Time) types.Service {
	out := types.Service{
		ServiceArn: &svc.arn, ServiceName: &svc.name, ClusterArn: &svc.cluster.arn, Status: new(svc.status), DesiredCount: int32(svc.desired),
		DeploymentController:    &types.DeploymentController{Type: types.DeploymentControllerTypeExternal},
		DeploymentConfiguration: svc.deployment, Deployments: []types.Deployment{}, SchedulingStrategy: types.SchedulingStrategyReplica,
		HealthCheckGracePeriodSeconds: svc.grace, PropagateTags: svc.propagate, EnableECSManagedTags: svc.managed,
		RoleArn:   new("arn:aws:iam::" + svc.account + ":role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
		CreatedAt: &svc.created, CreatedBy: &svc.createdBy, Events: slices.Clone(svc.events), LoadBalancers: []types.LoadBalancer{},
		PlacementConstraints: []types.PlacementConstraint{}, PlacementStrategy: []types.PlacementStrategy{}, Tags: slices.Clone(svc.tags),
	}
	for _, set := range svc.sets {
		shape := set.shape(now)
		shape.Tags = nil
		out.TaskSets = append(out.TaskSets, shape)
		out.RunningCount += shape.RunningCount
		out.PendingCount += shape.PendingCount
	}
	return out
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

// UpdateService changes how many tasks a service wants and for how long it
// overlooks failing health checks. Its task sets follow by their scale.
func (s *Service) UpdateService(ctx context.Context, in *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:UpdateService", s.serviceARN(ctx, in.Cluster, in.Service)); err != nil {
		return nil, err
	}
	if err := onlyModelledOf("an update of a service", *in, "Service", "Cluster", "DesiredCount", "HealthCheckGracePeriodSeconds",
		"DeploymentConfiguration", "PropagateTags", "EnableECSManagedTags"); err != nil {
		return nil, err
	}
	if err := checkDeployment(in.DeploymentConfiguration); err != nil {
		return nil, err
	}
	if value(in.DesiredCount) < 0 || value(in.HealthCheckGracePeriodSeconds) < 0 {
		return nil, invalid("Desired count and health check grace period cannot be negative.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	svc, err := s.active(ctx, in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	svc.change(in)
	for _, set := range svc.sets {
		set.poke()
	}
	shape := svc.shape(s.cfg.Clock.Now())
	return &ecs.UpdateServiceOutput{Service: &shape}, nil
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
		svc.managed = *in.EnableECSManagedTags
	}
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
		if len(svc.sets) > 0 {
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
		if svc.status == statusActive && strategy && in.LaunchType == "" {
			arns = append(arns, svc.arn)
		}
	}
	arns, next, err := cut("ListServices", arns, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ecs.ListServicesOutput{ServiceArns: arns, NextToken: next}, nil
}
