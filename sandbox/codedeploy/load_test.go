package codedeploy_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"orgship/sandbox/codedeploy"
)

// At 200 requests a second through a shift, in each routing, forward and back,
// no request is lost, and both colours answer.
func TestNoRequestIsLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		routing codedeploy.Routing
		failAt  string
	}{
		"all at once":           {codedeploy.Routing{Type: codedeploy.AllAtOnce}, ""},
		"canary":                {codedeploy.Routing{Type: codedeploy.TimeBasedCanary, StepPercentage: 15, BakeTime: time.Minute}, ""},
		"linear":                {codedeploy.Routing{Type: codedeploy.TimeBasedLinear, StepPercentage: 20, BakeTime: 20 * time.Second}, ""},
		"all at once, and back": {codedeploy.Routing{Type: codedeploy.AllAtOnce}, codedeploy.TerminationWait},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 60)
			w.spec.Routing, w.spec.TerminationWait = test.routing, 30*time.Second
			w.FailAt(test.failAt)
			l := startLoad(w.url(80), 200)
			l.await(t, "blue", 50)
			if err := w.Run(w.ctx, w.spec, nil); (err == nil) != (test.failAt == "") {
				t.Error(err)
			}
			last := "green"
			if test.failAt != "" {
				last = "blue"
			}
			l.await(t, last, 50)
			if lost := l.stop(); len(lost) > 0 || l.seen["green"] < 50 || l.seen["blue"] < 50 {
				t.Errorf("answers %v, lost %q", l.seen, lost)
			}
		})
	}
}

// load asks a URL at a steady rate, each request as it is due.
type load struct {
	quit chan struct{}
	wg   sync.WaitGroup

	mu   sync.Mutex
	seen map[string]int
	run  map[string]int // answers in a row, by body
	lost []string
}

func startLoad(url string, rate int) *load {
	l := &load{quit: make(chan struct{}), seen: map[string]int{}, run: map[string]int{}}
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
	body, problem := "", ""
	res, err := client.Get(url)
	if err != nil {
		problem = err.Error()
	} else {
		all, err := io.ReadAll(res.Body)
		res.Body.Close()
		if body = string(all); err != nil || res.StatusCode != http.StatusOK {
			problem = fmt.Sprint(res.Status, " ", err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if problem != "" {
		l.lost = append(l.lost, problem)
		return
	}
	l.seen[body]++
	l.run = map[string]int{body: l.run[body] + 1}
}

// await waits until n answers in a row came from one colour.
func (l *load) await(t *testing.T, colour string, n int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		l.mu.Lock()
		got := l.run[colour]
		l.mu.Unlock()
		if got >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d answers of %s in a row, want %d", got, colour, n)
		}
	}
}

func (l *load) stop() (lost []string) {
	close(l.quit)
	l.wg.Wait()
	return l.lost
}
