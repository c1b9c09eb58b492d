package resource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/template"
)

// steadyLimit is how long CloudFormation waits for a service or a task set to
// become steady: three hours, as it does for AWS::ECS::Service.
// https://repost.aws/knowledge-center/cloudformation-ecs-service-stabilize
const steadyLimit = 3 * time.Hour

// service is AWS::ECS::Service.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
func service(room Containers) *Type {
	return &Type{
		Name: "AWS::ECS::Service", NameProperty: "ServiceName",
		Properties: Object{
			"Cluster": text().replace(), "ServiceName": text().replace(), "SchedulingStrategy": oneOf("DAEMON", "REPLICA").models("REPLICA").replace(),
			// CloudFormation replaces the service although ECS can change this since July 2025.
			"DeploymentController": object(Object{"Type": oneOf("CODE_DEPLOY", "ECS", "EXTERNAL").models("ECS", "EXTERNAL")}).replace(),
			"DesiredCount":         integer(), "HealthCheckGracePeriodSeconds": integer(), "DeploymentConfiguration": deploymentConfiguration(),
			"TaskDefinition": text(), "LaunchType": oneOf("EC2", "EXTERNAL", "FARGATE", "MANAGED_INSTANCES").models("FARGATE").replace(), "PlatformVersion": text(),
			"LoadBalancers": objects(Object{"ContainerName": text(), "ContainerPort": integer(), "TargetGroupArn": text()}.lacking("AdvancedConfiguration", "LoadBalancerName")),
			"NetworkConfiguration": object(Object{"AwsvpcConfiguration": object(Object{
				"AssignPublicIp": oneOf("DISABLED", "ENABLED"), "SecurityGroups": texts(), "Subnets": texts(),
			})}),
			"ForceNewDeployment":   object(Object{"EnableForceNewDeployment": boolean().need(), "ForceNewDeploymentNonce": text()}),
			"EnableExecuteCommand": boolean(), "AvailabilityZoneRebalancing": oneOf("DISABLED", "ENABLED"),
			"EnableECSManagedTags": boolean(), "PropagateTags": oneOf("NONE", "SERVICE", "TASK_DEFINITION"), "Tags": looseTagList(),
		}.lacking("CapacityProviderStrategy", "PlacementConstraints", "PlacementStrategies", "Role",
			"ServiceConnectConfiguration", "ServiceRegistries", "VolumeConfigurations", "VpcLatticeConfigurations"),
		Attributes: []string{"Name", "ServiceArn"},
		Handler:    services{room},
		Tagged:     true,
		lacks: func(properties *template.Node, gap func(at *template.Node, format string, args ...any)) {
			controller := properties.Find("DeploymentController", "Type")
			if properties.Get("LaunchType") == nil && (controller == nil || controller.Str() == "ECS") {
				gap(properties, "services without a launch type, which run on EC2")
			}
		},
	}
}

func deploymentConfiguration() Property {
	return object(Object{
		"MaximumPercent": integer(), "MinimumHealthyPercent": integer(), "Strategy": oneOf("BLUE_GREEN", "CANARY", "LINEAR", "ROLLING").models("ROLLING"),
		"DeploymentCircuitBreaker": object(Object{
			"Enable": boolean().need(), "Rollback": boolean().need(),
		}),
		"Alarms": object(Object{"AlarmNames": texts().need(), "Enable": boolean().models("false").need(), "Rollback": boolean().need()}),
	}.lacking("BakeTimeInMinutes", "CanaryConfiguration", "EarlySuccessCriteria", "LifecycleHooks", "LinearConfiguration"))
}

type services struct{ room Containers }

func (h services) Create(ctx context.Context, r *Request) error {
	in := &ecs.CreateServiceInput{}
	if err := fill(in, without(r.Properties, "Tags", "ForceNewDeployment")); err != nil {
		return err
	}
	in.ServiceName, in.Tags = aws.String(r.given("ServiceName", 255)), containerTags(r.tags())
	out, err := h.room.CreateService(ctx, in)
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.Service.ServiceArn)
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"ServiceArn": r.ID, "Name": aws.ToString(out.Service.ServiceName)}})
	return h.stabilize(ctx, r, out.Service)
}

func (h services) Update(ctx context.Context, r *Request) error {
	names := []string{"DesiredCount", "HealthCheckGracePeriodSeconds", "DeploymentConfiguration", "EnableECSManagedTags", "PropagateTags", "TaskDefinition",
		"PlatformVersion", "LoadBalancers", "NetworkConfiguration", "EnableExecuteCommand", "AvailabilityZoneRebalancing"}
	if r.changed(append(names, "ForceNewDeployment")...) {
		in := &ecs.UpdateServiceInput{}
		if err := fill(in, only(r.Properties, names...)); err != nil {
			return err
		}
		in.Cluster, in.Service, in.ForceNewDeployment = optional(r.Properties, "Cluster"), &r.ID, forced(r)
		out, err := h.room.UpdateService(ctx, in)
		if err != nil {
			return err
		}
		if err := h.stabilize(ctx, r, out.Service); err != nil {
			return err
		}
	}
	return retagContainers(ctx, h.room, r, r.ID)
}

// forced reports whether an update is to begin a deployment whatever it changes.
func forced(r *Request) bool {
	force, _ := r.Properties["ForceNewDeployment"].(map[string]any)
	enabled, _ := force["EnableForceNewDeployment"].(bool)
	return enabled && r.changed("ForceNewDeployment")
}

// stabilize waits until a service is as it was asked to be: its deployment completed,
// or its primary task set steady. Nobody waits for a new service without task sets.
func (h services) stabilize(ctx context.Context, r *Request, begun *types.Service) error {
	done := func() (bool, error) { return h.steady(ctx, r) }
	if primary := primaryDeployment(begun); primary != nil {
		done = func() (bool, error) {
			s, err := h.describe(ctx, optional(r.Properties, "Cluster"), r.ID)
			if err != nil || s == nil {
				return false, err
			}
			return deployed(s, primary)
		}
	}
	return r.until(ctx, 5*time.Second, steadyLimit, done)
}

func primaryDeployment(s *types.Service) *types.Deployment {
	if s == nil {
		return nil
	}
	for i := range s.Deployments {
		if aws.ToString(s.Deployments[i].Status) == "PRIMARY" {
			return &s.Deployments[i]
		}
	}
	return nil
}

// deployed reports whether a deployment is completed. Where it fails, ECS takes the
// service back first, and then the update fails:
// https://github.com/aws/containers-roadmap/issues/1205
func deployed(s *types.Service, begun *types.Deployment) (bool, error) {
	now := primaryDeployment(s)
	switch {
	case now == nil:
		return true, nil
	case now.RolloutState == types.DeploymentRolloutStateFailed,
		now.RolloutState == types.DeploymentRolloutStateCompleted && aws.ToString(now.TaskDefinition) != aws.ToString(begun.TaskDefinition):
		return false, errors.New("Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.") //nolint:revive,staticcheck // AWS's words
	}
	return now.RolloutState == types.DeploymentRolloutStateCompleted && len(s.Deployments) == 1, nil
}

// steady looks at the service's primary task set. CloudFormation gives up on one
// whose scale doesn't add up to the service's count:
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/37
func (h services) steady(ctx context.Context, r *Request) (bool, error) {
	s, err := h.describe(ctx, optional(r.Properties, "Cluster"), r.ID)
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
	cluster := optional(r.Previous, "Cluster")
	_, err := h.room.DeleteService(ctx, &ecs.DeleteServiceInput{Cluster: cluster, Service: &r.ID, Force: aws.Bool(true)})
	if err != nil {
		return gone(err)
	}
	return gone(r.until(ctx, 5*time.Second, 30*time.Minute, func() (bool, error) {
		s, err := h.describe(ctx, cluster, r.ID)
		return s == nil || aws.ToString(s.Status) == "INACTIVE", err
	}))
}

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
