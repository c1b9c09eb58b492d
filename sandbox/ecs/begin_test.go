package ecs_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/logs"
	"orgship/sandbox/task"
	"orgship/sandbox/wire"
)

// TestTasksThatCannotStart looks at the words for each way to fail.
func TestTasksThatCannotStart(t *testing.T) {
	t.Parallel()
	denied := wire.Errorf("AccessDeniedException", "User: x is not authorized to perform: ecr:GetAuthorizationToken on resource: *")
	for name, c := range map[string]struct {
		prepare func(*world)
		want    string
	}{
		"the image": {func(w *world) {
			w.runtime.failing(func(s task.Spec) error {
				return &task.PullError{Image: s.Image, Reason: "denied: User: x is not authorized to perform: ecr:BatchGetImage", Err: errors.New("403")}
			})
		}, "CannotPullContainerError: failed to resolve ref " + registry + "app:1: denied: User: x is not authorized to perform: ecr:BatchGetImage"},
		"the entrypoint": {func(w *world) {
			w.runtime.failing(func(task.Spec) error {
				return &task.EntrypointError{Entrypoint: "/app", Reason: "exec format error"}
			})
		}, `CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: unable to start container process: exec: "/app": exec format error`},
		"the machine": {func(w *world) {
			w.runtime.failing(func(task.Spec) error { return errors.New("no space left on device") })
		}, "CannotCreateContainerError: no space left on device"},
		"the system": {func(w *world) {
			w.runtime.failing(func(task.Spec) error { return hinted{errors.New("no namespaces")} })
		}, "CannotCreateContainerError: no namespaces; ask for some"},
		"the token": {func(w *world) { w.images.deny = denied },
			"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: " +
				"AccessDeniedException: User: x is not authorized to perform: ecr:GetAuthorizationToken on resource: *"},
		"the log group": {func(*world) {},
			"ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.prepare(w)
			w.service(1)
			w.definition(func(i *awsecs.RegisterTaskDefinitionInput) {
				if name == "the log group" {
					i.ContainerDefinitions[0].LogConfiguration = awslogs()
				}
			})
			id := w.taskSet()
			w.eventually("three tasks failed", func() bool { return w.Failure(id) != "" })
			if w.Failure(id) != c.want {
				t.Errorf("failure %q, want %q", w.Failure(id), c.want)
			}
			stopped := w.tasks("STOPPED")
			if s := stopped[0]; len(stopped) < 3 || s.StopCode != "TaskFailedToStart" || *s.StoppedReason != c.want || *s.Containers[0].Reason != c.want {
				t.Errorf("%d tasks: %s %s", len(stopped), s.StopCode, *s.StoppedReason)
			}
			if !w.told("(service app, taskSet " + id + ") is unable to consistently start tasks successfully.") {
				t.Error("no event says so")
			}
			if s := w.describeSet(id); s.StabilityStatus != types.StabilityStatusStabilizing {
				t.Errorf("the task set is %s", s.StabilityStatus)
			}
			w.deleteSet(id)
			w.eventually("the task set is gone", func() bool { return w.describeSet(id).Id == nil })
			if w.Failure(id) != "" {
				t.Error("a deleted task set goes on failing")
			}
			w.nothingIsLeft()
		})
	}
}

type hinted struct{ error }

func (hinted) Hint() string { return "ask for some" }

func awslogs() *types.LogConfiguration {
	return &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
		"awslogs-group": "/ecs/app", "awslogs-region": region, "awslogs-stream-prefix": "web",
	}}
}

// TestUntrustedRole has no task at all: ECS cannot become its execution role.
func TestUntrustedRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.roles.distant = []string{role}
	w.service(1)
	w.definition()
	id := w.taskSet()
	w.eventually("three attempts failed", func() bool { return w.Failure(id) != "" })
	if !strings.HasPrefix(w.Failure(id), "ECS was unable to assume the role '"+role+"'") ||
		!w.told("(service app, taskSet "+id+") failed to launch a task with (error ECS was unable to assume the role '"+role+"'") {
		t.Errorf("failure %q", w.Failure(id))
	}
	if stopped := w.tasks("STOPPED"); len(stopped) > 0 {
		t.Errorf("%d tasks came of it", len(stopped))
	}
	w.roles.mu.Lock()
	w.roles.distant = nil
	w.roles.mu.Unlock()
	w.steady(id)
	if w.Failure(id) != "" {
		t.Error("what failed before is not forgotten")
	}
}

// TestUnhealthyFault has a task that runs and answers nothing.
func TestUnhealthyFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(1)
	w.definition()
	w.steady(w.taskSet())
	ip := w.fake(w.tasks("RUNNING")[0]).spec.IP.String()
	dial := func() error {
		ctx, cancel := context.WithTimeout(w.ctx, 20*time.Millisecond)
		defer cancel()
		_, err := w.network.Dial(ctx, []string{w.vpc.SecurityGroupID}, ip, 80)
		return err
	}
	if err := dial(); err == nil || !strings.Contains(err.Error(), "refused") { // by the made-up runtime
		t.Errorf("error %v", err)
	}
	w.Unhealthy(func(image string) bool { return strings.Contains(image, "app:1") })
	if e := net.Error(nil); !errors.As(dial(), &e) || !e.Timeout() {
		t.Errorf("error %v", dial())
	}
	w.Unhealthy(nil)
	if err := dial(); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v", err)
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.logs.CreateLogGroup(w.ctx, &logs.CreateLogGroupInput{LogGroupName: new("/ecs/app")}); err != nil {
		t.Fatal(err)
	}
	w.service(1)
	w.definition(func(i *awsecs.RegisterTaskDefinitionInput) { i.ContainerDefinitions[0].LogConfiguration = awslogs() })
	w.steady(w.taskSet())
	running := w.tasks("RUNNING")[0]
	w.fake(running).say("hello\nthere")
	w.fake(running).exit(0)
	stream := "web/app/" + (*running.TaskArn)[strings.LastIndex(*running.TaskArn, "/")+1:]
	w.eventually("the log holds both lines", func() bool {
		out, err := w.logs.GetLogEvents(w.ctx, &logs.GetLogEventsInput{LogGroupName: new("/ecs/app"), LogStreamName: &stream, StartFromHead: new(true)})
		return err == nil && len(out.Events) == 2 && *out.Events[0].Message == "hello" && *out.Events[1].Message == "there"
	})
}

// TestNoWayToECR places tasks in a subnet that leads nowhere without a public address.
func TestNoWayToECR(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(1)
	w.definition()
	id := w.taskSet(func(in *awsecs.CreateTaskSetInput) {
		in.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp = types.AssignPublicIpDisabled
	})
	w.eventually("three tasks failed", func() bool { return w.Failure(id) != "" })
	s := w.tasks("STOPPED")[0]
	if s.StopCode != types.TaskStopCodeTaskFailedToStart || !strings.HasPrefix(*s.StoppedReason, "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue") {
		t.Errorf("%s: %s", s.StopCode, *s.StoppedReason)
	}
}
