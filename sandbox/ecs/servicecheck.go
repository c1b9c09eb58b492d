package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/wire"
)

// ofServices and ofUpdates are the members of requests for services that are modelled.
var ofServices = []string{"ServiceName", "Cluster", "ClientToken", "DeploymentController", "DeploymentConfiguration", "DesiredCount", "SchedulingStrategy",
	"HealthCheckGracePeriodSeconds", "PropagateTags", "EnableECSManagedTags", "EnableExecuteCommand", "AvailabilityZoneRebalancing", "Tags",
	"TaskDefinition", "LaunchType", "LoadBalancers", "NetworkConfiguration", "PlatformVersion"}

var ofUpdates = []string{"Service", "Cluster", "DesiredCount", "HealthCheckGracePeriodSeconds", "DeploymentConfiguration", "PropagateTags",
	"EnableECSManagedTags", "EnableExecuteCommand", "AvailabilityZoneRebalancing", "TaskDefinition", "ForceNewDeployment", "LoadBalancers",
	"NetworkConfiguration", "PlatformVersion"}

func controller(c *types.DeploymentController) types.DeploymentControllerType {
	if c == nil {
		return types.DeploymentControllerTypeEcs
	}
	return c.Type
}

// checkService looks at what a request says and at what it names in other services.
func (s *Service) checkService(ctx context.Context, in *ecs.CreateServiceInput) error {
	if !nameShape.MatchString(value(in.ServiceName)) {
		return invalid("Invalid service name %q: it may contain letters, numbers, hyphens and underscores, up to 255.", value(in.ServiceName))
	}
	if in.SchedulingStrategy != "" && in.SchedulingStrategy != types.SchedulingStrategyReplica {
		return wire.NotModelled("the scheduling strategy %s", in.SchedulingStrategy)
	}
	if err := onlyModelledOf("a service", *in, ofServices...); err != nil {
		return err
	}
	if value(in.DesiredCount) < 0 || value(in.HealthCheckGracePeriodSeconds) < 0 {
		return invalid("Desired count and health check grace period cannot be negative.")
	}
	if err := checkDeployment(in.DeploymentConfiguration); err != nil {
		return err
	}
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	switch c := controller(in.DeploymentController); c {
	case types.DeploymentControllerTypeExternal:
		return checkExternal(in)
	case types.DeploymentControllerTypeEcs:
		return s.checkDeployed(ctx, in)
	default:
		return wire.NotModelled("services with the deployment controller %s (only ECS and EXTERNAL)", c)
	}
}

// checkExternal: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html
func checkExternal(in *ecs.CreateServiceInput) error {
	for name, given := range map[string]bool{
		"taskDefinition": in.TaskDefinition != nil, "launchType": in.LaunchType != "", "loadBalancers": len(in.LoadBalancers) > 0,
		"networkConfiguration": in.NetworkConfiguration != nil, "platformVersion": in.PlatformVersion != nil,
	} {
		if given {
			return invalid("%s cannot be specified when creating a service with the EXTERNAL deployment controller: task sets have it.", name)
		}
	}
	return nil
}

func (s *Service) checkDeployed(ctx context.Context, in *ecs.CreateServiceInput) error {
	if value(in.TaskDefinition) == "" {
		return invalid("TaskDefinition can not be blank.")
	}
	if err := checkLaunch("services", in.LaunchType, in.PlatformVersion); err != nil {
		return err
	}
	if in.HealthCheckGracePeriodSeconds != nil && len(in.LoadBalancers) == 0 {
		return invalid("Health check grace period is only valid for services configured to use load balancers")
	}
	if err := s.checkNetwork(ctx, in.NetworkConfiguration); err != nil {
		return err
	}
	return s.checkTargets(ctx, "service", in.LoadBalancers)
}

// checkLaunch takes Fargate alone.
func checkLaunch(of string, launch types.LaunchType, platform *string) error {
	switch launch {
	case types.LaunchTypeFargate:
	case "":
		return wire.NotModelled("%s without a launch type, which run on EC2 (only FARGATE)", of)
	default:
		return wire.NotModelled("the launch type %s (only FARGATE)", launch)
	}
	return checkPlatformVersion(platform)
}

func checkPlatformVersion(platform *string) error {
	switch v := value(platform); v {
	case "", "LATEST", "1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0":
		return nil
	default:
		return wire.Errorf("PlatformUnknownException", "The platform version %s does not exist.", v)
	}
}

// checkDeployment: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
func checkDeployment(c *types.DeploymentConfiguration) error {
	if c == nil {
		return nil
	}
	if c.Strategy != "" && c.Strategy != types.DeploymentStrategyRolling {
		return wire.NotModelled("the deployment strategy %s", c.Strategy)
	}
	if c.Alarms != nil && c.Alarms.Enable {
		return wire.NotModelled("alarms of a deployment configuration")
	}
	if err := onlyModelledOf("a deployment configuration", *c, "MaximumPercent", "MinimumHealthyPercent", "DeploymentCircuitBreaker", "Strategy", "Alarms"); err != nil {
		return err
	}
	filled := rolling(c)
	most, least := *filled.MaximumPercent, *filled.MinimumHealthyPercent
	switch {
	case most < 0 || least < 0 || least > 100:
		return invalid("maximumPercent can't be negative, and minimumHealthyPercent must be from 0 to 100.")
	case most < 100:
		return invalid("maximumPercent must be at least 100.")
	case most == 100 && least == 100:
		return invalid("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")
	}
	return checkBreaker(c.DeploymentCircuitBreaker)
}

func checkBreaker(b *types.DeploymentCircuitBreaker) error {
	if b == nil || b.ThresholdConfiguration == nil {
		return nil
	}
	switch t := b.ThresholdConfiguration; t.Type {
	case types.ThresholdTypeCount, types.ThresholdTypeBoundedPercent, types.ThresholdTypeUnboundedPercent:
		if t.Value < 1 {
			return invalid("The value of thresholdConfiguration must be at least 1.")
		}
	default:
		return invalid("Invalid threshold type %s.", t.Type)
	}
	return nil
}

// rolling fills in what a request leaves out.
func rolling(c *types.DeploymentConfiguration) *types.DeploymentConfiguration {
	out := types.DeploymentConfiguration{}
	if c != nil {
		out = *c
	}
	if out.MaximumPercent == nil {
		out.MaximumPercent = new(int32(200))
	}
	if out.MinimumHealthyPercent == nil {
		out.MinimumHealthyPercent = new(int32(100))
	}
	if out.DeploymentCircuitBreaker == nil {
		out.DeploymentCircuitBreaker = &types.DeploymentCircuitBreaker{}
	}
	if out.Strategy == "" {
		out.Strategy = types.DeploymentStrategyRolling
	}
	return &out
}
