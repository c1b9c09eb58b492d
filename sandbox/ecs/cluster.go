package ecs

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

type cluster struct {
	name, arn string
	settings  []types.ClusterSetting
	tags      []types.Tag
	services  map[string]*service // by name; an inactive one until its name is used again
	runs      []*run              // of tasks that have not stopped
	stopped   []*run              // the latest last
}

// defaultCluster is the one that is meant where none is named.
const defaultCluster = "default"

// names: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html
var nameShape = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}$`)

// cluster finds a cluster of the caller's, by name or ARN.
func (s *Service) cluster(ctx context.Context, ref *string) (*cluster, error) {
	name := s.name(ctx, "cluster", value(ref))
	if value(ref) == "" {
		name = defaultCluster
	}
	c := s.account(iam.Caller(ctx).Account).clusters[name]
	if c == nil {
		return nil, clusterNotFound()
	}
	return c, nil
}

// clusterARN is the ARN that a reference to a cluster stands for, be it there or not.
func (s *Service) clusterARN(ctx context.Context, ref *string) string {
	name := value(ref)
	if name == "" {
		name = defaultCluster
	}
	return s.arn(iam.Caller(ctx).Account, "cluster", last(name))
}

// CreateCluster makes a cluster; one of that name that exists already is
// returned as it is.
func (s *Service) CreateCluster(ctx context.Context, in *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error) {
	name := value(in.ClusterName)
	if name == "" {
		name = defaultCluster
	}
	arn := s.clusterARN(ctx, &name)
	if err := s.cfg.Auth.Authorize(ctx, "ecs:CreateCluster", arn); err != nil {
		return nil, err
	}
	if !nameShape.MatchString(name) {
		return nil, invalid("Invalid identifier: Identifier is for %q. Your identifier may contain letters, numbers, hyphens and underscores, up to 255.", name)
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	settings, err := clusterSettings(in.Settings)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clusters := s.account(iam.Caller(ctx).Account).clusters
	if clusters[name] == nil {
		clusters[name] = &cluster{name: name, arn: arn, settings: settings, tags: slices.Clone(in.Tags), services: map[string]*service{}}
	}
	shape := clusters[name].shape("ACTIVE")
	return &ecs.CreateClusterOutput{Cluster: &shape}, nil
}

// clusterSettings checks containerInsights, the one setting there is. It is
// shown and has no effect.
func clusterSettings(given []types.ClusterSetting) ([]types.ClusterSetting, error) {
	insights := "disabled"
	for _, setting := range given {
		if setting.Name != types.ClusterSettingNameContainerInsights || !slices.Contains([]string{"disabled", "enabled", "enhanced"}, value(setting.Value)) {
			return nil, invalid("Invalid setting %s=%s: containerInsights is disabled, enabled or enhanced.", setting.Name, value(setting.Value))
		}
		insights = *setting.Value
	}
	return []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: &insights}}, nil
}

func (c *cluster) shape(status string) types.Cluster {
	running, pending := count(c.runs)
	active := 0
	for _, svc := range c.services {
		if svc.status == statusActive {
			active++
		}
	}
	return types.Cluster{
		ClusterArn: &c.arn, ClusterName: &c.name, Status: &status, Settings: slices.Clone(c.settings), Tags: slices.Clone(c.tags),
		ActiveServicesCount: int32(active), RunningTasksCount: running, PendingTasksCount: pending,
	}
}

// DescribeClusters describes clusters: the default one if none is named.
func (s *Service) DescribeClusters(ctx context.Context, in *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
	names := in.Clusters
	if len(names) == 0 {
		names = []string{defaultCluster}
	}
	for _, name := range names {
		if err := s.cfg.Auth.Authorize(ctx, "ecs:DescribeClusters", s.clusterARN(ctx, &name)); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &ecs.DescribeClustersOutput{}
	for _, name := range names {
		c, err := s.cluster(ctx, &name)
		if err != nil {
			out.Failures = append(out.Failures, missing(s.clusterARN(ctx, &name)))
			continue
		}
		out.Clusters = append(out.Clusters, c.included(in.Include))
	}
	return out, nil
}

// included is the cluster with what a request includes and without the rest.
func (c *cluster) included(include []types.ClusterField) types.Cluster {
	shape := c.shape("ACTIVE")
	if !slices.Contains(include, types.ClusterFieldSettings) {
		shape.Settings = nil
	}
	if !slices.Contains(include, types.ClusterFieldTags) {
		shape.Tags = nil
	}
	if slices.Contains(include, types.ClusterFieldStatistics) {
		for name, n := range map[string]int32{
			"runningEC2TasksCount": 0, "runningFargateTasksCount": shape.RunningTasksCount,
			"pendingEC2TasksCount": 0, "pendingFargateTasksCount": shape.PendingTasksCount,
			"activeEC2ServiceCount": 0, "activeFargateServiceCount": shape.ActiveServicesCount,
		} {
			shape.Statistics = append(shape.Statistics, types.KeyValuePair{Name: new(name), Value: new(strconv.Itoa(int(n)))})
		}
		slices.SortFunc(shape.Statistics, byName)
	}
	return shape
}

// ListClusters lists the ARNs of the caller's clusters.
func (s *Service) ListClusters(ctx context.Context, in *ecs.ListClustersInput) (*ecs.ListClustersOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:ListClusters", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var arns []string
	for c := range maps.Values(s.account(iam.Caller(ctx).Account).clusters) {
		arns = append(arns, c.arn)
	}
	arns, next, err := cut("ListClusters", arns, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ecs.ListClustersOutput{ClusterArns: arns, NextToken: next}, nil
}

// DeleteCluster deletes a cluster without services and tasks.
func (s *Service) DeleteCluster(ctx context.Context, in *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "ecs:DeleteCluster", s.clusterARN(ctx, in.Cluster)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.cluster(ctx, in.Cluster)
	if err != nil {
		return nil, err
	}
	for _, svc := range c.services {
		if svc.status == statusActive {
			return nil, wire.Errorf("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
		}
	}
	if len(c.runs) > 0 {
		return nil, wire.Errorf("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
	}
	delete(s.account(iam.Caller(ctx).Account).clusters, c.name)
	shape := c.shape("INACTIVE")
	return &ecs.DeleteClusterOutput{Cluster: &shape}, nil
}
