package serving

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/pipeline/report"
)

// logs is what is asked of CloudWatch Logs.
type logs interface {
	GetLogEvents(context.Context, *cloudwatchlogs.GetLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error)
}

// The rights that a failed task asks for, beside those of the records.
var failedActions = []string{"ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeTaskDefinition", "logs:GetLogEvents"}

// Failed returns the latest task of a service that failed since a time, with the
// last lines that it logged, as they are; nil without such a task. An error comes with what is
// known all the same; of a missing right it is a *DeniedError.
func (r *Reader) Failed(ctx context.Context, service string, since time.Time) (*report.FailedTask, error) {
	cluster, name := clusterOf(service)
	listed, err := r.ecs.ListTasks(ctx, &ecs.ListTasksInput{Cluster: &cluster, ServiceName: &name, DesiredStatus: ecstypes.DesiredStatusStopped})
	if err != nil {
		return nil, problem("listing the service's stopped tasks", failedActions, err)
	}
	if len(listed.TaskArns) == 0 {
		return nil, nil
	}
	out, err := r.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: listed.TaskArns})
	if err != nil {
		return nil, problem("describing the service's stopped tasks", failedActions, err)
	}
	task, ok := latestFailed(out.Tasks, since)
	if !ok {
		return nil, nil
	}
	container := culprit(task)
	f := &report.FailedTask{
		Task: aws.ToString(task.TaskArn), Container: aws.ToString(container.Name),
		Reason: cmp.Or(aws.ToString(container.Reason), aws.ToString(task.StoppedReason)), ExitCode: container.ExitCode,
	}
	return f, r.lines(ctx, task, f)
}

// latestFailed returns the latest task that ended by itself, or wasn't healthy.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
func latestFailed(tasks []ecstypes.Task, since time.Time) (ecstypes.Task, bool) {
	tasks = slices.DeleteFunc(slices.Clone(tasks), func(t ecstypes.Task) bool {
		switch {
		case aws.ToTime(t.CreatedAt).Before(since):
			return true
		case t.StopCode == ecstypes.TaskStopCodeEssentialContainerExited, t.StopCode == ecstypes.TaskStopCodeTaskFailedToStart:
			return false
		}
		return !strings.Contains(aws.ToString(t.StoppedReason), "health check")
	})
	if len(tasks) == 0 {
		return ecstypes.Task{}, false
	}
	return slices.MaxFunc(tasks, func(a, b ecstypes.Task) int { return aws.ToTime(a.CreatedAt).Compare(aws.ToTime(b.CreatedAt)) }), true
}

// culprit is the container of a task that failed, or else its first.
func culprit(t ecstypes.Task) ecstypes.Container {
	for _, c := range t.Containers {
		if c.ExitCode != nil && *c.ExitCode != 0 || aws.ToString(c.Reason) != "" {
			return c
		}
	}
	return append(slices.Clone(t.Containers), ecstypes.Container{})[0]
}

// lines reads the end of what the task's container logged with the driver awslogs.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
func (r *Reader) lines(ctx context.Context, t ecstypes.Task, f *report.FailedTask) error {
	if r.logs == nil {
		return nil
	}
	out, err := r.ecs.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: t.TaskDefinitionArn})
	if err != nil {
		return problem("describing the task definition", failedActions, err)
	}
	for _, c := range out.TaskDefinition.ContainerDefinitions {
		if aws.ToString(c.Name) != f.Container || c.LogConfiguration == nil || c.LogConfiguration.LogDriver != ecstypes.LogDriverAwslogs {
			continue
		}
		options := c.LogConfiguration.Options
		f.LogGroup = options["awslogs-group"]
		if prefix := options["awslogs-stream-prefix"]; prefix != "" { // required on Fargate
			f.LogStream = fmt.Sprintf("%s/%s/%s", prefix, f.Container, f.Task[strings.LastIndex(f.Task, "/")+1:])
		}
	}
	if f.LogGroup == "" || f.LogStream == "" {
		return nil
	}
	said, err := r.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &f.LogGroup, LogStreamName: &f.LogStream, Limit: aws.Int32(report.FailedTaskLines), StartFromHead: aws.Bool(false),
	})
	if err != nil {
		return problem("reading what the task logged", failedActions, err)
	}
	for _, e := range said.Events {
		f.Lines = append(f.Lines, aws.ToString(e.Message))
	}
	return nil
}
