package release

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/pipeline/report"
	"orgship/pipeline/serving"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy/hook"
	"orgship/pipeline/strategy/rolling"
)

// plainService is a service that CloudFormation updates in place.
const plainService = `
Resources:
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  Front: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Name: web, Image: before}]}
  Web: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task, LoadBalancers: [{TargetGroupArn: !Ref Group}]}}
`

// tasks shows how many tasks of two run the new version, by the world's shares.
type tasks struct {
	world *world
	now   float64 // percent
}

func (s *tasks) DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	return &ecs.DescribeServicesOutput{Services: []types.Service{{}}}, nil
}

func (s *tasks) Serving(context.Context, serving.Question) (report.Evidence, error) {
	select {
	case d := <-s.world.shares:
		s.now = float64(d.Percent)
	default:
	}
	e := report.Evidence{Groups: []report.ServingGroup{{Percent: 100}}}
	for i, digest := range []string{"a", "a"} {
		if float64(i)*50 < s.now {
			digest = "b"
		}
		e.Groups[0].Targets = append(e.Groups[0].Targets, report.ServingTarget{State: "healthy", Task: "task", Digest: strings.TrimPrefix(digestOf(digest), repo+"@")})
	}
	return e, nil
}

func (s *tasks) Running(context.Context, serving.Question) (string, error) { return "", nil }
func (s *tasks) Address(context.Context, string) (string, error)           { return "", nil }
func (s *tasks) Failed(context.Context, string, time.Time) (*report.FailedTask, error) {
	return nil, nil
}

// A service without the hook is released too: watched, judged by what it answers,
// and it says that there is no cheap way back.
func TestRolling(t *testing.T) {
	rolls := func(last act) []act {
		return []act{
			event("UPDATE_IN_PROGRESS"), later(20*time.Second, moves(50)), later(10*time.Second, last),
			later(10*time.Second, moves(100)), later(20*time.Second, event("UPDATE_COMPLETE")),
		}
	}
	for _, test := range []struct {
		name     string
		story    []act
		verdict  report.Verdict
		outcome  report.Outcome
		canceled bool
		text     string
	}{
		{"right", rolls(says(greenSays)), report.Successful, report.Released, false, "right answers in a row"},
		{"wrong while tasks are replaced", rolls(says(greenErrs)), report.Failed, report.RolledBack, true, "body lacks"},
		{"wrong after it", append(rolls(says(blueSays)), later(2*time.Second, says(greenErrs))), report.Failed, report.Broken, false, "body lacks"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.body, w.class, w.story = []byte(plainService), report.RollingUpdate, test.story
				w.shares = make(chan hook.Deployment, 1)
				req := Request{Stack: "demo", Image: digestOf("b"), Check: Check{Output: "LoadBalancerDNSName"}}
				r, err := w.releaser(func(c *Config) {
					shown := &tasks{world: w}
					c.Strategy, c.Records = rolling.New(w, shown, stack.Pace{}), shown
				}).Release(t.Context(), req)
				wantReport(t, r, err, test.verdict, test.outcome)
				if w.canceled != test.canceled || !strings.Contains(r.Summary, test.text) {
					t.Errorf("cancelled: %v: %s", w.canceled, r.Summary)
				}
				if r.Plan.Strategy != "rolling" || !strings.Contains(strings.Join(r.Hints, "\n"), "both versions answer for a while") {
					t.Errorf("strategy %q, hints %q", r.Plan.Strategy, r.Hints)
				}
				if n := len(r.Traffic); n == 0 || (r.Traffic[n-1].Percent == 100) == test.canceled {
					t.Errorf("traffic %+v", r.Traffic)
				}
			})
		})
	}
}
