package stack

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
)

// Traffic is the hook's own deployment as CodeDeploy shows it.
type Traffic struct {
	DeploymentID string
	Status       string  // Created, Queued, InProgress, Ready, Baking, Succeeded, Failed, Stopped
	Rollback     bool    // CloudFormation's deployment that takes traffic back to blue
	Percent      float64 // of production traffic on the new version
	Steps        []Step  // the lifecycle events in their order
	Waiting      bool    // the termination wait has begun: blue still lives
	Reason       string  // why it failed or was stopped
	Seen         time.Time
}

// Step is a lifecycle event of the deployment.
type Step struct {
	Name       string // BeforeInstall … AfterAllowTraffic
	Status     string // Pending, InProgress, Succeeded, Failed, Skipped, Unknown
	Start, End time.Time
	Message    string // what a failed step says
}

// Step returns the step of a name, and whether the deployment has it.
func (t Traffic) Step(name string) (Step, bool) {
	for _, s := range t.Steps {
		if s.Name == name {
			return s, true
		}
	}
	return Step{}, false
}

// Done reports whether the lifecycle event of this name has succeeded.
func (t Traffic) Done(name string) bool {
	s, ok := t.Step(name)
	return ok && s.Status == string(types.LifecycleEventStatusSucceeded)
}

// over reports whether CodeDeploy has finished with the deployment.
func (t Traffic) over() bool {
	switch types.DeploymentStatus(t.Status) {
	case types.DeploymentStatusSucceeded, types.DeploymentStatusFailed, types.DeploymentStatusStopped:
		return true
	}
	return false
}

// NoTrafficError says that the deployment can't be looked at. A release goes
// well without it: only its progress is less visible.
type NoTrafficError struct {
	Err error // nil: the client was made without CodeDeploy
}

func (e *NoTrafficError) Error() string {
	if e.Err == nil {
		return "the traffic shift isn't shown: no CodeDeploy client"
	}
	return fmt.Sprintf("the traffic shift isn't shown: %s", errorText(e.Err))
}

func (e *NoTrafficError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *NoTrafficError) Hint() string {
	return "allow the caller codedeploy:ListDeployments, codedeploy:GetDeployment and codedeploy:BatchGetDeploymentTargets"
}

// Traffic follows the hook's deployment in a stack and calls each whenever
// something about it changed, until ctx is done (it then returns nil). Only
// deployments created at or after since count; the latest of them is shown.
//
// CodeDeploy ties its deployment to the stack by the external id, and its
// target of the type CloudFormationTarget carries the share of traffic:
// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CloudFormationTarget.html
func (c *Client) Traffic(ctx context.Context, stackID string, since time.Time, each func(Traffic)) error {
	if c.deploy == nil {
		return &NoTrafficError{}
	}
	if err := CheckName(stackID); err != nil {
		return err
	}
	t := newTrafficWatch(c, stackID, since)
	for {
		now, err := t.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return &NoTrafficError{Err: err}
		}
		if now.DeploymentID != "" && t.changed(now) {
			each(now)
		}
	}
}

type trafficWatch struct {
	api     codeDeploy
	poll    *poller
	quick   *poller // for calls that come in pairs, or once each
	stackID string
	since   time.Time
	known   map[string]types.DeploymentInfo // by id; those of earlier updates too
	shown   Traffic
	settled bool // the shown deployment is over: only look for a later one
}

func newTrafficWatch(c *Client, stackID string, since time.Time) *trafficWatch {
	quick := c.pace
	quick.Every /= 10
	return &trafficWatch{
		api: c.deploy, poll: newWatcher(c.pace), quick: newWatcher(quick),
		stackID: stackID, since: since, known: map[string]types.DeploymentInfo{},
	}
}

func (t *trafficWatch) changed(now Traffic) bool {
	before := t.shown
	before.Seen = now.Seen
	t.settled = now.over()
	t.shown = now
	return !reflect.DeepEqual(before, now)
}

// look returns the deployment as it is now; the zero Traffic while there is none.
func (t *trafficWatch) look(ctx context.Context) (Traffic, error) {
	id := t.shown.DeploymentID
	if id == "" || t.settled {
		latest, err := t.latest(ctx)
		if err != nil || latest == "" || latest == id {
			return Traffic{}, err
		}
		id = latest
	}
	return t.read(ctx, id)
}

// latest returns the id of the youngest deployment of this update.
func (t *trafficWatch) latest(ctx context.Context) (string, error) {
	if err := t.list(ctx); err != nil {
		return "", err
	}
	id, born := "", time.Time{}
	for candidate, info := range t.known {
		created := aws.ToTime(info.CreateTime)
		if !created.Before(t.since) && created.After(born) {
			id, born = candidate, created
		}
	}
	return id, nil
}

// list learns of the deployments that are not known yet.
func (t *trafficWatch) list(ctx context.Context) error {
	in := &codedeploy.ListDeploymentsInput{ExternalId: &t.stackID}
	for {
		out, err := ask(ctx, t.poll, func(ctx context.Context) (*codedeploy.ListDeploymentsOutput, error) {
			return t.api.ListDeployments(ctx, in, onceDeploy)
		})
		if err != nil {
			return err
		}
		for _, id := range out.Deployments {
			if _, known := t.known[id]; known {
				continue
			}
			info, err := ask(ctx, t.quick, func(ctx context.Context) (types.DeploymentInfo, error) { return t.info(ctx, id) })
			if err != nil {
				return err
			}
			t.known[id] = info
		}
		if aws.ToString(out.NextToken) == "" {
			return nil
		}
		in.NextToken = out.NextToken
	}
}

func (t *trafficWatch) info(ctx context.Context, id string) (types.DeploymentInfo, error) {
	out, err := t.api.GetDeployment(ctx, &codedeploy.GetDeploymentInput{DeploymentId: &id}, onceDeploy)
	if err != nil {
		return types.DeploymentInfo{}, err
	}
	if out.DeploymentInfo == nil {
		return types.DeploymentInfo{}, errors.New("CodeDeploy answered without a deployment")
	}
	return *out.DeploymentInfo, nil
}

// read makes the two calls that show one deployment.
func (t *trafficWatch) read(ctx context.Context, id string) (Traffic, error) {
	info, err := ask(ctx, t.poll, func(ctx context.Context) (types.DeploymentInfo, error) { return t.info(ctx, id) })
	if err != nil {
		return Traffic{}, err
	}
	now := newTraffic(id, info)
	out, err := ask(ctx, t.quick, func(ctx context.Context) (*codedeploy.BatchGetDeploymentTargetsOutput, error) {
		return t.api.BatchGetDeploymentTargets(ctx, &codedeploy.BatchGetDeploymentTargetsInput{
			// The target of such a deployment is the stack:
			// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeploymentTargets.html
			DeploymentId: &id, TargetIds: []string{t.stackID},
		}, onceDeploy)
	})
	if err != nil {
		return t.without(now, err)
	}
	now.target(out.DeploymentTargets)
	return now, nil
}

// without shows a deployment whose target can't be read this time: it appears a
// little after its deployment. Only a missing permission is an error.
func (t *trafficWatch) without(now Traffic, err error) (Traffic, error) {
	if denied(err) {
		return now, err
	}
	if t.shown.DeploymentID == now.DeploymentID {
		now.Percent, now.Steps = t.shown.Percent, t.shown.Steps
	}
	return now, nil
}

// denied recognises a missing permission.
func denied(err error) bool {
	code := errorCode(err)
	return strings.Contains(code, "AccessDenied") || strings.Contains(code, "Unauthorized")
}

func newTraffic(id string, info types.DeploymentInfo) Traffic {
	t := Traffic{
		DeploymentID: id,
		Status:       string(info.Status),
		Rollback:     info.Creator == types.DeploymentCreatorCloudFormationRollback,
		Waiting:      info.InstanceTerminationWaitTimeStarted,
		Seen:         time.Now(),
	}
	if info.ErrorInformation != nil {
		t.Reason = aws.ToString(info.ErrorInformation.Message)
	}
	return t
}

// target takes over what the deployment's CloudFormation target says.
func (t *Traffic) target(targets []types.DeploymentTarget) {
	for _, target := range targets {
		cfn := target.CloudFormationTarget
		if cfn == nil {
			continue
		}
		t.Percent = cfn.TargetVersionWeight
		for _, e := range cfn.LifecycleEvents {
			t.Steps = append(t.Steps, newStep(e))
		}
		return
	}
}

func newStep(e types.LifecycleEvent) Step {
	s := Step{
		Name:   aws.ToString(e.LifecycleEventName),
		Status: string(e.Status),
		Start:  aws.ToTime(e.StartTime),
		End:    aws.ToTime(e.EndTime),
	}
	if e.Diagnostics != nil {
		s.Message = aws.ToString(e.Diagnostics.Message)
	}
	return s
}

// onceDeploy switches the SDK's own retries off, as once does.
func onceDeploy(o *codedeploy.Options) { o.Retryer = aws.NopRetryer{} }
