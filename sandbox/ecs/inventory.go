package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"orgship/sandbox/page"
)

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	err := page.Each(func(token *string) (*string, error) {
		out, err := s.ListTaskDefinitions(ctx, &ecs.ListTaskDefinitionsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, arn := range out.TaskDefinitionArns {
			add("ecs:task-definition", last(arn))
		}
		return out.NextToken, nil
	})
	if err != nil {
		return err
	}
	return page.Each(func(token *string) (*string, error) {
		out, err := s.ListClusters(ctx, &ecs.ListClustersInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, arn := range out.ClusterArns {
			add("ecs:cluster", last(arn))
			if err := s.clusterInventory(ctx, arn, add); err != nil {
				return nil, err
			}
		}
		return out.NextToken, nil
	})
}

func (s *Service) clusterInventory(ctx context.Context, cluster string, add func(kind, name string)) error {
	err := page.Each(func(token *string) (*string, error) {
		out, err := s.ListTasks(ctx, &ecs.ListTasksInput{Cluster: &cluster, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, arn := range out.TaskArns {
			add("ecs:task", last(arn))
		}
		return out.NextToken, nil
	})
	if err != nil {
		return err
	}
	return page.Each(func(token *string) (*string, error) {
		out, err := s.ListServices(ctx, &ecs.ListServicesInput{Cluster: &cluster, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, arn := range out.ServiceArns {
			add("ecs:service", last(arn))
			sets, err := s.DescribeTaskSets(ctx, &ecs.DescribeTaskSetsInput{Cluster: &cluster, Service: &arn})
			if err != nil {
				return nil, err
			}
			for _, set := range sets.TaskSets {
				add("ecs:task-set", *set.Id)
			}
		}
		return out.NextToken, nil
	})
}
