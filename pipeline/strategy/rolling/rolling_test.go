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
	mu          sync.Mutex
	deployments []types.Deployment
	asked       *ecs.DescribeServicesInput
	err         error
	cancelled   string
	seen        []string
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
	return &ecs.DescribeServicesOutput{Services: []types.Service{{Deployments: w.deployments}}}, w.err
}

func (w *world) Weight(t report.Traffic)     { w.seen = append(w.seen, report.Percent(t.Percent)) }
func (w *world) Event(e report.Event)        { w.seen = append(w.seen, e.Status+" "+e.Message) }
func (w *world) Advise(err error)            { w.seen = append(w.seen, err.Error()) }
func (w *world) strategy() strategy.Strategy { return made(w, service) }

func made(w *world, text string) strategy.Strategy {
	t, err := template.Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return rolling.New(w, w, stack.Pace{})(t, nil)
}

func deployment(status, definition string, running int32) types.Deployment {
	return types.Deployment{Id: aws.String("ecs-svc/" + definition), Status: &status, TaskDefinition: &definition, RunningCount: running}
}

func TestFollow(t *testing.T) {
	failed := deployment("ACTIVE", "web:2", 1)
	failed.RolloutState, failed.RolloutStateReason = types.DeploymentRolloutStateFailed, aws.String("tasks failed to start")
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for _, now := range [][]types.Deployment{
				{deployment("PRIMARY", "web:1", 2)},
				{deployment("PRIMARY", "web:2", 0), deployment("ACTIVE", "web:1", 2)},
				{deployment("PRIMARY", "web:2", 2), deployment("ACTIVE", "web:1", 2)},
				{deployment("PRIMARY", "web:2", 2)},
				{failed, deployment("PRIMARY", "web:1", 1)},
				{deployment("PRIMARY", "web:1", 2)},
			} {
				w.mu.Lock()
				w.deployments = now
				w.mu.Unlock()
				time.Sleep(3 * time.Second)
			}
			cancel()
		}()
		time.Sleep(time.Second)
		if err := w.strategy().Follow(ctx, strategy.Update{StackID: "arn:stack"}, w); err != nil {
			t.Fatal(err)
		}
		want := []string{"0%", "50%", "100%", "50%", "FAILED ecs-svc/web:2: tasks failed to start", "0%"}
		if diff := cmp.Diff(want, w.seen); diff != "" {
			t.Errorf("seen (-want +got):\n%s", diff)
		}
		if aws.ToString(w.asked.Cluster) != "home" {
			t.Errorf("asked %+v", w.asked)
		}
	})
}

func TestFollowWithoutPermission(t *testing.T) {
	t.Parallel()
	w := &world{err: errors.New("AccessDenied")}
	var unseen *rolling.UnseenError
	if err := w.strategy().Follow(t.Context(), strategy.Update{}, w); !errors.As(err, &unseen) || !strings.Contains(unseen.Hint(), "ecs:DescribeServices") {
		t.Errorf("error %v", err)
	}
	if err := w.strategy().Follow(t.Context(), strategy.Update{Resumed: true}, w); err != nil || w.seen != nil {
		t.Errorf("in the middle of an update: error %v, seen %v", err, w.seen)
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
