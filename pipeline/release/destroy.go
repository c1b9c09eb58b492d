package release

import (
	"context"
	"errors"
	"fmt"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
)

// Destruction says what to destroy.
type Destruction struct {
	Stack string
	// DryRun says what would be deleted, by the same first look.
	DryRun bool
}

// Destroy deletes a stack with all that it made, and waits until it is gone.
// What runs in it is ended first. A stack that isn't there is a success.
func (r *Releaser) Destroy(ctx context.Context, d Destruction) (report.Report, error) {
	w := r.newRun(report.Destroy, Request{Stack: d.Stack, DryRun: d.DryRun}, report.DeleteStep)
	res, err := w.destroy(w.traced(ctx), d)
	return w.finish(ctx, res, err)
}

func (w *run) destroy(ctx context.Context, d Destruction) (result, error) {
	w.rec.Begin(report.DeleteStep)
	s, err := w.cfg.Stacks.Describe(ctx, d.Stack)
	var none *stack.NotFoundError
	switch {
	case errors.As(err, &none):
		w.rec.Finish(report.DeleteStep, report.Skipped, "there is no such stack")
		return result{report.Successful, report.Unchanged, fmt.Sprintf("there is no stack %q", d.Stack)}, nil
	case err != nil:
		w.fail(ctx, report.DeleteStep, err)
		return result{}, &stepError{report.DeleteStep, err}
	}
	w.rec.Edit(func(p *report.Report) { p.Stack.ID, p.Stack.Status = s.ID, s.Status })
	if d.DryRun {
		w.rec.Finish(report.DeleteStep, report.Skipped, "dry run")
		return result{report.Successful, report.Unchanged, fmt.Sprintf("would delete stack %q with all that it made", d.Stack)}, nil
	}
	return w.delete(ctx, s)
}

func (w *run) delete(ctx context.Context, s stack.Stack) (result, error) {
	end, err := w.cfg.Stacks.Delete(ctx, s.ID, func(e stack.Event) {
		w.rec.Event(eventOf(e))
		w.rec.Detail(report.DeleteStep, e.LogicalID+" "+e.Status)
	})
	w.rec.Edit(func(p *report.Report) { p.Stack.Status = end.Status })
	if err != nil {
		w.fail(ctx, report.DeleteStep, err)
		var refused *stack.DeletionRefusedError
		if errors.As(err, &refused) {
			return result{}, &stepError{report.DeleteStep, err}
		}
		res := resultOf(ctx, err)
		if ctx.Err() != nil {
			res.summary = "interrupted: the deletion goes on by itself"
			w.advise("to see it through, run the same command again: " + w.command("destroy", s.Name, "--yes"))
		}
		return res, &stepError{report.DeleteStep, err}
	}
	w.rec.Finish(report.DeleteStep, report.Done, end.Status)
	return result{report.Successful, report.Removed, fmt.Sprintf("stack %q and all that it made is gone", s.Name)}, nil
}
