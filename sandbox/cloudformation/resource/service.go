package resource

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// steadyLimit is how long CloudFormation waits for a service or a task set to
// become steady: three hours, as it does for AWS::ECS::Service.
// https://repost.aws/knowledge-center/cloudformation-ecs-service-stabilize
const steadyLimit = 3 * time.Hour

// service is AWS::ECS::Service, for the deployment controller EXTERNAL.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
func service(room Containers) *Type {
	return &Type{
		Name: "AWS::ECS::Service", NameProperty: "ServiceName",
		Properties: Object{
			"Cluster": text().replace(), "ServiceName": text().replace(), "SchedulingStrategy": oneOf("DAEMON", "REPLICA").models("REPLICA").replace(),
			// CloudFormation replaces the service although ECS can change this since July 2025.
			"DeploymentController": object(Object{"Type": oneOf("CODE_DEPLOY", "ECS", "EXTERNAL").models("EXTERNAL")}).replace(),
			"DesiredCount":         integer(), "HealthCheckGracePeriodSeconds": integer(),
			"DeploymentConfiguration": object(Object{"MaximumPercent": integer(), "MinimumHealthyPercent": integer()}.lacking(
				"Alarms", "BakeTimeInMinutes", "CanaryConfiguration", "DeploymentCircuitBreaker", "LifecycleHooks", "LinearConfiguration", "Strategy")),
			"EnableECSManagedTags": boolean(), "PropagateTags": oneOf("SERVICE", "TASK_DEFINITION"), "Tags": tagList(),
		}.lacking("AvailabilityZoneRebalancing", "CapacityProviderStrategy", "EnableExecuteCommand", "ForceNewDeployment", "LaunchType",
			"LoadBalancers", "NetworkConfiguration", "PlacementConstraints", "PlacementStrategies", "PlatformVersion", "Role",
			"ServiceConnectConfiguration", "ServiceRegistries", "TaskDefinition", "VolumeConfigurations", "VpcLatticeConfigurations"),
		Attributes: []string{"Name", "ServiceArn"},
		Handler:    services{room},
		Tagged:     true,
	}
}

type services struct{ room Containers }

func (h services) Create(ctx context.Context, r *Request) error {
	in := &ecs.CreateServiceInput{}
	if err := fill(in, without(r.Properties, "Tags")); err != nil {
		return err
	}
	in.ServiceName, in.Tags = aws.String(r.given("ServiceName", 255)), containerTags(r.tags())
	out, err := h.room.CreateService(ctx, in)
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.Service.ServiceArn)
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"ServiceArn": r.ID, "Name": aws.ToString(out.Service.ServiceName)}})
	return nil
}

func (h services) Update(ctx context.Context, r *Request) error {
	names := []string{"DesiredCount", "HealthCheckGracePeriodSeconds", "DeploymentConfiguration", "EnableECSManagedTags", "PropagateTags"}
	if r.changed(names...) {
		in := &ecs.UpdateServiceInput{}
		if err := fill(in, only(r.Properties, names...)); err != nil {
			return err
		}
		in.Cluster, in.Service = h.cluster(r.Properties), &r.ID
		if _, err := h.room.UpdateService(ctx, in); err != nil {
			return err
		}
		if err := r.until(ctx, 5*time.Second, steadyLimit, func() (bool, error) { return h.steady(ctx, r) }); err != nil {
			return err
		}
	}
	return retagContainers(ctx, h.room, r, r.ID)
}

// steady looks at the service's primary task set. CloudFormation gives up on one
// whose scale doesn't add up to the service's count:
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/37
func (h services) steady(ctx context.Context, r *Request) (bool, error) {
	s, err := h.describe(ctx, h.cluster(r.Properties), r.ID)
	if err != nil || s == nil {
		return false, err
	}
	for _, set := range s.TaskSets {
		if aws.ToString(set.Status) != "PRIMARY" {
			continue
		}
		if set.ComputedDesiredCount != s.DesiredCount {
			return false, &Unstable{Reason: fmt.Sprintf("Service %s failed to stabilize due to task set computed desired count %d does not match service desired count %d.",
				r.ID, set.ComputedDesiredCount, s.DesiredCount)}
		}
		return settled(h.room, set)
	}
	return true, nil
}

func (h services) describe(ctx context.Context, cluster *string, id string) (*types.Service, error) {
	out, err := h.room.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: cluster, Services: []string{id}})
	if err != nil || len(out.Services) == 0 {
		return nil, err
	}
	return &out.Services[0], nil
}

func (h services) Delete(ctx context.Context, r *Request) error {
	cluster := h.cluster(r.Previous)
	_, err := h.room.DeleteService(ctx, &ecs.DeleteServiceInput{Cluster: cluster, Service: &r.ID, Force: aws.Bool(true)})
	if err != nil {
		return gone(err)
	}
	return gone(r.until(ctx, 5*time.Second, 30*time.Minute, func() (bool, error) {
		s, err := h.describe(ctx, cluster, r.ID)
		return s == nil || aws.ToString(s.Status) == "INACTIVE", err
	}))
}

// cluster returns the service's cluster, nil for the default one.
func (h services) cluster(properties map[string]any) *string { return optional(properties, "Cluster") }

// settled reports whether a task set has the tasks it wants, and fails when
// ECS keeps failing to run them.
//
// Assumption A21: a task set whose tasks keep failing is given up at once, not
// after the three hours that CloudFormation waits for a service.
func settled(room Containers, set types.TaskSet) (bool, error) {
	if set.StabilityStatus == types.StabilityStatusSteadyState {
		return true, nil
	}
	if reason := room.Failure(aws.ToString(set.Id)); reason != "" {
		return false, &Unstable{Reason: "Task set " + aws.ToString(set.Id) + " did not stabilize: " + strings.TrimSuffix(reason, ".")}
	}
	return false, nil
}
