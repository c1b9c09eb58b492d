package ecs_test

import (
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func TestTaskThatEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service(1)
	w.definition()
	id := w.taskSet()
	w.steady(id)
	for range 3 {
		w.targets.set(func(g *group) { g.first = elbtypes.TargetHealth{State: "initial"} })
		w.eventually("a task runs", func() bool { r := w.tasks("RUNNING"); return len(r) == 1 && *r[0].LastStatus == "RUNNING" })
		task := w.tasks("RUNNING")[0]
		w.fake(task).exit(3)
		w.eventually("it has stopped", func() bool {
			for _, s := range w.tasks("STOPPED") {
				if *s.TaskArn == *task.TaskArn && *s.LastStatus == "STOPPED" {
					return s.StopCode == "EssentialContainerExited" && *s.StoppedReason == "Essential container in task exited" && *s.Containers[0].ExitCode == 3
				}
			}
			return false
		})
	}
	if want := "Essential container in task exited (exit code 3)"; w.Failure(id) != want {
		t.Errorf("failure %q, want %q", w.Failure(id), want)
	}
	w.targets.set(func(g *group) { g.first = elbtypes.TargetHealth{State: "healthy"} })
	w.eventually("a task runs", func() bool { r := w.tasks("RUNNING"); return len(r) == 1 && *r[0].LastStatus == "RUNNING" })
	w.targets.heal()
	w.steady(id)
	if w.Failure(id) != "" {
		t.Errorf("what failed before is not forgotten: %s", w.Failure(id))
	}
}

// TestHealth lets targets fail their checks.
func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.targets.set(func(g *group) {
		g.first = elbtypes.TargetHealth{State: "unhealthy", Reason: "Target.ResponseCodeMismatch", Description: new("Health checks failed with these codes: [500]")}
	})
	w.service(1)
	w.definition()
	id := w.taskSet()
	w.eventually("tasks keep failing", func() bool { return w.Failure(id) != "" })
	reason := "Task failed ELB health checks in (target-group " + blueTG + ")"
	if want := reason + " due to (reason Health checks failed with these codes: [500])"; w.Failure(id) != want {
		t.Errorf("failure %q, want %q", w.Failure(id), want)
	}
	if s := w.tasks("STOPPED")[0]; s.StopCode != "ServiceSchedulerInitiated" || *s.StoppedReason != reason {
		t.Errorf("%s %s", s.StopCode, *s.StoppedReason)
	}
	if !w.told(") (port 80) is unhealthy in (target-group " + blueTG + ") due to (reason Health checks failed with these codes: [500]).") {
		t.Error("no event says so")
	}
	w.targets.set(func(g *group) {
		g.first = elbtypes.TargetHealth{State: "unused", Reason: "Target.NotInUse"}
	})
	w.steady(id) // nobody checks what nobody uses
}

func TestHealthCheckGracePeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.targets.set(func(g *group) { g.first = elbtypes.TargetHealth{State: "unhealthy"} })
	w.service(1)
	_, err := w.UpdateService(w.ctx, &awsecs.UpdateServiceInput{Cluster: new("web"), Service: new("app"), HealthCheckGracePeriodSeconds: new(int32(2147483647))})
	if err != nil {
		t.Fatal(err)
	}
	w.definition()
	id := w.taskSet()
	w.eventually("the task is a target", func() bool { return len(w.targets.addresses()) == 1 })
	first := w.tasks("RUNNING")[0]
	w.targets.heal()
	w.steady(id)
	if now := w.tasks("RUNNING")[0]; *now.TaskArn != *first.TaskArn {
		t.Error("the task was replaced in its grace period")
	}
}
