package elb_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func TestHealthStates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b := w.balancer("web")
	g, other := w.group("web"), w.group("other")
	l := w.listener(b, 80, forward(other))
	var status atomic.Int32
	status.Store(500)
	var agent atomic.Value
	w.serve(g, "10.0.0.1", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		agent.Store(r.URL.Path + " " + r.UserAgent())
		rw.WriteHeader(int(status.Load()))
	}))
	w.awaitStates(g, "10.0.0.1 unused Target.NotInUse")

	// A forward with weight 0 makes the group used.
	must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, DefaultActions: forward(other+"=1", g+"=0")}))
	w.awaitStates(g, "10.0.0.1 unhealthy Target.ResponseCodeMismatch")
	if got := *w.health(g)[0].TargetHealth.Description; got != "Health checks failed with these codes: [500]" {
		t.Errorf("description %q", got)
	}
	status.Store(200)
	w.awaitStates(g, "10.0.0.1 healthy")
	if got := agent.Load(); got != "/healthz ELB-HealthChecker/2.0" {
		t.Errorf("checked with %q", got)
	}
	must[*elbv2.ModifyTargetGroupOutput](t)(w.ModifyTargetGroup(w.ctx, &elbv2.ModifyTargetGroupInput{TargetGroupArn: &g, Matcher: &types.Matcher{HttpCode: new("204")}}))
	w.awaitStates(g, "10.0.0.1 unhealthy Target.ResponseCodeMismatch")
	must[*elbv2.ModifyTargetGroupOutput](t)(w.ModifyTargetGroup(w.ctx, &elbv2.ModifyTargetGroupInput{TargetGroupArn: &g, Matcher: &types.Matcher{HttpCode: new("200-299")}}))
	w.awaitStates(g, "10.0.0.1 healthy")

	must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, DefaultActions: forward(other)}))
	w.awaitStates(g, "10.0.0.1 unused Target.NotInUse")
}

func TestFirstStates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b := w.balancer("web")
	g := w.group("web")
	w.listener(b, 80, forward(g))
	answer := make(chan struct{})
	s := w.serve(g, "10.0.0.1", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-answer }))
	_ = s
	w.awaitStates(g, "10.0.0.1 initial Elb.InitialHealthChecking")
	close(answer)
	w.awaitStates(g, "10.0.0.1 healthy") // one pass is enough, without waiting for a second
}

func TestTargetTimesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b := w.balancer("web")
	g := w.group("web")
	w.listener(b, 80, forward(g))
	release := make(chan struct{})
	w.serve(g, "10.0.0.1", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(release) })
	w.awaitStates(g, "10.0.0.1 unhealthy Target.Timeout")
}

func TestDraining(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 600) // 300 s last half a second
	b, g, _ := w.web(named("x"))
	w.deregister(g, "10.0.0.1")
	w.awaitStates(g, "10.0.0.1 draining Target.DeregistrationInProgress")
	if got := w.ask(base(b, 80)); got.status != 503 {
		t.Errorf("only a draining target is left: %+v", got)
	}
	w.register(g, "10.0.0.1")
	w.awaitStates(g, "10.0.0.1 healthy")
	w.deregister(g, "10.0.0.1")
	w.awaitStates(g)
	out := must[*elbv2.DescribeTargetHealthOutput](t)(w.DescribeTargetHealth(w.ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: new("10.0.0.1")}}}))
	if got := out.TargetHealthDescriptions[0].TargetHealth; got.State != types.TargetHealthStateEnumUnused || got.Reason != types.TargetHealthReasonEnumNotRegistered {
		t.Errorf("a target that is gone: %+v", got)
	}
}

func TestHealthCheckPort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b := w.balancer("web")
	g := w.group("web")
	w.listener(b, 80, forward(g))
	admin := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Host != "10.0.0.1:9090" {
			rw.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(admin.Close)
	w.net.mu.Lock()
	w.net.servers["10.0.0.1:9090"] = strings.TrimPrefix(admin.URL, "http://")
	w.net.mu.Unlock()
	w.serve(g, "10.0.0.1", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			rw.WriteHeader(http.StatusInternalServerError)
		}
		io.WriteString(rw, "app")
	}))
	w.awaitStates(g, "10.0.0.1 unhealthy Target.ResponseCodeMismatch")
	must[*elbv2.ModifyTargetGroupOutput](t)(w.ModifyTargetGroup(w.ctx, &elbv2.ModifyTargetGroupInput{TargetGroupArn: &g, HealthCheckPort: new("9090")}))
	w.awaitStates(g, "10.0.0.1 healthy")
	if got := *w.health(g)[0].HealthCheckPort; got != "9090" {
		t.Errorf("health check port %q", got)
	}
}
