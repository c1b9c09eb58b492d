package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"orgship/pipeline/account"
	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
)

// concludeReleased concludes a release whose stack has changed: the last word is the
// app's, after blue is gone.
func (w *run) concludeReleased(ctx context.Context) (result, error) {
	serves := "the new version serves all traffic"
	if w.rec.Snapshot().Kind == report.Rollback {
		serves = "the version from before serves all traffic"
	}
	if w.req.Check.Skip {
		return result{report.Successful, report.Released, serves + "; nobody asked it"}, nil
	}
	if err := w.findService(ctx); err != nil {
		w.fail(ctx, report.VerifyStep, err)
		return result{report.Error, report.Released, "deployed, but it could not be asked: " + err.Error()}, &stepError{report.VerifyStep, err}
	}
	if err := w.waitUntilProved(ctx); err != nil {
		w.fail(ctx, report.VerifyStep, err)
		return result{report.Inconclusive, report.Released, "interrupted: deployed, but not proved"}, &stepError{report.VerifyStep, err}
	}
	if w.decided(analysis.Keep) {
		_, _, reason := w.analysis.Decision()
		res, err := w.prove(ctx, result{report.Successful, report.Released, fmt.Sprintf("%s: %s", serves, reason)})
		if err != nil {
			return res, err
		}
		w.decideLateRequests() // those that were asked meanwhile count too
		if w.decided(analysis.Keep) {
			w.finishVerify(report.Done, reason)
			return res, nil
		}
	}
	_, verdict, reason := w.analysis.Decision()
	w.finishVerify(report.StepFailed, reason)
	res := result{verdict, report.Broken, "deployed, and it could not be taken back in time: " + reason}
	if w.progress.cancelErr != nil {
		res.summary = fmt.Sprintf("%v; so the new version stays, and it is wrong: %s", w.progress.cancelErr, reason)
	}
	if w.current.stack == nil {
		res.summary = "deployed for the first time: " + reason
	} else {
		w.advise("the version from before is one call away: " + w.command("rollback", w.req.Stack))
	}
	return res, &stepError{report.VerifyStep, &WrongError{Verdict: verdict, Reason: reason}}
}

// findService finds the URL of a stack that is new, and starts the probe.
func (w *run) findService(ctx context.Context) error {
	if w.url != "" {
		return nil
	}
	s, err := w.cfg.Stacks.Describe(ctx, w.req.Stack)
	if err != nil {
		return err
	}
	if err := w.resolveURLs(ctx, s); err != nil {
		return err
	}
	w.testURL = "" // it serves what production serves
	w.rec.Begin(report.VerifyStep)
	w.rec.Begin(report.DecideStep)
	return w.startProbe(ctx)
}

// waitUntilProved asks until the answers decide: one right answer more when it was
// decided already, the whole row otherwise. The error is ctx's.
func (w *run) waitUntilProved(ctx context.Context) error {
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
		w.decideLate(decision)
		if w.decided(analysis.Keep) && meaning == analysis.Right {
			w.decideLateRequests()
			return nil
		}
		if !w.decided(analysis.GoBack) && time.Now().After(limit) {
			w.analysis.Reconsider() // what was kept has to go on answering
			w.decideLate(w.analysis.TimeUp())
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

func (w *run) decided(d analysis.Decision) bool {
	now, _, _ := w.analysis.Decision()
	return now == d
}

// decideLateRequests takes in what the probe counted to the end.
func (w *run) decideLateRequests() {
	if seen, asked := w.showProbe(); asked {
		w.decideLate(w.analysis.Requests(seen.Answered, seen.Lost))
	}
}

// decideLate notes a decision that comes after the deployment.
func (w *run) decideLate(d analysis.Decision) {
	if d == analysis.Undecided {
		return
	}
	_, _, reason := w.analysis.Decision()
	w.progress.decided, w.progress.blueLived = time.Now(), false
	if d == analysis.Keep {
		w.rec.Finish(report.DecideStep, report.Done, "keep it: "+reason)
		return
	}
	w.rec.Finish(report.DecideStep, report.StepFailed, reason)
}

// unchanged concludes a release that has nothing to change: it still proves
// what is there.
func (w *run) unchanged(ctx context.Context) (result, error) {
	w.rec.Finish(report.ApplyStep, report.Skipped, "the stack is as it should be")
	if w.current.stack != nil {
		w.rec.Edit(func(p *report.Report) { p.Stack.ID, p.Stack.Status = w.current.stack.ID, w.current.stack.Status })
	}
	if err := w.ready(ctx); err != nil {
		w.fail(ctx, report.VerifyStep, err)
		return result{}, &stepError{report.VerifyStep, err}
	}
	w.classifier.Forget() // nothing changes: a wrong answer isn't a version on its way out
	res, err := w.concludeReleased(ctx)
	switch res.outcome {
	case report.Released:
		res.outcome = report.Unchanged
		if err != nil {
			break // what is wrong with it is said
		}
		res.summary = "nothing to do: the stack is as it should be"
		if w.analysis != nil {
			_, _, reason := w.analysis.Decision()
			res.summary += ", " + reason
		}
	case report.Broken:
		_, _, reason := w.analysis.Decision()
		res.summary = "nothing to deploy, but what runs isn't right: " + reason
	}
	return res, err
}

// finish closes the report.
func (w *run) finish(ctx context.Context, res result, err error) (report.Report, error) {
	if w.probe != nil {
		seen := w.probed(w.probe.Stop())
		w.rec.Edit(func(p *report.Report) { p.Probe = seen })
	}
	serving := w.serving(cmp.Or(res.outcome, report.Refused), err) // what ended before it began touched nothing
	w.rec.Edit(func(p *report.Report) { p.Serving = serving })
	if w.analysis != nil && w.url != "" {
		v := w.checked()
		w.rec.Edit(func(p *report.Report) { p.Verification = v })
	}
	if err == nil {
		return w.rec.Close(res.verdict, res.outcome, res.summary), nil
	}
	step := ""
	var at *stepError
	if errors.As(err, &at) {
		step, err = at.step, at.err
	}
	if account.Expired(err) {
		err = &ExpiredError{Begun: res.outcome == report.InProgress, Err: err}
	}
	switch {
	case res.verdict == "" && ctx.Err() != nil:
		res = result{report.Inconclusive, report.Refused, "interrupted before anything was changed"}
	case res.verdict == "":
		res = result{verdictOf(err), report.Refused, err.Error()}
	case res.verdict == report.Error && res.outcome == report.InProgress && account.Expired(err):
		res.summary = err.Error()
	}
	w.rec.Problem(problem(step, err))
	r := w.rec.Close(res.verdict, res.outcome, res.summary)
	return r, &Error{Verdict: r.Verdict, Outcome: r.Outcome, Summary: r.Summary, Err: err}
}
