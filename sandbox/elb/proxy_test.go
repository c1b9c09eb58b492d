package elb_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// echo answers with the request line and headers it got.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s\n", r.Method, r.RequestURI, r.Host)
	r.Header.Write(w)
	w.Write(body)
})

func TestForwardedRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, _, _ := w.web(echo)
	got := w.ask(base(b, 80)+"/a%2Fb?x=1&y=%zz;", func(r *http.Request) {
		r.Method, r.Host, r.Body = "POST", "shop.example", io.NopCloser(strings.NewReader("the body"))
		r.Header.Set("X-Forwarded-For", "203.0.113.7")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Host", "public.example")
	})
	for _, want := range []string{
		`^POST /a%2Fb\?x=1&y=%zz; shop\.example\n`,
		`\nX-Forwarded-For: 203\.0\.113\.7, 127\.0\.0\.1\r\n`,
		`\nX-Forwarded-Host: public\.example\r\n`,
		`\nX-Forwarded-Port: 80\r\n`,
		`\nX-Forwarded-Proto: http\r\n`,
		`\nX-Amzn-Trace-Id: Root=1-[0-9a-f]{8}-[0-9a-f]{24}\r\n`,
		`the body$`,
	} {
		if !regexp.MustCompile(want).MatchString(got.body) {
			t.Errorf("the target got\n%s\nwhich lacks %s", got.body, want)
		}
	}
	traced := w.ask(base(b, 80), func(r *http.Request) { r.Header.Set("X-Amzn-Trace-Id", "Root=1-0-0;CalledFrom=app") })
	if !regexp.MustCompile(`X-Amzn-Trace-Id: Self=1-[0-9a-f]{8}-[0-9a-f]{24};Root=1-0-0;CalledFrom=app`).MatchString(traced.body) {
		t.Errorf("trace id: %s", traced.body)
	}
}

func TestForwardedForModes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, _, _ := w.web(echo)
	for mode, want := range map[string]string{"append": "X-Forwarded-For: 1.2.3.4, 127.0.0.1\r", "preserve": "X-Forwarded-For: 1.2.3.4\r", "remove": ""} {
		must[*elbv2.ModifyLoadBalancerAttributesOutput](t)(w.ModifyLoadBalancerAttributes(w.ctx, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn,
			Attributes: []types.LoadBalancerAttribute{{Key: new("routing.http.xff_header_processing.mode"), Value: &mode}}}))
		got := w.ask(base(b, 80), func(r *http.Request) { r.Header.Set("X-Forwarded-For", "1.2.3.4") })
		if line := regexp.MustCompile(`X-Forwarded-For: .*`).FindString(got.body); line != want {
			t.Errorf("%s: %q, want %q", mode, line, want)
		}
	}
}

func TestOwnAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b := w.balancer("web")
	empty := w.group("empty")
	w.listener(b, 80, forward(empty))
	w.listener(b, 8081, []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
		StatusCode: new("418"), ContentType: new("application/json"), MessageBody: new(`{"a":1}`)}}})
	w.listener(b, 8082, []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{
		StatusCode: types.RedirectActionStatusCodeEnumHttp302, Host: new("www.#{host}"), Path: new("/new/#{path}"), Protocol: new("HTTPS"), Port: new("443")}}})
	w.listener(b, 8083, forward(empty+"=0"))

	got := w.ask(base(b, 80))
	if got.status != 503 || got.header.Get("Server") != "awselb/2.0" || !strings.Contains(got.body, "<h1>503 Service Temporarily Unavailable</h1>") {
		t.Errorf("no targets: %+v", got)
	}
	if got := w.ask(base(b, 8083)); got.status != 503 {
		t.Errorf("all weights 0: %+v", got)
	}
	got = w.ask(base(b, 8081))
	if got.status != 418 || got.body != `{"a":1}` || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
		t.Errorf("fixed response: %+v", got)
	}
	got = w.ask(base(b, 8082)+"/old/x?a=b", func(r *http.Request) { r.Host = "shop.example:8082" })
	if got.status != 302 || got.header.Get("Location") != "https://www.shop.example:443/new/old/x?a=b" {
		t.Errorf("redirect: %+v", got)
	}
}

func TestTargetTrouble(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	w := newWorld(t, 1000)
	b, _, _ := w.web(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
		case "/garbage":
			conn, _, err := rw.(http.Hijacker).Hijack()
			if err == nil {
				io.WriteString(conn, "no HTTP at all\r\n\r\n")
				conn.Close()
			}
		case "/slow":
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	}))
	must[*elbv2.ModifyLoadBalancerAttributesOutput](t)(w.ModifyLoadBalancerAttributes(w.ctx, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn,
		Attributes: []types.LoadBalancerAttribute{{Key: new("idle_timeout.timeout_seconds"), Value: new("1")}}}))
	for path, want := range map[string]int{"/garbage": 502, "/slow": 504} {
		if got := w.ask(base(b, 80) + path); got.status != want || got.header.Get("Server") != "awselb/2.0" {
			t.Errorf("%s: %+v, want %d", path, got, want)
		}
	}
	w.net.set(w.net.blocked, "10.0.0.1:8080", true)
	// Open connections to the target outlive the block, as with AWS's groups.
	await(t, func() (string, bool) {
		return "a blocked target is still connected", w.states(groupOf(w, b))[0] != "10.0.0.1 healthy"
	})
}

func groupOf(w *world, b types.LoadBalancer) string {
	out := must[*elbv2.DescribeTargetGroupsOutput](w.t)(w.DescribeTargetGroups(w.ctx, &elbv2.DescribeTargetGroupsInput{LoadBalancerArn: b.LoadBalancerArn}))
	return *out.TargetGroups[0].TargetGroupArn
}

// Nothing listens where the only target should be: refused is 502, dropped 504.
func TestUnreachableTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b := w.balancer("web")
	g := w.group("web")
	w.listener(b, 80, forward(g))
	gone := w.serve(g, "10.0.0.1", named("x"))
	gone.Close()
	w.awaitStates(g, "10.0.0.1 unhealthy Target.FailedHealthChecks")
	if got := w.ask(base(b, 80)); got.status != 502 {
		t.Errorf("refused: %+v", got)
	}
	w.net.set(w.net.blocked, "10.0.0.1:8080", true)
	w.awaitStates(g, "10.0.0.1 unhealthy Target.Timeout")
	if got := w.ask(base(b, 80)); got.status != 504 {
		t.Errorf("dropped: %+v", got)
	}
}

// A target that cannot be connected to costs no request, with a body or not.
func TestAnotherTargetIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1) // health checks every 5 s: the dead target stays in service
	b := w.balancer("web")
	g := w.group("web")
	w.listener(b, 80, forward(g))
	dead := w.serve(g, "10.0.0.1", named("dead"))
	w.serve(g, "10.0.0.2", echo)
	w.awaitStates(g, "10.0.0.1 healthy", "10.0.0.2 healthy")
	dead.Close()
	for i := range 10 {
		got := w.ask(base(b, 80), func(r *http.Request) {
			r.Method, r.Body, r.ContentLength = "POST", io.NopCloser(strings.NewReader("body")), 4
		})
		if got.status != 200 || !strings.HasSuffix(got.body, "body") {
			t.Fatalf("request %d: %+v", i, got)
		}
	}
	if got := w.states(g); got[0] != "10.0.0.1 healthy" {
		t.Errorf("the dead target was found out, the test shows nothing: %q", got)
	}
}

func TestFailsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b := w.balancer("web")
	g := w.group("web")
	w.listener(b, 80, forward(g))
	w.serve(g, "10.0.0.1", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			rw.WriteHeader(http.StatusInternalServerError)
		}
		io.WriteString(rw, "served")
	}))
	w.awaitStates(g, "10.0.0.1 unhealthy Target.ResponseCodeMismatch")
	if got := w.ask(base(b, 80)); got.body != "served" {
		t.Errorf("all targets unhealthy: %+v", got)
	}
}

func TestHealthyOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, g, _ := w.web(named("good"))
	w.serve(g, "10.0.0.2", http.NotFoundHandler())
	w.awaitStates(g, "10.0.0.1 healthy", "10.0.0.2 unhealthy Target.ResponseCodeMismatch")
	for range 10 {
		if got := w.ask(base(b, 80)); got.body != "good" {
			t.Fatalf("got %+v", got)
		}
	}
}

func TestSecurityGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, _, _ := w.web(named("x"))
	w.net.set(w.net.closed, "80", true)
	if res, err := http.Get(base(b, 80)); err == nil {
		res.Body.Close()
		t.Errorf("a blocked client got %s", res.Status)
	}
	w.net.set(w.net.closed, "80", false)
	must[*elbv2.SetSecurityGroupsOutput](t)(w.SetSecurityGroups(w.ctx, &elbv2.SetSecurityGroupsInput{LoadBalancerArn: b.LoadBalancerArn, SecurityGroups: []string{webGroup, "sg-0two"}}))
	if got := w.ask(base(b, 80)); got.body != "x" {
		t.Errorf("let in again: %+v", got)
	}
	w.net.mu.Lock()
	defer w.net.mu.Unlock()
	if from, account := w.net.from[len(w.net.from)-1], w.net.accounts[0]; fmt.Sprint(from) != "[sg-0web sg-0two]" || account != accountID {
		t.Errorf("dialled from %q in account %q", from, account)
	}
}

// What a target sends arrives as it is sent, and a request lives on while its
// rule goes away, its target drains and the listener turns to another group.
func TestOpenRequestsLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	parts := make(chan string)
	b, blue, l := w.web(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			return
		}
		for p := range parts {
			io.WriteString(rw, p)
			rw.(http.Flusher).Flush()
		}
	}))
	green := w.group("green")
	w.serve(green, "10.0.0.9", named("green"))
	rule := must[*elbv2.CreateRuleOutput](t)(w.CreateRule(w.ctx, &elbv2.CreateRuleInput{ListenerArn: &l, Priority: new(int32(1)), Conditions: []types.RuleCondition{path("/stream")}, Actions: forward(blue)}))

	done := make(chan reply, 1)
	lines := make(chan string)
	go func() {
		res, err := http.Get(base(b, 80) + "/stream")
		if err != nil {
			done <- reply{body: err.Error()}
			return
		}
		defer res.Body.Close()
		var all bytes.Buffer
		for s := bufio.NewScanner(io.TeeReader(res.Body, &all)); s.Scan(); {
			lines <- s.Text()
		}
		done <- reply{status: res.StatusCode, body: all.String()}
	}()
	send := func(p string) {
		parts <- p + "\n"
		if got := <-lines; got != p {
			t.Fatalf("got %q, want %q", got, p)
		}
	}
	send("before")
	must[*elbv2.DeleteRuleOutput](t)(w.DeleteRule(w.ctx, &elbv2.DeleteRuleInput{RuleArn: rule.Rules[0].RuleArn}))
	send("rule deleted")
	must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, DefaultActions: forward(blue+"=0", green+"=1")}))
	w.awaitStates(green, "10.0.0.9 healthy")
	send("shifted")
	w.deregister(blue, "10.0.0.1")
	w.awaitStates(blue, "10.0.0.1 draining Target.DeregistrationInProgress")
	send("draining")
	if got := w.ask(base(b, 80)); got.body != "green" {
		t.Errorf("a new request: %+v", got)
	}
	must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, DefaultActions: forward(green)}))
	send("detached")
	close(parts)
	if got := <-done; got.status != 200 || got.body != "before\nrule deleted\nshifted\ndraining\ndetached\n" {
		t.Errorf("the open request ended as %+v", got)
	}
}

// Idle connections to a target end when it is deregistered.
func TestDeregisteringClosesIdleConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b := w.balancer("web")
	g := w.group("web")
	w.listener(b, 80, forward(g))
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	s := httptest.NewUnstartedServer(named("x"))
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		open[c] = state != http.StateClosed
	}
	s.Start()
	t.Cleanup(s.Close)
	w.net.mu.Lock()
	w.net.servers["10.0.0.1:8080"] = s.Listener.Addr().String()
	w.net.mu.Unlock()
	w.register(g, "10.0.0.1")
	w.awaitStates(g, "10.0.0.1 healthy")
	w.ask(base(b, 80))
	count := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, o := range open {
			if o {
				n++
			}
		}
		return n
	}
	await(t, func() (string, bool) { return fmt.Sprintf("%d connections, want the one kept", count()), count() == 1 })
	w.deregister(g, "10.0.0.1")
	await(t, func() (string, bool) { return fmt.Sprintf("%d connections, want none", count()), count() == 0 })
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, _, _ := w.web(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "echo" {
			return
		}
		rw.Header().Set("Connection", "Upgrade")
		rw.Header().Set("Upgrade", "echo")
		rw.WriteHeader(http.StatusSwitchingProtocols)
		conn, buf, err := rw.(http.Hijacker).Hijack()
		if err == nil {
			defer conn.Close()
			io.Copy(conn, buf)
		}
	}))
	conn := must[net.Conn](t)(net.Dial("tcp", strings.TrimPrefix(withPort(base(b, 80)), "http://")))
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrading: %s", res.Status)
	}
	for _, line := range []string{"one\n", "two\n"} {
		io.WriteString(conn, line)
		if got := must[string](t)(r.ReadString('\n')); got != line {
			t.Errorf("echoed %q, want %q", got, line)
		}
	}
}

// withPort returns a URL whose host has a port.
func withPort(u string) string {
	if strings.Count(u, ":") == 1 {
		return u + ":80"
	}
	return u
}

func TestPorts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	a, b := w.balancer("one"), w.balancer("two")
	if base(a, 80) == base(b, 80) {
		t.Fatalf("two load balancers at %s", base(a, 80))
	}
	l := w.listener(a, 80, []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: new("200"), MessageBody: new("one")}}})
	if got := w.ask(base(a, 80)); got.body != "one" {
		t.Errorf("port 80: %+v", got)
	}
	must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, Port: new(int32(8080))}))
	if got := w.ask(base(a, 8080)); got.body != "one" {
		t.Errorf("moved to port 8080: %+v", got)
	}
	if res, err := http.Get(base(a, 80)); err == nil {
		res.Body.Close()
		t.Error("port 80 still answers")
	}
	// A port can be used again at once.
	must[*elbv2.DeleteListenerOutput](t)(w.DeleteListener(w.ctx, &elbv2.DeleteListenerInput{ListenerArn: &l}))
	w.listener(a, 8080, forward(w.group("empty")))
	if got := w.ask(base(a, 8080)); got.status != 503 {
		t.Errorf("port 8080 with a new listener: %+v", got)
	}
}
