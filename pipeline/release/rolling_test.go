package release

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/pipeline/report"
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
	now   int32
}

func (s *tasks) DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	select {
	case d := <-s.world.shares:
		s.now = int32(d.Percent) / 50
	default:
	}
	status, before, after := "PRIMARY", "web:1", "web:2"
	list := []types.Deployment{{Status: &status, TaskDefinition: &before, RunningCount: 2}}
	if s.now > 0 {
		list = []types.Deployment{{Status: &status, TaskDefinition: &after, RunningCount: s.now}, {Status: aws.String("ACTIVE"), TaskDefinition: &before, RunningCount: 2 - s.now}}
	}
	return &ecs.DescribeServicesOutput{Services: []types.Service{{Deployments: list}}}, nil
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
					c.Strategy = rolling.New(w, &tasks{world: w}, stack.Pace{})
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
