package ecs

import "orgship/sandbox/wire"

// Wire is the room as clients see it.
func (s *Service) Wire() wire.Service {
	var ops []wire.Operation
	for _, group := range [][]wire.Operation{s.clusterOperations(), s.definitionOperations(), s.serviceOperations(), s.taskSetOperations(), s.taskOperations()} {
		ops = append(ops, group...)
	}
	return wire.Service{
		Name:         "ecs",
		Protocol:     wire.JSON11,
		TargetPrefix: "AmazonEC2ContainerServiceV20141113",
		Words:        wire.Words{Missing: absent, Outside: "InvalidParameterException"},
		Operations:   ops,
	}
}

func (s *Service) clusterOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateCluster", s.CreateCluster, wire.Optional("ClusterName", "Settings", "Tags")),
		wire.Op("DescribeClusters", s.DescribeClusters, wire.Optional("Clusters", "Include")),
		wire.Op("ListClusters", s.ListClusters, wire.Optional("MaxResults", "NextToken")),
		wire.Op("DeleteCluster", s.DeleteCluster, wire.Required("Cluster")),
		wire.Op("TagResource", s.TagResource, wire.Required("ResourceArn", "Tags")),
		wire.Op("UntagResource", s.UntagResource, wire.Required("ResourceArn", "TagKeys")),
		wire.Op("ListTagsForResource", s.ListTagsForResource, wire.Required("ResourceArn")),
	}
}

func (s *Service) definitionOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("RegisterTaskDefinition", s.RegisterTaskDefinition, wire.Required("Family", "ContainerDefinitions"),
			wire.Optional("Cpu", "Memory", "ExecutionRoleArn", "TaskRoleArn", "NetworkMode", "RequiresCompatibilities", "RuntimePlatform", "EphemeralStorage", "Volumes", "PlacementConstraints", "Tags")),
		wire.Op("DescribeTaskDefinition", s.DescribeTaskDefinition, wire.Required("TaskDefinition"), wire.Optional("Include")),
		wire.Op("DeregisterTaskDefinition", s.DeregisterTaskDefinition, wire.Required("TaskDefinition")),
		wire.Op("ListTaskDefinitions", s.ListTaskDefinitions, wire.Optional("FamilyPrefix", "Status", "Sort", "MaxResults", "NextToken")),
		wire.Op("ListTaskDefinitionFamilies", s.ListTaskDefinitionFamilies, wire.Optional("FamilyPrefix", "Status", "MaxResults", "NextToken")),
	}
}

func (s *Service) serviceOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateService", s.CreateService, wire.Required("ServiceName"), wire.Optional(ofServices...)),
		wire.Op("DescribeServices", s.DescribeServices, wire.Required("Services"), wire.Optional("Cluster", "Include")),
		wire.Op("UpdateService", s.UpdateService, wire.Required("Service"), wire.Optional(ofUpdates...)),
		wire.Op("DeleteService", s.DeleteService, wire.Required("Service"), wire.Optional("Cluster", "Force")),
		wire.Op("ListServices", s.ListServices, wire.Optional("Cluster", "LaunchType", "SchedulingStrategy", "MaxResults", "NextToken")),
	}
}

func (s *Service) taskSetOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateTaskSet", s.CreateTaskSet, wire.Required("Cluster", "Service", "TaskDefinition"),
			wire.Optional("ExternalId", "ClientToken", "LaunchType", "LoadBalancers", "NetworkConfiguration", "PlatformVersion", "Scale", "Tags")),
		wire.Op("DescribeTaskSets", s.DescribeTaskSets, wire.Required("Cluster", "Service"), wire.Optional("TaskSets", "Include")),
		wire.Op("UpdateTaskSet", s.UpdateTaskSet, wire.Required("Cluster", "Service", "TaskSet", "Scale")),
		wire.Op("DeleteTaskSet", s.DeleteTaskSet, wire.Required("Cluster", "Service", "TaskSet"), wire.Optional("Force")),
		wire.Op("UpdateServicePrimaryTaskSet", s.UpdateServicePrimaryTaskSet, wire.Required("Cluster", "Service", "PrimaryTaskSet")),
	}
}

func (s *Service) taskOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("DescribeTasks", s.DescribeTasks, wire.Required("Tasks"), wire.Optional("Cluster", "Include")),
		wire.Op("ListTasks", s.ListTasks, wire.Optional("Cluster", "Family", "ServiceName", "StartedBy", "DesiredStatus", "LaunchType", "MaxResults", "NextToken")),
		wire.Op("StopTask", s.StopTask, wire.Required("Task"), wire.Optional("Cluster", "Reason")),
	}
}
