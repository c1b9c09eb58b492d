package ecs

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"orgship/sandbox/ec2"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// taskSetARN is the ARN of a task set; the reference may be its id or the ARN.
func (s *Service) taskSetARN(ctx context.Context, cluster, svc, ref *string) string {
	path := last(s.clusterARN(ctx, cluster)) + "/" + last(value(svc)) + "/" + taskSetID(value(ref))
	return s.arn(iam.Caller(ctx).Account, "task-set", path)
}

// taskSet finds a task set of a service.
func (s *Service) taskSet(ctx context.Context, cluster, svc, ref *string) (*taskSet, error) {
	found, err := s.active(ctx, cluster, svc)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(found.sets, func(set *taskSet) bool { return set.id == value(ref) || set.arn == value(ref) })
	if i < 0 {
		return nil, taskSetNotFound()
	}
	return found.sets[i], nil
}

// CreateTaskSet makes a task set, which begins to run its share of the
// service's desired count at once.
func (s *Service) CreateTaskSet(ctx context.Context, in *ecs.CreateTaskSetInput) (*ecs.CreateTaskSetOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:CreateTaskSet", s.serviceARN(ctx, in.Cluster, in.Service)); err != nil {
		return nil, err
	}
	if err := s.checkTaskSet(ctx, in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return nil, err
	}
	svc, err := s.active(ctx, in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if svc.controller != types.DeploymentControllerTypeExternal {
		return nil, invalid("Task sets can only be created for services with the EXTERNAL deployment controller.")
	}
	now := s.cfg.Clock.Now()
	for _, set := range svc.sets {
		if set.token != "" && set.token == value(in.ClientToken) {
			shape := set.shape(now)
			return &ecs.CreateTaskSetOutput{TaskSet: &shape}, nil
		}
	}
	d, err := s.runnable(ctx, *in.TaskDefinition, in.LoadBalancers)
	if err != nil {
		return nil, err
	}
	set := newTaskSet(svc, d, in, now)
	set.arn = s.taskSetARN(ctx, &svc.cluster.name, &svc.name, &set.id)
	svc.sets = append(svc.sets, set)
	s.sets[set.id] = set
	shape := set.shape(now)
	s.work.Go(func() { s.keep(set) })
	return &ecs.CreateTaskSetOutput{TaskSet: &shape}, nil
}

// runnable finds a task definition and holds it together with the load balancers that
// its tasks are to be behind.
func (s *Service) runnable(ctx context.Context, name string, balancers []types.LoadBalancer) (*definition, error) {
	d := s.definition(ctx, name)
	switch {
	case d == nil:
		return nil, clientError("TaskDefinition not found.")
	case d.Status != types.TaskDefinitionStatusActive:
		return nil, clientError("TaskDefinition is inactive")
	}
	for _, lb := range balancers {
		c := d.container(value(lb.ContainerName))
		if c == nil {
			return nil, invalid("The container %s does not exist in the task definition.", value(lb.ContainerName))
		}
		if !slices.ContainsFunc(c.PortMappings, func(m types.PortMapping) bool { return *m.ContainerPort == value(lb.ContainerPort) }) {
			return nil, invalid("The container %s did not have a container port %d defined.", *c.Name, value(lb.ContainerPort))
		}
	}
	return d, nil
}

// checkTaskSet looks at what a request says and at what it names in other services.
func (s *Service) checkTaskSet(ctx context.Context, in *ecs.CreateTaskSetInput) error {
	if err := onlyModelledOf("a task set", *in, "Cluster", "Service", "TaskDefinition", "ExternalId", "ClientToken", "LaunchType",
		"LoadBalancers", "NetworkConfiguration", "PlatformVersion", "Scale", "Tags"); err != nil {
		return err
	}
	if err := checkLaunch("task sets", in.LaunchType, in.PlatformVersion); err != nil {
		return err
	}
	if err := checkScale(in.Scale); err != nil {
		return err
	}
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	if err := s.checkNetwork(ctx, in.NetworkConfiguration); err != nil {
		return err
	}
	return s.checkTargets(ctx, "task set", in.LoadBalancers)
}

func checkScale(scale *types.Scale) error {
	if scale == nil {
		return nil
	}
	if scale.Unit != "" && scale.Unit != types.ScaleUnitPercent {
		return invalid("Invalid scale unit %s.", scale.Unit)
	}
	if scale.Value < 0 || scale.Value > 100 {
		return invalid("Scale value must be between 0 and 100.")
	}
	return nil
}

func (s *Service) checkNetwork(ctx context.Context, c *types.NetworkConfiguration) error {
	if c == nil || c.AwsvpcConfiguration == nil {
		return invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	}
	vpc := c.AwsvpcConfiguration
	if len(vpc.Subnets) == 0 || len(vpc.Subnets) > 16 {
		return invalid("subnets must have 1 to 16 entries.")
	}
	own := s.acting(iam.Caller(ctx).Account)
	if _, err := s.cfg.Network.DescribeSubnets(own, &ec2.DescribeSubnetsInput{SubnetIds: vpc.Subnets}); err != nil {
		return invalid("Error retrieving subnet information for [%s]: %v", strings.Join(vpc.Subnets, ", "), err)
	}
	if len(vpc.SecurityGroups) == 0 {
		return nil
	}
	if _, err := s.cfg.Network.DescribeSecurityGroups(own, &ec2.DescribeSecurityGroupsInput{GroupIds: vpc.SecurityGroups}); err != nil {
		return invalid("Error retrieving security group information for [%s]: %v", strings.Join(vpc.SecurityGroups, ", "), err)
	}
	return nil
}

// checkTargets asks for each target group. One of a service has to be behind a load
// balancer.
//
// Assumption A62: one of a task set need not: the blue/green hook creates its green
// task set before anything forwards to green.
func (s *Service) checkTargets(ctx context.Context, of string, lbs []types.LoadBalancer) error {
	for _, lb := range lbs {
		if lb.LoadBalancerName != nil || lb.AdvancedConfiguration != nil {
			return wire.NotModelled("loadBalancerName and advancedConfiguration of a %s's load balancer", of)
		}
		arn := value(lb.TargetGroupArn)
		out, err := s.cfg.Targets.DescribeTargetGroups(s.acting(iam.Caller(ctx).Account), &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}})
		if err != nil || len(out.TargetGroups) == 0 {
			return invalid("Unable to assume the service linked role or the target group does not exist: %s", arn)
		}
		group := out.TargetGroups[0]
		if group.TargetType != "ip" {
			return invalid("The provided target group %s has target type %s, which is incompatible with the awsvpc network mode specified in the task definition.",
				arn, group.TargetType)
		}
		if of == "service" && len(group.LoadBalancerArns) == 0 {
			return invalid("The target group with targetGroupArn %s does not have an associated load balancer.", arn)
		}
	}
	return nil
}

// acting is the context in which ECS acts for an account, with its
// service-linked role.
func (s *Service) acting(account string) context.Context {
	return iam.AsService(context.Background(), account, "ecs.amazonaws.com")
}

// DescribeTaskSets describes the task sets of a service, or those asked for.
func (s *Service) DescribeTaskSets(ctx context.Context, in *ecs.DescribeTaskSetsInput) (*ecs.DescribeTaskSetsOutput, error) {
	all := s.taskSetARN(ctx, in.Cluster, in.Service, new("*"))
	refs := in.TaskSets
	if len(refs) == 0 {
		refs = []string{"*"}
	}
	for _, ref := range refs {
		arn := all
		if ref != "*" {
			arn = s.taskSetARN(ctx, in.Cluster, in.Service, &ref)
		}
		if err := s.cfg.Auth.Authorize(ctx, "ecs:DescribeTaskSets", arn); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	svc, err := s.service(ctx, in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if svc.status == statusInactive {
		return nil, serviceNotActive()
	}
	return s.describeSets(ctx, svc, in), nil
}

func (s *Service) describeSets(ctx context.Context, svc *service, in *ecs.DescribeTaskSetsInput) *ecs.DescribeTaskSetsOutput {
	out := &ecs.DescribeTaskSetsOutput{}
	add := func(set *taskSet) {
		shape := set.shape(s.cfg.Clock.Now())
		if !slices.Contains(in.Include, types.TaskSetFieldTags) {
			shape.Tags = nil
		}
		out.TaskSets = append(out.TaskSets, shape)
	}
	if len(in.TaskSets) == 0 {
		for _, set := range svc.sets {
			add(set)
		}
		return out
	}
	for _, ref := range in.TaskSets {
		i := slices.IndexFunc(svc.sets, func(set *taskSet) bool { return set.id == ref || set.arn == ref })
		if i < 0 {
			out.Failures = append(out.Failures, missing(s.taskSetARN(ctx, in.Cluster, in.Service, &ref)))
			continue
		}
		add(svc.sets[i])
	}
	return out
}

// UpdateTaskSet changes the scale of a task set.
func (s *Service) UpdateTaskSet(ctx context.Context, in *ecs.UpdateTaskSetInput) (*ecs.UpdateTaskSetOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:UpdateTaskSet", s.taskSetARN(ctx, in.Cluster, in.Service, in.TaskSet)); err != nil {
		return nil, err
	}
	if in.Scale == nil {
		return nil, invalid("Scale must be given.")
	}
	if err := checkScale(in.Scale); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	set, err := s.taskSet(ctx, in.Cluster, in.Service, in.TaskSet)
	if err != nil {
		return nil, err
	}
	if set.status == statusDraining {
		return nil, invalid("The task set %s is being deleted.", set.id)
	}
	set.scale, set.updated = in.Scale.Value, s.cfg.Clock.Now()
	set.poke()
	shape := set.shape(set.updated)
	return &ecs.UpdateTaskSetOutput{TaskSet: &shape}, nil
}

// DeleteTaskSet deletes a task set: its tasks are taken out of the target
// group, drained and stopped. One that is not scaled to zero needs force.
//
// Assumption A63: by force the primary task set can be deleted too.
// CloudFormation deletes it that way with its stack.
func (s *Service) DeleteTaskSet(ctx context.Context, in *ecs.DeleteTaskSetInput) (*ecs.DeleteTaskSetOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:DeleteTaskSet", s.taskSetARN(ctx, in.Cluster, in.Service, in.TaskSet)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	set, err := s.taskSet(ctx, in.Cluster, in.Service, in.TaskSet)
	if err != nil {
		return nil, err
	}
	if !value(in.Force) {
		if set.status == statusPrimary {
			return nil, invalid("The primary task set cannot be deleted without force.")
		}
		if set.desired() > 0 {
			return nil, invalid("The task set cannot be deleted while it is scaled above 0.")
		}
	}
	set.drain(s.cfg.Clock.Now())
	shape := set.shape(s.cfg.Clock.Now())
	return &ecs.DeleteTaskSetOutput{TaskSet: &shape}, nil
}

// UpdateServicePrimaryTaskSet says which task set serves production traffic.
func (s *Service) UpdateServicePrimaryTaskSet(ctx context.Context, in *ecs.UpdateServicePrimaryTaskSetInput) (*ecs.UpdateServicePrimaryTaskSetOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:UpdateServicePrimaryTaskSet", s.serviceARN(ctx, in.Cluster, in.Service)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	primary, err := s.taskSet(ctx, in.Cluster, in.Service, in.PrimaryTaskSet)
	if err != nil {
		return nil, err
	}
	if primary.status == statusDraining {
		return nil, invalid("The task set %s is being deleted.", primary.id)
	}
	now := s.cfg.Clock.Now()
	for _, set := range primary.service.sets {
		if set.status == statusPrimary && set != primary {
			set.status, set.updated = statusActive, now
		}
	}
	primary.status, primary.updated = statusPrimary, now
	shape := primary.shape(now)
	return &ecs.UpdateServicePrimaryTaskSetOutput{TaskSet: &shape}, nil
}
