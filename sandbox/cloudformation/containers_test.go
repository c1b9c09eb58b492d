package cloudformation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/wire"
)

// containers is ECS without tasks: what is asked for is there at once, unless
// its image is broken.
type containers struct {
	mu          sync.Mutex
	clusters    []string
	definitions map[string]ecs.RegisterTaskDefinitionInput // active ones by ARN
	revisions   map[string]int
	failing     map[string]bool           // task sets
	services    map[string]*types.Service // by ARN
	sets        map[string]types.TaskSet  // by id
	count       int
	never       bool // no task set gets steady
}

// slow makes task sets that never get steady, or ends that.
func (c *containers) slow(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.never = on
}

func newContainers() *containers {
	return &containers{
		definitions: map[string]ecs.RegisterTaskDefinitionInput{}, revisions: map[string]int{}, failing: map[string]bool{},
		services: map[string]*types.Service{}, sets: map[string]types.TaskSet{},
	}
}

const broken = "broken" // image whose tasks keep failing

// left says what is there, for tests that nothing is.
func (c *containers) left() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(c.clusters)
	for arn := range c.definitions {
		all = append(all, arn)
	}
	for arn := range c.services {
		all = append(all, arn)
	}
	for id := range c.sets {
		all = append(all, id)
	}
	return all
}

func arnOf(resource string) *string {
	return aws.String("arn:aws:ecs:" + region + ":" + accountID + ":" + resource)
}

func (c *containers) CreateCluster(_ context.Context, in *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clusters = append(c.clusters, *in.ClusterName)
	return &ecs.CreateClusterOutput{Cluster: &types.Cluster{ClusterArn: arnOf("cluster/" + *in.ClusterName), ClusterName: in.ClusterName}}, nil
}

func (c *containers) DeleteCluster(_ context.Context, in *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.services) > 0 {
		return nil, wire.Errorf("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
	}
	c.clusters = slices.DeleteFunc(c.clusters, func(n string) bool { return n == *in.Cluster })
	return &ecs.DeleteClusterOutput{}, nil
}

func (c *containers) RegisterTaskDefinition(_ context.Context, in *ecs.RegisterTaskDefinitionInput) (*ecs.RegisterTaskDefinitionOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *in.ContainerDefinitions[0].Image == "" {
		return nil, wire.Errorf("ClientException", "Container.image should not be null or empty.")
	}
	c.revisions[*in.Family]++
	arn := arnOf(fmt.Sprintf("task-definition/%s:%d", *in.Family, c.revisions[*in.Family]))
	c.definitions[*arn] = *in
	return &ecs.RegisterTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{TaskDefinitionArn: arn}}, nil
}

func (c *containers) DeregisterTaskDefinition(_ context.Context, in *ecs.DeregisterTaskDefinitionInput) (*ecs.DeregisterTaskDefinitionOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.definitions, *in.TaskDefinition)
	return &ecs.DeregisterTaskDefinitionOutput{}, nil
}

func (c *containers) CreateService(_ context.Context, in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if in.DeploymentController == nil || in.DeploymentController.Type != types.DeploymentControllerTypeExternal && in.TaskDefinition == nil {
		return nil, wire.Errorf("InvalidParameterException", "TaskDefinition can not be blank.")
	}
	arn := arnOf("service/" + *in.Cluster + "/" + *in.ServiceName)
	c.services[*arn] = &types.Service{ServiceArn: arn, ServiceName: in.ServiceName, DesiredCount: aws.ToInt32(in.DesiredCount), Status: aws.String("ACTIVE")}
	return &ecs.CreateServiceOutput{Service: c.services[*arn]}, nil
}

func (c *containers) UpdateService(_ context.Context, in *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.services[*in.Service]
	s.DesiredCount = aws.ToInt32(in.DesiredCount)
	return &ecs.UpdateServiceOutput{Service: s}, nil
}

func (c *containers) DescribeServices(_ context.Context, in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.services[in.Services[0]]
	if s == nil {
		return &ecs.DescribeServicesOutput{}, nil
	}
	d := *s
	for _, set := range c.sets {
		if *set.ServiceArn == *s.ServiceArn {
			set.ComputedDesiredCount = int32(max(1, float64(s.DesiredCount)*set.Scale.Value/100))
			d.TaskSets = append(d.TaskSets, set)
		}
	}
	return &ecs.DescribeServicesOutput{Services: []types.Service{d}}, nil
}

func (c *containers) DeleteService(_ context.Context, in *ecs.DeleteServiceInput) (*ecs.DeleteServiceOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.services, *in.Service)
	return &ecs.DeleteServiceOutput{}, nil
}

func (c *containers) CreateTaskSet(_ context.Context, in *ecs.CreateTaskSetInput) (*ecs.CreateTaskSetOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.definitions[*in.TaskDefinition]; !ok || c.services[*in.Service] == nil {
		return nil, wire.Errorf("InvalidParameterException", "no such task definition or service: %s, %s", *in.TaskDefinition, *in.Service)
	}
	c.count++
	set := types.TaskSet{
		Id: aws.String(fmt.Sprintf("ecs-svc/%019d", c.count)), ServiceArn: in.Service, TaskDefinition: in.TaskDefinition, LoadBalancers: in.LoadBalancers,
		Scale: in.Scale, Status: aws.String("ACTIVE"), StabilityStatus: types.StabilityStatusSteadyState,
	}
	if strings.Contains(*c.definitions[*in.TaskDefinition].ContainerDefinitions[0].Image, broken) {
		set.StabilityStatus = types.StabilityStatusStabilizing
		c.failing[*set.Id] = true
	}
	if c.never {
		set.StabilityStatus = types.StabilityStatusStabilizing
	}
	c.sets[*set.Id] = set
	return &ecs.CreateTaskSetOutput{TaskSet: &set}, nil
}

func (c *containers) UpdateTaskSet(_ context.Context, in *ecs.UpdateTaskSetInput) (*ecs.UpdateTaskSetOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.sets[*in.TaskSet]
	set.Scale = in.Scale
	c.sets[*in.TaskSet] = set
	return &ecs.UpdateTaskSetOutput{}, nil
}

func (c *containers) DescribeTaskSets(_ context.Context, in *ecs.DescribeTaskSetsInput) (*ecs.DescribeTaskSetsOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := &ecs.DescribeTaskSetsOutput{}
	if set, ok := c.sets[in.TaskSets[0]]; ok {
		out.TaskSets = append(out.TaskSets, set)
	}
	return out, nil
}

func (c *containers) DeleteTaskSet(_ context.Context, in *ecs.DeleteTaskSetInput) (*ecs.DeleteTaskSetOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sets, *in.TaskSet)
	return &ecs.DeleteTaskSetOutput{}, nil
}

func (c *containers) UpdateServicePrimaryTaskSet(_ context.Context, in *ecs.UpdateServicePrimaryTaskSetInput) (*ecs.UpdateServicePrimaryTaskSetOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, set := range c.sets {
		set.Status = aws.String("ACTIVE")
		if id == *in.PrimaryTaskSet {
			set.Status = aws.String("PRIMARY")
		}
		c.sets[id] = set
	}
	return &ecs.UpdateServicePrimaryTaskSetOutput{}, nil
}

func (c *containers) TagResource(context.Context, *ecs.TagResourceInput) (*ecs.TagResourceOutput, error) {
	return &ecs.TagResourceOutput{}, nil
}

func (c *containers) UntagResource(context.Context, *ecs.UntagResourceInput) (*ecs.UntagResourceOutput, error) {
	return &ecs.UntagResourceOutput{}, nil
}

func (c *containers) Failure(id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.failing[id] {
		return ""
	}
	return "CannotPullContainerError: pull image manifest has been retried 1 time(s)"
}

func (c *containers) CheckImage(ref string) error {
	if strings.HasPrefix(ref, "elsewhere/") {
		return wire.NotModelled("pulling %q", ref)
	}
	return nil
}
