package faults

import (
	"context"
	"flag"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"orgship/pipeline/report"
)

var rounds = flag.Int("rounds", 2, "how often TestSignals ends a release, a rollback and a destruction")

// TestSignals ends the program at random points, by force and by asking: the same
// command again ends in what the first began, nothing is left over, and the customers
// of the shop lose no request.
func TestSignals(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"hook": "stranger.yaml", "rolling": "rolling.yaml"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signals(t, file)
		})
	}
}

func signals(t *testing.T, file string) {
	t.Helper()
	w := newWorld(t, "one", "two")
	d := &desk{w: w, t: t, account: "dev-1", file: file}
	d.makeShop()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	signals := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT}
	for n := range *rounds {
		signal := signals[n%len(signals)]
		lost := d.customers()
		for _, step := range []struct {
			word string
			args []string
		}{
			{"two", []string{"release", "shop", w.repo + ":two", "--expect-body", "two"}},
			{"one", []string{"rollback", "shop", "--expect-body", "one"}},
		} {
			point := time.Duration(random.Int64N(int64(2500 * time.Millisecond)))
			first := d.ended(signal, point, step.args...)
			r := d.reported(step.args...)
			if r.Serving == nil || r.Serving.Lost > 0 || !strings.Contains(d.ask(), step.word) || r.Verdict != report.Successful {
				t.Fatalf("%s after %s (%s), %s, and again: %s, %s: %s; the shop says %q", step.args[0], point, signal, first, r.Verdict, r.Headline(), r.Summary, d.ask())
			}
			d.endState(step.word)
		}
		if n := lost(); n > 0 {
			t.Fatalf("customers lost %d requests", n)
		}
		destroy := []string{"destroy", "shop", "--yes"}
		point := time.Duration(random.Int64N(int64(time.Second)))
		first := d.ended(signal, point, destroy...)
		if r := d.reported(destroy...); r.Verdict != report.Successful {
			t.Fatalf("destroy after %s (%s), %s, and again: %s", point, signal, first, r.Summary)
		}
		state, err := w.box.State(t.Context())
		a, _ := w.box.Account(d.account)
		if err != nil || len(state[a.ID]) > 0 {
			t.Fatalf("left over: %v, error %v", state[a.ID], err)
		}
		if n+1 < *rounds {
			d.makeShop()
		}
	}
}

// customers ask the shop fifty times a second, until the returned function is called:
// it says how many of their requests were lost.
func (d *desk) customers() (lost func() int) {
	ctx, stop := context.WithCancel(context.Background())
	failed, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if r, err := http.Get(d.url); err != nil || r.StatusCode >= http.StatusInternalServerError {
					failed++
				} else {
					_ = r.Body.Close()
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() int {
		stop()
		<-done
		return failed
	}
}

// ended runs the program and ends it after a while; it tells how it ended.
func (d *desk) ended(signal os.Signal, after time.Duration, args ...string) string {
	d.t.Helper()
	c := d.command(append(args, "--account", d.account)...)
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = c.Process.Signal(signal) })
	defer timer.Stop()
	_ = c.Wait()
	return c.ProcessState.String()
}

// reported runs the program and reads its report.
func (d *desk) reported(args ...string) report.Report {
	d.t.Helper()
	ran := d.run(append(args, "--account", d.account, "--json")...)
	r, err := report.Read([]byte(ran.stdout))
	if err != nil {
		d.t.Fatalf("no report: %v\n%s", err, ran.stderr)
	}
	if ran.status != 0 {
		d.t.Logf("%s", ran.stderr)
	}
	return r
}
