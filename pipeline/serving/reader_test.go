package serving_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"orgship/pipeline/serving"
)

// fake is a load balancer, and ECS with one task for each image.
type fake struct {
	rules    [][]elbtypes.Rule // of each look, in pages of one; the last one goes on
	health   map[string][]elbtypes.TargetHealthDescription
	sets     []string // target groups of the task sets that there are
	tasks    []string // task/<image> at 10.0.0.<n>
	denied   string   // operation
	unknown  bool     // ECS doesn't describe the service
	vanished bool     // nor the tasks that it lists
	looks    *int
}

func (f fake) deny(operation string) error {
	if f.denied == operation {
		return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized to perform: " + operation}
	}
	return nil
}

func (f fake) DescribeListeners(context.Context, *elb.DescribeListenersInput, ...func(*elb.Options)) (*elb.DescribeListenersOutput, error) {
	return &elb.DescribeListenersOutput{Listeners: []elbtypes.Listener{{LoadBalancerArn: aws.String("lb"), Port: aws.Int32(8443), Protocol: elbtypes.ProtocolEnumHttps}}}, f.deny("DescribeListeners")
}

func (f fake) DescribeLoadBalancers(context.Context, *elb.DescribeLoadBalancersInput, ...func(*elb.Options)) (*elb.DescribeLoadBalancersOutput, error) {
	return &elb.DescribeLoadBalancersOutput{LoadBalancers: []elbtypes.LoadBalancer{{DNSName: aws.String("lb.example")}}}, f.deny("DescribeLoadBalancers")
}

func (f fake) DescribeRules(_ context.Context, in *elb.DescribeRulesInput, _ ...func(*elb.Options)) (*elb.DescribeRulesOutput, error) {
	rules := f.rules[min(*f.looks, len(f.rules)-1)]
	n := len(aws.ToString(in.Marker)) // pages of one: the marker has as many letters as rules were given
	out := &elb.DescribeRulesOutput{Rules: rules[n : n+1]}
	if n+1 < len(rules) {
		out.NextMarker = aws.String(strings.Repeat("m", n+1))
	} else {
		*f.looks++
	}
	return out, f.deny("DescribeRules")
}

func (f fake) DescribeTargetHealth(_ context.Context, in *elb.DescribeTargetHealthInput, _ ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error) {
	return &elb.DescribeTargetHealthOutput{TargetHealthDescriptions: f.health[*in.TargetGroupArn]}, f.deny("DescribeTargetHealth")
}

func (f fake) DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	if f.unknown {
		return &ecs.DescribeServicesOutput{Failures: []ecstypes.Failure{{Arn: aws.String("service"), Reason: aws.String("MISSING")}}}, nil
	}
	s := ecstypes.Service{}
	for _, g := range f.sets {
		s.TaskSets = append(s.TaskSets, ecstypes.TaskSet{LoadBalancers: []ecstypes.LoadBalancer{{TargetGroupArn: aws.String(g), ContainerName: aws.String("web")}}})
	}
	return &ecs.DescribeServicesOutput{Services: []ecstypes.Service{s}}, f.deny("DescribeServices")
}

// ListTasks gives pages of one.
func (f fake) ListTasks(_ context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	n := len(aws.ToString(in.NextToken))
	out := &ecs.ListTasksOutput{TaskArns: f.tasks[n : n+1]}
	if n+1 < len(f.tasks) {
		out.NextToken = aws.String(strings.Repeat("t", n+1))
	}
	return out, f.deny("ListTasks")
}

func (f fake) DescribeTasks(_ context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	out := &ecs.DescribeTasksOutput{}
	for _, arn := range in.Tasks {
		if f.vanished {
			out.Failures = append(out.Failures, ecstypes.Failure{Arn: &arn, Reason: aws.String("MISSING")})
			continue
		}
		image := strings.TrimPrefix(arn, "task/")
		out.Tasks = append(out.Tasks, ecstypes.Task{
			TaskArn:     &arn,
			Attachments: []ecstypes.Attachment{{Details: []ecstypes.KeyValuePair{{Name: aws.String("privateIPv4Address"), Value: aws.String(address(slices.Index(f.tasks, arn)))}}}},
			Containers: []ecstypes.Container{
				{Name: aws.String("proxy"), ImageDigest: aws.String("sha256:proxy")},
				{Name: aws.String("web"), Image: aws.String("host:5000/shop:" + image), ImageDigest: aws.String("sha256:" + image)},
			},
		})
	}
	return out, f.deny("DescribeTasks")
}

func address(n int) string { return "10.0.0." + string(rune('0'+n)) }

func rule(byDefault bool, groups ...string) elbtypes.Rule {
	action := elbtypes.Action{Type: elbtypes.ActionTypeEnumForward, ForwardConfig: &elbtypes.ForwardActionConfig{}}
	for _, g := range groups {
		name, weight, _ := strings.Cut(g, ":")
		tuple := elbtypes.TargetGroupTuple{TargetGroupArn: &name}
		if weight == "0" {
			tuple.Weight = aws.Int32(0)
		}
		action.ForwardConfig.TargetGroups = append(action.ForwardConfig.TargetGroups, tuple)
	}
	return elbtypes.Rule{RuleArn: aws.String("rule"), IsDefault: &byDefault, Actions: []elbtypes.Action{action}}
}

func at(n int, state elbtypes.TargetHealthStateEnum) elbtypes.TargetHealthDescription {
	return elbtypes.TargetHealthDescription{Target: &elbtypes.TargetDescription{Id: aws.String(address(n))}, TargetHealth: &elbtypes.TargetHealth{State: state}}
}

// What the records don't show isn't proved, whatever else they show.
func TestServing(t *testing.T) {
	t.Parallel()
	const healthy = elbtypes.TargetHealthStateEnumHealthy
	type health = map[string][]elbtypes.TargetHealthDescription
	well := health{"green": {at(0, healthy)}}
	hook := serving.Question{Groups: []string{"blue", "green"}, Whole: true}
	shared := serving.Question{}
	one := func(rules ...elbtypes.Rule) [][]elbtypes.Rule { return [][]elbtypes.Rule{rules} }
	tests := []struct {
		name   string
		q      serving.Question
		fake   fake
		proved bool
		text   string // of the reason, or of the error
	}{
		{"the default action", hook, fake{rules: one(rule(true, "green")), sets: []string{"green"}, tasks: []string{"task/new"}, health: well}, true, "the one task"},
		{"two rules, on two pages", hook, fake{rules: one(rule(false, "green"), rule(true, "green")), sets: []string{"green"}, tasks: []string{"task/new"}, health: well}, true, "the one task"},
		{"tasks on two pages", hook, fake{rules: one(rule(true, "green")), sets: []string{"green"}, tasks: []string{"task/old", "task/new"}, health: health{"green": {at(1, healthy)}}}, true, "the one task"},
		{"a group without weight", hook, fake{rules: one(rule(true, "green", "blue:0")), sets: []string{"green"}, tasks: []string{"task/new"}, health: well}, true, "the one task"},
		{"a rule still forwards to blue, whose set is gone", hook, fake{rules: one(rule(false, "blue"), rule(true, "green")), sets: []string{"green"}, tasks: []string{"task/new"}, health: well}, false, "target group blue, which gets traffic"},
		{"the default action forwards to blue, a rule to green", hook, fake{rules: one(rule(false, "green"), rule(true, "blue")), sets: []string{"green"}, tasks: []string{"task/new"}, health: well}, false, "target group blue, which gets traffic"},
		{"the default action forwards to a group that nobody knows", hook, fake{rules: one(rule(false, "green"), rule(true, "else")), sets: []string{"green"}, tasks: []string{"task/new"}, health: well}, false, "target group else, which gets traffic"},
		{"another service's default action", shared, fake{rules: one(rule(false, "green"), rule(true, "else")), sets: []string{"green"}, tasks: []string{"task/new"}, health: well}, true, "the one task"},
		{"no rule is the service's", shared, fake{rules: one(rule(true, "else")), sets: []string{"green"}, tasks: []string{"task/new"}, health: well}, false, "no rule of the listener"},
		{"both have traffic", hook, fake{rules: one(rule(true, "green", "blue")), sets: []string{"green", "blue"}, tasks: []string{"task/new", "task/old"}, health: health{"green": {at(0, healthy)}, "blue": {at(1, healthy)}}}, false, "runs sha256:old"},
		{"nobody is healthy", hook, fake{rules: one(rule(true, "green")), sets: []string{"green"}, tasks: []string{"task/new"}, health: health{"green": {at(0, elbtypes.TargetHealthStateEnumInitial)}}}, false, "has no healthy target"},
		{"a target without an address", hook, fake{rules: one(rule(true, "green")), sets: []string{"green"}, tasks: []string{"task/new"}, health: health{"green": {{TargetHealth: &elbtypes.TargetHealth{State: healthy}}}}}, false, "is no task of the service"},
		{"a target that says nothing", hook, fake{rules: one(rule(true, "green")), sets: []string{"green"}, tasks: []string{"task/new"}, health: health{"green": {{}}}}, false, "has no healthy target"},
		{"the weights move meanwhile", hook, fake{rules: [][]elbtypes.Rule{{rule(true, "blue")}, {rule(true, "green")}}, sets: []string{"green"}, tasks: []string{"task/new"}, health: well}, false, "changed while they were read"},
		{"ECS doesn't know the service", hook, fake{rules: one(rule(true, "green")), unknown: true}, false, "describing the service: service: MISSING"},
		{"a task ended since it was listed", hook, fake{rules: one(rule(true, "green")), sets: []string{"green"}, tasks: []string{"task/new"}, health: well, vanished: true}, false, "task/new: MISSING"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.fake.looks = new(int)
			e, err := serving.New(test.fake, test.fake, nil).Serving(t.Context(), test.q)
			proved, text := false, ""
			if err != nil {
				text = err.Error()
			} else {
				proved, text = serving.Judge(e, []string{"sha256:new"})
			}
			if proved != test.proved || !strings.Contains(text, test.text) {
				t.Errorf("proved %v: %s, want %v: %s", proved, text, test.proved, test.text)
			}
		})
	}
}

// What is denied names the rights that help.
func TestDenied(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"DescribeRules", "DescribeTargetHealth", "DescribeServices", "ListTasks", "DescribeTasks", "DescribeListeners", "DescribeLoadBalancers"} {
		f := fake{
			rules: [][]elbtypes.Rule{{rule(true, "green")}}, sets: []string{"green"}, tasks: []string{"task/new"}, denied: operation, looks: new(int),
			health: map[string][]elbtypes.TargetHealthDescription{"green": {at(0, elbtypes.TargetHealthStateEnumHealthy)}},
		}
		r := serving.New(f, f, nil)
		_, err := r.Serving(t.Context(), serving.Question{})
		if strings.HasPrefix(operation, "DescribeL") {
			_, err = r.Address(t.Context(), "listener")
		}
		var denied *serving.DeniedError
		if !errors.As(err, &denied) || !strings.Contains(denied.Hint(), ":"+operation) {
			t.Errorf("%s: %v, hint %q", operation, err, denied)
		}
	}
}

func TestAddressAndRunning(t *testing.T) {
	t.Parallel()
	f := fake{
		rules: [][]elbtypes.Rule{{rule(true, "green")}}, sets: []string{"green"}, tasks: []string{"task/new"}, looks: new(int),
		health: map[string][]elbtypes.TargetHealthDescription{"green": {at(0, elbtypes.TargetHealthStateEnumHealthy)}},
	}
	if got, err := serving.New(f, f, nil).Address(t.Context(), "listener"); err != nil || got != "https://lb.example:8443" {
		t.Errorf("address %q, error %v", got, err)
	}
	if got, err := serving.New(f, f, nil).Running(t.Context(), serving.Question{}); err != nil || got != "host:5000/shop@sha256:new" {
		t.Errorf("running %q, error %v", got, err)
	}
}
