package codedeploy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/clock"
	"orgship/sandbox/codedeploy"
	"orgship/sandbox/elb"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

const (
	accountID = "222222222222"
	stackID   = "arn:aws:cloudformation:eu-west-1:222222222222:stack/web/0f0f0f0f-0000-0000-0000-000000000000"
	blueSet   = "ecs-svc/1"
	greenSet  = "ecs-svc/2"
)

// world is a stack before its hook runs: a real load balancer that forwards to
// a blue target, and a green one that nothing forwards to.
type world struct {
	*codedeploy.Service
	t          *testing.T
	ctx        context.Context
	balancer   *elb.Service
	containers *containers
	network    *network
	spec       codedeploy.Spec
	lb         elbtypes.LoadBalancer
	rule       string // sends Mozilla to blue
}

// network maps private addresses to servers.
type network struct {
	mu      sync.Mutex
	servers map[string]string
}

func (n *network) Dial(ctx context.Context, _ []string, ip string, port int) (net.Conn, error) {
	n.mu.Lock()
	to := n.servers[net.JoinHostPort(ip, strconv.Itoa(port))]
	n.mu.Unlock()
	if to == "" {
		return nil, errors.New("connection refused")
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", to)
}

func (n *network) AllowsInternet(string, []string, int) bool { return true }
func (n *network) AllowsAnybody(string, []string, int) bool  { return true }

// allow lets everybody do everything but the denied action, which only AWS's
// services may do.
type allow struct{ denied string }

func (a allow) Authorize(ctx context.Context, action, _ string) error {
	if action == a.denied && iam.Caller(ctx).Service == "" {
		return wire.Errorf("AccessDeniedException", "not authorized to perform: %s", action)
	}
	return nil
}

func (a allow) AuthorizeWith(ctx context.Context, action, arn string, _ map[string][]string) error {
	return a.Authorize(ctx, action, arn)
}

// containers is ECS as a deployment sees it.
type containers struct {
	mu        sync.Mutex
	set       ecstypes.TaskSet
	failure   string // of green
	primaries []string
}

func (c *containers) DescribeTaskSets(_ context.Context, in *ecs.DescribeTaskSetsInput) (*ecs.DescribeTaskSetsOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(in.TaskSets, []string{*c.set.Id}) {
		return &ecs.DescribeTaskSetsOutput{}, nil
	}
	return &ecs.DescribeTaskSetsOutput{TaskSets: []ecstypes.TaskSet{c.set}}, nil
}

func (c *containers) UpdateServicePrimaryTaskSet(_ context.Context, in *ecs.UpdateServicePrimaryTaskSetInput) (*ecs.UpdateServicePrimaryTaskSetOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.primaries = append(c.primaries, *in.PrimaryTaskSet)
	return &ecs.UpdateServicePrimaryTaskSetOutput{}, nil
}

func (c *containers) Failure(taskSet string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if taskSet != greenSet {
		return ""
	}
	return c.failure
}

func (c *containers) primary() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.primaries)
}

// must fails the test on an error.
func must[T any](t testing.TB) func(out T, err error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func newWorld(t *testing.T, speed float64) *world {
	t.Helper()
	c, err := clock.New(speed)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t:       t,
		ctx:     iam.WithPrincipal(context.Background(), iam.Principal{Account: accountID, ARN: "arn:aws:iam::222222222222:user/admin"}),
		network: &network{servers: map[string]string{}},
		containers: &containers{set: ecstypes.TaskSet{
			Id: new(greenSet), RunningCount: 1, ComputedDesiredCount: 1, StabilityStatus: ecstypes.StabilityStatusSteadyState}},
	}
	// The caller may not modify listeners: CodeDeploy does.
	w.balancer = elb.New(elb.Config{Clock: c, Region: "eu-west-1", Auth: allow{denied: "elasticloadbalancing:ModifyListener"}, Network: w.network,
		Subnets: func(context.Context, []string) ([]elb.Subnet, error) {
			return []elb.Subnet{{ID: "subnet-a", VPC: "vpc-1", Zone: "a", Gateway: true}, {ID: "subnet-b", VPC: "vpc-1", Zone: "b", Gateway: true}}, nil
		}})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := w.balancer.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	w.Service = codedeploy.New(codedeploy.Config{Clock: c, Region: "eu-west-1", Auth: allow{}, Balancer: w.balancer, Containers: w.containers})
	w.build()
	return w
}

func (w *world) build() {
	w.t.Helper()
	w.lb = must[*elbv2.CreateLoadBalancerOutput](w.t)(w.balancer.CreateLoadBalancer(w.ctx, &elbv2.CreateLoadBalancerInput{
		Name: new("web"), Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: []string{"sg-1"}})).LoadBalancers[0]
	blue, green := w.group("blue"), w.group("green")
	w.spec = codedeploy.Spec{
		ExternalID: stackID, Cluster: "cluster", Service: "service", BlueTaskSet: blueSet, GreenTaskSet: greenSet,
		ProdListener: w.listener(80, blue), TestListener: w.listener(8080, blue),
		BlueTargetGroup: blue, GreenTargetGroup: green,
		Routing: codedeploy.Routing{Type: codedeploy.AllAtOnce}, TerminationWait: time.Minute,
	}
	w.rule = *must[*elbv2.CreateRuleOutput](w.t)(w.balancer.CreateRule(w.ctx, &elbv2.CreateRuleInput{
		ListenerArn: &w.spec.ProdListener, Priority: new(int32(1)), Actions: forward(blue),
		Conditions: []elbtypes.RuleCondition{{Field: new("http-header"), HttpHeaderConfig: &elbtypes.HttpHeaderConditionConfig{HttpHeaderName: new("User-Agent"), Values: []string{"Mozilla"}}}},
	})).Rules[0].RuleArn
	w.serve(blue, "10.0.0.1", answer("blue"))
	w.serve(green, "10.0.0.2", answer("green"))
}

func (w *world) group(name string) string {
	w.t.Helper()
	return *must[*elbv2.CreateTargetGroupOutput](w.t)(w.balancer.CreateTargetGroup(w.ctx, &elbv2.CreateTargetGroupInput{
		Name: &name, Protocol: elbtypes.ProtocolEnumHttp, Port: new(int32(80)), VpcId: new("vpc-1"), TargetType: elbtypes.TargetTypeEnumIp,
		HealthCheckIntervalSeconds: new(int32(5)), HealthCheckTimeoutSeconds: new(int32(2)), HealthyThresholdCount: new(int32(2)),
	})).TargetGroups[0].TargetGroupArn
}

func forward(arn string) []elbtypes.Action {
	return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &arn}}
}

func (w *world) listener(port int32, group string) string {
	w.t.Helper()
	return *must[*elbv2.CreateListenerOutput](w.t)(w.balancer.CreateListener(w.ctx, &elbv2.CreateListenerInput{
		LoadBalancerArn: w.lb.LoadBalancerArn, Port: &port, Protocol: elbtypes.ProtocolEnumHttp, DefaultActions: forward(group),
	})).Listeners[0].ListenerArn
}

func answer(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) })
}

func (w *world) serve(group, ip string, h http.Handler) {
	w.t.Helper()
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	w.network.mu.Lock()
	w.network.servers[ip+":80"] = s.Listener.Addr().String()
	w.network.mu.Unlock()
	must[*elbv2.RegisterTargetsOutput](w.t)(w.balancer.RegisterTargets(w.ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &group, Targets: []elbtypes.TargetDescription{{Id: &ip}}}))
}

// weights returns "blue:green" of a rule or (rule "") of a listener's default
// action; "-" where a target group is not forwarded to.
func (w *world) weights(listener, rule string) string {
	w.t.Helper()
	in := &elbv2.DescribeRulesInput{ListenerArn: &listener}
	if rule != "" {
		in = &elbv2.DescribeRulesInput{RuleArns: []string{rule}}
	}
	rules := must[*elbv2.DescribeRulesOutput](w.t)(w.balancer.DescribeRules(w.ctx, in)).Rules
	of := map[string]string{w.spec.BlueTargetGroup: "-", w.spec.GreenTargetGroup: "-"}
	for _, g := range rules[len(rules)-1].Actions[0].ForwardConfig.TargetGroups {
		of[*g.TargetGroupArn] = fmt.Sprint(*g.Weight)
	}
	return of[w.spec.BlueTargetGroup] + ":" + of[w.spec.GreenTargetGroup]
}

// traffic returns the weights of the production listener, its rule and the
// test listener.
func (w *world) traffic() string {
	return fmt.Sprintf("%s %s %s", w.weights(w.spec.ProdListener, ""), w.weights("", w.rule), w.weights(w.spec.TestListener, ""))
}

// url returns where a listener's port is served.
func (w *world) url(port int) string {
	if port == 80 {
		return "http://" + *w.lb.DNSName
	}
	host, _, err := net.SplitHostPort(*w.lb.DNSName)
	if err != nil {
		host = *w.lb.DNSName
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port))
}

func (w *world) ask(port int) string {
	w.t.Helper()
	res, err := http.Get(w.url(port))
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	return string(must[[]byte](w.t)(io.ReadAll(res.Body)))
}
