package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orgship/pipeline/account"
	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
)

// confirmed concludes a release whose stack has changed: the last word is the
// app's, after blue is gone.
func (w *work) confirmed(ctx context.Context) error {
	serves := "the new version serves all traffic"
	if w.rec.Snapshot().Kind == report.Rollback {
		serves = "the version from before serves all traffic"
	}
	if w.req.Check.Skip {
		w.result = result{report.Successful, report.Released, serves + "; nobody asked it"}
		return nil
	}
	if err := w.found(ctx); err != nil {
		w.result = result{report.Error, report.Released, "deployed, but it could not be asked: " + err.Error()}
		w.fail(ctx, stepVerify, err)
		return &stepError{stepVerify, err}
	}
	if err := w.settle(ctx); err != nil {
		w.fail(ctx, stepVerify, err)
		w.result = result{report.Inconclusive, report.Released, "interrupted: deployed, but not proved"}
		return &stepError{stepVerify, err}
	}
	decided, verdict, reason := w.analysis.Decision()
	if decided == analysis.Keep {
		w.result = result{report.Successful, report.Released, fmt.Sprintf("%s: %s", serves, reason)}
		if err := w.prove(ctx); err != nil {
			return err
		}
		w.finishVerify(report.Done, reason)
		return nil
	}
	w.finishVerify(report.StepFailed, reason)
	w.result = result{verdict, report.Broken, "deployed, and it could not be taken back in time: " + reason}
	if w.cancelErr != nil {
		w.result.summary = fmt.Sprintf("%v; so the new version stays, and it is wrong: %s", w.cancelErr, reason)
	}
	if w.existing == nil {
		w.result.summary = "deployed for the first time: " + reason
	} else {
		w.advise("the version from before is one call away: " + w.command("rollback", w.req.Stack))
	}
	return &stepError{stepVerify, &WrongError{Verdict: verdict, Reason: reason}}
}

// found finds the URL of a stack that is new, and starts the probe.
func (w *work) found(ctx context.Context) error {
	if w.url != "" {
		return nil
	}
	s, err := w.cfg.Stacks.Describe(ctx, w.req.Stack)
	if err != nil {
		return err
	}
	if err := w.aim(ctx, s); err != nil {
		return err
	}
	w.testURL = "" // it serves what production serves
	w.rec.Begin(stepVerify)
	w.rec.Begin(stepDecide)
	return w.startProbe(ctx)
}

// settle asks until the answers decide: one right answer more when it was
// decided already, the whole row otherwise. The error is ctx's.
func (w *work) settle(ctx context.Context) error {
	limit := time.Now().Add(w.req.Check.Deadline)
	now := analysis.Weight{Known: true, Percent: 100, Since: time.Now()}
	w.analysis.Weigh(now)
	w.noteWeight(now)
	for !w.decided(analysis.GoBack) {
		x, err := w.ask(ctx, w.url, false)
		if err != nil {
			return err
		}
		meaning, decision := w.analysis.Answer(x)
		w.late(decision)
		if w.decided(analysis.Keep) && meaning == analysis.Right {
			w.lateRequests()
			return nil
		}
		if !w.decided(analysis.GoBack) && time.Now().After(limit) {
			w.analysis.Reconsider() // what was kept has to go on answering
			w.late(w.analysis.TimeUp())
		}
		gap := w.req.Check.Interval
		if meaning == analysis.Right {
			gap /= 5 // nothing moves any more: a row of right answers need not take long
		}
		if err := pause(ctx, gap); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) decided(d analysis.Decision) bool {
	now, _, _ := w.analysis.Decision()
	return now == d
}

// lateRequests takes in what the probe counted to the end.
func (w *work) lateRequests() {
	if seen, asked := w.showProbe(); asked {
		w.late(w.analysis.Requests(seen.Answered, seen.Lost))
	}
}

// late notes a decision that comes after the deployment.
func (w *work) late(d analysis.Decision) {
	if d == analysis.Undecided {
		return
	}
	_, _, reason := w.analysis.Decision()
	w.decidedAt, w.blueLived = time.Now(), false
	if d == analysis.Keep {
		w.rec.Finish(stepDecide, report.Done, "keep it: "+reason)
		return
	}
	w.rec.Finish(stepDecide, report.StepFailed, reason)
}

// unchanged concludes a release that has nothing to change: it still proves
// what is there.
func (w *work) unchanged(ctx context.Context) error {
	w.rec.Finish(stepApply, report.Skipped, "the stack is as it should be")
	if w.existing != nil {
		w.rec.Edit(func(p *report.Report) { p.Stack.ID, p.Stack.Status = w.existing.ID, w.existing.Status })
	}
	if err := w.ready(ctx); err != nil {
		w.fail(ctx, stepVerify, err)
		return &stepError{stepVerify, err}
	}
	w.classifier.Forget() // nothing changes: a wrong answer isn't a version on its way out
	err := w.confirmed(ctx)
	switch w.result.outcome {
	case report.Released:
		w.result.outcome = report.Unchanged
		if err != nil {
			break // what is wrong with it is said
		}
		w.result.summary = "nothing to do: the stack is as it should be"
		if w.analysis != nil {
			_, _, reason := w.analysis.Decision()
			w.result.summary += ", " + reason
		}
	case report.Broken:
		_, _, reason := w.analysis.Decision()
		w.result.summary = "nothing to deploy, but what runs isn't right: " + reason
	}
	return err
}

// finish closes the report.
func (w *work) finish(ctx context.Context, err error) (report.Report, error) {
	if w.probe != nil {
		seen := w.probed(w.probe.Stop())
		w.rec.Edit(func(p *report.Report) { p.Probe = seen })
	}
	serving := w.serving(err)
	w.rec.Edit(func(p *report.Report) { p.Serving = serving })
	if w.analysis != nil && w.url != "" {
		v := w.checked()
		w.rec.Edit(func(p *report.Report) { p.Verification = v })
	}
	if err == nil {
		return w.rec.Close(w.result.verdict, w.result.outcome, w.result.summary), nil
	}
	step := ""
	var at *stepError
	if errors.As(err, &at) {
		step, err = at.step, at.err
	}
	if account.Expired(err) {
		err = &ExpiredError{Begun: w.result.outcome == report.InProgress, Err: err}
	}
	switch {
	case w.result.verdict == "" && ctx.Err() != nil:
		w.result = result{report.Inconclusive, report.Refused, "interrupted before anything was changed"}
	case w.result.verdict == "":
		w.result = result{verdictOf(err), report.Refused, err.Error()}
	case w.result.verdict == report.Error && w.result.outcome == report.InProgress && account.Expired(err):
		w.result.summary = err.Error()
	}
	w.rec.Problem(problem(step, err))
	r := w.rec.Close(w.result.verdict, w.result.outcome, w.result.summary)
	return r, &Error{Verdict: r.Verdict, Outcome: r.Outcome, Summary: r.Summary, Err: err}
}
