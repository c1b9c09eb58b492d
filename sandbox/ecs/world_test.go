package ecs_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/clock"
	"orgship/sandbox/ec2"
	"orgship/sandbox/ecs"
	"orgship/sandbox/iam"
	"orgship/sandbox/logs"
	"orgship/sandbox/wire"
)

const (
	account  = "222222222222"
	other    = "333333333333"
	region   = "eu-west-1"
	registry = account + ".dkr.ecr." + region + ".amazonaws.com/"
	blueTG   = "arn:aws:elasticloadbalancing:eu-west-1:222222222222:targetgroup/blue/1111111111111111"
	role     = "arn:aws:iam::222222222222:role/execution"
)

// world is ECS on a real network, with made-up images, targets and runtime.
type world struct {
	*ecs.Service
	t       *testing.T
	ctx     context.Context // of the account's administrator
	auth    *auth
	roles   *roles
	images  *logins
	targets *targets
	logs    *logs.Service
	network *ec2.Service
	runtime *runtime
	vpc     ec2.DefaultVPC
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c, err := clock.New(1000)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, auth: &auth{}, roles: &roles{}, images: &logins{}, runtime: &runtime{tasks: map[string]*fake{}}}
	w.ctx = iam.WithPrincipal(context.Background(), iam.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/admin"})
	w.targets = &targets{groups: map[string]*group{blueTG: {kind: "ip", behind: []string{"lb"}}}}
	w.logs = logs.New(logs.Config{Clock: c, Region: region, Auth: w.auth})
	w.network = ec2.New(ec2.Config{Region: region, Auth: w.auth})
	w.vpc = w.network.AddDefaultVPC(account)
	w.Service = ecs.New(ecs.Config{
		Clock: c, Region: region, Auth: w.auth, Roles: w.roles, Logins: w.images, Images: w.images, Network: w.network, Targets: w.targets, Logs: w.logs, Runtime: w.runtime,
	})
	t.Cleanup(func() {
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
		w.runtime.allGone(t)
	})
	return w
}

// definition registers a task definition for the image with changes.
func (w *world) definition(changes ...func(*awsecs.RegisterTaskDefinitionInput)) *types.TaskDefinition {
	w.t.Helper()
	out, err := w.RegisterTaskDefinition(w.ctx, definitionInput(changes...))
	if err != nil {
		w.t.Fatal(err)
	}
	return out.TaskDefinition
}

func definitionInput(changes ...func(*awsecs.RegisterTaskDefinitionInput)) *awsecs.RegisterTaskDefinitionInput {
	in := &awsecs.RegisterTaskDefinitionInput{
		Family: new("web"), Cpu: new("256"), Memory: new("512"), NetworkMode: types.NetworkModeAwsvpc, ExecutionRoleArn: new(role),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: new("app"), Image: new(registry + "app:1"), PortMappings: []types.PortMapping{{ContainerPort: new(int32(80))}},
		}},
	}
	for _, change := range changes {
		change(in)
	}
	return in
}

// service makes a cluster and a service that wants so many tasks.
func (w *world) service(desired int32) {
	w.t.Helper()
	if _, err := w.CreateCluster(w.ctx, &awsecs.CreateClusterInput{ClusterName: new("web")}); err != nil {
		w.t.Fatal(err)
	}
	_, err := w.CreateService(w.ctx, &awsecs.CreateServiceInput{
		Cluster: new("web"), ServiceName: new("app"), DesiredCount: &desired,
		DeploymentController: &types.DeploymentController{Type: types.DeploymentControllerTypeExternal},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) taskSetInput(changes ...func(*awsecs.CreateTaskSetInput)) *awsecs.CreateTaskSetInput {
	in := &awsecs.CreateTaskSetInput{
		Cluster: new("web"), Service: new("app"), TaskDefinition: new("web"), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: w.vpc.SubnetIDs, AssignPublicIp: types.AssignPublicIpEnabled}},
		LoadBalancers:        []types.LoadBalancer{{ContainerName: new("app"), ContainerPort: new(int32(80)), TargetGroupArn: new(blueTG)}},
	}
	for _, change := range changes {
		change(in)
	}
	return in
}

// taskSet makes a task set and returns its id.
func (w *world) taskSet(changes ...func(*awsecs.CreateTaskSetInput)) string {
	w.t.Helper()
	out, err := w.CreateTaskSet(w.ctx, w.taskSetInput(changes...))
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.TaskSet.Id
}

func (w *world) describeSet(id string) types.TaskSet {
	w.t.Helper()
	out, err := w.DescribeTaskSets(w.ctx, &awsecs.DescribeTaskSetsInput{Cluster: new("web"), Service: new("app"), TaskSets: []string{id}})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(out.TaskSets) == 0 {
		return types.TaskSet{}
	}
	return out.TaskSets[0]
}

func (w *world) steady(id string) {
	w.t.Helper()
	w.eventually("task set "+id+" is steady", func() bool {
		return w.describeSet(id).StabilityStatus == types.StabilityStatusSteadyState
	})
}

// tasks describes the service's tasks that are to run, or that are not.
func (w *world) tasks(status types.DesiredStatus) []types.Task {
	w.t.Helper()
	list, err := w.ListTasks(w.ctx, &awsecs.ListTasksInput{Cluster: new("web"), ServiceName: new("app"), DesiredStatus: status})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(list.TaskArns) == 0 {
		return nil
	}
	out, err := w.DescribeTasks(w.ctx, &awsecs.DescribeTasksInput{Cluster: new("web"), Tasks: list.TaskArns, Include: []types.TaskField{types.TaskFieldTags}})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Tasks
}

// fake returns the runtime's side of a task.
func (w *world) fake(t types.Task) *fake {
	w.t.Helper()
	f := w.runtime.of((*t.TaskArn)[strings.LastIndex(*t.TaskArn, "/")+1:])
	if f == nil {
		w.t.Fatalf("task %s was never started", *t.TaskArn)
	}
	return f
}

func (w *world) describeService() types.Service {
	w.t.Helper()
	out, err := w.DescribeServices(w.ctx, &awsecs.DescribeServicesInput{Cluster: new("web"), Services: []string{"app"}, Include: []types.ServiceField{types.ServiceFieldTags}})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(out.Services) == 0 {
		w.t.Fatal("the service is gone")
	}
	return out.Services[0]
}

// told reports whether an event of the service holds this text.
func (w *world) told(text string) bool {
	w.t.Helper()
	return slices.ContainsFunc(w.describeService().Events, func(e types.ServiceEvent) bool { return strings.Contains(*e.Message, text) })
}

func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-deadline:
			var events []string
			for _, e := range w.describeService().Events {
				events = append(events, *e.Message)
			}
			w.t.Fatalf("still not: %s\n%s", what, strings.Join(events, "\n"))
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// wantError holds an error against its code and a part of its message.
func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var answered *wire.Error
	if !errors.As(err, &answered) || answered.Code != code || !strings.Contains(answered.Message, message) {
		t.Errorf("error %v, want %s: …%s…", err, code, message)
	}
}
