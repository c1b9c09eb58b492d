package serving_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/pipeline/serving"
)

func (f fake) DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &ecstypes.TaskDefinition{ContainerDefinitions: []ecstypes.ContainerDefinition{
		{Name: aws.String("proxy")},
		{Name: aws.String("web"), LogConfiguration: &ecstypes.LogConfiguration{
			LogDriver: ecstypes.LogDriverAwslogs, Options: map[string]string{"awslogs-group": "/shop", "awslogs-stream-prefix": "app"},
		}},
	}}}, f.deny("DescribeTaskDefinition")
}

// GetLogEvents answers with what was asked for.
func (f fake) GetLogEvents(_ context.Context, in *cloudwatchlogs.GetLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	return &cloudwatchlogs.GetLogEventsOutput{Events: []logstypes.OutputLogEvent{
		{Message: aws.String(*in.LogGroupName + " " + *in.LogStreamName + "\x1b[31m\n")},
	}}, f.deny("GetLogEvents")
}

// stoppedTasks are those of a service that have ended.
type stoppedTasks struct {
	fake
	list []ecstypes.Task
}

func (s stoppedTasks) ListTasks(_ context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	if in.DesiredStatus != ecstypes.DesiredStatusStopped {
		return nil, errors.New("asked for tasks that run")
	}
	out := &ecs.ListTasksOutput{}
	for _, t := range s.list {
		out.TaskArns = append(out.TaskArns, *t.TaskArn)
	}
	return out, s.deny("ListTasks")
}

func (s stoppedTasks) DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	return &ecs.DescribeTasksOutput{Tasks: s.list}, s.deny("DescribeTasks")
}

func TestFailed(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	ended := func(id string, after time.Duration, code ecstypes.TaskStopCode, reason string, exit int32) ecstypes.Task {
		return ecstypes.Task{
			TaskArn: aws.String("arn:aws:ecs:r:1:task/home/" + id), CreatedAt: aws.Time(began.Add(after)), StopCode: code, StoppedReason: &reason,
			Containers: []ecstypes.Container{{Name: aws.String("proxy")}, {Name: aws.String("web"), ExitCode: &exit}},
		}
	}
	const exited, scheduler = ecstypes.TaskStopCodeEssentialContainerExited, ecstypes.TaskStopCodeServiceSchedulerInitiated
	for _, test := range []struct {
		name  string
		tasks []ecstypes.Task
		want  string // "": none
	}{
		{"none", nil, ""},
		{"one from before", []ecstypes.Task{ended("old", -time.Minute, exited, "x", 1)}, ""},
		{"scaled in", []ecstypes.Task{ended("idle", time.Second, scheduler, "Scaling activity initiated by (deployment 1)", 0)}, ""},
		{"the latest of two", []ecstypes.Task{ended("b", 2*time.Second, exited, "Essential container in task exited", 3), ended("a", time.Second, exited, "x", 1)},
			"container web of task b exited with 3: Essential container in task exited"},
		{"never healthy", []ecstypes.Task{ended("c", time.Second, scheduler, "Task failed ELB health checks in (target-group x)", 137)},
			"container web of task c exited with 137: Task failed ELB health checks in (target-group x)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := stoppedTasks{list: test.tasks}
			f, err := serving.New(s, s, s).Failed(t.Context(), "arn:aws:ecs:r:1:service/home/web", began)
			if err != nil || (f != nil) != (test.want != "") {
				t.Fatalf("%+v, error %v", f, err)
			}
			if f == nil {
				return
			}
			if f.String() != test.want {
				t.Errorf("%q, want %q", f.String(), test.want)
			}
			if stream := "/shop app/web/" + f.Task[strings.LastIndex(f.Task, "/")+1:] + "\x1b[31m\n"; !slices.Equal(f.Lines, []string{stream}) {
				t.Errorf("lines %q, want %q", f.Lines, stream)
			}
		})
	}
	for _, operation := range []string{"ListTasks", "DescribeTasks", "DescribeTaskDefinition", "GetLogEvents"} {
		s := stoppedTasks{fake: fake{denied: operation}, list: []ecstypes.Task{ended("a", time.Second, exited, "x", 1)}}
		_, err := serving.New(s, s, s).Failed(t.Context(), "service", began)
		var denied *serving.DeniedError
		if !errors.As(err, &denied) || !strings.Contains(denied.Hint(), "logs:GetLogEvents") {
			t.Errorf("%s denied: error %v", operation, err)
		}
	}
}
