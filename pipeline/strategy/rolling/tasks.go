package rolling

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy"
)

// services reads the deployments of a service.
type services interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
}

// UnseenError says that the service's tasks can't be looked at. A release goes
// well without: what its traffic does is known at the end only.
type UnseenError struct{ Err error }

func (e *UnseenError) Error() string {
	return "how many tasks run each version isn't shown: " + stack.ErrorText(e.Err)
}

func (e *UnseenError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *UnseenError) Hint() string { return "allow the caller ecs:DescribeServices" }

// Follow tells the share of tasks that run the new version, which is about the
// share of traffic that it gets: a load balancer has no other weights here.
//
// A service has one deployment for each version that still has tasks; the PRIMARY
// one is what the service is to become.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
func (u *update) Follow(ctx context.Context, of strategy.Update, o strategy.Observer) error {
	if u.service == "" || u.other != "" || of.Resumed {
		return nil // of a service in the middle of an update there is no telling which version is the new one
	}
	id, err := u.stacks.PhysicalID(ctx, of.StackID, u.service)
	if err != nil {
		return &UnseenError{err}
	}
	w := &watch{api: u.services, poll: stack.NewPoller(u.pace), in: input(id)}
	for {
		switch err := w.look(ctx, o); {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return &UnseenError{err}
		}
	}
}

// input asks for a service by its ARN, whose resource is service/CLUSTER/NAME; an
// old one, service/NAME, is of the cluster default.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
func input(id string) *ecs.DescribeServicesInput {
	in := &ecs.DescribeServicesInput{Services: []string{id}}
	if a, err := arn.Parse(id); err == nil {
		if parts := strings.Split(a.Resource, "/"); len(parts) == 3 {
			in.Cluster = aws.String(parts[1])
		}
	}
	return in
}

// watch remembers which task definition is the old one.
type watch struct {
	api  services
	poll *stack.Poller
	in   *ecs.DescribeServicesInput

	old   string // task definition of the version from before
	shown float64
	said  string // why ECS is not content, as last shown
	told  bool
}

func (w *watch) look(ctx context.Context, o strategy.Observer) error {
	out, err := stack.Ask(ctx, w.poll, func(ctx context.Context) (*ecs.DescribeServicesOutput, error) {
		return w.api.DescribeServices(ctx, w.in, once)
	})
	if err != nil {
		return err
	}
	if len(out.Services) == 0 {
		return errors.New("the service isn't there")
	}
	deployments := out.Services[0].Deployments
	for _, d := range deployments {
		if w.old == "" && aws.ToString(d.Status) == "PRIMARY" {
			w.old = aws.ToString(d.TaskDefinition)
		}
	}
	w.show(deployments, o)
	return nil
}

// show tells what changed.
func (w *watch) show(deployments []types.Deployment, o strategy.Observer) {
	percent, failed := share(deployments, w.old)
	if percent != w.shown || !w.told {
		w.shown, w.told = percent, true
		o.Weight(report.Traffic{At: time.Now(), Percent: percent, Status: "by the tasks that run"})
	}
	if failed != "" && failed != w.said {
		w.said = failed
		o.Event(report.Event{Source: report.FromTraffic, Subject: "deployment", Status: string(types.DeploymentRolloutStateFailed), Message: failed, Bad: true})
	}
}

// share returns the percentage of tasks that don't run the old version, and why
// the rollout of one failed.
func share(deployments []types.Deployment, old string) (percent float64, failed string) {
	all, now := 0, 0
	for _, d := range deployments {
		all += int(d.RunningCount)
		if aws.ToString(d.TaskDefinition) != old {
			now += int(d.RunningCount)
		}
		if d.RolloutState == types.DeploymentRolloutStateFailed {
			failed = fmt.Sprintf("%s: %s", aws.ToString(d.Id), aws.ToString(d.RolloutStateReason))
		}
	}
	if all == 0 {
		return 0, failed
	}
	return 100 * float64(now) / float64(all), failed
}

// once switches the SDK's own retries off: the poller has its own.
func once(o *ecs.Options) { o.Retryer = aws.NopRetryer{} }
