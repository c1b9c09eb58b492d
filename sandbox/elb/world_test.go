package elb_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/clock"
	"orgship/sandbox/elb"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

const (
	accountID   = "222222222222"
	webGroup    = "sg-0web"    // open to the internet on all ports
	insideGroup = "sg-0inside" // open to a network on all ports
)

// world is a service with a made-up network of HTTP servers behind it.
type world struct {
	*elb.Service
	t     testing.TB
	ctx   context.Context
	net   *network
	shelf *shelf
}

// network maps private addresses to servers.
type network struct {
	mu       sync.Mutex
	servers  map[string]string // "10.0.0.1:8080" → address of a server
	blocked  map[string]bool   // "10.0.0.1:8080": packets are dropped
	closed   map[string]bool   // listener ports the internet may not reach, as "80"
	from     [][]string        // security groups of each dial
	accounts []string
}

type droppedError struct{}

func (droppedError) Error() string   { return "i/o timeout" }
func (droppedError) Timeout() bool   { return true }
func (droppedError) Temporary() bool { return true }

func (n *network) Dial(ctx context.Context, from []string, ip string, port int) (net.Conn, error) {
	n.mu.Lock()
	key := net.JoinHostPort(ip, strconv.Itoa(port))
	to, blocked := n.servers[key], n.blocked[key]
	n.from = append(n.from, from)
	n.accounts = append(n.accounts, iam.Caller(ctx).Account)
	n.mu.Unlock()
	if to == "" || blocked {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: droppedError{}}
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", to)
}

func (n *network) AllowsInternet(account string, groups []string, port int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(groups, webGroup) && !n.closed[strconv.Itoa(port)]
}

func (n *network) AllowsAnybody(account string, groups []string, port int) bool {
	return slices.Contains(groups, insideGroup) || n.AllowsInternet(account, groups, port)
}

func (n *network) set(m map[string]bool, key string, on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m[key] = on
}

// allow lets everybody do everything but the denied actions.
type allow struct{ denied []string }

func (a allow) Authorize(_ context.Context, action, arn string) error {
	if slices.Contains(a.denied, action) {
		return wire.Errorf("AccessDenied", "not authorized to perform: %s on resource: %s", action, arn)
	}
	return nil
}

func (a allow) AuthorizeWith(ctx context.Context, action, arn string, _ map[string][]string) error {
	return a.Authorize(ctx, action, arn)
}

func subnets(_ context.Context, ids []string) ([]elb.Subnet, error) {
	var out []elb.Subnet
	for _, id := range ids {
		switch id {
		case "subnet-a", "subnet-b", "subnet-a2":
			out = append(out, elb.Subnet{ID: id, VPC: "vpc-1", Zone: "eu-west-1" + id[7:8], DefaultGroup: "sg-default", Gateway: true})
		case "subnet-other":
			out = append(out, elb.Subnet{ID: id, VPC: "vpc-2", Zone: "eu-west-1c", Gateway: true})
		default:
			return nil, fmt.Errorf("no subnet %q", id)
		}
	}
	return out, nil
}

func newWorld(t testing.TB, speed float64, denied ...string) *world {
	t.Helper()
	c, err := clock.New(speed)
	if err != nil {
		t.Fatal(err)
	}
	shelf := &shelf{issued: map[string]*tls.Certificate{}}
	n := &network{servers: map[string]string{}, blocked: map[string]bool{}, closed: map[string]bool{}}
	s := elb.New(elb.Config{Clock: c, Region: "eu-west-1", Auth: allow{denied}, Network: n, Subnets: subnets, Certificates: shelf.serving})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	ctx := iam.WithPrincipal(context.Background(), iam.Principal{Account: accountID, ARN: "arn:aws:iam::222222222222:user/admin"})
	return &world{Service: s, t: t, ctx: ctx, net: n, shelf: shelf}
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

// code returns the AWS error code of err.
func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

func (w *world) balancer(name string) types.LoadBalancer {
	w.t.Helper()
	out := must[*elbv2.CreateLoadBalancerOutput](w.t)(w.CreateLoadBalancer(w.ctx, &elbv2.CreateLoadBalancerInput{
		Name: &name, Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: []string{webGroup},
	}))
	return out.LoadBalancers[0]
}

// group makes a target group that is checked as fast as can be.
func (w *world) group(name string) string {
	w.t.Helper()
	out := must[*elbv2.CreateTargetGroupOutput](w.t)(w.CreateTargetGroup(w.ctx, &elbv2.CreateTargetGroupInput{
		Name: &name, Protocol: types.ProtocolEnumHttp, Port: new(int32(8080)), VpcId: new("vpc-1"), TargetType: types.TargetTypeEnumIp,
		HealthCheckPath: new("/healthz"), HealthCheckIntervalSeconds: new(int32(5)), HealthCheckTimeoutSeconds: new(int32(2)),
		HealthyThresholdCount: new(int32(2)), UnhealthyThresholdCount: new(int32(2)),
	}))
	return *out.TargetGroups[0].TargetGroupArn
}

func forward(arns ...string) []types.Action {
	c := &types.ForwardActionConfig{}
	for _, arn := range arns {
		arn, weight, found := strings.Cut(arn, "=")
		n := 1
		if found {
			n, _ = strconv.Atoi(weight)
		}
		c.TargetGroups = append(c.TargetGroups, types.TargetGroupTuple{TargetGroupArn: &arn, Weight: new(int32(n))})
	}
	return []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: c}}
}

func (w *world) listener(balancer types.LoadBalancer, port int32, actions []types.Action) string {
	w.t.Helper()
	out := must[*elbv2.CreateListenerOutput](w.t)(w.CreateListener(w.ctx, &elbv2.CreateListenerInput{
		LoadBalancerArn: balancer.LoadBalancerArn, Port: &port, Protocol: types.ProtocolEnumHttp, DefaultActions: actions,
	}))
	return *out.Listeners[0].ListenerArn
}

// serve puts a server at a private address, registers it and takes it away
// when the test ends.
func (w *world) serve(group, ip string, h http.Handler) *httptest.Server {
	w.t.Helper()
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	w.net.mu.Lock()
	w.net.servers[ip+":8080"] = s.Listener.Addr().String()
	w.net.mu.Unlock()
	w.register(group, ip)
	return s
}

func (w *world) register(group, ip string) {
	w.t.Helper()
	must[*elbv2.RegisterTargetsOutput](w.t)(w.RegisterTargets(w.ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &group, Targets: []types.TargetDescription{{Id: &ip}}}))
}

func (w *world) deregister(group, ip string) {
	w.t.Helper()
	must[*elbv2.DeregisterTargetsOutput](w.t)(w.DeregisterTargets(w.ctx, &elbv2.DeregisterTargetsInput{TargetGroupArn: &group, Targets: []types.TargetDescription{{Id: &ip}}}))
}

// named answers its name, and 200 on /healthz.
func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, name) })
}

func (w *world) health(group string) []types.TargetHealthDescription {
	w.t.Helper()
	return must[*elbv2.DescribeTargetHealthOutput](w.t)(w.DescribeTargetHealth(w.ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &group})).TargetHealthDescriptions
}

// states returns "ip state reason" of each target of a group.
func (w *world) states(group string) []string {
	w.t.Helper()
	out := []string{}
	for _, d := range w.health(group) {
		out = append(out, strings.TrimSpace(*d.Target.Id+" "+string(d.TargetHealth.State)+" "+string(d.TargetHealth.Reason)))
	}
	return out
}

// awaitStates waits until the group's targets are in the given states.
func (w *world) awaitStates(group string, want ...string) {
	w.t.Helper()
	await(w.t, func() (string, bool) {
		got := w.states(group)
		return fmt.Sprintf("states %q, want %q", got, want), slices.Equal(got, want)
	})
}

// await polls until cond holds; it fails the test after ten seconds.
func await(t testing.TB, cond func() (state string, ok bool)) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		state, ok := cond()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("waited in vain: " + state)
		}
		<-tick.C
	}
}

// base returns the URL of a listener of a load balancer.
func base(b types.LoadBalancer, port int) string {
	if port == 80 {
		return "http://" + *b.DNSName
	}
	u := url.URL{Scheme: "http", Host: *b.DNSName}
	return "http://" + net.JoinHostPort(u.Hostname(), strconv.Itoa(port))
}

type reply struct {
	status int
	body   string
	header http.Header
}

// ask sends a request, changed by edits, on a connection of its own.
func (w *world) ask(url string, edits ...func(*http.Request)) reply {
	w.t.Helper()
	r := must[*http.Request](w.t)(http.NewRequest(http.MethodGet, url, nil))
	r.Close = true
	for _, edit := range edits {
		edit(r)
	}
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body := must[[]byte](w.t)(io.ReadAll(res.Body))
	return reply{res.StatusCode, string(body), res.Header}
}

// web makes a load balancer with one healthy target behind port 80.
func (w *world) web(h http.Handler) (b types.LoadBalancer, group, listener string) {
	w.t.Helper()
	b = w.balancer("web")
	group = w.group("web")
	listener = w.listener(b, 80, forward(group))
	w.serve(group, "10.0.0.1", h)
	w.awaitStates(group, "10.0.0.1 healthy")
	return b, group, listener
}
