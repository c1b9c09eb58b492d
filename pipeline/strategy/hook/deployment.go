package hook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"orgship/pipeline/stack"
)

// Deployment is the hook's own deployment as CodeDeploy shows it.
type Deployment struct {
	ID       string
	Status   string  // Created, Queued, InProgress, Ready, Baking, Succeeded, Failed, Stopped
	Rollback bool    // CloudFormation's deployment that takes traffic back to blue
	Percent  float64 // of production traffic on the new version
	Steps    []Step  // the lifecycle events in their order
	Reason   string  // why it failed or was stopped
	Seen     time.Time
}

// Step is a lifecycle event of the deployment.
type Step struct {
	Name       string // BeforeInstall … AfterAllowTraffic
	Status     string // Pending, InProgress, Succeeded, Failed, Skipped, Unknown
	Start, End time.Time
	Message    string // what a failed step says
}

// Step returns the step of a name, and whether the deployment has it.
func (d Deployment) Step(name string) (Step, bool) {
	for _, s := range d.Steps {
		if s.Name == name {
			return s, true
		}
	}
	return Step{}, false
}

// over reports whether CodeDeploy has finished with the deployment.
func (d Deployment) over() bool {
	switch types.DeploymentStatus(d.Status) {
	case types.DeploymentStatusSucceeded, types.DeploymentStatusFailed, types.DeploymentStatusStopped:
		return true
	}
	return false
}

// NoTrafficError says that the deployment can't be looked at. A release goes
// well without it: only its progress is less visible.
type NoTrafficError struct{ Err error }

func (e *NoTrafficError) Error() string {
	return fmt.Sprintf("the traffic shift isn't shown: %s", stack.ErrorText(e.Err))
}

func (e *NoTrafficError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *NoTrafficError) Hint() string {
	return "allow the caller codedeploy:ListDeployments, codedeploy:GetDeployment and codedeploy:BatchGetDeploymentTargets"
}

// Deployments reads the hook's deployments in CodeDeploy.
type Deployments struct {
	api  codeDeploy
	pace stack.Pace
}

// NewDeployments returns a reader that looks at the given pace.
func NewDeployments(api codeDeploy, pace stack.Pace) *Deployments { return &Deployments{api, pace} }

// codeDeploy is what is read of CodeDeploy to see traffic move.
type codeDeploy interface {
	ListDeployments(context.Context, *codedeploy.ListDeploymentsInput, ...func(*codedeploy.Options)) (*codedeploy.ListDeploymentsOutput, error)
	GetDeployment(context.Context, *codedeploy.GetDeploymentInput, ...func(*codedeploy.Options)) (*codedeploy.GetDeploymentOutput, error)
	BatchGetDeploymentTargets(context.Context, *codedeploy.BatchGetDeploymentTargetsInput, ...func(*codedeploy.Options)) (*codedeploy.BatchGetDeploymentTargetsOutput, error)
}

// Follow follows the hook's deployment in a stack and calls each whenever
// something about it changed, until ctx is done (it then returns nil). Only
// deployments created at or after since count; the latest of them is shown. The
// error is a *NoTrafficError.
//
// CodeDeploy ties its deployment to the stack by the external id, and its
// target of the type CloudFormationTarget carries the share of traffic:
// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CloudFormationTarget.html
func (d *Deployments) Follow(ctx context.Context, stackID string, since time.Time, each func(Deployment)) error {
	w := newWatch(d, stackID, since)
	for {
		now, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return &NoTrafficError{Err: err}
		}
		if now.ID != "" && w.changed(now) {
			each(now)
		}
	}
}

type watch struct {
	api     codeDeploy
	poll    *stack.Poller
	quick   *stack.Poller // for calls that come in pairs, or once each
	stackID string
	since   time.Time
	known   map[string]types.DeploymentInfo // by id; those of earlier updates too
	shown   Deployment
	settled bool // the shown deployment is over: only look for a later one
}

func newWatch(d *Deployments, stackID string, since time.Time) *watch {
	quick := d.pace
	quick.Every = cmp.Or(quick.Every, time.Second) / 10
	return &watch{
		api: d.api, poll: stack.NewPoller(d.pace), quick: stack.NewPoller(quick),
		stackID: stackID, since: since, known: map[string]types.DeploymentInfo{},
	}
}

func (t *watch) changed(now Deployment) bool {
	before := t.shown
	before.Seen = now.Seen
	t.settled = now.over()
	t.shown = now
	return !reflect.DeepEqual(before, now)
}

// look returns the deployment as it is now; the zero Deployment while there is none.
func (t *watch) look(ctx context.Context) (Deployment, error) {
	id := t.shown.ID
	if id == "" || t.settled {
		latest, err := t.latest(ctx)
		if err != nil || latest == "" || latest == id {
			return Deployment{}, err
		}
		id = latest
	}
	return t.read(ctx, id)
}

// latest returns the id of the youngest deployment of this update.
func (t *watch) latest(ctx context.Context) (string, error) {
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
func (t *watch) list(ctx context.Context) error {
	in := &codedeploy.ListDeploymentsInput{ExternalId: &t.stackID}
	for {
		out, err := stack.Ask(ctx, t.poll, func(ctx context.Context) (*codedeploy.ListDeploymentsOutput, error) {
			return t.api.ListDeployments(ctx, in, onceDeploy)
		})
		if err != nil {
			return err
		}
		for _, id := range out.Deployments {
			if _, known := t.known[id]; known {
				continue
			}
			info, err := stack.Ask(ctx, t.quick, func(ctx context.Context) (types.DeploymentInfo, error) { return t.info(ctx, id) })
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

func (t *watch) info(ctx context.Context, id string) (types.DeploymentInfo, error) {
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
func (t *watch) read(ctx context.Context, id string) (Deployment, error) {
	info, err := stack.Ask(ctx, t.poll, func(ctx context.Context) (types.DeploymentInfo, error) { return t.info(ctx, id) })
	if err != nil {
		return Deployment{}, err
	}
	now := newDeployment(id, info)
	out, err := stack.Ask(ctx, t.quick, func(ctx context.Context) (*codedeploy.BatchGetDeploymentTargetsOutput, error) {
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
func (t *watch) without(now Deployment, err error) (Deployment, error) {
	if denied(err) {
		return now, err
	}
	if t.shown.ID == now.ID {
		now.Percent, now.Steps = t.shown.Percent, t.shown.Steps
	}
	return now, nil
}

// denied recognises a missing permission.
func denied(err error) bool {
	code := stack.ErrorCode(err)
	return strings.Contains(code, "AccessDenied") || strings.Contains(code, "Unauthorized")
}

func newDeployment(id string, info types.DeploymentInfo) Deployment {
	t := Deployment{
		ID:       id,
		Status:   string(info.Status),
		Rollback: info.Creator == types.DeploymentCreatorCloudFormationRollback,
		Seen:     time.Now(),
	}
	if info.ErrorInformation != nil {
		t.Reason = aws.ToString(info.ErrorInformation.Message)
	}
	return t
}

// target takes over what the deployment's CloudFormation target says.
func (d *Deployment) target(targets []types.DeploymentTarget) {
	for _, target := range targets {
		cfn := target.CloudFormationTarget
		if cfn == nil {
			continue
		}
		d.Percent = cfn.TargetVersionWeight
		for _, e := range cfn.LifecycleEvents {
			d.Steps = append(d.Steps, newStep(e))
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
