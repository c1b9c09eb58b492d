package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
	"orgship/template"
)

const (
	backGoal      = 2 * time.Second
	customersRate = 200 // a second
)

// BenchmarkGoingBack releases a version that answers wrongly, at AWS's own speed, while
// customers ask 200 times a second: the time from the first wrong answer that one of
// them gets to the last, after which the old version has all traffic, and how many
// they are. Canary and linear show it to a share of them first.
func BenchmarkGoingBack(b *testing.B) {
	if testing.Short() {
		skip(b, "-short leaves real time out: it takes two minutes")
	}
	for _, routing := range []struct {
		name string
		is   template.TrafficRouting
	}{
		{"all at once", template.TrafficRouting{Type: template.AllAtOnce}},
		{"canary of 20 %", template.TrafficRouting{Type: template.TimeBasedCanary, StepPercentage: 20, BakeTimeMins: 5}},
		{"linear by 20 %", template.TrafficRouting{Type: template.TimeBasedLinear, StepPercentage: 20, BakeTimeMins: 5}},
	} {
		b.Run(strings.ReplaceAll(routing.name, " ", "-"), func(b *testing.B) {
			w := newWorld(b, 1)
			w.needsTasks()
			w.share()
			blue, err := w.releaser("dev-1").Release(b.Context(), w.request("Blue", "1", 1))
			if err != nil {
				b.Fatal(err)
			}
			bad := w.request("Purple", "2", 5)
			bad.Check.Body = "Hello World! (Green)"
			bad.Change.TrafficRouting = &routing.is
			var hurt harm
			for b.Loop() {
				hurt = w.goesBack(bad, blue.URLs["service"])
			}
			b.ReportMetric(hurt.lasted().Seconds(), "s-wrong")
			b.ReportMetric(float64(hurt.wrong), "wrong")
			b.ReportMetric(0, "ns/op") // mostly the hook's own steps
			results.add(row{
				what: "a wrong version, " + routing.name + ", 200 requests/s: from the first wrong answer to the last",
				ours: fmt.Sprintf("%s (%d of %d answered wrongly, %d lost)", seconds(hurt.lasted()), hurt.wrong, hurt.asked, hurt.lost),
				goal: "<= " + seconds(backGoal), met: hurt.lasted() <= backGoal && hurt.lost == 0,
			})
		})
	}
}

// goesBack releases what goes back while customers ask.
func (w *world) goesBack(bad release.Request, url string) harm {
	w.b.Helper()
	ctx, stop := context.WithCancel(w.b.Context())
	defer stop()
	var crowd customers
	crowd.all.Go(func() { crowd.ask(ctx, url) })
	r, err := w.releaser("dev-1").Release(ctx, bad)
	stop()
	crowd.all.Wait()
	if err == nil || r.Outcome != report.RolledBack {
		w.b.Fatalf("%s: %v\n%s", r.Outcome, err, render.Timeline(r, render.Style{}))
	}
	return crowd.harm
}

// harm is what customers got.
type harm struct {
	asked, wrong, lost int
	first, last        time.Time // of the wrong answers
}

func (h harm) lasted() time.Duration { return h.last.Sub(h.first) }

// customers ask a service at a steady rate.
type customers struct {
	mu  sync.Mutex
	all sync.WaitGroup
	harm
}

// ask asks until ctx is done, whatever the answers take.
func (c *customers) ask(ctx context.Context, url string) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(time.Second / customersRate)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.all.Go(func() { c.one(client, url) })
		case <-ctx.Done():
			return
		}
	}
}

func (c *customers) one(client *http.Client, url string) {
	body, err := get(client, url)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	switch {
	case err != nil:
		c.lost++
	case strings.Contains(body, "Purple"):
		now := time.Now()
		if c.wrong++; c.first.IsZero() {
			c.first = now
		}
		c.last = now
	}
}

func get(client *http.Client, url string) (string, error) {
	r, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1000))
	if err == nil && r.StatusCode >= http.StatusInternalServerError {
		err = errors.New(r.Status)
	}
	return string(body), err
}
