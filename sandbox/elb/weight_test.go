package elb_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func TestWeights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b := w.balancer("web")
	blue, green := w.group("blue"), w.group("green")
	l := w.listener(b, 80, forward(blue, green))
	w.serve(blue, "10.0.0.1", named("b"))
	w.serve(green, "10.0.0.2", named("g"))
	w.awaitStates(blue, "10.0.0.1 healthy")
	w.awaitStates(green, "10.0.0.2 healthy")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	ask := func() string {
		res, err := client.Get(base(b, 80))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return string(must[[]byte](t)(io.ReadAll(res.Body)))
	}
	for _, test := range []struct {
		blue, green int
		want        string // of one round
	}{
		{1, 0, "b"},
		{0, 1, "g"},
		{0, 999, "g"},
		{1, 1, "bg"},
		{3, 1, "bbgb"},
		{85, 15, strings.Repeat("b", 85) + strings.Repeat("g", 15)},
	} {
		name := fmt.Sprintf("%d:%d", test.blue, test.green)
		must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l,
			DefaultActions: forward(fmt.Sprintf("%s=%d", blue, test.blue), fmt.Sprintf("%s=%d", green, test.green))}))
		var got strings.Builder
		for range test.want {
			got.WriteString(ask())
		}
		for _, c := range []string{"b", "g"} {
			if g, want := strings.Count(got.String(), c), strings.Count(test.want, c); g != want {
				t.Errorf("%s: %d requests to %q, want %d: %s", name, g, c, want, got.String())
			}
		}
		if strings.Contains(got.String(), "gg") && test.blue > test.green {
			t.Errorf("%s: not spread evenly: %s", name, got.String())
		}
	}
}

func TestRoundRobinAndLeastOutstanding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	b := w.balancer("web")
	g := w.group("web")
	w.listener(b, 80, forward(g))
	block := make(chan struct{})
	began := make(chan struct{}, 3)
	w.serve(g, "10.0.0.1", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/block" {
			began <- struct{}{}
			<-block
		}
		io.WriteString(rw, "1")
	}))
	w.serve(g, "10.0.0.2", named("2"))
	w.awaitStates(g, "10.0.0.1 healthy", "10.0.0.2 healthy")
	seen := map[string]int{}
	for range 10 {
		seen[w.ask(base(b, 80)).body]++
	}
	if seen["1"] != 5 || seen["2"] != 5 {
		t.Errorf("round robin: %v", seen)
	}

	done := make(chan error, 6)
	for range 6 { // three to each; the second target does not block
		go func() {
			res, err := http.Get(base(b, 80) + "/block")
			if err == nil {
				res.Body.Close()
			}
			done <- err
		}()
	}
	for range 3 {
		<-began
	}
	must[*elbv2.ModifyTargetGroupAttributesOutput](t)(w.ModifyTargetGroupAttributes(w.ctx, &elbv2.ModifyTargetGroupAttributesInput{TargetGroupArn: &g,
		Attributes: []types.TargetGroupAttribute{{Key: new("load_balancing.algorithm.type"), Value: new("least_outstanding_requests")}}}))
	for range 5 {
		if got := w.ask(base(b, 80)).body; got != "2" {
			t.Errorf("least outstanding requests: %q", got)
		}
	}
	close(block)
	for range 6 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// Targets come, drain, go and die, and listeners turn, under 200 requests a
// second: none is lost.
func TestNoRequestIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100)
	b := w.balancer("web")
	blue, green := w.group("blue"), w.group("green")
	l := w.listener(b, 80, forward(blue))
	for i, g := range []string{blue, blue, green, green} {
		w.serve(g, fmt.Sprintf("10.0.0.%d", i+1), named("ok"))
	}
	w.awaitStates(blue, "10.0.0.1 healthy", "10.0.0.2 healthy")
	load := startLoad(base(b, 80), 200)
	for round := range 10 {
		must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l,
			DefaultActions: forward(fmt.Sprintf("%s=%d", blue, 10-round), fmt.Sprintf("%s=0", green))}))
		w.awaitStates(green, "10.0.0.3 healthy", "10.0.0.4 healthy")
		must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l,
			DefaultActions: forward(fmt.Sprintf("%s=%d", blue, 10-round), fmt.Sprintf("%s=%d", green, round+1))}))
		w.deregister(green, "10.0.0.4")
		w.register(green, "10.0.0.4")
		w.deregister(blue, "10.0.0.2")
		must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, DefaultActions: forward(green)}))
		w.register(blue, "10.0.0.2")
		load.atLeast(t, 40*(round+1))
		must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, DefaultActions: forward(green, blue+"=0")}))
		w.awaitStates(blue, "10.0.0.1 healthy", "10.0.0.2 healthy")
	}
	if sent, lost := load.stop(); len(lost) > 0 || sent < 400 {
		t.Errorf("%d requests, lost %d: %q", sent, len(lost), lost)
	}
}

// load asks a URL at a steady rate, each request as it is due.
type load struct {
	quit chan struct{}
	wg   sync.WaitGroup

	mu   sync.Mutex
	sent int
	lost []string
}

func startLoad(url string, rate int) *load {
	l := &load{quit: make(chan struct{})}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
	l.wg.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		defer client.CloseIdleConnections()
		for {
			select {
			case <-l.quit:
				return
			case <-tick.C:
				l.wg.Go(func() { l.ask(client, url) })
			}
		}
	})
	return l
}

func (l *load) ask(client *http.Client, url string) {
	problem := ""
	res, err := client.Get(url)
	if err != nil {
		problem = err.Error()
	} else {
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || string(body) != "ok" {
			problem = fmt.Sprint(res.Status, " ", err, " ", string(body))
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	if problem != "" {
		l.lost = append(l.lost, problem)
	}
}

// atLeast waits until n requests have been answered.
func (l *load) atLeast(t testing.TB, n int) {
	t.Helper()
	await(t, func() (string, bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return fmt.Sprintf("%d of %d requests", l.sent, n), l.sent >= n
	})
}

func (l *load) stop() (sent int, lost []string) {
	close(l.quit)
	l.wg.Wait()
	return l.sent, l.lost
}
