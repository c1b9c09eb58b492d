package ecs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/ec2"
)

// TestTaskSet follows a task set from its creation to its end.
func TestTaskSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(2)
	w.definition()
	id := w.taskSet(func(i *awsecs.CreateTaskSetInput) { i.ExternalId = new("mine") })
	w.steady(id)
	set := w.describeSet(id)
	if set.ComputedDesiredCount != 2 || set.RunningCount != 2 || set.PendingCount != 0 || *set.Status != "ACTIVE" || *set.PlatformVersion != "1.4.0" || *set.ExternalId != "mine" {
		t.Errorf("%+v", set)
	}
	if want := "arn:aws:ecs:eu-west-1:222222222222:task-set/web/app/" + id; *set.TaskSetArn != want {
		t.Errorf("ARN %s, want %s", *set.TaskSetArn, want)
	}
	tasks := w.tasks("RUNNING")
	if len(tasks) != 2 || len(w.targets.addresses()) != 2 {
		t.Fatalf("%d tasks, targets %v", len(tasks), w.targets.addresses())
	}
	w.checkTask(tasks[0], id)
	if *tasks[0].Attachments[0].Details[0].Value == *tasks[1].Attachments[0].Details[0].Value {
		t.Error("both tasks are in the same subnet")
	}
	for _, text := range []string{
		"(service app) updated computedDesiredCount for taskSet " + id + " to 2.",
		"(service app, taskSet " + id + ") has started 1 tasks: (task ",
		"(service app) registered 1 targets in (target-group " + blueTG + ")",
		"(service app, taskSet " + id + ") updated state to STEADY_STATE.",
		"(service app) has reached a steady state.",
	} {
		if !w.told(text) {
			t.Errorf("no event says %q", text)
		}
	}
	out, err := w.UpdateServicePrimaryTaskSet(w.ctx, &awsecs.UpdateServicePrimaryTaskSetInput{Cluster: new("web"), Service: new("app"), PrimaryTaskSet: set.TaskSetArn})
	if err != nil || *out.TaskSet.Status != "PRIMARY" {
		t.Fatalf("%v", err)
	}
	svc := w.describeService()
	if svc.RunningCount != 2 || len(svc.TaskSets) != 1 || *svc.TaskSets[0].Status != "PRIMARY" || svc.DesiredCount != 2 || *svc.Status != "ACTIVE" {
		t.Errorf("%+v", svc)
	}
	w.deleteSet(id)
	w.eventually("the task set is gone", func() bool { return w.describeSet(id).Id == nil })
	w.nothingIsLeft()
}

// checkTask looks at all that is said of a running task.
func (w *world) checkTask(task types.Task, set string) {
	w.t.Helper()
	id := (*task.TaskArn)[strings.LastIndex(*task.TaskArn, "/")+1:]
	f := w.fake(task)
	ip := f.spec.IP.String()
	details := map[string]string{}
	for _, d := range task.Attachments[0].Details {
		details[*d.Name] = *d.Value
	}
	c := task.Containers[0]
	for what, got := range map[string][2]string{
		"ARN":             {*task.TaskArn, "arn:aws:ecs:eu-west-1:222222222222:task/web/" + id},
		"started by":      {*task.StartedBy, set},
		"group":           {*task.Group, "service:app"},
		"status":          {*task.LastStatus, "RUNNING"},
		"attachment":      {*task.Attachments[0].Status, "ATTACHED"},
		"address":         {details["privateIPv4Address"], ip},
		"interface":       {details["networkInterfaceId"][:4], "eni-"},
		"image":           {*c.Image, registry + "app:1"},
		"digest":          {*c.ImageDigest, f.Digest()},
		"container":       {*c.Name + " " + *c.LastStatus, "app RUNNING"},
		"its address":     {*c.NetworkInterfaces[0].PrivateIpv4Address, ip},
		"credentials":     {f.spec.Username + " " + f.spec.Password, "AWS of " + role},
		"pulled image":    {f.spec.Image, "127.0.0.1:1/222222222222/app:1"},
		"host name":       {f.spec.Hostname, "ip-" + strings.ReplaceAll(ip, ".", "-") + ".eu-west-1.compute.internal"},
		"its region":      {fmt.Sprint(f.spec.Env[0]), "AWS_DEFAULT_REGION=eu-west-1"},
		"connectivity":    {string(task.Connectivity), "CONNECTED"},
		"definition":      {*task.TaskDefinitionArn, "arn:aws:ecs:eu-west-1:222222222222:task-definition/web:1"},
		"length of an id": {fmt.Sprint(len(id)), "32"},
	} {
		if got[0] != got[1] {
			w.t.Errorf("%s: %s, want %s", what, got[0], got[1])
		}
	}
	for what, at := range map[string]*time.Time{"created": task.CreatedAt, "pull started": task.PullStartedAt, "pull stopped": task.PullStoppedAt, "started": task.StartedAt} {
		if at == nil {
			w.t.Errorf("no time of %s", what)
		}
	}
}

func (w *world) deleteSet(id string) {
	w.t.Helper()
	if _, err := w.DeleteTaskSet(w.ctx, &awsecs.DeleteTaskSetInput{Cluster: new("web"), Service: new("app"), TaskSet: &id, Force: new(true)}); err != nil {
		w.t.Fatal(err)
	}
}

// nothingIsLeft looks for tasks, targets and network interfaces.
func (w *world) nothingIsLeft() {
	w.t.Helper()
	w.runtime.allGone(w.t)
	if left := w.targets.addresses(); len(left) > 0 {
		w.t.Errorf("targets are left: %v", left)
	}
	subnets, err := w.network.DescribeSubnets(w.ctx, &ec2.DescribeSubnetsInput{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range subnets.Subnets {
		if *s.AvailableIpAddressCount != 4091 {
			w.t.Errorf("network interfaces are left: %d addresses of %s are free", *s.AvailableIpAddressCount, *s.SubnetId)
		}
	}
}

func TestComputedDesiredCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(3)
	w.definition()
	for scale, want := range map[float64]int32{0: 0, 1: 1, 33: 1, 34: 2, 66.7: 3, 100: 3} {
		id := w.taskSet(func(i *awsecs.CreateTaskSetInput) { i.Scale = &types.Scale{Unit: "PERCENT", Value: scale} })
		w.steady(id)
		if set := w.describeSet(id); set.ComputedDesiredCount != want || set.RunningCount != want {
			t.Errorf("%v%%: computed %d, running %d, want %d", scale, set.ComputedDesiredCount, set.RunningCount, want)
		}
		w.deleteSet(id)
	}
}

func TestScaling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(1)
	w.definition()
	id := w.taskSet()
	w.steady(id)
	w.targets.set(func(g *group) { g.first = elbtypes.TargetHealth{State: "initial"} }) // else it is steady again before it is asked
	if _, err := w.UpdateService(w.ctx, &awsecs.UpdateServiceInput{Cluster: new("web"), Service: new("app"), DesiredCount: new(int32(4))}); err != nil {
		t.Fatal(err)
	}
	if s := w.describeSet(id).StabilityStatus; s != types.StabilityStatusStabilizing {
		t.Errorf("%s right after a change", s)
	}
	w.eventually("all are in their target group", func() bool { return len(w.targets.addresses()) == 4 })
	w.targets.heal()
	w.steady(id)
	if n := len(w.tasks("RUNNING")); n != 4 {
		t.Errorf("%d tasks", n)
	}
	_, err := w.UpdateTaskSet(w.ctx, &awsecs.UpdateTaskSetInput{Cluster: new("web"), Service: new("app"), TaskSet: &id, Scale: &types.Scale{Unit: "PERCENT", Value: 50}})
	if err != nil {
		t.Fatal(err)
	}
	w.eventually("two tasks have stopped", func() bool {
		stopped := 0
		for _, task := range w.tasks("STOPPED") {
			if *task.LastStatus == "STOPPED" {
				stopped++
			}
		}
		return stopped == 2
	})
	task := w.tasks("STOPPED")[0]
	if task.StopCode != "ServiceSchedulerInitiated" || *task.StoppedReason != "Scaling activity initiated by (taskSet "+id+")" || *task.Containers[0].ExitCode != 143 {
		t.Errorf("%s %s", task.StopCode, *task.StoppedReason)
	}
	w.steady(id)
	if n := len(w.targets.addresses()); n != 2 {
		t.Errorf("%d targets", n)
	}
	if w.Failure(id) != "" {
		t.Errorf("scaling counts as a failure: %s", w.Failure(id))
	}
}

// TestDraining stops a task that is busy: it is asked to end only when its
// target group has let go of it.
func TestDraining(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(1)
	w.definition(func(i *awsecs.RegisterTaskDefinitionInput) { i.ContainerDefinitions[0].StopTimeout = new(int32(100)) })
	id := w.taskSet()
	w.steady(id)
	w.targets.set(func(g *group) { g.drains = true })
	busy := w.tasks("RUNNING")[0]
	w.deleteSet(id)
	status := func() string {
		out, err := w.DescribeTasks(w.ctx, &awsecs.DescribeTasksInput{Cluster: new("web"), Tasks: []string{*busy.TaskArn}})
		if err != nil || len(out.Tasks) != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
		return *out.Tasks[0].LastStatus
	}
	w.eventually("the task drains", func() bool {
		return status() == "DEACTIVATING" && w.told("(service app, taskSet "+id+") has begun draining connections on 1 tasks.")
	})
	if *w.describeSet(id).Status != "DRAINING" {
		t.Errorf("the task set is %s", *w.describeSet(id).Status)
	}
	select {
	case <-w.fake(busy).Done():
		t.Error("the task was stopped while it drained")
	default:
	}
	w.targets.set(func(g *group) { clear(g.states) })
	w.eventually("the task has stopped", func() bool { return status() == "STOPPED" })
	if got := w.fake(busy).grace; got != 100*time.Second/1000 {
		t.Errorf("grace %v", got)
	}
	w.nothingIsLeft()
}

func TestStopTask(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(1)
	w.definition()
	id := w.taskSet()
	w.steady(id)
	old := w.tasks("RUNNING")[0]
	if _, err := w.StopTask(w.ctx, &awsecs.StopTaskInput{Cluster: new("web"), Task: old.TaskArn, Reason: new("enough")}); err != nil {
		t.Fatal(err)
	}
	w.eventually("another task runs", func() bool {
		running := w.tasks("RUNNING")
		return len(running) == 1 && *running[0].TaskArn != *old.TaskArn && *running[0].LastStatus == "RUNNING"
	})
	w.eventually("the task has stopped", func() bool { return *w.tasks("STOPPED")[0].LastStatus == "STOPPED" })
	if task := w.tasks("STOPPED")[0]; *task.TaskArn != *old.TaskArn || task.StopCode != "UserInitiated" || *task.StoppedReason != "enough" {
		t.Errorf("%s %s", task.StopCode, *task.StoppedReason)
	}
	_, err := w.StopTask(w.ctx, &awsecs.StopTaskInput{Cluster: new("web"), Task: new("nothing")})
	wantError(t, err, "InvalidParameterException", "The referenced task was not found.")
}

func TestPrimaryTaskSetChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(1)
	w.definition()
	blue, green := w.taskSet(), w.taskSet()
	for _, primary := range []string{blue, green, blue} {
		if _, err := w.UpdateServicePrimaryTaskSet(w.ctx, &awsecs.UpdateServicePrimaryTaskSetInput{Cluster: new("web"), Service: new("app"), PrimaryTaskSet: &primary}); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{blue, green} {
			want := map[bool]string{true: "PRIMARY", false: "ACTIVE"}[id == primary]
			if got := *w.describeSet(id).Status; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
	_, err := w.UpdateServicePrimaryTaskSet(w.ctx, &awsecs.UpdateServicePrimaryTaskSetInput{Cluster: new("web"), Service: new("app"), PrimaryTaskSet: new("ecs-svc/0")})
	wantError(t, err, "TaskSetNotFoundException", "")
	_, err = w.DeleteTaskSet(w.ctx, &awsecs.DeleteTaskSetInput{Cluster: new("web"), Service: new("app"), TaskSet: &blue})
	wantError(t, err, "InvalidParameterException", "primary")
	_, err = w.DeleteTaskSet(w.ctx, &awsecs.DeleteTaskSetInput{Cluster: new("web"), Service: new("app"), TaskSet: &green})
	wantError(t, err, "InvalidParameterException", "scaled above 0")
}

func TestDeleteService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(2)
	w.definition()
	w.steady(w.taskSet())
	_, err := w.DeleteService(w.ctx, &awsecs.DeleteServiceInput{Cluster: new("web"), Service: new("app")})
	wantError(t, err, "InvalidParameterException", "The service cannot be stopped while it is scaled above 0.")
	out, err := w.DeleteService(w.ctx, &awsecs.DeleteServiceInput{Cluster: new("web"), Service: new("app"), Force: new(true)})
	if err != nil || *out.Service.Status != "DRAINING" {
		t.Fatalf("%v", err)
	}
	_, err = w.CreateTaskSet(w.ctx, w.taskSetInput())
	wantError(t, err, "ServiceNotActiveException", "Service was not ACTIVE.")
	w.eventually("the service is inactive", func() bool { return *w.describeService().Status == "INACTIVE" })
	w.nothingIsLeft()
	list, err := w.ListServices(w.ctx, &awsecs.ListServicesInput{Cluster: new("web")})
	if err != nil || len(list.ServiceArns) > 0 {
		t.Errorf("%v, %v", list, err)
	}
	w.service(0) // the name is free again
	if s := w.describeService(); *s.Status != "ACTIVE" || len(s.Events) > 0 {
		t.Errorf("%+v", s)
	}
}

// TestAskedTwice sends the same request twice, as a client does that lost the answer.
func TestAskedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(0)
	w.definition()
	token := func(i *awsecs.CreateTaskSetInput) { i.ClientToken = new("once") }
	if one, two := w.taskSet(token), w.taskSet(token); one != two {
		t.Errorf("two task sets: %s and %s", one, two)
	}
	in := &awsecs.CreateServiceInput{
		Cluster: new("web"), ServiceName: new("twice"), ClientToken: new("once"),
		DeploymentController: &types.DeploymentController{Type: types.DeploymentControllerTypeExternal},
	}
	for range 2 {
		if _, err := w.CreateService(w.ctx, in); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClose ends the sandbox in every phase of a task's life.
func TestClose(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*world){
		"running":  func(*world) {},
		"pending":  func(w *world) { w.runtime.block = true },
		"draining": func(w *world) { w.targets.groups[blueTG].drains = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			prepare(w)
			w.service(2)
			w.definition()
			id := w.taskSet()
			w.eventually("there are tasks", func() bool { return len(w.tasks("RUNNING")) == 2 })
			if name != "pending" {
				w.steady(id)
			}
			if name == "draining" {
				w.deleteSet(id)
			}
			if err := w.Close(w.ctx); err != nil {
				t.Fatal(err)
			}
			w.targets.set(func(g *group) { clear(g.states) }) // those that drain go by themselves
			w.nothingIsLeft()
			_, err := w.CreateTaskSet(w.ctx, w.taskSetInput())
			wantError(t, err, "ServerException", "closing")
		})
	}
}
