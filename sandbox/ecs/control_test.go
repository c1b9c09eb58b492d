package ecs_test

import (
	"strings"
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/wire"
)

func TestClusters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(0)
	again, err := w.CreateCluster(w.ctx, &awsecs.CreateClusterInput{ClusterName: new("web"), Tags: []types.Tag{{Key: new("ignored"), Value: new("x")}}})
	if err != nil || again.Cluster.ActiveServicesCount != 1 || len(again.Cluster.Tags) != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	out, err := w.DescribeClusters(w.ctx, &awsecs.DescribeClustersInput{
		Clusters: []string{"web", "arn:aws:ecs:eu-west-1:222222222222:cluster/web", "nothing", "arn:aws:ecs:eu-west-1:999999999999:cluster/web"},
		Include:  []types.ClusterField{types.ClusterFieldSettings, types.ClusterFieldStatistics},
	})
	if err != nil || len(out.Clusters) != 2 || len(out.Failures) != 2 || *out.Failures[0].Reason != "MISSING" || *out.Failures[0].Arn != "arn:aws:ecs:eu-west-1:222222222222:cluster/nothing" {
		t.Fatalf("%+v, %v", out, err)
	}
	if c := out.Clusters[0]; *c.Status != "ACTIVE" || *c.Settings[0].Value != "disabled" || *c.Statistics[1].Name != "activeFargateServiceCount" || *c.Statistics[1].Value != "1" {
		t.Errorf("%+v", c)
	}
	_, err = w.DeleteCluster(w.ctx, &awsecs.DeleteClusterInput{Cluster: new("web")})
	wantError(t, err, "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
	if _, err := w.DeleteService(w.ctx, &awsecs.DeleteServiceInput{Cluster: new("web"), Service: new("app")}); err != nil {
		t.Fatal(err)
	}
	gone, err := w.DeleteCluster(w.ctx, &awsecs.DeleteClusterInput{Cluster: new("web")})
	if err != nil || *gone.Cluster.Status != "INACTIVE" {
		t.Errorf("%v", err)
	}
	_, err = w.DeleteCluster(w.ctx, &awsecs.DeleteClusterInput{Cluster: new("web")})
	wantError(t, err, "ClusterNotFoundException", "Cluster not found.")
}

func TestListClustersPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c"} {
		if _, err := w.CreateCluster(w.ctx, &awsecs.CreateClusterInput{ClusterName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	one, err := w.ListClusters(w.ctx, &awsecs.ListClustersInput{MaxResults: new(int32(2))})
	if err != nil || len(one.ClusterArns) != 2 || one.NextToken == nil {
		t.Fatalf("%+v, %v", one, err)
	}
	two, err := w.ListClusters(w.ctx, &awsecs.ListClustersInput{MaxResults: new(int32(2)), NextToken: one.NextToken})
	if err != nil || !cmp.Equal(two.ClusterArns, []string{"arn:aws:ecs:eu-west-1:222222222222:cluster/c"}) || two.NextToken != nil {
		t.Errorf("%+v, %v", two, err)
	}
	for _, in := range []*awsecs.ListClustersInput{{MaxResults: new(int32(0))}, {MaxResults: new(int32(101))}, {NextToken: new("?")}} {
		_, err := w.ListClusters(w.ctx, in)
		wantError(t, err, "InvalidParameterException", "")
	}
}

func TestRefusedServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(0)
	type in = awsecs.CreateServiceInput
	external := &types.DeploymentController{Type: types.DeploymentControllerTypeExternal}
	for name, c := range map[string]struct {
		in            in
		code, message string
	}{
		"CODE_DEPLOY":         {in{DeploymentController: &types.DeploymentController{Type: "CODE_DEPLOY"}}, "NotModelled", "CODE_DEPLOY"},
		"a task definition":   {in{DeploymentController: external, TaskDefinition: new("web")}, "InvalidParameterException", "taskDefinition cannot be specified"},
		"a load balancer":     {in{DeploymentController: external, LoadBalancers: []types.LoadBalancer{{}}}, "InvalidParameterException", "loadBalancers cannot be specified"},
		"DAEMON":              {in{DeploymentController: external, SchedulingStrategy: "DAEMON"}, "NotModelled", "DAEMON"},
		"a negative count":    {in{DeploymentController: external, DesiredCount: new(int32(-1))}, "InvalidParameterException", "negative"},
		"a name":              {in{DeploymentController: external, ServiceName: new("a b")}, "InvalidParameterException", "Invalid service name"},
		"a cluster not there": {in{DeploymentController: external, Cluster: new("nothing")}, "ClusterNotFoundException", "Cluster not found."},
		"a service that is":   {in{DeploymentController: external, ServiceName: new("app")}, "InvalidParameterException", "Creation of service was not idempotent."},
		"the default cluster": {in{DeploymentController: external, Cluster: new("")}, "ClusterNotFoundException", ""},
		"capacity providers":  {in{DeploymentController: external, CapacityProviderStrategy: []types.CapacityProviderStrategyItem{{}}}, "NotModelled", "capacityProviderStrategy"},
		"the service connect": {in{DeploymentController: external, ServiceConnectConfiguration: &types.ServiceConnectConfiguration{}}, "NotModelled", "serviceConnectConfiguration"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.in.ServiceName == nil {
				c.in.ServiceName = new("new")
			}
			if c.in.Cluster == nil {
				c.in.Cluster = new("web")
			}
			_, err := w.CreateService(w.ctx, &c.in)
			wantError(t, err, c.code, c.message)
		})
	}
}

func TestRefusedTaskSets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(0)
	w.definition()
	w.definition()
	if _, err := w.DeregisterTaskDefinition(w.ctx, &awsecs.DeregisterTaskDefinitionInput{TaskDefinition: new("web:2")}); err != nil {
		t.Fatal(err)
	}
	lambdas := blueTG + "f"
	w.targets.groups[lambdas] = &group{kind: "lambda"}
	type in = awsecs.CreateTaskSetInput
	for name, c := range map[string]struct {
		change        func(*in)
		code, message string
	}{
		"no service":             {func(i *in) { i.Service = new("nothing") }, "ServiceNotFoundException", "Service not found."},
		"no task definition":     {func(i *in) { i.TaskDefinition = new("nothing") }, "ClientException", "TaskDefinition not found."},
		"an inactive definition": {func(i *in) { i.TaskDefinition = new("web:2") }, "ClientException", "TaskDefinition is inactive"},
		"EC2":                    {func(i *in) { i.LaunchType = "EC2" }, "NotModelled", "launch type EC2"},
		"no launch type":         {func(i *in) { i.LaunchType = "" }, "NotModelled", "without a launch type"},
		"no network":             {func(i *in) { i.NetworkConfiguration = nil }, "InvalidParameterException", "Network Configuration must be provided"},
		"an unknown subnet":      {func(i *in) { i.NetworkConfiguration.AwsvpcConfiguration.Subnets = []string{"subnet-1"} }, "InvalidParameterException", "subnet-1"},
		"an unknown group":       {func(i *in) { i.NetworkConfiguration.AwsvpcConfiguration.SecurityGroups = []string{"sg-1"} }, "InvalidParameterException", "sg-1"},
		"an unknown container":   {func(i *in) { i.LoadBalancers[0].ContainerName = new("x") }, "InvalidParameterException", "The container x does not exist in the task definition."},
		"an unknown port":        {func(i *in) { i.LoadBalancers[0].ContainerPort = new(int32(81)) }, "InvalidParameterException", "The container app did not have a container port 81 defined."},
		"an unknown group of targets": {func(i *in) { i.LoadBalancers[0].TargetGroupArn = new("arn:x") },
			"InvalidParameterException", "arn:x"},
		"targets that are no addresses": {func(i *in) { i.LoadBalancers[0].TargetGroupArn = &lambdas }, "InvalidParameterException", "has target type lambda"},
		"more than all":                 {func(i *in) { i.Scale = &types.Scale{Value: 101} }, "InvalidParameterException", "between 0 and 100"},
		"a platform":                    {func(i *in) { i.PlatformVersion = new("9.9.9") }, "PlatformUnknownException", "9.9.9"},
		"service discovery":             {func(i *in) { i.ServiceRegistries = []types.ServiceRegistry{{}} }, "NotModelled", "serviceRegistries"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreateTaskSet(w.ctx, w.taskSetInput(func(i *in) { i.TaskDefinition = new("web:1") }, c.change))
			wantError(t, err, c.code, c.message)
		})
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(1)
	w.definition(func(i *awsecs.RegisterTaskDefinitionInput) {
		i.Tags = []types.Tag{{Key: new("of"), Value: new("definition")}}
	})
	set := w.taskSet()
	w.steady(set)
	for _, arn := range []string{
		"arn:aws:ecs:eu-west-1:222222222222:cluster/web", "arn:aws:ecs:eu-west-1:222222222222:service/web/app",
		"arn:aws:ecs:eu-west-1:222222222222:task-definition/web:1", *w.describeSet(set).TaskSetArn, *w.tasks("RUNNING")[0].TaskArn,
	} {
		for _, value := range []string{"one", "two"} {
			if _, err := w.TagResource(w.ctx, &awsecs.TagResourceInput{ResourceArn: &arn, Tags: []types.Tag{{Key: new("k"), Value: new(value)}, {Key: new("gone"), Value: new("")}}}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.UntagResource(w.ctx, &awsecs.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"gone", "of"}}); err != nil {
			t.Fatal(err)
		}
		out, err := w.ListTagsForResource(w.ctx, &awsecs.ListTagsForResourceInput{ResourceArn: &arn})
		if err != nil || len(out.Tags) != 1 || *out.Tags[0].Key != "k" || *out.Tags[0].Value != "two" {
			t.Errorf("%s: %+v, %v", arn, out, err)
		}
	}
	for _, arn := range []string{"arn:aws:ecs:eu-west-1:222222222222:cluster/x", "arn:aws:ecs:eu-west-1:999999999999:cluster/web", "web", "arn:aws:ecs:eu-west-1:222222222222:service/web/x"} {
		_, err := w.ListTagsForResource(w.ctx, &awsecs.ListTagsForResourceInput{ResourceArn: &arn})
		wantError(t, err, "InvalidParameterException", arn)
	}
}

// TestEveryOperationAsks calls each operation as somebody who may do nothing.
func TestEveryOperationAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(0)
	w.definition()
	set := w.taskSet()
	asked := func(action string, call func() error) {
		t.Helper()
		w.auth.refuse(action)
		wantError(t, call(), "AccessDenied", "not authorized to perform: "+action)
		w.auth.refuse()
	}
	c, svc := new("web"), new("app")
	asked("ecs:CreateCluster", func() error { _, err := w.CreateCluster(w.ctx, &awsecs.CreateClusterInput{}); return err })
	asked("ecs:DescribeClusters", func() error { _, err := w.DescribeClusters(w.ctx, &awsecs.DescribeClustersInput{}); return err })
	asked("ecs:ListClusters", func() error { _, err := w.ListClusters(w.ctx, &awsecs.ListClustersInput{}); return err })
	asked("ecs:DeleteCluster", func() error { _, err := w.DeleteCluster(w.ctx, &awsecs.DeleteClusterInput{Cluster: c}); return err })
	asked("ecs:RegisterTaskDefinition", func() error { _, err := w.RegisterTaskDefinition(w.ctx, definitionInput()); return err })
	asked("ecs:DescribeTaskDefinition", func() error {
		_, err := w.DescribeTaskDefinition(w.ctx, &awsecs.DescribeTaskDefinitionInput{TaskDefinition: c})
		return err
	})
	asked("ecs:DeregisterTaskDefinition", func() error {
		_, err := w.DeregisterTaskDefinition(w.ctx, &awsecs.DeregisterTaskDefinitionInput{TaskDefinition: new("web:1")})
		return err
	})
	asked("ecs:ListTaskDefinitions", func() error {
		_, err := w.ListTaskDefinitions(w.ctx, &awsecs.ListTaskDefinitionsInput{})
		return err
	})
	asked("ecs:ListTaskDefinitionFamilies", func() error {
		_, err := w.ListTaskDefinitionFamilies(w.ctx, &awsecs.ListTaskDefinitionFamiliesInput{})
		return err
	})
	asked("ecs:CreateService", func() error {
		_, err := w.CreateService(w.ctx, &awsecs.CreateServiceInput{Cluster: c, ServiceName: svc})
		return err
	})
	asked("ecs:DescribeServices", func() error {
		_, err := w.DescribeServices(w.ctx, &awsecs.DescribeServicesInput{Cluster: c, Services: []string{"app"}})
		return err
	})
	asked("ecs:UpdateService", func() error {
		_, err := w.UpdateService(w.ctx, &awsecs.UpdateServiceInput{Cluster: c, Service: svc})
		return err
	})
	asked("ecs:DeleteService", func() error {
		_, err := w.DeleteService(w.ctx, &awsecs.DeleteServiceInput{Cluster: c, Service: svc})
		return err
	})
	asked("ecs:ListServices", func() error { _, err := w.ListServices(w.ctx, &awsecs.ListServicesInput{Cluster: c}); return err })
	asked("ecs:CreateTaskSet", func() error { _, err := w.CreateTaskSet(w.ctx, w.taskSetInput()); return err })
	asked("ecs:DescribeTaskSets", func() error {
		_, err := w.DescribeTaskSets(w.ctx, &awsecs.DescribeTaskSetsInput{Cluster: c, Service: svc})
		return err
	})
	asked("ecs:UpdateTaskSet", func() error {
		_, err := w.UpdateTaskSet(w.ctx, &awsecs.UpdateTaskSetInput{Cluster: c, Service: svc, TaskSet: &set, Scale: &types.Scale{}})
		return err
	})
	asked("ecs:DeleteTaskSet", func() error {
		_, err := w.DeleteTaskSet(w.ctx, &awsecs.DeleteTaskSetInput{Cluster: c, Service: svc, TaskSet: &set})
		return err
	})
	asked("ecs:UpdateServicePrimaryTaskSet", func() error {
		_, err := w.UpdateServicePrimaryTaskSet(w.ctx, &awsecs.UpdateServicePrimaryTaskSetInput{Cluster: c, Service: svc, PrimaryTaskSet: &set})
		return err
	})
	asked("ecs:DescribeTasks", func() error {
		_, err := w.DescribeTasks(w.ctx, &awsecs.DescribeTasksInput{Cluster: c, Tasks: []string{"x"}})
		return err
	})
	asked("ecs:ListTasks", func() error { _, err := w.ListTasks(w.ctx, &awsecs.ListTasksInput{Cluster: c}); return err })
	asked("ecs:StopTask", func() error {
		_, err := w.StopTask(w.ctx, &awsecs.StopTaskInput{Cluster: c, Task: new("x")})
		return err
	})
	for action, tag := range map[string]func(string) error{
		"ecs:TagResource": func(arn string) error {
			_, err := w.TagResource(w.ctx, &awsecs.TagResourceInput{ResourceArn: &arn})
			return err
		},
		"ecs:UntagResource": func(arn string) error {
			_, err := w.UntagResource(w.ctx, &awsecs.UntagResourceInput{ResourceArn: &arn})
			return err
		},
		"ecs:ListTagsForResource": func(arn string) error {
			_, err := w.ListTagsForResource(w.ctx, &awsecs.ListTagsForResourceInput{ResourceArn: &arn})
			return err
		},
	} {
		asked(action, func() error { return tag("arn:aws:ecs:eu-west-1:222222222222:cluster/web") })
	}
}

// TestWire holds the room's operations against the shapes of the SDK.
func TestWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := wire.New(wire.Config{Region: region}, w.Wire()); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(w.Wire().TargetPrefix, "AmazonEC2ContainerService") {
		t.Error(w.Wire().TargetPrefix)
	}
}
