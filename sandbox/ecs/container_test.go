package ecs_test

import (
	"slices"
	"strings"
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// beside adds a container that isn't essential and runs an image of its own name, behind the first one.
func beside(name string, on ...types.ContainerDependency) func(*awsecs.RegisterTaskDefinitionInput) {
	return func(in *awsecs.RegisterTaskDefinitionInput) {
		in.ContainerDefinitions = append(in.ContainerDefinitions, types.ContainerDefinition{
			Name: &name, Image: new(registry + name + ":1"), Essential: new(false), DependsOn: on,
		})
	}
}

// first changes the first container.
func first(change func(*types.ContainerDefinition)) func(*awsecs.RegisterTaskDefinitionInput) {
	return func(in *awsecs.RegisterTaskDefinitionInput) { change(&in.ContainerDefinitions[0]) }
}

func needs(name string, condition types.ContainerCondition) types.ContainerDependency {
	return types.ContainerDependency{ContainerName: &name, Condition: condition}
}

func checked(c *types.ContainerDefinition) {
	c.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "x"}, Interval: new(int32(5)), Retries: new(int32(2))}
}

// images are those that were started, in their order.
func (w *world) begun() []string {
	w.runtime.mu.Lock()
	defer w.runtime.mu.Unlock()
	var all []string
	for _, f := range w.runtime.begun {
		name, _, _ := strings.Cut(f.spec.Image[strings.LastIndex(f.spec.Image, "/")+1:], ":")
		all = append(all, name)
	}
	return all
}

func TestContainersBeginInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.definition(
		first(func(c *types.ContainerDefinition) {
			c.DependsOn = []types.ContainerDependency{needs("init", "SUCCESS"), needs("log", "START")}
			checked(c)
		}),
		beside("late", needs("app", "HEALTHY")), beside("init"), beside("log"),
	)
	w.service(1)
	id := w.taskSet()
	w.eventually("init runs", func() bool { return w.runtime.running("init:1") != nil })
	if w.runtime.running("app:1") != nil {
		t.Error("app didn't wait for init")
	}
	w.runtime.running("init:1").exit(0)
	w.steady(id)
	if got := strings.Join(w.begun(), " "); !strings.HasSuffix(got, "app late") || len(w.begun()) != 4 {
		t.Errorf("began: %s", got)
	}

	// One that isn't essential may end; one that is ends the task.
	w.runtime.running("log:1").exit(1)
	w.eventually("log has stopped", func() bool {
		c := w.tasks(types.DesiredStatusRunning)[0].Containers
		return *c[3].LastStatus == "STOPPED" && *c[3].ExitCode == 1 && *c[0].LastStatus == "RUNNING"
	})
	late := w.runtime.running("late:1")
	w.runtime.running("app:1").exit(3)
	<-late.Done()
	w.eventually("the task has stopped", func() bool {
		return slices.ContainsFunc(w.tasks(types.DesiredStatusStopped), func(task types.Task) bool {
			return task.StopCode == types.TaskStopCodeEssentialContainerExited && *task.StoppedReason == "Essential container in task exited" && *task.Containers[0].ExitCode == 3
		})
	})
}

func TestDependencyThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.definition(first(func(c *types.ContainerDefinition) {
		c.DependsOn = []types.ContainerDependency{needs("init", "SUCCESS")}
	}), beside("init"))
	w.service(1)
	w.taskSet()
	w.eventually("init runs", func() bool { return w.runtime.running("init:1") != nil })
	w.runtime.running("init:1").exit(4)
	w.eventually("the task has stopped", func() bool {
		return slices.ContainsFunc(w.tasks(types.DesiredStatusStopped), func(task types.Task) bool {
			return task.StopCode == types.TaskStopCodeTaskFailedToStart && strings.Contains(*task.StoppedReason, "condition SUCCESS of its dependency on init")
		})
	})
	if w.runtime.running("app:1") != nil {
		t.Error("app began all the same")
	}
}

func TestContainerHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.definition(first(checked))
	w.service(1)
	id := w.taskSet()
	w.steady(id)
	if task := w.tasks(types.DesiredStatusRunning)[0]; task.HealthStatus != types.HealthStatusHealthy || task.Containers[0].HealthStatus != types.HealthStatusHealthy {
		t.Errorf("a healthy task is %s", task.HealthStatus)
	}
	w.runtime.mu.Lock()
	w.runtime.sick = map[string]bool{"app:1": true}
	w.runtime.mu.Unlock()
	w.eventually("the task is replaced", func() bool {
		return w.told("failed container health checks.") && slices.ContainsFunc(w.tasks(types.DesiredStatusStopped), func(task types.Task) bool {
			return *task.StoppedReason == "Task failed container health checks"
		})
	})
	w.runtime.mu.Lock()
	w.runtime.sick = nil
	w.runtime.mu.Unlock()
	w.steady(id)
}
