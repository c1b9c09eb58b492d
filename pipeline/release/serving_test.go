package release

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/strategy/hook"
	"orgship/pipeline/verify"
)

// What serves now is the first thing that is said: it has to be so, however a run
// ended.
func TestServes(t *testing.T) {
	plain := func() verify.Attempt { return verify.Attempt{Outcome: verify.Passed, Status: 200} }
	fails := []act{event("UPDATE_IN_PROGRESS"), later(time.Minute, event("UPDATE_ROLLBACK_IN_PROGRESS")), event("UPDATE_ROLLBACK_COMPLETE")}
	for _, test := range []struct {
		name   string
		kind   report.Kind
		world  func(*world)
		after  time.Duration // interrupted; 0: not
		serves string        // letter of the image; "": nothing is known
		line   string
	}{
		{"a release that fails by itself", report.Release, func(w *world) { w.story = fails }, 0, "a", "Now serving: (rev-a)"},
		{"a rollback that fails by itself", report.Rollback, func(w *world) {
			w.body, w.story, w.answer = withRecord(w.body, []string{digestOf("z")}), fails, plain
		}, 0, "a", "Now serving: (rev-a)"},
		{"a rollback that cancels", report.Rollback, func(w *world) {
			w.stack.Status, w.answer = "UPDATE_IN_PROGRESS", plain
		}, 0, "a", "Now serving: (rev-a)"},
		{"interrupted on its way", report.Release, func(w *world) { w.story = course(greenSays) }, 30 * time.Second, "b", "Being changed: (rev-b)"},
		{"interrupted on its way back", report.Release, func(w *world) {
			w.story = course(greenErrs)
			w.cancel = func() error { return nil } // the stack is slow to go back
		}, time.Minute, "a", "Being changed: (rev-a)"},
		{"told to go back when it is interrupted", report.Release, func(w *world) {
			w.story, w.request.RollbackOnInterrupt = course(blueSays), true
		}, 30 * time.Second, "a", "Being changed: (rev-a)"},
		{"cancelled by somebody who may", report.Release, func(w *world) {
			w.story = course(greenErrs)[:4]
			w.story = append(w.story, later(10*time.Second, says(nobody)), event("UPDATE_ROLLBACK_IN_PROGRESS"), later(time.Second, event("UPDATE_ROLLBACK_COMPLETE")))
			w.cancel = func() error { return errors.New("AccessDenied") }
		}, 0, "a", "Now serving: (rev-a)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				test.world(w)
				ctx := t.Context()
				if test.after > 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, test.after)
					defer stop()
				}
				var r report.Report
				if test.kind == report.Rollback {
					r, _ = w.releaser().Rollback(ctx, Request{Stack: "demo"})
				} else {
					r, _ = w.releaser().Release(ctx, w.request)
				}
				if image := r.Serving.Image; image == nil || image.Reference != digestOf(test.serves) || !strings.HasPrefix(r.Headline(), test.line) {
					t.Errorf("%s, %s: %s (%+v)", r.Outcome, r.Summary, r.Headline(), image)
				}
			})
		})
	}
}

// An answer that was asked for before all traffic was known to be the new
// version's may be the old one's, however late it comes.
func TestAskedBeforeTheShift(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.answer = w.clock("shop 5", verify.Wrong)
		w.story = course(greenSays)
		// CodeDeploy was read a moment ago: its weight is told later than it was seen.
		w.story[3] = later(300*time.Millisecond, act{0, func(w *world) {
			seen := time.Now()
			w.set(w.clock("shop 5", verify.Wrong))
			<-time.After(1500 * time.Millisecond) // longer than a question
			w.set(w.clock("shop 6", verify.Passed))
			w.shares <- hook.Deployment{ID: "d-1", Status: "InProgress", Percent: 100, Seen: seen}
		}})
		w.story[2] = later(20*time.Second, act{0, func(*world) {}})
		req := request()
		req.Check.Interval = 50 * time.Millisecond
		r, err := w.releaser(func(c *Config) {
			ask := c.Ask
			c.Ask = func(ctx context.Context, check verify.Check) (verify.Attempt, error) {
				at := time.Now()
				a, err := ask(ctx, check)
				select { // the answer takes a while
				case <-time.After(time.Second):
				case <-ctx.Done():
				}
				a.At = at
				return a, err
			}
		}).Release(t.Context(), req)
		wantReport(t, r, err, report.Successful, report.Released)
	})
}

// Nothing to deploy, and no proof: the words say so, too.
func TestUnchangedUnproved(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.class = report.NothingToDo
		w.answer = func() verify.Attempt { return verify.Attempt{Outcome: verify.Passed, Status: 200} }
		req := request()
		req.Check.Proof = ProofTasks
		r, err := w.releaser().Release(t.Context(), req)
		wantReport(t, r, err, report.Inconclusive, report.Unchanged)
		if !strings.Contains(r.Summary, "isn't proved") {
			t.Errorf("summary %q", r.Summary)
		}
	})
}

// A proof that can't be had is refused.
func TestHeaderWithoutLabel(t *testing.T) {
	t.Parallel()
	if err := error(&NoLabelError{}); verdictOf(err) != report.Failed || hint(err) == "" {
		t.Errorf("%v: verdict %s, hint %q", err, verdictOf(err), hint(err))
	}
}
