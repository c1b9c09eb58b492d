package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"orgship/pipeline/registry"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy/hook"
	"orgship/sandbox/wire"
	"orgship/template"
)

func TestRoutings(t *testing.T) {
	for name, routing := range map[string]template.TrafficRouting{
		"all at once": {Type: template.AllAtOnce},
		"canary":      {Type: template.TimeBasedCanary, StepPercentage: 20, BakeTimeMins: 1},
		"linear":      {Type: template.TimeBasedLinear, StepPercentage: 40, BakeTimeMins: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.released()
			req := w.request("Green", "2.0", "Green")
			req.Change.TrafficRouting = &routing
			r, err := w.releaser(w.dev, nil).Release(t.Context(), req)
			must(t, r, err, report.Successful, report.Released)
			if got := w.says(); got != "Green" {
				t.Errorf("the service says %q", got)
			}
			if v := r.Verification; !v.BlueLived || v.Attempts["passed"] < 3 || v.Attempts["wrong"] > 0 {
				t.Errorf("decided by %+v", v)
			}
			if r.Probe.Lost > 0 || len(r.Probe.Answerers) != 2 {
				t.Errorf("lost %d of %d: %v; answerers %+v", r.Probe.Lost, r.Probe.Sent, r.Probe.Errors, r.Probe.Answerers)
			}
			if last := r.Traffic[len(r.Traffic)-1]; last.Percent != 100 {
				t.Errorf("traffic %+v", r.Traffic)
			}
			if name != "all at once" && len(r.Traffic) < 2 {
				t.Errorf("no steps seen in the traffic: %+v", r.Traffic)
			}
		})
	}
}

func TestWrongImageGoesBack(t *testing.T) {
	for name, routing := range map[string]template.TrafficRouting{
		"all at once": {Type: template.AllAtOnce},
		"canary":      {Type: template.TimeBasedCanary, StepPercentage: 20, BakeTimeMins: 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.released()
			req := w.request("Purple", "2.0", "Green") // answers with a word that nobody wants
			req.Change.TrafficRouting = &routing
			r, err := w.releaser(w.dev, nil).Release(t.Context(), req)
			must(t, r, err, report.Failed, report.RolledBack)
			if got := w.says(); got != "Blue" {
				t.Errorf("the service says %q", got)
			}
			if v := r.Verification; !v.BlueLived || v.Attempts["wrong"] != 1 || !strings.Contains(v.Reason, "Green") {
				t.Errorf("decided by %+v", v)
			}
			if r.Stack.Status != "UPDATE_ROLLBACK_COMPLETE" || r.Probe.Lost > 0 {
				t.Errorf("status %s, lost %d: %v", r.Stack.Status, r.Probe.Lost, r.Probe.Errors)
			}
		})
	}
}

func TestFirstDeploymentIsVerified(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := w.releaser(w.dev, nil).Release(t.Context(), w.request("Purple", "1.0", "Blue"))
	must(t, r, err, report.Failed, report.Broken)
}

func TestAccountOutsideTheUnit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	prod, _ := w.box.Account("prod-1")
	r, err := w.releaser(prod, nil).Release(t.Context(), w.request("Blue", "1.0", "Blue"))
	must(t, r, err, report.Failed, report.Refused)
	var refused *release.AccessError
	if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "aws:PrincipalOrgPaths") || refused.Hint() == "" {
		t.Errorf("error %v", err)
	}
	for _, c := range w.box.Calls() {
		if c.Account == prod.ID && c.Operation == "CreateChangeSet" {
			t.Error("the account was touched")
		}
	}
}

func TestThrottledAndReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	var faults []*wire.Injected
	for _, f := range []wire.Fault{
		{Operation: "DescribeStacks", Times: 2, Kind: wire.Throttle},
		{Operation: "CreateChangeSet", Times: 1, Kind: wire.LoseAnswer},
		{Operation: "DescribeChangeSet", Times: 2, Kind: wire.Throttle},
		{Operation: "ExecuteChangeSet", Times: 1, Kind: wire.LoseAnswer},
		{Operation: "DescribeStackEvents", After: 2, Times: 2, Kind: wire.Throttle},
		{Operation: "DescribeStackEvents", After: 3, Times: 2, Kind: wire.Reset},
		{Operation: "DescribeStackEvents", After: 4, Times: 1, Kind: wire.ServerError},
	} {
		f.Service, f.Account = "cloudformation", w.dev.ID
		faults = append(faults, w.box.Fail(f))
	}
	for _, operation := range []string{"ListDeployments", "GetDeployment", "BatchGetDeploymentTargets"} {
		faults = append(faults, w.box.Fail(wire.Fault{Service: "codedeploy", Operation: operation, Times: 2, Kind: wire.Throttle}))
	}
	req := w.request("Green", "2.0", "Green")
	req.Change.TerminationWaitMinutes = aws.Int(2)
	r, err := w.releaser(w.dev, nil).Release(t.Context(), req)
	must(t, r, err, report.Successful, report.Released)
	for i, f := range faults {
		if f.Hits() == 0 {
			t.Errorf("fault %d hit nothing", i)
		}
	}
	once := map[report.Event]bool{}
	for _, e := range r.Events {
		if e.Source == report.FromStack && once[e] {
			t.Errorf("event twice: %+v", e)
		}
		once[e] = true
	}
}

func TestMixedChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	req := w.request("Green", "2.0", "Green")
	req.Template = []byte(strings.Replace(string(req.Template), "GroupDescription: The tasks are", "GroupDescription: All tasks are", 1))
	r, err := w.releaser(w.dev, nil).Release(t.Context(), req)
	must(t, r, err, report.Failed, report.Refused)
	var mixed *stack.MixedError
	if !errors.As(err, &mixed) || mixed.Others[0].LogicalID != "TaskSecurityGroup" || r.Plan.Class != "mixed" {
		t.Errorf("error %v, plan %+v", err, r.Plan)
	}
	if got := w.says(); got != "Blue" {
		t.Errorf("the service says %q", got)
	}
}

func TestGreenNeverHealthy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	req := w.request("Green", "2.0", "Green")
	digest, err := req.Push.Image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	w.box.Unhealthy(func(image string) bool { return strings.Contains(image, digest.Hex) })
	r, err := w.releaser(w.dev, nil).Release(t.Context(), req)
	must(t, r, err, report.Failed, report.RolledBack)
	if c := r.Errors[0].Cause; c == nil || c.Reason == "" {
		t.Errorf("no root cause: %+v", r.Errors)
	}
	if got := w.says(); got != "Blue" {
		t.Errorf("the service says %q", got)
	}
}

func TestHookFailsAfterTheShift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	w.box.FailHook("AfterAllowTraffic")
	r, err := w.releaser(w.dev, nil).Release(t.Context(), w.request("Green", "2.0", "Green"))
	must(t, r, err, report.Failed, report.RolledBack)
	if got := w.says(); got != "Blue" {
		t.Errorf("the service says %q", got)
	}
}

func TestRollbackAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	r, err := w.releaser(w.dev, nil).Release(t.Context(), w.request("Green", "2.0", "Green"))
	must(t, r, err, report.Successful, report.Released)
	back := release.Request{Stack: "demo", Check: w.request("Blue", "1.0", "Blue").Check}
	r, err = w.releaser(w.dev, nil).Rollback(t.Context(), back)
	must(t, r, err, report.Successful, report.Released)
	if r.Kind != report.Rollback || r.Plan.Class != "green_deployment" {
		t.Errorf("kind %s, plan %+v", r.Kind, r.Plan)
	}
	if got := w.says(); got != "Blue" {
		t.Errorf("the service says %q", got)
	}
	// The same again, or somebody else's, means the same rollback: no further.
	r, err = w.releaser(w.dev, nil).Rollback(t.Context(), back)
	must(t, r, err, report.Successful, report.Unchanged)
	if got := w.says(); got != "Blue" {
		t.Errorf("the service says %q after the same rollback again", got)
	}
}

// TestRollbackWithoutRecord has nothing to go back to.
func TestRollbackWithoutRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	r, err := w.releaser(w.dev, nil).Rollback(t.Context(), release.Request{Stack: "demo"})
	must(t, r, err, report.Failed, report.Refused)
	var none *release.NoRecordError
	if !errors.As(err, &none) || none.Hint() == "" {
		t.Errorf("error %v", err)
	}
}

func TestRollbackOfAnUpdateUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req := w.request("Green", "2.0", "Green")
	req.Change.TerminationWaitMinutes = aws.Int(600)
	releaser := w.releaser(w.dev, func(c *release.Config) { c.Watch = w.on("production traffic", cancel) })
	r, err := releaser.Release(ctx, req)
	must(t, r, err, report.Inconclusive, report.InProgress)
	r, err = w.releaser(w.dev, nil).Rollback(t.Context(), release.Request{Stack: "demo", Check: w.request("Blue", "1.0", "Blue").Check})
	must(t, r, err, report.Successful, report.RolledBack)
	if got := w.says(); got != "Blue" {
		t.Errorf("the service says %q", got)
	}
}

// on cancels a run when an event of this subject comes.
func (w *world) on(subject string, cancel func()) func(*report.Recorder) {
	return func(r *report.Recorder) {
		w.log(r)
		r.Listen(func(e report.Event) {
			if e.Subject == subject {
				cancel()
			}
		})
	}
}

func TestInterruptedAndResumed(t *testing.T) {
	for _, subject := range []string{"GreenTaskDefinition", "production traffic"} {
		t.Run("at "+subject, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.released()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			req := w.request("Green", "2.0", "Green")
			req.Change.TerminationWaitMinutes = aws.Int(2)
			r, err := w.releaser(w.dev, func(c *release.Config) { c.Watch = w.on(subject, cancel) }).Release(ctx, req)
			must(t, r, err, report.Inconclusive, report.InProgress)
			if len(r.Hints) == 0 || !strings.Contains(r.Hints[0], "run the same command again") {
				t.Errorf("hints %v", r.Hints)
			}
			r, err = w.releaser(w.dev, nil).Release(t.Context(), req)
			must(t, r, err, report.Successful, report.Released)
			if plan, _ := r.Step("plan"); !strings.Contains(plan.Detail, "earlier run") {
				t.Errorf("it did not go on from the first run: %+v", plan)
			}
			if !r.Verification.BlueLived {
				t.Error("decided when blue was gone")
			}
			if got := w.says(); got != "Green" {
				t.Errorf("the service says %q", got)
			}
		})
	}
}

// The credentials end in the middle of a release: it says so in one line, and
// with new ones the same command goes on.
func TestExpiredInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	req := w.request("Green", "2.0", "Green")
	req.Change.TerminationWaitMinutes = aws.Int(2)
	var faults []*wire.Injected
	for _, f := range []wire.Fault{
		{Service: "cloudformation", Operation: "DescribeStackEvents", After: 4},
		{Service: "cloudformation", Operation: "CancelUpdateStack"},
		{Service: "codedeploy", After: 4},
	} {
		f.Kind, f.Account = wire.ExpiredCredentials, w.dev.ID
		faults = append(faults, w.box.Fail(f))
	}
	r, err := w.releaser(w.dev, nil).Release(t.Context(), req)
	must(t, r, err, report.Error, report.InProgress)
	const want = `what was begun in the stack goes on by itself: watching stack "demo": the credentials have expired`
	if r.Summary != want || len(r.Errors) != 1 || len(r.Hints) != 0 || !strings.HasPrefix(r.Errors[0].Hint, "get new credentials, and run the same command again: it goes on") {
		t.Errorf("summary %q, errors %+v, hints %q", r.Summary, r.Errors, r.Hints)
	}
	for _, f := range faults {
		f.Clear()
	}
	r, err = w.releaser(w.dev, nil).Release(t.Context(), req)
	must(t, r, err, report.Successful, report.Released)
}

// Credentials that have ended are never taken for a missing permission or image.
func TestExpiredFromTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := w.request("Blue", "1.0", "Blue")
	for _, f := range []wire.Fault{
		{Service: "ecr", Operation: "GetAuthorizationToken"}, {Service: "ecr", Operation: "DescribeImages"}, {Service: "ecr", Operation: "GetRepositoryPolicy"},
		{Service: "organizations"}, {Service: "cloudformation", Operation: "CreateChangeSet"},
	} {
		f.Kind = wire.ExpiredCredentials
		fault := w.box.Fail(f)
		r, err := w.releaser(w.dev, nil).Release(t.Context(), req)
		must(t, r, err, report.Error, report.Refused)
		if fault.Hits() == 0 || !strings.HasSuffix(r.Summary, "the credentials have expired") || strings.Contains(r.Summary, "operation error") ||
			!strings.HasPrefix(r.Errors[0].Hint, "get new credentials, and run the same command again. ") {
			t.Errorf("%s %s: %d hits, %+v", f.Service, f.Operation, fault.Hits(), r.Errors)
		}
		fault.Clear()
	}
}

func TestNothingToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	r, err := w.releaser(w.dev, nil).Release(t.Context(), w.request("Blue", "1.0", "Blue"))
	must(t, r, err, report.Successful, report.Unchanged)
	if !r.Image.AlreadyThere || r.Image.Bytes != 0 {
		t.Errorf("pushed %+v", r.Image)
	}
	r, err = w.releaser(w.dev, nil).Release(t.Context(), w.request("Blue", "1.0", "Green"))
	must(t, r, err, report.Failed, report.Broken)
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := w.request("Blue", "1.0", "Blue")
	req.DryRun = true
	r, err := w.releaser(w.dev, nil).Release(t.Context(), req)
	must(t, r, err, report.Successful, report.Unchanged)
	state, err := w.box.State(t.Context())
	if err != nil || len(state[w.dev.ID]) > 0 || r.Plan.Class != "create" {
		t.Errorf("a dry run left %v, error %v, plan %+v", state[w.dev.ID], err, r.Plan)
	}
}

// unseen is CodeDeploy where it may not be read.
type unseen struct{}

func (unseen) Follow(context.Context, string, time.Time, func(hook.Deployment)) error {
	return &hook.NoTrafficError{Err: errors.New("not authorized")}
}

func TestWithoutCodeDeploy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	r, err := w.releaser(w.dev, func(c *release.Config) {
		cfg := w.config("dev-1")
		c.Strategy = hook.New(stack.New(cloudformation.NewFromConfig(cfg), stack.WithPace(pace)), unseen{}, elasticloadbalancingv2.NewFromConfig(cfg))
	}).Release(t.Context(), w.request("Green", "2.0", "Green"))
	must(t, r, err, report.Successful, report.Released)
	if len(r.Hints) == 0 || !strings.Contains(r.Hints[0], "codedeploy:GetDeployment") {
		t.Errorf("hints %v", r.Hints)
	}
	if n := len(r.Traffic); n == 0 || r.Traffic[n-1].Percent != 100 || !r.Verification.BlueLived {
		t.Errorf("traffic %+v by the listener, decided %+v", r.Traffic, r.Verification)
	}
}

func TestTestListenerDecidesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.request("Blue", "1.0", "Blue")
	first.Parameters["TestCidr"] = "127.0.0.0/8"
	first.Change.TestTrafficRoute = aws.String("TestListener")
	r, err := w.releaser(w.dev, nil).Release(t.Context(), first)
	must(t, r, err, report.Successful, report.Released)
	req := w.request("Purple", "2.0", "Green")
	req.Parameters["TestCidr"] = "127.0.0.0/8"
	req.Change.TestTrafficRoute = aws.String("TestListener")
	req.Change.TrafficRouting = &template.TrafficRouting{Type: template.TimeBasedCanary, StepPercentage: 14, BakeTimeMins: 30}
	r, err = w.releaser(w.dev, nil).Release(t.Context(), req)
	must(t, r, err, report.Failed, report.RolledBack)
	decisive := r.Verification.Last[len(r.Verification.Last)-1]
	if decisive.Outcome != "wrong" || r.URLs["test"] == "" {
		t.Errorf("decided by %+v, URLs %v", decisive, r.URLs)
	}
}

func TestDestroyLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	r, err := w.releaser(w.dev, nil).Release(t.Context(), w.request("Green", "2.0", "Green"))
	must(t, r, err, report.Successful, report.Released)
	r, err = w.releaser(w.dev, nil).Destroy(t.Context(), release.Destruction{Stack: "demo"})
	must(t, r, err, report.Successful, report.Removed)
	state, err := w.box.State(t.Context())
	if err != nil || len(state[w.dev.ID]) > 0 {
		t.Errorf("left %v, error %v", state[w.dev.ID], err)
	}
	r, err = w.releaser(w.dev, nil).Destroy(t.Context(), release.Destruction{Stack: "demo"})
	must(t, r, err, report.Successful, report.Unchanged)
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := map[string]func(*release.Request){
		"a digest that isn't there": func(r *release.Request) {
			r.Push, r.Image = nil, w.repo+"@sha256:"+strings.Repeat("1", 64)
		},
		"a repository that isn't there": func(r *release.Request) {
			r.Push.Repository = strings.Replace(w.repo, "demoecshwapp", "nothing", 1)
		},
		"a malformed template":   func(r *release.Request) { r.Template = []byte("Resources: [") },
		"an unknown parameter":   func(r *release.Request) { r.Parameters["Nope"] = "1" },
		"a malformed pattern":    func(r *release.Request) { r.Check.Pattern = "(" },
		"a missing parameter":    func(r *release.Request) { delete(r.Parameters, "Vpc") },
		"no template, no stack":  func(r *release.Request) { r.Template = nil },
		"an image of elsewhere":  func(r *release.Request) { r.Push, r.Image = nil, "docker.io/library/nginx:1" },
		"neither image nor push": func(r *release.Request) { r.Push = nil },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			req := w.request("Blue", "1.0", "Blue")
			spoil(&req)
			r, err := w.releaser(w.dev, nil).Release(t.Context(), req)
			if err == nil || r.Outcome != report.Refused || strings.Contains(err.Error(), "\n") {
				t.Fatalf("outcome %s, error %v", r.Outcome, err)
			}
			if r.Verdict.ExitStatus() == 0 {
				t.Errorf("verdict %s", r.Verdict)
			}
			state, err := w.box.State(t.Context())
			if err != nil || len(state[w.dev.ID]) > 0 {
				t.Errorf("left %v, error %v", state[w.dev.ID], err)
			}
		})
	}
}

func TestTagTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.released()
	r, err := w.releaser(w.dev, nil).Release(t.Context(), w.request("Green", "1.0", "Green"))
	must(t, r, err, report.Failed, report.Refused)
	var taken *registry.TagTakenError
	if !errors.As(err, &taken) {
		t.Errorf("error %v", err)
	}
}

func TestNoSecretInReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const canary = "canary-7f3a-of-a-secret"
	req := w.request("Blue", "1.0", "Blue")
	req.Check.Request = map[string][]string{"Authorization": {"Bearer " + canary}}
	r, err := w.releaser(w.dev, nil).Release(t.Context(), req)
	must(t, r, err, report.Successful, report.Released)
	document, err := report.JSON(r)
	if err != nil || !json.Valid(document) {
		t.Fatal(err)
	}
	whole := string(document) + render.Markdown(r) + render.Timeline(r, render.Style{})
	for _, secret := range []string{canary, w.dev.SecretAccessKey, w.dev.AccessKeyID} {
		if strings.Contains(whole, secret) {
			t.Errorf("the report holds %q", secret)
		}
	}
}
