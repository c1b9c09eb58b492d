package rolling_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy"
	"orgship/pipeline/strategy/rolling"
	"orgship/template"
)

const service = `
Resources:
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Front: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]}}
  Web: {Type: AWS::ECS::Service, Properties: {LoadBalancers: [{TargetGroupArn: !Ref Group}]}}
`

// world is a service whose deployments are as the test says.
type world struct {
	mu            sync.Mutex
	deployments   []types.Deployment
	configuration *types.DeploymentConfiguration
	percent       float64
	asked         *ecs.DescribeServicesInput
	err           error
	cancelled     string
	seen          []string
}

func (w *world) PhysicalID(_ context.Context, _, id string) (string, error) {
	if id != "Web" {
		return "", errors.New("asked for " + id)
	}
	return "arn:aws:ecs:eu-west-1:222222222222:service/home/web", nil
}

func (w *world) RequestCancel(_ context.Context, stackID string) error {
	w.cancelled = stackID
	return nil
}

func (w *world) DescribeServices(_ context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = in
	return &ecs.DescribeServicesOutput{Services: []types.Service{{Deployments: w.deployments, DeploymentConfiguration: w.configuration}}}, w.err
}

func (w *world) Weight(t report.Traffic)     { w.seen = append(w.seen, report.Percent(t.Percent)) }
func (w *world) Event(e report.Event)        { w.seen = append(w.seen, e.Status+" "+e.Message) }
func (w *world) Stuck(reason string)         { w.seen = append(w.seen, "stuck: "+reason) }
func (w *world) Advise(err error)            { w.seen = append(w.seen, err.Error()) }
func (w *world) strategy() strategy.Strategy { return made(w, service) }

func made(w *world, text string) strategy.Strategy {
	t, err := template.Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return rolling.New(w, w, stack.Pace{})(t, nil)
}

func deployment(status string, state types.DeploymentRolloutState, failed int32) types.Deployment {
	return types.Deployment{Id: aws.String("ecs-svc/" + status), Status: &status, RolloutState: state, RolloutStateReason: aws.String("tasks failed to start"), DesiredCount: 2, FailedTasks: failed}
}

// look is what a service shows at one moment; a percent below 0 isn't known.
type look struct {
	percent     float64
	deployments []types.Deployment
}

// followed follows a service that shows one look after the other, three seconds each.
func followed(t *testing.T, breaker bool, looks ...look) *world {
	t.Helper()
	w := &world{}
	if breaker {
		w.configuration = &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true}}
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for _, now := range looks {
				w.mu.Lock()
				w.deployments, w.percent = now.deployments, now.percent
				w.mu.Unlock()
				time.Sleep(3 * time.Second)
			}
			cancel()
		}()
		time.Sleep(time.Second)
		weight := func(context.Context) (float64, bool, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.percent, w.percent >= 0, nil
		}
		if err := w.strategy().Follow(ctx, strategy.Update{StackID: "arn:stack", Weight: weight}, w); err != nil {
			t.Fatal(err)
		}
	})
	if aws.ToString(w.asked.Cluster) != "home" {
		t.Errorf("asked %+v", w.asked)
	}
	return w
}

func TestFollow(t *testing.T) {
	fails := func(n int32) []types.Deployment {
		return []types.Deployment{deployment("PRIMARY", "IN_PROGRESS", n), deployment("ACTIVE", "COMPLETED", 9)}
	}
	failed := []types.Deployment{deployment("ACTIVE", "FAILED", 3), deployment("PRIMARY", "IN_PROGRESS", 0)}
	for name, row := range map[string]struct {
		breaker bool
		looks   []look
		want    []string
	}{
		"moves":                       {false, []look{{0, nil}, {50, nil}, {50, nil}, {100, nil}}, []string{"0%", "50%", "100%"}},
		"goes back":                   {false, []look{{0, nil}, {50, failed}, {0, failed}}, []string{"0%", "50%", "FAILED ecs-svc/ACTIVE: tasks failed to start", "0%"}},
		"nobody is healthy":           {false, []look{{-1, nil}, {100, nil}}, []string{"100%"}},
		"doesn't come up":             {false, []look{{0, fails(2)}, {0, fails(3)}, {0, fails(4)}}, []string{"0%", "stuck: 3 tasks of the new version failed, and none became healthy"}},
		"ECS watches that itself":     {true, []look{{0, fails(3)}, {0, failed}}, []string{"0%", "FAILED ecs-svc/ACTIVE: tasks failed to start"}},
		"some of it came up":          {false, []look{{50, fails(3)}}, []string{"50%"}},
		"the old one fails as always": {false, []look{{0, []types.Deployment{deployment("PRIMARY", "COMPLETED", 9)}}}, []string{"0%"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, followed(t, row.breaker, row.looks...).seen); diff != "" {
				t.Errorf("seen (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFollowWithoutPermission(t *testing.T) {
	t.Parallel()
	denied := errors.New("AccessDenied")
	for name, u := range map[string]strategy.Update{
		"no records":         {},
		"records denied":     {Weight: func(context.Context) (float64, bool, error) { return 0, false, denied }},
		"the service denied": {Weight: func(context.Context) (float64, bool, error) { return 0, true, nil }},
	} {
		w := &world{}
		if name == "the service denied" {
			w.err = denied
		}
		var unseen *rolling.UnseenError
		if err := w.strategy().Follow(t.Context(), u, w); !errors.As(err, &unseen) || !strings.Contains(unseen.Hint(), "ecs:DescribeServices") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	task := report.Change{LogicalID: "Task", Type: "AWS::ECS::TaskDefinition", Action: "Modify", Replacement: "True"}
	web := report.Change{LogicalID: "Web", Type: "AWS::ECS::Service", Action: "Modify", Replacement: "False"}
	tags := task
	tags.Replacement = "False"
	for _, test := range []struct {
		changes []report.Change
		want    report.Class
	}{
		{nil, report.NothingToDo},
		{[]report.Change{task, web}, report.RollingUpdate},
		{[]report.Change{tags, web}, report.InfrastructureOnly},
	} {
		if class, _, _ := made(&world{}, service).Classify(test.changes); class != test.want {
			t.Errorf("%v: %s, want %s", test.changes, class, test.want)
		}
	}
}

func TestGoBack(t *testing.T) {
	t.Parallel()
	w := &world{}
	s := w.strategy()
	if err := s.GoBack(t.Context(), "arn:stack"); err != nil || w.cancelled != "arn:stack" {
		t.Errorf("cancelled %q, error %v", w.cancelled, err)
	}
	if s.Window() != 0 || s.TestPort() != "" || !strings.Contains(s.Caveat(), "both versions answer") {
		t.Errorf("window %s, test port %q, caveat %q", s.Window(), s.TestPort(), s.Caveat())
	}
}

// What isn't a rolling update is told, and not followed as one.
func TestOtherWays(t *testing.T) {
	t.Parallel()
	for properties, want := range map[string]string{
		"DeploymentController: {Type: ECS}":                                     "",
		"DeploymentConfiguration: {Strategy: ROLLING}":                          "",
		"DeploymentConfiguration: {Strategy: BLUE_GREEN, BakeTimeInMinutes: 5}": "the deployment strategy BLUE_GREEN",
		"DeploymentController: {Type: CODE_DEPLOY}":                             "the deployment controller CODE_DEPLOY",
	} {
		w := &world{}
		s := made(w, strings.Replace(service, "Properties: {LoadBalancers", "Properties: {"+properties+", LoadBalancers", 1))
		if got := s.Caveat(); strings.Contains(got, "doesn't follow") != (want != "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q", properties, got)
		}
		if want == "" {
			continue
		}
		if err := s.Follow(t.Context(), strategy.Update{}, w); err != nil || w.asked != nil {
			t.Errorf("%s is followed as a rolling update: error %v", properties, err)
		}
	}
}
