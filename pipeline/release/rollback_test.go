package release

import (
	"context"
	"errors"
	"strings"
	"testing"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/verify"
)

// What a rollback does depends on what it finds under way.
func TestRollbackFinds(t *testing.T) {
	recorded := func(w *world) { w.body = withRecord(w.body, []string{digestOf("z")}) } // a runs, z ran before
	for _, test := range []struct {
		name               string
		world              func(*world)
		outcome            report.Outcome
		cancelled, planned bool
		text               string
	}{
		{"a release under way: it is cancelled", func(w *world) {
			w.stack.Status, w.token = "UPDATE_IN_PROGRESS", "orgship-0123456789abcdef-1"
		}, report.RolledBack, true, false, "the version from before serves all traffic"},
		{"somebody else's update: it is cancelled", func(w *world) { w.stack.Status = "UPDATE_IN_PROGRESS" }, report.RolledBack, true, false, "the version from before serves"},
		{"a rollback under way: it is followed", func(w *world) {
			w.stack.Status, w.token = "UPDATE_IN_PROGRESS", "orgship-rollback-0123456789abcdef-1"
			w.class = report.NothingToDo
		}, report.Unchanged, false, true, "nothing to do"},
		{"on its way back: it is waited for", func(w *world) { w.stack.Status = "UPDATE_ROLLBACK_IN_PROGRESS" }, report.RolledBack, true, false, "the version from before serves"},
		{"taken back already: no further", func(w *world) {
			w.stack.Status, w.token = "UPDATE_ROLLBACK_COMPLETE", "orgship-rollback-0123"
		}, report.Unchanged, false, false, "taken the latest update back already"},
		{"a release that went back by itself: the image from before", func(w *world) {
			w.stack.Status, w.token, w.class = "UPDATE_ROLLBACK_COMPLETE", "orgship-0123-1", report.NothingToDo
		}, report.Unchanged, false, true, "nothing to do"},
		{"a rollback that is done: no further", func(w *world) {
			w.stack.Status, w.token, w.class = "UPDATE_COMPLETE", "orgship-rollback-0123-1", report.NothingToDo
		}, report.Unchanged, false, true, "nothing to do"},
		{"nothing: the image from before", func(w *world) { w.class = report.NothingToDo }, report.Unchanged, false, true, "nothing to do"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				recorded(w)
				test.world(w)
				w.answer = func() verify.Attempt { return verify.Attempt{Outcome: verify.Passed, Status: 200} }
				r, err := w.releaser().Rollback(t.Context(), Request{Stack: "demo"})
				wantReport(t, r, err, report.Successful, test.outcome)
				if w.canceled != test.cancelled || (len(w.planned) > 0) != test.planned || !strings.Contains(r.Summary, test.text) {
					t.Errorf("cancelled: %v, planned %d: %s", w.canceled, len(w.planned), r.Summary)
				}
				if test.planned && !w.planned[0].Rollback {
					t.Error("the operation isn't marked as a rollback")
				}
				if strings.Contains(r.Summary, "the new version") && test.cancelled {
					t.Errorf("it is the version from before: %s", r.Summary)
				}
			})
		})
	}
}

// An update that begins after the stack was looked at is cancelled after all.
func TestRollbackOvertaken(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.body = withRecord(w.body, []string{digestOf("z")})
		w.planErr = &stack.InProgressError{Name: "demo", StackID: theStack, Status: "UPDATE_IN_PROGRESS", Token: "orgship-0123-1"}
		w.answer = func() verify.Attempt { return verify.Attempt{Outcome: verify.Passed, Status: 200} }
		r, err := w.releaser().Rollback(t.Context(), Request{Stack: "demo"})
		wantReport(t, r, err, report.Successful, report.RolledBack)
		if !w.canceled {
			t.Error("the update goes on")
		}
	})
}

// The hint of an interrupted rollback names the image that it goes to.
func TestRollbackInterrupted(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.body = withRecord(w.body, []string{digestOf("b")})
		w.story = course(greenSays)
		ctx, cancel := context.WithCancelCause(t.Context())
		w.story[1] = act{0, func(*world) { cancel(errors.New("interrupted")) }}
		r, err := w.releaser().Rollback(ctx, Request{Stack: "demo"})
		wantReport(t, r, err, report.Inconclusive, report.InProgress)
		if text := strings.Join(r.Hints, " "); !strings.Contains(text, "it goes back to (rev-b) sha256:bbbbbbbbbbbb") || !strings.Contains(text, "orgship rollback demo") {
			t.Errorf("hints %q", r.Hints)
		}
	})
}

// After a cancel nothing reads as untouched, whatever can't be read then.
func TestRollbackThatCannotLook(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.stack.Status, w.bodyErr = "UPDATE_IN_PROGRESS", errors.New("reading the template: AccessDenied")
		r, err := w.releaser().Rollback(t.Context(), Request{Stack: "demo"})
		wantReport(t, r, err, report.Error, report.RolledBack)
		if !w.canceled || !strings.HasPrefix(r.Summary, "the update is cancelled, but") || strings.Contains(r.Headline(), "Nothing was touched") {
			t.Errorf("cancelled: %v: %s; %s", w.canceled, r.Headline(), r.Summary)
		}
	})
	bubble(t, func(t *testing.T, w *world) {
		w.stack.Status, w.token, w.bodyErr = "UPDATE_ROLLBACK_COMPLETE", "orgship-rollback-0123", errors.New("reading the template: AccessDenied")
		r, err := w.releaser().Rollback(t.Context(), Request{Stack: "demo"})
		if err == nil || r.Verdict != report.Error || strings.Contains(r.Summary, "serves") {
			t.Errorf("%s, %s: %s (error %v)", r.Verdict, r.Outcome, r.Summary, err)
		}
	})
}
