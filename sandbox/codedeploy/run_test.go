package codedeploy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"orgship/sandbox/clock"
	"orgship/sandbox/codedeploy"
)

// before is the traffic of a stack that runs on blue alone.
const before = "1:- 1:- 1:-"

// info returns the newest deployment of the stack and its target.
func (w *world) info() (types.DeploymentInfo, types.CloudFormationTarget) {
	w.t.Helper()
	list := must[*sdk.ListDeploymentsOutput](w.t)(w.ListDeployments(w.ctx, &sdk.ListDeploymentsInput{ExternalId: new(stackID)}))
	if len(list.Deployments) == 0 {
		w.t.Fatal("no deployments of the stack")
	}
	id := &list.Deployments[0]
	d := must[*sdk.GetDeploymentOutput](w.t)(w.GetDeployment(w.ctx, &sdk.GetDeploymentInput{DeploymentId: id}))
	t := must[*sdk.BatchGetDeploymentTargetsOutput](w.t)(w.BatchGetDeploymentTargets(w.ctx, &sdk.BatchGetDeploymentTargetsInput{DeploymentId: id, TargetIds: []string{stackID}}))
	return *d.DeploymentInfo, *t.DeploymentTargets[0].CloudFormationTarget
}

// lifecycle returns "Name Status" of a target's events.
func lifecycle(t types.CloudFormationTarget) (out []string) {
	for _, e := range t.LifecycleEvents {
		out = append(out, *e.LifecycleEventName+" "+string(e.Status))
	}
	return out
}

func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	var log []string
	var atWait, atTest string
	err := w.Run(w.ctx, w.spec, func(e codedeploy.Event) {
		log = append(log, fmt.Sprintf("%s %s %d", e.Lifecycle, e.Status, e.Percent))
		switch {
		case e.Lifecycle == codedeploy.AfterAllowTestTraffic && e.Status == types.LifecycleEventStatusInProgress:
			atTest = w.traffic() + " " + w.ask(80) + " " + w.ask(8080)
		case e.Lifecycle == codedeploy.TerminationWait && e.Status == types.LifecycleEventStatusInProgress:
			d, target := w.info()
			atWait = fmt.Sprintf("%s %v %v %s", w.traffic(), d.Status, target.TargetVersionWeight, w.ask(80))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "100:0 100:0 0:100 blue green"; atTest != want {
		t.Errorf("after test traffic: %q, want %q", atTest, want)
	}
	if want := "0:100 0:100 0:100 InProgress 100 green"; atWait != want {
		t.Errorf("in the termination wait: %q, want %q", atWait, want)
	}
	if got, want := w.traffic(), "-:100 -:100 -:100"; got != want {
		t.Errorf("in the end: %q, want %q", got, want)
	}
	want := []string{
		"BeforeInstall InProgress 0", "BeforeInstall Succeeded 0", "Install InProgress 0", "Install InProgress 0", "Install Succeeded 0",
		"AfterInstall InProgress 0", "AfterInstall Succeeded 0", "AllowTestTraffic InProgress 0", "AllowTestTraffic Succeeded 0",
		"AfterAllowTestTraffic InProgress 0", "AfterAllowTestTraffic Succeeded 0", "BeforeAllowTraffic InProgress 0", "BeforeAllowTraffic Succeeded 0",
		"AllowTraffic InProgress 0", "AllowTraffic InProgress 100", "AllowTraffic Succeeded 100",
		"AfterAllowTraffic InProgress 100", "AfterAllowTraffic Succeeded 100", "TerminationWait InProgress 100", "TerminationWait Succeeded 100",
	}
	if !slices.Equal(log, want) {
		t.Errorf("events\n%s\nwant\n%s", strings.Join(log, "\n"), strings.Join(want, "\n"))
	}
	if got := w.containers.primary(); !slices.Equal(got, []string{greenSet}) {
		t.Errorf("primary task sets %q", got)
	}
	d, target := w.info()
	if d.Status != types.DeploymentStatusSucceeded || d.Creator != types.DeploymentCreatorCloudFormation || !d.InstanceTerminationWaitTimeStarted ||
		*d.ExternalId != stackID || d.ComputePlatform != types.ComputePlatformEcs || d.DeploymentOverview.Succeeded != 1 || d.CompleteTime == nil || d.ErrorInformation != nil ||
		d.DeploymentStyle.DeploymentType != types.DeploymentTypeBlueGreen || d.DeploymentStyle.DeploymentOption != types.DeploymentOptionWithTrafficControl {
		t.Errorf("deployment %+v", d)
	}
	if target.Status != types.TargetStatusSucceeded || target.TargetVersionWeight != 100 {
		t.Errorf("target %+v", target)
	}
	for _, e := range target.LifecycleEvents {
		if e.Status != types.LifecycleEventStatusSucceeded || e.StartTime == nil || e.EndTime == nil || e.EndTime.Before(*e.StartTime) {
			t.Errorf("lifecycle event %s: %+v", *e.LifecycleEventName, e)
		}
	}
}

func TestRoutings(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		routing codedeploy.Routing
		want    string // production weights, one after the other
	}{
		"all at once":   {codedeploy.Routing{Type: codedeploy.AllAtOnce}, "100:0 0:100 -:100"},
		"canary":        {codedeploy.Routing{Type: codedeploy.TimeBasedCanary, StepPercentage: 15, BakeTime: time.Minute}, "100:0 85:15 0:100 -:100"},
		"linear":        {codedeploy.Routing{Type: codedeploy.TimeBasedLinear, StepPercentage: 30, BakeTime: time.Minute}, "100:0 70:30 40:60 10:90 0:100 -:100"},
		"linear, evens": {codedeploy.Routing{Type: codedeploy.TimeBasedLinear, StepPercentage: 50, BakeTime: time.Minute}, "100:0 50:50 0:100 -:100"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1000)
			w.spec.Routing = test.routing
			var steps []string
			var moved []time.Time
			see := func() {
				if s := w.weights(w.spec.ProdListener, ""); len(steps) == 0 || steps[len(steps)-1] != s {
					steps = append(steps, s)
				}
			}
			if err := w.Run(w.ctx, w.spec, func(e codedeploy.Event) {
				if e.Lifecycle == codedeploy.AllowTraffic && e.Message != "" {
					moved = append(moved, time.Now())
				}
				if e.Lifecycle != codedeploy.BeforeInstall && (e.Lifecycle != codedeploy.Install || e.Message != "") {
					see()
				}
			}); err != nil {
				t.Fatal(err)
			}
			see()
			if got := strings.Join(steps, " "); got != test.want {
				t.Errorf("weights %s, want %s", got, test.want)
			}
			for i := 1; i < len(moved); i++ {
				if baked := moved[i].Sub(moved[i-1]); baked < 60*time.Millisecond {
					t.Errorf("step %d baked %v, want a minute at speed 1000", i, baked)
				}
			}
		})
	}
}

func TestBadRouting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	for _, r := range []codedeploy.Routing{{}, {Type: "Sometimes"}, {Type: codedeploy.TimeBasedLinear}, {Type: codedeploy.TimeBasedCanary, StepPercentage: 100}} {
		w.spec.Routing = r
		if err := w.Run(w.ctx, w.spec, nil); code(err) != "InvalidTrafficRoutingConfigurationException" {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// Wherever a deployment fails, traffic and the primary task set end on blue.
func TestFailures(t *testing.T) {
	t.Parallel()
	all := []string{codedeploy.BeforeInstall, codedeploy.Install, codedeploy.AfterInstall, codedeploy.AllowTestTraffic, codedeploy.AfterAllowTestTraffic,
		codedeploy.BeforeAllowTraffic, codedeploy.AllowTraffic, codedeploy.AfterAllowTraffic, codedeploy.TerminationWait}
	for i, step := range all {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1000)
			w.spec.Routing = codedeploy.Routing{Type: codedeploy.TimeBasedCanary, StepPercentage: 20, BakeTime: time.Minute}
			w.FailAt(step)
			var most int
			err := w.Run(w.ctx, w.spec, func(e codedeploy.Event) { most = max(most, e.Percent) })
			var failed *codedeploy.FailedError
			if !errors.As(err, &failed) || failed.Event != step || failed.Code != types.ErrorCodeHookExecutionFailure {
				t.Fatalf("error %v", err)
			}
			wantMost := 0
			switch {
			case step == codedeploy.AllowTraffic:
				wantMost = 20
			case i > slices.Index(all, codedeploy.AllowTraffic):
				wantMost = 100
			}
			if most != wantMost {
				t.Errorf("green got %d%%, want %d%%", most, wantMost)
			}
			if got := w.traffic(); got != before {
				t.Errorf("traffic %q, want %q", got, before)
			}
			if got := w.ask(80); got != "blue" {
				t.Errorf("%q answers", got)
			}
			if p := w.containers.primary(); len(p) > 0 && p[len(p)-1] != blueSet {
				t.Errorf("primary task sets %q", p)
			}
			d, target := w.info()
			if d.Status != types.DeploymentStatusFailed || d.ErrorInformation.Code != types.ErrorCodeHookExecutionFailure || target.TargetVersionWeight != 0 || target.Status != types.TargetStatusFailed {
				t.Errorf("deployment %+v, target %+v", d, target)
			}
			if step != codedeploy.TerminationWait {
				got := lifecycle(target)
				if got[i] != step+" Failed" || i+1 < len(got) && !strings.HasSuffix(got[i+1], " Skipped") {
					t.Errorf("lifecycle events %q", got)
				}
			}
			if err := w.Run(w.ctx, w.spec, nil); err != nil {
				t.Errorf("the fault hits a second time: %v", err)
			}
		})
	}
}

func TestUnknownFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	w.FailAt("Afterwards")
	if err := w.Run(w.ctx, w.spec, nil); err == nil || !strings.Contains(err.Error(), `"Afterwards"`) {
		t.Errorf("error %v", err)
	}
}

// A cancelled stack update takes traffic back at once, at any moment.
func TestCancel(t *testing.T) {
	t.Parallel()
	reason := errors.New("user cancelled the update")
	for name, at := range map[string]func(codedeploy.Event) bool{
		"while green starts":      func(e codedeploy.Event) bool { return e.Lifecycle == codedeploy.Install && e.Message != "" },
		"while baking":            func(e codedeploy.Event) bool { return e.Percent == 20 },
		"in the termination wait": func(e codedeploy.Event) bool { return e.Lifecycle == codedeploy.TerminationWait },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1) // the waits last minutes: only cancelling ends them
			w.spec.Routing = codedeploy.Routing{Type: codedeploy.TimeBasedCanary, StepPercentage: 20, BakeTime: time.Hour}
			if name == "in the termination wait" {
				w.spec.Routing = codedeploy.Routing{Type: codedeploy.AllAtOnce}
			}
			ctx, cancel := context.WithCancelCause(w.ctx)
			defer cancel(nil)
			err := w.Run(ctx, w.spec, func(e codedeploy.Event) {
				if at(e) {
					cancel(reason)
				}
			})
			if !errors.Is(err, reason) {
				t.Fatalf("error %v", err)
			}
			if got := w.traffic(); got != before {
				t.Errorf("traffic %q, want %q", got, before)
			}
			if p := w.containers.primary(); len(p) > 0 && p[len(p)-1] != blueSet {
				t.Errorf("primary task sets %q", p)
			}
			d, target := w.info()
			if d.Status != types.DeploymentStatusStopped || d.ErrorInformation.Code != types.ErrorCodeCloudformationStackFailure || target.TargetVersionWeight != 0 {
				t.Errorf("deployment %+v, target %+v", d, target)
			}
		})
	}
}

// Green that cannot become healthy is given up.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		speed  float64
		set    func(*world)
		code   types.ErrorCode
		reason string
	}{
		"tasks keep failing": {1, func(w *world) {
			w.containers.set.StabilityStatus = ecstypes.StabilityStatusStabilizing
			w.containers.failure = "CannotPullContainerError: denied"
		}, types.ErrorCodeHealthConstraints, "CannotPullContainerError: denied"},
		"unhealthy for long": {1000, func(w *world) {
			w.containers.set.RunningCount, w.containers.set.ComputedDesiredCount = 2, 2
			w.serve(w.spec.GreenTargetGroup, "10.0.0.3", http.NotFoundHandler())
		},
			types.ErrorCodeHealthConstraints, "10.0.0.3:80 is unhealthy (Target.ResponseCodeMismatch): Health checks failed with these codes: [404]"},
		"never steady": {60 * 60 * 10, func(w *world) {
			w.containers.set.StabilityStatus = ecstypes.StabilityStatusStabilizing
		}, types.ErrorCodeTimeout, "did not become steady"},
		"no such task set": {1, func(w *world) { w.spec.GreenTaskSet = "ecs-svc/9" }, types.ErrorCodeInvalidEcsService, "ecs-svc/9 does not exist"},
		"nothing forwards to blue": {1, func(w *world) {
			w.spec.BlueTargetGroup, w.spec.GreenTargetGroup = w.spec.GreenTargetGroup, w.spec.BlueTargetGroup
		}, types.ErrorCodeElasticLoadBalancingInvalid, "Primary taskset target group must be behind listener"},
		"no such listener": {1, func(w *world) { w.spec.ProdListener += "0" }, types.ErrorCodeElasticLoadBalancingInvalid, "One or more listeners not found"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.speed)
			test.set(w)
			err := w.Run(w.ctx, w.spec, nil)
			var failed *codedeploy.FailedError
			if !errors.As(err, &failed) || failed.Code != test.code || failed.Event != codedeploy.Install || !strings.Contains(failed.Reason, test.reason) {
				t.Errorf("error %v", err)
			}
			rules := must[*elbv2.DescribeTargetGroupsOutput](t)(w.balancer.DescribeTargetGroups(w.ctx, &elbv2.DescribeTargetGroupsInput{Names: []string{"green"}}))
			if n := len(rules.TargetGroups[0].LoadBalancerArns); n != 0 {
				t.Errorf("green's target group is still behind %d load balancers", n)
			}
		})
	}
}

// Run is for those whom AWS's one named permission lets.
func TestPermission(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	s := codedeploy.New(codedeploy.Config{Clock: clock.Clock{}, Auth: allow{denied: "codedeploy:CreateCloudFormationDeployment"}, Balancer: w.balancer, Containers: w.containers})
	if err := s.Run(w.ctx, w.spec, nil); code(err) != "AccessDeniedException" {
		t.Errorf("error %v", err)
	}
	if got := w.traffic(); got != before {
		t.Errorf("traffic %q", got)
	}
}

// Without a test listener its events are skipped.
func TestNoTestListener(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	w.spec.TestListener = ""
	if err := w.Run(w.ctx, w.spec, nil); err != nil {
		t.Fatal(err)
	}
	_, target := w.info()
	if got := lifecycle(target); got[3] != "AllowTestTraffic Skipped" || got[4] != "AfterAllowTestTraffic Skipped" || got[6] != "AllowTraffic Succeeded" {
		t.Errorf("lifecycle events %q", got)
	}
}
