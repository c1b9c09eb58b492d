package release

import (
	"context"
	"strings"
	"time"

	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
)

// cancelTime is how long a run that was interrupted may take to cancel: what
// ends a program by force gives it about so long (GitHub Actions 7.5 s, then
// 2.5 s; ECS and Kubernetes 30 s).
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
const cancelTime = 7 * time.Second

// interrupted is what an interruption comes to: the stack goes on by itself,
// unless the request wants it to go back and the answers haven't decided to keep
// what is new.
func (w *run) interrupted(ctx context.Context) result {
	switch {
	case w.decided(analysis.Keep) && w.rec.Snapshot().Kind == report.Rollback:
		w.advise("to see it through, run the same command again: " + w.command("rollback", w.req.Stack))
		return result{report.Inconclusive, report.InProgress, "interrupted: the version from before was proved, and the stack's update goes on to its end"}
	case w.decided(analysis.Keep):
		_, _, reason := w.analysis.Decision()
		w.advise("to see it through, run the same command again; to go back: " + w.command("rollback", w.req.Stack))
		return result{report.Inconclusive, report.InProgress, "interrupted: the new version was proved (" + reason + "), and the stack's update goes on to its end"}
	case w.progress.cancelled:
		return result{report.Inconclusive, report.InProgress, "interrupted: the update is being cancelled, as the answers decided"}
	case w.req.RollbackOnInterrupt && w.current.stack != nil:
		return w.cancelInterrupted(ctx)
	}
	if now := w.rec.Snapshot(); now.Kind == report.Rollback {
		w.advise("it goes back to " + now.Image.Title() + "; to see it through, run the same command again: " + w.command("rollback", w.req.Stack))
		return result{report.Inconclusive, report.InProgress, "interrupted: the stack goes back to " + now.Image.Title() + " by itself, and nobody decides about it"}
	}
	w.advise("run the same command again: it goes on from where the stack is; to go back instead: " + w.command("rollback", w.req.Stack))
	return result{report.Inconclusive, report.InProgress, "interrupted: what was begun in the stack goes on by itself, and nobody decides about it"}
}

// cancelInterrupted cancels the update with the one call that there is time for.
func (w *run) cancelInterrupted(ctx context.Context) result {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer stop()
	if err := w.strategy.GoBack(ctx, w.rec.Snapshot().Stack.ID); err != nil {
		w.rec.Problem(problem(report.ApplyStep, err))
		w.advise("to go back: " + w.command("rollback", w.req.Stack))
		return result{report.Inconclusive, report.InProgress, "interrupted, and the update could not be cancelled: it goes on by itself, and nobody decides about it"}
	}
	w.progress.cancelled = true
	w.advise("to see that the version from before answers again: " + w.command("rollback", w.req.Stack))
	return result{report.Inconclusive, report.InProgress, "interrupted: the update is cancelled, as --on-interrupt=rollback asks, and the stack goes back by itself"}
}

// command is a command to type, with the flags that say who asks, and where.
func (w *run) command(words ...string) string {
	if w.cfg.Command != nil {
		return w.cfg.Command(words...)
	}
	return "orgship " + strings.Join(words, " ")
}
