package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"orgship/pipeline/account"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
)

// deploy changes the stack, asks all the while, and decides.
func (w *run) deploy(ctx context.Context) (result, error) {
	if err := w.ready(ctx); err != nil {
		if w.proposal.resume == nil {
			w.cfg.Stacks.Discard(ctx, w.proposal.plan)
		}
		w.fail(ctx, report.VerifyStep, err)
		return result{}, &stepError{report.VerifyStep, err}
	}
	w.rec.Begin(report.ApplyStep)
	from, err := w.begin(ctx)
	if err != nil {
		w.fail(ctx, report.ApplyStep, err)
		return result{}, &stepError{report.ApplyStep, err}
	}
	w.rec.Edit(func(p *report.Report) { p.Stack.ID = from.StackID })
	end, err := w.newShift(from).watch(ctx)
	return w.conclude(ctx, end, err)
}

// ready prepares the check, and asks who answers before anything changes.
func (w *run) ready(ctx context.Context) error {
	if w.req.Check.Skip {
		w.rec.Finish(report.VerifyStep, report.Skipped, "not asked for")
		w.rec.Finish(report.DecideStep, report.Skipped, "not asked for")
		return nil
	}
	w.withDefaults()
	if w.current.stack == nil {
		w.analysis = w.newAnalysis()
		return nil
	}
	if err := w.resolveURLs(ctx, *w.current.stack); err != nil {
		return err
	}
	w.rec.Begin(report.VerifyStep)
	return w.baseline(ctx)
}

// begin starts the change, or finds the one that an earlier run has started.
func (w *run) begin(ctx context.Context) (stack.From, error) {
	w.progress.began = time.Now()
	if w.proposal.resume != nil {
		return stack.From{StackID: w.proposal.resume.StackID}, nil
	}
	begun, err := w.cfg.Stacks.Begin(ctx, w.proposal.plan)
	var busy *stack.InProgressError
	if errors.As(err, &busy) && stack.SameOperation(busy, w.proposal.request) { // another run of the same command was faster
		w.proposal.resume = busy
		return stack.From{StackID: busy.StackID}, nil
	}
	return begun.From, err
}

// conclude makes a result of how the stack's operation ended.
func (w *run) conclude(ctx context.Context, end stack.End, err error) (result, error) {
	w.rec.Edit(func(p *report.Report) { p.Stack.Status = end.Status })
	if err == nil {
		w.rec.Finish(report.ApplyStep, report.Done, end.Status)
		return w.concludeReleased(ctx)
	}
	var back *stack.RolledBackError
	res := resultOf(ctx, err)
	if errors.As(err, &back) && (w.progress.cancelled || w.progress.cancelErr != nil) {
		w.progress.cancelled = true // by us, or by somebody who may
		w.rec.Finish(report.ApplyStep, report.StepFailed, "cancelled, as decided: "+end.Status)
		return w.rolledBack(ctx)
	}
	w.fail(ctx, report.ApplyStep, err)
	if back != nil {
		w.finishVerify(report.Skipped, "the deployment failed before it could be decided")
		w.rec.Finish(report.DecideStep, report.Skipped, "there was nothing to decide about")
		return res, &stepError{report.ApplyStep, err}
	}
	switch {
	case account.Expired(err):
	case ctx.Err() != nil:
		res = w.interrupted(ctx)
	case res.outcome == report.InProgress:
		w.advise("run the same command again: it goes on from where the stack is; to go back instead: " + w.command("rollback", w.req.Stack))
	}
	return res, &stepError{report.ApplyStep, err}
}

// resultOf tells what state an operation that ended with an error left behind.
func resultOf(ctx context.Context, err error) result {
	var back *stack.RolledBackError
	var stuck *stack.StuckError
	var late *stack.TooLateError
	switch {
	case errors.As(err, &back):
		return result{report.Failed, report.RolledBack, err.Error()}
	case errors.As(err, &stuck):
		return result{report.Failed, report.Broken, err.Error()}
	case errors.As(err, &late):
		return result{report.Failed, report.Unchanged, err.Error()}
	case ctx.Err() != nil:
		return result{report.Inconclusive, report.InProgress, "interrupted: what was begun in the stack goes on by itself, and nobody decides about it"}
	}
	return result{report.Error, report.InProgress, "what was begun in the stack goes on, but it could not be followed: " + err.Error()}
}

// rolledBack concludes a release that was cancelled because of the answers.
func (w *run) rolledBack(ctx context.Context) (result, error) {
	_, verdict, reason := w.analysis.Decision()
	w.finishVerify(report.StepFailed, reason)
	res := result{verdict, report.RolledBack, fmt.Sprintf("went back while the version from before was still there: %s", reason)}
	if last, well := w.waitForPrevious(ctx); !well {
		res.outcome = report.Broken
		res.summary += "; the version from before doesn't answer either: " + last
	}
	return res, &stepError{report.VerifyStep, &WrongError{Verdict: verdict, Reason: reason}}
}

// WrongError says that the app's answers were against a release.
type WrongError struct {
	Verdict report.Verdict
	Reason  string
}

func (e *WrongError) Error() string {
	switch e.Verdict {
	case report.Failed:
		return "the new version answered wrongly: " + e.Reason
	case report.Error:
		return "the new version could not be asked: " + e.Reason
	}
	return "the new version could not be proved: " + e.Reason
}

// Hint says what to do about it.
func (e *WrongError) Hint() string {
	if e.Verdict == report.Failed {
		return "look at the answers in the report, mend the image or the check, and release again"
	}
	return "is the URL reachable from here? A longer termination wait gives more time to decide"
}

// waitForPrevious waits until the version from before answers production again: now it
// has all the traffic, so that any answer is its own, but for those that say
// they aren't and for failures that it didn't show before.
func (w *run) waitForPrevious(ctx context.Context) (last string, well bool) {
	limit := time.Now().Add(max(w.scaled(30*time.Second), 5*time.Second))
	for time.Now().Before(limit) {
		x, err := w.ask(ctx, w.url, false)
		if err != nil {
			return err.Error(), false
		}
		if w.classifier.Recovered(x) {
			w.progress.relieved = x.At
			w.proof = w.evidence(ctx, w.current.known)
			w.rec.Event(report.Event{Source: report.FromVerify, Subject: "the version from before", Message: "answers again", At: x.At})
			return "", true
		}
		last = cmp.Or(x.Reason, "the new version still answers")
		if err := pause(ctx, w.req.Check.Interval); err != nil {
			return err.Error(), false
		}
	}
	return last, false
}

func (w *run) finishVerify(state report.State, detail string) {
	if !w.req.Check.Skip {
		w.rec.Finish(report.VerifyStep, state, detail)
	}
}
