package release

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/serving"
	"orgship/pipeline/verify"
)

// recorded are AWS's records as a test says them.
type recorded struct {
	digest string // that all tasks run; "": no task is behind the listener
	err    error
	broken *report.FailedTask
}

func (r recorded) Serving(_ context.Context, q serving.Question) (report.Evidence, error) {
	if q.Listener == "" || q.Service == "" {
		return report.Evidence{}, errors.New("asked about nothing")
	}
	target := report.ServingTarget{Address: "10.0.0.1", State: "healthy"}
	if r.digest != "" {
		target.Task, target.Digest = "task/a", r.digest
	}
	return report.Evidence{Groups: []report.ServingGroup{{TargetGroup: "green", Percent: 100, Targets: []report.ServingTarget{target}}}}, r.err
}

func (r recorded) Running(context.Context, serving.Question) (string, error) { return "", nil }

func (r recorded) Failed(context.Context, string, time.Time) (*report.FailedTask, error) {
	return r.broken, nil
}

func (r recorded) Address(context.Context, string) (string, error) {
	return "http://by-the-listener.example", nil
}

func TestProof(t *testing.T) {
	plain := verify.Attempt{Outcome: verify.Passed, Status: 200, Body: "ok"}
	newDigest, oldDigest := "sha256:"+strings.Repeat("b", 64), "sha256:"+strings.Repeat("a", 64)
	for _, test := range []struct {
		name    string
		proof   Proof
		records records // nil: none
		answers verify.Attempt
		verdict report.Verdict
		outcome report.Outcome
		proved  string
		text    string
	}{
		{"the records prove it", ProofAuto, recorded{digest: newDigest}, plain, report.Successful, report.Released, "tasks", "by AWS's records the one task"},
		{"the header is better still", ProofAuto, recorded{digest: newDigest}, greenSays, report.Successful, report.Released, "header", "by AWS's records the one task"},
		{"no records, and the header says it", ProofAuto, nil, greenSays, report.Successful, report.Released, "header", "3 right answers in a row"},
		{"no records and no header: nothing is claimed", ProofAuto, nil, plain, report.Successful, report.Released, "", "which image gave them isn't proved"},
		{"the records may not be read", ProofAuto, recorded{err: &serving.DeniedError{Doing: "describing the tasks", Actions: []string{"ecs:DescribeTasks"}, Err: errors.New("AccessDenied")}}, plain, report.Successful, report.Released, "", "which image gave them isn't proved"},
		{"the records show no task", ProofAuto, recorded{}, plain, report.Successful, report.Released, "", "isn't proved: target 10.0.0.1 of green is no task"},
		{"the records show another image", ProofAuto, recorded{digest: oldDigest}, plain, report.Inconclusive, report.Released, "", "isn't proved: task a, which gets traffic"},
		{"tasks are asked for, and not read", ProofTasks, nil, plain, report.Inconclusive, report.Released, "", "couldn't be read"},
		{"tasks are asked for", ProofTasks, recorded{digest: newDigest}, plain, report.Successful, report.Released, "tasks", "by AWS's records"},
		{"nothing is asked for", ProofNone, recorded{digest: oldDigest}, plain, report.Successful, report.Released, "", "isn't proved"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				if test.answers.Revision == "" {
					w.answer = func() verify.Attempt { return plain }
				}
				w.story = course(test.answers)
				req := request()
				req.Check.Proof = test.proof
				r, err := w.releaser(func(c *Config) { c.Records = test.records }).Release(t.Context(), req)
				wantReport(t, r, err, test.verdict, test.outcome)
				if r.Serving.Proof != test.proved || !strings.Contains(r.Summary, test.text) {
					t.Errorf("proof %q: %s", r.Serving.Proof, r.Summary)
				}
				if other := test.verdict == report.Inconclusive && test.records != nil; other != (r.Serving.Image.Digest == oldDigest) {
					t.Errorf("serving: %s", r.Headline())
				}
				var denied *serving.DeniedError
				if rec, ok := test.records.(recorded); ok && errors.As(rec.err, &denied) && !strings.Contains(strings.Join(r.Hints, "\n"), "ecs:DescribeTasks") {
					t.Errorf("hints %q", r.Hints)
				}
			})
		})
	}
}

// A label on the image whose service sends no header is no fault of the service.
func TestLabelWithoutHeader(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		plain := verify.Attempt{Outcome: verify.Passed, Status: 200, Body: "ok"}
		w.answer = func() verify.Attempt { return plain }
		w.story = course(plain)
		r, err := w.releaser().Release(t.Context(), request())
		wantReport(t, r, err, report.Successful, report.Released)
		if !strings.Contains(strings.Join(r.Hints, "\n"), "the service sends no header X-Image-Revision") {
			t.Errorf("hints %q", r.Hints)
		}
	})
}

// Where the service answers is the listener's own address, unless an output or
// the request says otherwise; what can't be told is refused before anything.
func TestAddress(t *testing.T) {
	for _, test := range []struct {
		name    string
		outputs map[string]string
		check   Check
		want    string
	}{
		{"the listener", nil, Check{Path: "/"}, "http://by-the-listener.example/"},
		{"the listener, and a path", nil, Check{Path: "/health"}, "http://by-the-listener.example/health"},
		{"the usual output", map[string]string{"LoadBalancerDNSName": "lb.example"}, Check{Path: "/"}, "http://lb.example/"},
		{"an output that is a URL", map[string]string{"Url": "https://shop.example/start"}, Check{Output: "Url", Path: "/"}, "https://shop.example/start"},
		{"an output that is a URL, with its slash", map[string]string{"Url": "http://shop.example/"}, Check{Output: "Url", Path: "/"}, "http://shop.example/"},
		{"a URL", nil, Check{}, "http://given.example/x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.class = report.NothingToDo
				w.answer = func() verify.Attempt { return greenSays }
				w.stack.Outputs = test.outputs
				req := request()
				req.Check = test.check
				if test.name == "a URL" {
					req.Check.URL = test.want
				}
				r, err := w.releaser(func(c *Config) { c.Records = recorded{digest: "sha256:" + strings.Repeat("b", 64)} }).Release(t.Context(), req)
				wantReport(t, r, err, report.Successful, report.Unchanged)
				if r.URLs["service"] != test.want {
					t.Errorf("asked %s, want %s", r.URLs["service"], test.want)
				}
			})
		})
	}
	bubble(t, func(t *testing.T, w *world) {
		req := request()
		req.Check.Output = "Nope"
		began := time.Now()
		r, err := w.releaser().Release(t.Context(), req)
		wantReport(t, r, err, report.Failed, report.Refused)
		if w.began || len(w.planned) > 0 || time.Since(began) > time.Second {
			t.Errorf("begun: %v, planned: %d", w.began, len(w.planned))
		}
	})
}

// losing are records whose reading takes a while, in which requests are lost.
type losing struct {
	recorded
	world *world
}

func (l losing) Serving(ctx context.Context, q serving.Question) (report.Evidence, error) {
	l.world.mu.Lock()
	l.world.losing = 30
	l.world.mu.Unlock()
	_ = pause(ctx, 20*time.Second)
	return l.recorded.Serving(ctx, q)
}

// What is lost while the proof is taken counts too.
func TestLostDuringProof(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.losing, w.class = 100, report.NothingToDo
		w.answer = func() verify.Attempt { return greenSays }
		r, err := w.releaser(func(c *Config) { c.Records = losing{recorded{digest: "sha256:" + strings.Repeat("b", 64)}, w} }).Release(t.Context(), request())
		wantReport(t, r, err, report.Failed, report.Broken)
		if !strings.Contains(r.Summary, "requests were lost") {
			t.Errorf("%s", r.Summary)
		}
	})
}
