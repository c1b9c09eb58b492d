package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"orgship/sandbox/wire"
)

func (s *Service) CreateCluster(ctx context.Context, in *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error) {
	return nil, wire.NotModelled("ecs:CreateCluster")
}

func (s *Service) DescribeClusters(ctx context.Context, in *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
	return nil, wire.NotModelled("ecs:DescribeClusters")
}

func (s *Service) ListClusters(ctx context.Context, in *ecs.ListClustersInput) (*ecs.ListClustersOutput, error) {
	return nil, wire.NotModelled("ecs:ListClusters")
}

func (s *Service) DeleteCluster(ctx context.Context, in *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error) {
	return nil, wire.NotModelled("ecs:DeleteCluster")
}

func (s *Service) RegisterTaskDefinition(ctx context.Context, in *ecs.RegisterTaskDefinitionInput) (*ecs.RegisterTaskDefinitionOutput, error) {
	return nil, wire.NotModelled("ecs:RegisterTaskDefinition")
}

func (s *Service) DescribeTaskDefinition(ctx context.Context, in *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
	return nil, wire.NotModelled("ecs:DescribeTaskDefinition")
}

func (s *Service) DeregisterTaskDefinition(ctx context.Context, in *ecs.DeregisterTaskDefinitionInput) (*ecs.DeregisterTaskDefinitionOutput, error) {
	return nil, wire.NotModelled("ecs:DeregisterTaskDefinition")
}

func (s *Service) ListTaskDefinitions(ctx context.Context, in *ecs.ListTaskDefinitionsInput) (*ecs.ListTaskDefinitionsOutput, error) {
	return nil, wire.NotModelled("ecs:ListTaskDefinitions")
}

func (s *Service) ListTaskDefinitionFamilies(ctx context.Context, in *ecs.ListTaskDefinitionFamiliesInput) (*ecs.ListTaskDefinitionFamiliesOutput, error) {
	return nil, wire.NotModelled("ecs:ListTaskDefinitionFamilies")
}

func (s *Service) CreateService(ctx context.Context, in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	return nil, wire.NotModelled("ecs:CreateService")
}

func (s *Service) DescribeServices(ctx context.Context, in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
	return nil, wire.NotModelled("ecs:DescribeServices")
}

func (s *Service) UpdateService(ctx context.Context, in *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error) {
	return nil, wire.NotModelled("ecs:UpdateService")
}

func (s *Service) DeleteService(ctx context.Context, in *ecs.DeleteServiceInput) (*ecs.DeleteServiceOutput, error) {
	return nil, wire.NotModelled("ecs:DeleteService")
}

func (s *Service) ListServices(ctx context.Context, in *ecs.ListServicesInput) (*ecs.ListServicesOutput, error) {
	return nil, wire.NotModelled("ecs:ListServices")
}

func (s *Service) CreateTaskSet(ctx context.Context, in *ecs.CreateTaskSetInput) (*ecs.CreateTaskSetOutput, error) {
	return nil, wire.NotModelled("ecs:CreateTaskSet")
}

func (s *Service) DescribeTaskSets(ctx context.Context, in *ecs.DescribeTaskSetsInput) (*ecs.DescribeTaskSetsOutput, error) {
	return nil, wire.NotModelled("ecs:DescribeTaskSets")
}

func (s *Service) UpdateTaskSet(ctx context.Context, in *ecs.UpdateTaskSetInput) (*ecs.UpdateTaskSetOutput, error) {
	return nil, wire.NotModelled("ecs:UpdateTaskSet")
}

func (s *Service) DeleteTaskSet(ctx context.Context, in *ecs.DeleteTaskSetInput) (*ecs.DeleteTaskSetOutput, error) {
	return nil, wire.NotModelled("ecs:DeleteTaskSet")
}

func (s *Service) UpdateServicePrimaryTaskSet(ctx context.Context, in *ecs.UpdateServicePrimaryTaskSetInput) (*ecs.UpdateServicePrimaryTaskSetOutput, error) {
	return nil, wire.NotModelled("ecs:UpdateServicePrimaryTaskSet")
}

func (s *Service) DescribeTasks(ctx context.Context, in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
	return nil, wire.NotModelled("ecs:DescribeTasks")
}

func (s *Service) ListTasks(ctx context.Context, in *ecs.ListTasksInput) (*ecs.ListTasksOutput, error) {
	return nil, wire.NotModelled("ecs:ListTasks")
}

func (s *Service) StopTask(ctx context.Context, in *ecs.StopTaskInput) (*ecs.StopTaskOutput, error) {
	return nil, wire.NotModelled("ecs:StopTask")
}

func (s *Service) TagResource(ctx context.Context, in *ecs.TagResourceInput) (*ecs.TagResourceOutput, error) {
	return nil, wire.NotModelled("ecs:TagResource")
}

func (s *Service) UntagResource(ctx context.Context, in *ecs.UntagResourceInput) (*ecs.UntagResourceOutput, error) {
	return nil, wire.NotModelled("ecs:UntagResource")
}

func (s *Service) ListTagsForResource(ctx context.Context, in *ecs.ListTagsForResourceInput) (*ecs.ListTagsForResourceOutput, error) {
	return nil, wire.NotModelled("ecs:ListTagsForResource")
}
