package elb_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// browser keeps cookies; each of its requests has a connection of its own.
func browser(t *testing.T) *http.Client {
	t.Helper()
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}, Jar: must[*cookiejar.Jar](t)(cookiejar.New(nil))}
}

// row asks n times and joins the answers.
func (w *world) row(c *http.Client, url string, n int) string {
	w.t.Helper()
	var all strings.Builder
	for range n {
		_, body := w.get(c, url) //nolint:bodyclose // get closes it
		all.WriteString(body)
	}
	return all.String()
}

// cookies are the names of those that a client has.
func cookies(c *http.Client, at string) string {
	u, _ := url.Parse(at)
	var names []string
	for _, k := range c.Jar.Cookies(u) {
		names = append(names, k.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// pair is a load balancer with the targets 1 and 2, which set the cookie "session" when
// they are asked for /login.
func (w *world) pair() (b types.LoadBalancer, group string) {
	w.t.Helper()
	b, group = w.balancer("web"), w.group("web")
	w.listener(b, 80, forward(group))
	for i, name := range []string{"1", "2"} {
		w.serve(group, fmt.Sprintf("10.0.0.%d", i+1), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				http.SetCookie(rw, &http.Cookie{Name: "session", Value: "x", Path: "/"})
			}
			io.WriteString(rw, name)
		}))
	}
	w.awaitStates(group, "10.0.0.1 healthy", "10.0.0.2 healthy")
	return b, group
}

func oneOf(s string) bool { return s != "" && strings.Count(s, s[:1]) == len(s) }

func TestStickiness(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b, g := w.pair()
	at := base(b, 80)
	if got := w.row(browser(t), at, 4); oneOf(got) {
		t.Errorf("without stickiness: %s", got)
	}
	must[*elbv2.ModifyTargetGroupAttributesOutput](t)(w.traits(g, "stickiness.enabled=true"))
	clients := []*http.Client{browser(t), browser(t)}
	rows := []string{w.row(clients[0], at, 5), w.row(clients[1], at, 5)}
	if !oneOf(rows[0]) || !oneOf(rows[1]) || rows[0] == rows[1] {
		t.Errorf("two clients got %q", rows)
	}
	if got := cookies(clients[0], at); got != "AWSALB" { // the other one is for https alone, since SameSite=None
		if got != "AWSALB AWSALBCORS" {
			t.Errorf("cookies %q", got)
		}
	}
	if got := w.row(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, at, 4); oneOf(got) {
		t.Errorf("without a jar: %s", got)
	}
	res, _ := w.get(browser(t), at) //nolint:bodyclose // get closes it
	want := []string{"AWSALB", "AWSALBCORS"}
	for i, c := range res.Cookies() {
		if c.Name != want[i] || c.Path != "/" || c.Secure || time.Until(c.Expires).Round(time.Hour) != 7*24*time.Hour || (c.SameSite == http.SameSiteNoneMode) != (i == 1) {
			t.Errorf("cookie %s", c)
		}
	}
	// A target that is gone holds nobody, and the next one does.
	first, other := rows[0][:1], rows[1][:1]
	w.deregister(g, "10.0.0."+first)
	if got := w.row(clients[0], at, 3); got != strings.Repeat(other, 3) {
		t.Errorf("target %s is gone, and its client got %s", first, got)
	}
}

// A value that the load balancer didn't make leads nowhere.
func TestForeignCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b, g := w.pair()
	must[*elbv2.ModifyTargetGroupAttributesOutput](t)(w.traits(g, "stickiness.enabled=true"))
	res, _ := w.get(browser(t), base(b, 80)) //nolint:bodyclose // get closes it
	own := res.Cookies()[0].Value
	for name, value := range map[string]string{"plain": "10.0.0.1:8080", "empty": "", "cut": own[:len(own)-8], "another cookie's": "AWSALBTG"} {
		cookie := "AWSALB=" + value
		if name == "another cookie's" {
			cookie = "AWSALBTG=" + own
		}
		var all strings.Builder
		for range 4 {
			all.WriteString(w.ask(base(b, 80), func(r *http.Request) { r.Header.Set("Cookie", cookie) }).body)
		}
		if oneOf(all.String()) {
			t.Errorf("%s: %s", name, all.String())
		}
	}
}

// A cookie means nothing once it is older than it may be.
func TestStickinessEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1e9)
	b, g := w.pair()
	must[*elbv2.ModifyTargetGroupAttributesOutput](t)(w.traits(g, "stickiness.enabled=true", "stickiness.lb_cookie.duration_seconds=1"))
	if got := w.row(browser(t), base(b, 80), 6); oneOf(got) {
		t.Errorf("a nanosecond later: %s", got)
	}
}

// With an application's cookie a client is kept once the application says so.
func TestApplicationCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b, g := w.pair()
	at := base(b, 80)
	must[*elbv2.ModifyTargetGroupAttributesOutput](t)(w.traits(g, "stickiness.enabled=true", "stickiness.type=app_cookie", "stickiness.app_cookie.cookie_name=session"))
	client := browser(t)
	if got := w.row(client, at, 4); oneOf(got) || cookies(client, at) != "" {
		t.Errorf("before: %s, cookies %q", got, cookies(client, at))
	}
	at1 := w.row(client, at+"/login", 1)
	if got := w.row(client, at, 5); got != strings.Repeat(at1, 5) || cookies(client, at) != "AWSALBAPP-0 session" {
		t.Errorf("at %s: %s, cookies %q", at1, got, cookies(client, at))
	}
	u, _ := url.Parse(at)
	client.Jar.SetCookies(u, []*http.Cookie{{Name: "session", MaxAge: -1}})
	if got := w.row(client, at, 4); oneOf(got) {
		t.Errorf("without the application's cookie: %s", got)
	}
}

// A client stays at a target group, whatever its weight becomes.
func TestTargetGroupStickiness(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b := w.balancer("web")
	blue, green := w.group("blue"), w.group("green")
	sticky := func(groups ...string) []types.Action {
		a := forward(groups...)
		a[0].ForwardConfig.TargetGroupStickinessConfig = &types.TargetGroupStickinessConfig{Enabled: new(true), DurationSeconds: new(int32(600))}
		return a
	}
	l := w.listener(b, 80, sticky(blue, green+"=0"))
	w.serve(blue, "10.0.0.1", named("b"))
	w.serve(green, "10.0.0.2", named("g"))
	w.awaitStates(blue, "10.0.0.1 healthy")
	w.awaitStates(green, "10.0.0.2 healthy")
	at, client := base(b, 80), browser(t)
	if got := w.row(client, at, 2); got != "bb" || !strings.HasPrefix(cookies(client, at), "AWSALBTG") {
		t.Errorf("got %s, cookies %q", got, cookies(client, at))
	}
	change := func(actions []types.Action) {
		must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, DefaultActions: actions}))
	}
	change(sticky(blue+"=0", green))
	if got := w.row(client, at, 3) + w.row(browser(t), at, 3); got != "bbbggg" {
		t.Errorf("with all weight on green, one who was at blue and a new client got %s", got)
	}
	change(sticky(green))
	if got := w.row(client, at, 3); got != "ggg" {
		t.Errorf("without blue: %s", got)
	}
	bad := sticky(blue)
	bad[0].ForwardConfig.TargetGroupStickinessConfig.DurationSeconds = nil
	if _, err := w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, DefaultActions: bad}); code(err) != "ValidationError" {
		t.Errorf("no duration: %v", err)
	}
}

// A target that comes to one that is there gets its share little by little.
func TestSlowStart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		speed   float64
		seconds string
		low     int // of 60 requests, how many the new target gets at least
		high    int
	}{
		{"at the beginning", 1, "900", 0, 6},
		{"at the end", 1e9, "30", 30, 30},
		{"none", 1, "0", 30, 30},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.speed)
			b, g, _ := w.web(named("1"))
			must[*elbv2.ModifyTargetGroupAttributesOutput](t)(w.traits(g, "slow_start.duration_seconds="+test.seconds))
			w.serve(g, "10.0.0.2", named("2"))
			w.awaitStates(g, "10.0.0.1 healthy", "10.0.0.2 healthy")
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			if n := strings.Count(w.row(client, base(b, 80), 60), "2"); n < test.low || n > test.high {
				t.Errorf("the new target got %d of 60", n)
			}
		})
	}
}

// The first targets of a group get their full share, there being nobody else.
func TestSlowStartOfAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b, g := w.balancer("web"), w.group("web")
	must[*elbv2.ModifyTargetGroupAttributesOutput](t)(w.traits(g, "slow_start.duration_seconds=900"))
	w.listener(b, 80, forward(g))
	w.serve(g, "10.0.0.1", named("1"))
	w.awaitStates(g, "10.0.0.1 healthy")
	if got := w.row(browser(t), base(b, 80), 3); got != "111" {
		t.Errorf("got %s", got)
	}
}

// By chance both targets get some.
func TestWeightedRandom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b, g := w.pair()
	must[*elbv2.ModifyTargetGroupAttributesOutput](t)(w.traits(g, "load_balancing.algorithm.type=weighted_random"))
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	got := w.row(client, base(b, 80), 100)
	if n := strings.Count(got, "1"); n < 20 || n > 80 || strings.Contains(strings.Repeat("12", 50)+strings.Repeat("21", 50), got) {
		t.Errorf("got %s", got)
	}
}
