package ecs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/task"
)

// deployedInput is a service with the controller ECS, of the newest task definition.
func (w *world) deployedInput(changes ...func(*awsecs.CreateServiceInput)) *awsecs.CreateServiceInput {
	in := &awsecs.CreateServiceInput{
		Cluster: new("web"), ServiceName: new("app"), DesiredCount: new(int32(2)), TaskDefinition: new("web"), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: w.vpc.SubnetIDs, AssignPublicIp: types.AssignPublicIpEnabled}},
		LoadBalancers:        []types.LoadBalancer{{ContainerName: new("app"), ContainerPort: new(int32(80)), TargetGroupArn: new(blueTG)}},
	}
	for _, change := range changes {
		change(in)
	}
	return in
}

// deployed makes a cluster and such a service, and waits for its first deployment.
func (w *world) deployed(changes ...func(*awsecs.CreateServiceInput)) {
	w.t.Helper()
	if _, err := w.CreateCluster(w.ctx, &awsecs.CreateClusterInput{ClusterName: new("web")}); err != nil {
		w.t.Fatal(err)
	}
	w.definition()
	if _, err := w.CreateService(w.ctx, w.deployedInput(changes...)); err != nil {
		w.t.Fatal(err)
	}
	w.rolledOut("web:1")
}

func (w *world) update(change func(*awsecs.UpdateServiceInput)) {
	w.t.Helper()
	in := &awsecs.UpdateServiceInput{Cluster: new("web"), Service: new("app")}
	change(in)
	if _, err := w.UpdateService(w.ctx, in); err != nil {
		w.t.Fatal(err)
	}
}

// rolledOut waits for the service to have the one deployment, completed.
func (w *world) rolledOut(definition string) {
	w.t.Helper()
	w.eventually(definition+" is deployed", func() bool {
		d := w.describeService().Deployments
		return len(d) == 1 && strings.HasSuffix(*d[0].TaskDefinition, "/"+definition) && d[0].RolloutState == types.DeploymentRolloutStateCompleted
	})
}

func breaker(b types.DeploymentCircuitBreaker) func(*awsecs.CreateServiceInput) {
	return func(in *awsecs.CreateServiceInput) {
		in.DeploymentConfiguration = &types.DeploymentConfiguration{DeploymentCircuitBreaker: &b}
	}
}

func TestRollingDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deployed()
	first := w.describeService()
	if first.RunningCount != 2 || first.LaunchType != "FARGATE" || !strings.HasSuffix(*first.TaskDefinition, "web:1") || len(first.TaskSets) != 0 {
		t.Errorf("%+v", first)
	}
	w.definition()
	w.update(func(in *awsecs.UpdateServiceInput) { in.TaskDefinition = new("web:2") })
	begun := w.describeService()
	if d := begun.Deployments; len(d) != 2 || *d[0].Status != "PRIMARY" || *d[1].Status != "ACTIVE" || d[0].RolloutState != "IN_PROGRESS" || *d[1].Id != *first.Deployments[0].Id {
		t.Errorf("deployments %+v", d)
	}
	w.rolledOut("web:2")
	w.eventually("the service is steady", func() bool {
		return *w.describeService().Events[0].Message == "(service app) has reached a steady state."
	})
	for _, text := range []string{"(service app) (deployment " + *begun.Deployments[0].Id + ") deployment completed.", "(service app) has started 1 tasks: (task ",
		"(service app) registered 1 targets in (target-group " + blueTG, "(service app) has begun draining connections on 1 tasks."} {
		if !w.told(text) {
			t.Errorf("no event %q", text)
		}
	}
	for _, task := range w.tasks("RUNNING") {
		if *task.StartedBy != *begun.Deployments[0].Id {
			t.Errorf("%s was started by %s", *task.TaskArn, *task.StartedBy)
		}
	}
}

// TestNoDeployment changes what begins none.
func TestNoDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deployed()
	was := *w.describeService().Deployments[0].Id
	for name, change := range map[string]func(*awsecs.UpdateServiceInput){
		"a count":             func(in *awsecs.UpdateServiceInput) { in.DesiredCount = new(int32(3)) },
		"the same definition": func(in *awsecs.UpdateServiceInput) { in.TaskDefinition = new("web") },
		"the grace period":    func(in *awsecs.UpdateServiceInput) { in.HealthCheckGracePeriodSeconds = new(int32(5)) },
		"the same network":    func(in *awsecs.UpdateServiceInput) { in.NetworkConfiguration = w.deployedInput().NetworkConfiguration },
	} {
		w.update(change)
		if d := w.describeService().Deployments; len(d) != 1 || *d[0].Id != was {
			t.Errorf("%s begins a deployment: %+v", name, d)
		}
	}
	w.eventually("three tasks run", func() bool { return w.describeService().RunningCount == 3 })
	w.update(func(in *awsecs.UpdateServiceInput) { in.DesiredCount = new(int32(1)) })
	w.eventually("one task runs", func() bool { return w.describeService().RunningCount == 1 })
	w.update(func(in *awsecs.UpdateServiceInput) { in.ForceNewDeployment = true })
	w.rolledOut("web:1")
	if is := *w.describeService().Deployments[0].Id; is == was {
		t.Error("force begins no deployment")
	}
}

// TestPercents holds the bounds of a deployment at each moment that is looked at.
func TestPercents(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ desired, least, most, low, high int32 }{
		{4, 100, 200, 4, 8}, {4, 50, 100, 2, 4}, {4, 100, 125, 4, 5}, {3, 50, 150, 2, 4}, {1, 0, 100, 0, 1}, {1, 100, 200, 1, 2},
	} {
		t.Run(fmt.Sprint(row), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.deployed(func(in *awsecs.CreateServiceInput) {
				in.DesiredCount = &row.desired
				in.DeploymentConfiguration = &types.DeploymentConfiguration{MinimumHealthyPercent: &row.least, MaximumPercent: &row.most}
			})
			w.definition()
			w.update(func(in *awsecs.UpdateServiceInput) { in.TaskDefinition = new("web:2") })
			w.eventually("it is deployed", func() bool {
				s := w.describeService()
				if s.RunningCount < row.low || s.RunningCount+s.PendingCount > row.high {
					t.Errorf("%d tasks run and %d begin, not from %d to %d", s.RunningCount, s.PendingCount, row.low, row.high)
				}
				return len(s.Deployments) == 1 && s.Deployments[0].RolloutState == "COMPLETED"
			})
		})
	}
}

// TestCircuitBreaker deploys an image that can't be started.
func TestCircuitBreaker(t *testing.T) {
	t.Parallel()
	broken := func(s task.Spec) error {
		if strings.HasSuffix(s.Image, "broken:1") {
			return &task.PullError{Reason: "not found"}
		}
		return nil
	}
	three, one := types.ThresholdConfiguration{Type: types.ThresholdTypeCount, Value: 1}, types.ThresholdConfiguration{Type: types.ThresholdTypeUnboundedPercent, Value: 50}
	for name, row := range map[string]struct {
		breaker types.DeploymentCircuitBreaker
		failed  int32
		back    bool
	}{
		"rolls back":         {types.DeploymentCircuitBreaker{Enable: true, Rollback: true}, 3, true},
		"stops":              {types.DeploymentCircuitBreaker{Enable: true}, 3, false},
		"a count of one":     {types.DeploymentCircuitBreaker{Enable: true, ThresholdConfiguration: &three}, 1, false},
		"an unbounded share": {types.DeploymentCircuitBreaker{Enable: true, ThresholdConfiguration: &one}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.runtime.failing(broken)
			w.deployed(breaker(row.breaker))
			good := *w.describeService().Deployments[0].Id
			w.definition(func(in *awsecs.RegisterTaskDefinitionInput) {
				in.ContainerDefinitions[0].Image = new(registry + "broken:1")
			})
			w.update(func(in *awsecs.UpdateServiceInput) { in.TaskDefinition = new("web:2") })
			bad := *w.describeService().Deployments[0].Id
			w.eventually("it failed", func() bool {
				return w.told("(service app) (deployment " + bad + ") deployment failed: tasks failed to start.")
			})
			if !row.back {
				d := w.describeService().Deployments
				if len(d) != 2 || d[0].RolloutState != "FAILED" || *d[0].RolloutStateReason != "ECS deployment circuit breaker: tasks failed to start." || d[0].FailedTasks < row.failed || d[1].RunningCount != 2 {
					t.Errorf("deployments %+v", d)
				}
				return
			}
			w.eventually("the first one is back", func() bool {
				d := w.describeService().Deployments
				return len(d) == 1 && *d[0].Id == good && d[0].RolloutState == "COMPLETED"
			})
			if !w.told("(service app) rolling back to deployment "+good+".") || !strings.HasSuffix(*w.describeService().TaskDefinition, "web:1") {
				t.Errorf("%+v", w.describeService())
			}
		})
	}
}

// TestCircuitBreakerCounts says which failures count, and what makes them forgotten.
func TestCircuitBreakerCounts(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]elbtypes.TargetHealthStateEnum{"health checks": "unhealthy", "tasks that exit": "initial"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.deployed(breaker(types.DeploymentCircuitBreaker{Enable: true, Rollback: true}))
			w.definition()
			w.targets.set(func(g *group) {
				g.first = elbtypes.TargetHealth{State: first, Description: new("Health checks failed")}
			})
			w.update(func(in *awsecs.UpdateServiceInput) { in.TaskDefinition = new("web:2") })
			w.eventually("the first one is back", func() bool {
				for _, task := range w.tasks("RUNNING") {
					if first == "initial" && strings.HasSuffix(*task.TaskDefinitionArn, "web:2") && *task.LastStatus == "RUNNING" {
						w.fake(task).exit(1)
					}
				}
				d := w.describeService().Deployments
				return len(d) == 1 && strings.HasSuffix(*d[0].TaskDefinition, "web:1") && d[0].RolloutState == "COMPLETED"
			})
		})
	}
}

// TestUnmonitoredDeployment fails on and on without a circuit breaker, and the tasks of
// before go on serving.
func TestUnmonitoredDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deployed()
	w.runtime.failing(func(task.Spec) error { return &task.PullError{Reason: "not found"} })
	w.definition()
	w.update(func(in *awsecs.UpdateServiceInput) { in.TaskDefinition = new("web:2") })
	w.eventually("five tasks failed", func() bool { return w.describeService().Deployments[0].FailedTasks >= 5 })
	d := w.describeService().Deployments
	if len(d) != 2 || d[0].RolloutState != "IN_PROGRESS" || d[1].RunningCount != 2 {
		t.Errorf("deployments %+v", d)
	}
	w.update(func(in *awsecs.UpdateServiceInput) { in.TaskDefinition = new("web:1") })
	w.eventually("another one is under way", func() bool {
		return len(w.describeService().Deployments) <= 3 && w.describeService().Deployments[0].FailedTasks > 0
	})
	w.runtime.failing(nil)
	w.rolledOut("web:1")
}

// TestNoBalancer deploys tasks that nobody asks for their health.
func TestNoBalancer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deployed(func(in *awsecs.CreateServiceInput) { in.LoadBalancers = nil })
	w.definition()
	begun := time.Now()
	w.update(func(in *awsecs.UpdateServiceInput) { in.TaskDefinition = new("web:2") })
	w.rolledOut("web:2")
	if passed := time.Since(begun); passed < 40*time.Millisecond { // 40 seconds at this speed
		t.Errorf("deployed after %s", passed)
	}
}

func TestDeleteDeployed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deployed()
	remove := awsecs.DeleteServiceInput{Cluster: new("web"), Service: new("app")}
	_, err := w.DeleteService(w.ctx, &remove)
	wantError(t, err, "InvalidParameterException", "The service cannot be stopped while it is scaled above 0.")
	w.update(func(in *awsecs.UpdateServiceInput) { in.DesiredCount = new(int32(0)) })
	w.eventually("no task runs", func() bool { return w.describeService().RunningCount == 0 })
	if _, err := w.DeleteService(w.ctx, &remove); err != nil {
		t.Fatal(err)
	}
	w.eventually("it is gone", func() bool { return *w.describeService().Status == "INACTIVE" })
}

// TestRefusedDeployedServices refuses what ECS refuses, and what isn't modelled.
func TestRefusedDeployedServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deployed()
	percents := func(least, most int32) *types.DeploymentConfiguration {
		return &types.DeploymentConfiguration{MinimumHealthyPercent: &least, MaximumPercent: &most}
	}
	type in = awsecs.CreateServiceInput
	for name, c := range map[string]struct {
		change        func(*in)
		code, message string
	}{
		"no task definition":     {func(i *in) { i.TaskDefinition = nil }, "InvalidParameterException", "TaskDefinition can not be blank."},
		"one that isn't there":   {func(i *in) { i.TaskDefinition = new("web:9") }, "ClientException", "TaskDefinition not found."},
		"EC2":                    {func(i *in) { i.LaunchType = "EC2" }, "NotModelled", "launch type EC2"},
		"no launch type":         {func(i *in) { i.LaunchType = "" }, "NotModelled", "without a launch type"},
		"no network":             {func(i *in) { i.NetworkConfiguration = nil }, "InvalidParameterException", "Network Configuration must be provided"},
		"a platform":             {func(i *in) { i.PlatformVersion = new("2.0") }, "PlatformUnknownException", "2.0"},
		"another container":      {func(i *in) { i.LoadBalancers[0].ContainerName = new("db") }, "InvalidParameterException", "The container db does not exist"},
		"another port":           {func(i *in) { i.LoadBalancers[0].ContainerPort = new(int32(81)) }, "InvalidParameterException", "container port 81"},
		"grace without balancer": {func(i *in) { i.LoadBalancers, i.HealthCheckGracePeriodSeconds = nil, new(int32(9)) }, "InvalidParameterException", "only valid for services configured to use load balancers"},
		"blue/green":             {func(i *in) { i.DeploymentConfiguration = &types.DeploymentConfiguration{Strategy: "BLUE_GREEN"} }, "NotModelled", "deployment strategy BLUE_GREEN"},
		"alarms": {func(i *in) {
			i.DeploymentConfiguration = &types.DeploymentConfiguration{Alarms: &types.DeploymentAlarms{Enable: true}}
		}, "NotModelled", "alarms of a deployment configuration"},
		"a bake time": {func(i *in) {
			i.DeploymentConfiguration = &types.DeploymentConfiguration{BakeTimeInMinutes: new(int32(5))}
		}, "NotModelled", "bakeTimeInMinutes"},
		"percents that block":     {func(i *in) { i.DeploymentConfiguration = percents(100, 100) }, "InvalidParameterException", "this will block deployments"},
		"too low a maximum":       {func(i *in) { i.DeploymentConfiguration = percents(0, 99) }, "InvalidParameterException", "maximumPercent"},
		"too high a minimum":      {func(i *in) { i.DeploymentConfiguration = percents(101, 200) }, "InvalidParameterException", "minimumHealthyPercent"},
		"advanced configuration":  {func(i *in) { i.LoadBalancers[0].AdvancedConfiguration = &types.AdvancedConfiguration{} }, "NotModelled", "advancedConfiguration"},
		"a threshold of zero":     {breaker(types.DeploymentCircuitBreaker{ThresholdConfiguration: &types.ThresholdConfiguration{Type: "COUNT"}}), "InvalidParameterException", "at least 1"},
		"an unknown threshold":    {breaker(types.DeploymentCircuitBreaker{ThresholdConfiguration: &types.ThresholdConfiguration{Type: "X", Value: 1}}), "InvalidParameterException", "threshold type X"},
		"a subnet that isn't one": {func(i *in) { i.NetworkConfiguration.AwsvpcConfiguration.Subnets = []string{"subnet-0"} }, "InvalidParameterException", "subnet-0"},
	} {
		t.Run(name, func(t *testing.T) {
			request := w.deployedInput(func(i *in) { i.ServiceName = new("new") }, c.change)
			_, err := w.CreateService(w.ctx, request)
			wantError(t, err, c.code, c.message)
		})
	}
	w.targets.set(func(g *group) { g.behind = nil })
	_, err := w.CreateService(w.ctx, w.deployedInput(func(i *in) { i.ServiceName = new("new") }))
	wantError(t, err, "InvalidParameterException", "does not have an associated load balancer")
	_, err = w.CreateTaskSet(w.ctx, w.taskSetInput())
	wantError(t, err, "InvalidParameterException", "EXTERNAL")
	list, err := w.ListServices(w.ctx, &awsecs.ListServicesInput{Cluster: new("web"), LaunchType: "FARGATE"})
	if err != nil || !slices.Equal(list.ServiceArns, []string{*w.describeService().ServiceArn}) {
		t.Errorf("%v, %v", list, err)
	}
}

// TestUpdateOfATaskSetService refuses what its task sets have.
func TestUpdateOfATaskSetService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(0)
	for _, in := range []*awsecs.UpdateServiceInput{{TaskDefinition: new("web")}, {ForceNewDeployment: true}, {PlatformVersion: new("1.4.0")}} {
		in.Cluster, in.Service = new("web"), new("app")
		_, err := w.UpdateService(w.ctx, in)
		wantError(t, err, "InvalidParameterException", "EXTERNAL")
	}
}
