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
func (e *UnseenError) Hint() string {
	var hinted interface{ Hint() string }
	if errors.As(e.Err, &hinted) {
		return hinted.Hint()
	}
	return "allow the caller ecs:DescribeServices"
}

// Follow tells the share of the traffic that the new version gets: a load balancer has
// no weights here, and asks every healthy target alike. It also tells when the new
// version doesn't come up.
func (u *update) Follow(ctx context.Context, of strategy.Update, o strategy.Observer) error {
	if u.service == "" || u.other != "" {
		return nil
	}
	if of.Weight == nil {
		return &UnseenError{errors.New("AWS's records can't be read")}
	}
	id, err := u.stacks.PhysicalID(ctx, of.StackID, u.service)
	if err != nil {
		return &UnseenError{err}
	}
	w := &watch{api: u.services, poll: stack.NewPoller(u.pace), in: input(id), weight: of.Weight}
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

// watch remembers what it told.
type watch struct {
	api    services
	poll   *stack.Poller
	in     *ecs.DescribeServicesInput
	weight func(context.Context) (float64, bool, error)

	shown float64
	told  bool
	said  string // why ECS is not content, as last shown
	stuck bool
}

func (w *watch) look(ctx context.Context, o strategy.Observer) error {
	var percent float64
	var known bool
	out, err := stack.Ask(ctx, w.poll, func(ctx context.Context) (*ecs.DescribeServicesOutput, error) {
		out, err := w.api.DescribeServices(ctx, w.in, once)
		if err == nil {
			percent, known, err = w.weight(ctx)
		}
		return out, err
	})
	if err != nil {
		return err
	}
	if len(out.Services) == 0 {
		return errors.New("the service isn't there")
	}
	if known && (percent != w.shown || !w.told) {
		w.shown, w.told = percent, true
		o.Weight(report.Traffic{At: time.Now(), Percent: percent, Status: "by the healthy targets"})
	}
	for _, d := range out.Services[0].Deployments {
		w.tell(d, o)
		w.giveUp(d, out.Services[0], o)
	}
	return nil
}

// tell tells that a deployment failed. A service has one for each version that still
// has tasks; the PRIMARY one is what it is to become.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
func (w *watch) tell(d types.Deployment, o strategy.Observer) {
	if d.RolloutState != types.DeploymentRolloutStateFailed {
		return
	}
	failed := fmt.Sprintf("%s: %s", aws.ToString(d.Id), aws.ToString(d.RolloutStateReason))
	if failed != w.said {
		w.said = failed
		o.Event(report.Event{Source: report.FromTraffic, Subject: "deployment", Status: string(d.RolloutState), Message: failed, Bad: true})
	}
}

// giveUp tells that the new version doesn't come up, where ECS doesn't watch that
// itself.
func (w *watch) giveUp(d types.Deployment, of types.Service, o strategy.Observer) {
	begins := aws.ToString(d.Status) == "PRIMARY" && d.RolloutState == types.DeploymentRolloutStateInProgress && w.shown == 0
	c := of.DeploymentConfiguration
	watched := c != nil && c.DeploymentCircuitBreaker != nil && c.DeploymentCircuitBreaker.Enable
	if begins && !watched && !w.stuck && int(d.FailedTasks) >= tooMany(int(d.DesiredCount)) {
		w.stuck = true
		o.Stuck(fmt.Sprintf("%d tasks of the new version failed, and none became healthy", d.FailedTasks))
	}
}

// tooMany is how many tasks may fail before the first one is healthy: what ECS's own
// circuit breaker takes where a service has one. Without, CloudFormation waits for
// three hours.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
func tooMany(desired int) int { return min(max(3, (desired+1)/2), 200) }

// once switches the SDK's own retries off: the poller has its own.
func once(o *ecs.Options) { o.Retryer = aws.NopRetryer{} }
