package hook_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"orgship/pipeline/stack"
	"orgship/pipeline/strategy/hook"
)

const stackID = "arn:aws:cloudformation:eu-west-1:222222222222:stack/demo/6f1a"

func apiError(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

// deployments is CodeDeploy with the deployments of one stack.
type deployments struct {
	mu      sync.Mutex
	list    []types.DeploymentInfo
	weight  map[string]float64
	steps   map[string][]types.LifecycleEvent
	trouble func(operation string) error
	gets    int
}

func (d *deployments) add(id string, creator types.DeploymentCreator) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append([]types.DeploymentInfo{{
		DeploymentId: &id, Creator: creator, Status: types.DeploymentStatusInProgress, CreateTime: aws.Time(time.Now()),
	}}, d.list...)
}

func (d *deployments) set(id string, status types.DeploymentStatus, weight float64, steps ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.list {
		if *d.list[i].DeploymentId == id {
			d.list[i].Status = status
		}
	}
	d.weight[id] = weight
	d.steps[id] = nil
	for _, name := range steps {
		d.steps[id] = append(d.steps[id], types.LifecycleEvent{LifecycleEventName: &name, Status: types.LifecycleEventStatusSucceeded})
	}
}

func newDeployments() *deployments {
	return &deployments{weight: map[string]float64{}, steps: map[string][]types.LifecycleEvent{}}
}

func (d *deployments) fails(operation string) error {
	if d.trouble == nil {
		return nil
	}
	return d.trouble(operation)
}

func (d *deployments) ListDeployments(_ context.Context, in *codedeploy.ListDeploymentsInput, _ ...func(*codedeploy.Options)) (*codedeploy.ListDeploymentsOutput, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if *in.ExternalId != stackID {
		return nil, fmt.Errorf("external id %q", *in.ExternalId)
	}
	out := &codedeploy.ListDeploymentsOutput{}
	for _, i := range d.list {
		out.Deployments = append(out.Deployments, *i.DeploymentId)
	}
	return out, d.fails("ListDeployments")
}

func (d *deployments) GetDeployment(_ context.Context, in *codedeploy.GetDeploymentInput, _ ...func(*codedeploy.Options)) (*codedeploy.GetDeploymentOutput, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gets++
	for _, i := range d.list {
		if *i.DeploymentId == *in.DeploymentId {
			return &codedeploy.GetDeploymentOutput{DeploymentInfo: &i}, d.fails("GetDeployment")
		}
	}
	return nil, fmt.Errorf("no deployment %q", *in.DeploymentId)
}

func (d *deployments) BatchGetDeploymentTargets(_ context.Context, in *codedeploy.BatchGetDeploymentTargetsInput, _ ...func(*codedeploy.Options)) (*codedeploy.BatchGetDeploymentTargetsOutput, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if in.TargetIds[0] != stackID {
		return nil, fmt.Errorf("target %q", in.TargetIds[0])
	}
	return &codedeploy.BatchGetDeploymentTargetsOutput{DeploymentTargets: []types.DeploymentTarget{{
		CloudFormationTarget: &types.CloudFormationTarget{
			TargetVersionWeight: d.weight[*in.DeploymentId], LifecycleEvents: d.steps[*in.DeploymentId],
		},
	}}}, d.fails("BatchGetDeploymentTargets")
}

// followed follows the traffic for two minutes of a story.
func followed(t *testing.T, d *deployments, since time.Time, story func()) ([]string, error) {
	t.Helper()
	go story()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var seen []string
	err := hook.NewDeployments(d, stack.Pace{}).Follow(ctx, stackID, since, func(tr hook.Deployment) {
		seen = append(seen, fmt.Sprintf("%s %s %v%% %d steps", tr.ID, tr.Status, tr.Percent, len(tr.Steps)))
	})
	return seen, err
}

func TestTraffic(t *testing.T) {
	for name, trouble := range map[string]func(*int) error{
		"all is well": nil,
		"throttled": func(n *int) error {
			if *n++; *n%4 == 0 {
				return apiError("ThrottlingException", "Rate exceeded")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDeployments()
				if trouble != nil {
					n := 0
					d.trouble = func(string) error { return trouble(&n) }
				}
				for i := range 5 {
					d.add(fmt.Sprintf("d-OLD%d", i), types.DeploymentCreatorCloudFormation)
				}
				time.Sleep(time.Minute)
				seen, err := followed(t, d, time.Now(), func() {
					time.Sleep(4 * time.Second)
					d.add("d-NEW", types.DeploymentCreatorCloudFormation)
					for _, weight := range []float64{15, 100} {
						time.Sleep(12 * time.Second)
						d.set("d-NEW", types.DeploymentStatusInProgress, weight, "BeforeInstall", "Install")
					}
					time.Sleep(12 * time.Second)
					d.set("d-NEW", types.DeploymentStatusStopped, 100, "BeforeInstall", "Install")
					d.add("d-BACK", types.DeploymentCreatorCloudFormationRollback)
					time.Sleep(12 * time.Second)
					d.set("d-BACK", types.DeploymentStatusSucceeded, 0)
				})
				if err != nil {
					t.Fatal(err)
				}
				want := []string{
					"d-NEW InProgress 0% 0 steps", "d-NEW InProgress 15% 2 steps", "d-NEW InProgress 100% 2 steps",
					"d-NEW Stopped 100% 2 steps", "d-BACK InProgress 0% 0 steps", "d-BACK Succeeded 0% 0 steps",
				}
				if diff := cmp.Diff(want, seen); diff != "" {
					t.Errorf("traffic (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestTrafficWithoutPermission(t *testing.T) {
	for _, operation := range []string{"ListDeployments", "GetDeployment", "BatchGetDeploymentTargets"} {
		synctest.Test(t, func(t *testing.T) {
			d := newDeployments()
			d.add("d-NEW", types.DeploymentCreatorCloudFormation)
			d.trouble = func(called string) error {
				if called == operation {
					return apiError("AccessDeniedException", "User: arn:x is not authorized to perform: codedeploy:"+operation)
				}
				return nil
			}
			seen, err := followed(t, d, time.Time{}, func() {})
			var none *hook.NoTrafficError
			if !errors.As(err, &none) || none.Hint() == "" || len(seen) > 0 {
				t.Errorf("%s denied: saw %v, error %v", operation, seen, err)
			}
		})
	}
}
