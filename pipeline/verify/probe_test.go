package verify_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

// each is a transport that answers by the time since it began.
type each struct {
	started time.Time
	answer  func(since time.Duration) step
}

func (e *each) RoundTrip(r *http.Request) (*http.Response, error) {
	return (&script{steps: []step{e.answer(time.Since(e.started))}}).RoundTrip(r)
}

// probe runs a probe for some time of a fake clock.
func probe(t *testing.T, p verify.Probe, lasting time.Duration, answer func(time.Duration) step) report.Probe {
	t.Helper()
	p.URL, p.Transport = "http://app.test/", &each{time.Now(), answer}
	running, err := verify.Start(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(lasting - time.Nanosecond)
	return running.Stop()
}

func TestProbeThroughAShift(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := probe(t, verify.Probe{Rate: 100}, 10*time.Second, func(since time.Duration) step {
			blue, green := old, right
			blue.takes, green.takes = 10*time.Millisecond, 20*time.Millisecond
			switch {
			case since < 4*time.Second:
				return blue
			case since < 5*time.Second:
				return gateway
			default:
				return green
			}
		})
		if s.Sent != 1000 || s.Answered != 900 || s.Lost != 100 || s.Skipped != 0 {
			t.Errorf("got %d sent, %d answered, %d lost, %d skipped", s.Sent, s.Answered, s.Lost, s.Skipped)
		}
		if len(s.Answerers) != 2 || s.Answerers[0].Revision != "old" || s.Answerers[1].Revision != "new" {
			t.Fatalf("got answerers %+v", s.Answerers)
		}
		blue, green := s.Answerers[0], s.Answerers[1]
		if blue.ID != "v-old" || blue.Count != 400 || blue.First.Sub(s.Started) != 10*time.Millisecond || blue.Last.Sub(s.Started) != 4*time.Second {
			t.Errorf("got %+v", blue)
		}
		if green.Count != 500 || green.First.Sub(s.Started) != 5020*time.Millisecond {
			t.Errorf("got %+v", green)
		}
		if s.Errors["status 503"] != 100 || len(s.Losses) != 20 || s.Losses[19].At.Sub(s.Started) != 4990*time.Millisecond {
			t.Errorf("got errors %v, %d losses", s.Errors, len(s.Losses))
		}
		if len(s.Moments) != 10 || s.Moments[3].Answered["v-old"] != 100 || s.Moments[4].Lost["status 503"] != 100 || s.Moments[9].Answered["v-new"] != 100 {
			t.Errorf("got moments %+v", s.Moments)
		}
		if s.Latency.Max != 20 || s.Latency.P99 < 20*0.99 || s.Latency.P50 < 19.9 || s.Moments[0].P95 < 10 || s.Moments[0].P95 > 10.4 {
			t.Errorf("got latency %+v, of the first moment %+v", s.Latency, s.Moments[0])
		}
	})
}

func TestLateAnswersDoNotSlowTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := probe(t, verify.Probe{Rate: 50, Timeout: 5 * time.Second}, 10*time.Second, func(since time.Duration) step {
			if since < 2*time.Second {
				return slow
			}
			return right
		})
		if s.Sent != 500 || s.Errors["timeout"] != 100 || s.Answered != 400 {
			t.Errorf("got %d sent, %d answered, errors %v", s.Sent, s.Answered, s.Errors)
		}
	})
}

func TestStopWaitsForAnswersOnTheirWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		late := right
		late.takes = 3 * time.Second
		running, err := verify.Start(ctx, verify.Probe{URL: "http://app.test/", Rate: 10, Transport: &each{time.Now(), func(time.Duration) step { return late }}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second - time.Nanosecond)
		cancel()
		if s := running.Snapshot(); s.Answered+s.Lost != 0 || s.Sent != 10 {
			t.Errorf("before: %d answered of %d", s.Answered+s.Lost, s.Sent)
		}
		s := running.Stop()
		if s.Answered != 10 || s.Lost != 0 || s.Latency.Max != 3000 {
			t.Errorf("after: %d answered, %d lost, latency %+v", s.Answered, s.Lost, s.Latency)
		}
		if again := running.Stop(); again.Ended != s.Ended || again.Sent != s.Sent {
			t.Errorf("a second Stop: %+v", again)
		}
	})
}

func TestProbeStaysSmall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		s := probe(t, verify.Probe{Rate: 2}, 3*time.Hour, func(time.Duration) step {
			n++
			return step{status: 200, body: fmt.Sprintf("answer %d", n)}
		})
		if s.Sent != 6*3600 || s.Answered != s.Sent {
			t.Errorf("got %d sent, %d answered", s.Sent, s.Answered)
		}
		if len(s.Moments) > 600 || len(s.Moments) < 300 || s.Moments[0].Seconds != 32 {
			t.Errorf("got %d moments of %v s", len(s.Moments), s.Moments[0].Seconds)
		}
		sent := 0
		for _, m := range s.Moments {
			sent += m.Sent
		}
		if sent != s.Sent {
			t.Errorf("the moments hold %d of %d requests", sent, s.Sent)
		}
		if last := s.Answerers[len(s.Answerers)-1]; len(s.Answerers) != 11 || last.Count != s.Sent-10 || last.ID != "others, status 200" || last.Body != "" {
			t.Errorf("got %d answerers, the last %+v", len(s.Answerers), s.Answerers[len(s.Answerers)-1])
		}
	})
}

func TestAnswerersThatLookAlike(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := probe(t, verify.Probe{Rate: 1, RevisionHeader: "X-App-Version", VersionHeader: "X-Same"}, 4*time.Second, func(since time.Duration) step {
			st := right
			st.revision = strings.Repeat("a", 20) + fmt.Sprint(int(since.Seconds())/2)
			if since >= 3*time.Second {
				st.status = 500
			}
			return st
		})
		if len(s.Answerers) != 2 || s.Answerers[0].ID == s.Answerers[1].ID {
			t.Errorf("got %+v", s.Answerers)
		}
		if s.Answerers[1].Failed != 1 || s.Lost != 1 || s.Answered != 3 {
			t.Errorf("a failed answer of a known answerer: %+v", s)
		}
	})
}

func TestProbeThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]verify.Probe{
		"must be absolute":     {URL: "/"},
		"rate -1 must be":      {URL: "http://x/", Rate: -1},
		"rate 1e+06 must be":   {URL: "http://x/", Rate: 1e6},
		"must not be negative": {URL: "http://x/", Moment: -1},
	} {
		if _, err := verify.Start(context.Background(), p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestProbeOfARealServer(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("X-Image-Revision", "abc")
		fmt.Fprint(w, "hello")
	}))
	for _, fresh := range []bool{false, true} {
		broken.Store(false)
		running, err := verify.Start(context.Background(), verify.Probe{URL: server.URL, Rate: 200, FreshConnections: fresh})
		if err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return running.Snapshot().Answered >= 50 })
		broken.Store(true)
		until(t, func() bool { return running.Snapshot().Lost >= 20 })
		s := running.Stop()
		if s.Errors["connection closed"]+s.Errors["connection reset"] != s.Lost || len(s.Answerers) != 1 || s.Answerers[0].Revision != "abc" {
			t.Errorf("fresh %v: got errors %v, answerers %+v", fresh, s.Errors, s.Answerers)
		}
		if s.Sent != s.Answered+s.Lost || s.Latency.Max <= 0 {
			t.Errorf("fresh %v: got %+v", fresh, s)
		}
	}
	server.Close()
	running, err := verify.Start(context.Background(), verify.Probe{URL: server.URL, Rate: 100})
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return running.Snapshot().Errors["connection refused"] >= 5 })
	running.Stop()
}

func BenchmarkProbeRecord(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	defer server.Close()
	for b.Loop() {
		running, err := verify.Start(context.Background(), verify.Probe{URL: server.URL, Rate: 1000})
		if err != nil {
			b.Fatal(err)
		}
		for running.Snapshot().Answered < 100 {
			time.Sleep(time.Millisecond)
		}
		b.ReportMetric(running.Stop().Latency.P99, "p99-ms")
	}
}
