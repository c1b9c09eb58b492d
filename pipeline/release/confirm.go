package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orgship/pipeline/account"
	"orgship/pipeline/report"
)

// confirmed concludes a release whose stack has changed: the last word is the
// app's, after blue is gone.
func (w *work) confirmed(ctx context.Context) error {
	serves := "the new version serves all traffic"
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
	if w.ballot.decided == keep {
		w.finishVerify(report.Done, w.ballot.reason)
		w.result = result{report.Successful, report.Released, fmt.Sprintf("%s: %s", serves, w.ballot.reason)}
		return nil
	}
	w.finishVerify(report.StepFailed, w.ballot.reason)
	w.result = result{w.ballot.verdict, report.Broken, "deployed, and it could not be taken back in time: " + w.ballot.reason}
	if w.existing == nil {
		w.result.summary = "deployed for the first time: " + w.ballot.reason
	} else {
		w.advise("the version from before is one call away: orgship rollback " + w.req.Stack)
	}
	return &stepError{stepVerify, &WrongError{Verdict: w.ballot.verdict, Reason: w.ballot.reason}}
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
	if err := w.aim(s); err != nil {
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
	for w.ballot.decided != goBack {
		a, err := w.ask(ctx, w.url, false)
		if err != nil {
			return err
		}
		if d := w.ballot.count(a, share{known: true, percent: 100}); d != undecided {
			w.late(d)
		}
		switch {
		case w.ballot.decided == keep && a.who == right:
			return nil
		case w.ballot.decided == goBack:
			return nil
		case time.Now().After(limit):
			w.ballot.decided = undecided // what was kept has to go on answering
			w.late(w.ballot.timeUp())
			return nil
		}
		gap := w.req.Check.Interval
		if a.who == right {
			gap /= 5 // nothing moves any more: a row of right answers need not take long
		}
		if err := pause(ctx, gap); err != nil {
			return err
		}
	}
	return nil
}

// late notes a decision that comes after the deployment.
func (w *work) late(d decision) {
	w.decidedAt, w.blueLived = time.Now(), false
	if d == keep {
		w.rec.Finish(stepDecide, report.Done, "keep it: "+w.ballot.reason)
		return
	}
	w.rec.Finish(stepDecide, report.StepFailed, w.ballot.reason)
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
	w.crowd.seen = map[string]bool{} // nothing changes: a wrong answer isn't a version on its way out
	err := w.confirmed(ctx)
	switch w.result.outcome {
	case report.Released:
		w.result.outcome = report.Unchanged
		w.result.summary = "nothing to do: the stack is as it should be"
		if w.ballot != nil {
			w.result.summary += ", " + w.ballot.reason
		}
	case report.Broken:
		w.result.summary = "nothing to deploy, but what runs isn't right: " + w.ballot.reason
	}
	return err
}

// finish closes the report.
func (w *work) finish(ctx context.Context, err error) (report.Report, error) {
	if w.probe != nil {
		seen := probeOf(w.probe.Stop(), w.role)
		w.rec.Edit(func(p *report.Report) { p.Probe = seen })
	}
	if w.ballot != nil && w.url != "" {
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
		err = &ExpiredError{Begun: w.result.outcome == report.StillGoing, Err: err}
	}
	switch {
	case w.result.verdict == "" && ctx.Err() != nil:
		w.result = result{report.Inconclusive, report.Refused, "interrupted before anything was changed"}
	case w.result.verdict == "":
		w.result = result{verdictOf(err), report.Refused, err.Error()}
	case w.result.verdict == report.Error && w.result.outcome == report.StillGoing && account.Expired(err):
		w.result.summary = err.Error()
	}
	w.rec.Problem(problem(step, err))
	r := w.rec.Close(w.result.verdict, w.result.outcome, w.result.summary)
	return r, &Error{Verdict: r.Verdict, Outcome: r.Outcome, Summary: r.Summary, Err: err}
}
