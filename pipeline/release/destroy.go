package release

import (
	"context"
	"fmt"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
)

// Destroy deletes a stack with all that it made, and waits until it is gone.
// What runs in it is ended first. A stack that isn't there is a success.
func (r *Releaser) Destroy(ctx context.Context, name string) (report.Report, error) {
	const step = "delete"
	w := r.newWork(report.Destroy, Request{Stack: name}, step)
	w.rec.Begin(step)
	end, err := w.cfg.Stacks.Delete(w.traced(ctx), name, func(e stack.Event) {
		w.rec.Event(eventOf(e))
		w.rec.Detail(step, e.LogicalID+" "+e.Status)
	})
	w.rec.Edit(func(p *report.Report) { p.Stack.ID, p.Stack.Status = end.StackID, end.Status })
	switch {
	case err != nil:
		w.fail(ctx, step, err)
		w.result = resultOf(ctx, err)
		return w.finish(ctx, &stepError{step, err})
	case end.Status == "":
		w.rec.Finish(step, report.Skipped, "there is no such stack")
		w.result = result{report.Successful, report.Unchanged, fmt.Sprintf("there is no stack %q", name)}
	default:
		w.rec.Finish(step, report.Done, end.Status)
		w.result = result{report.Successful, report.Removed, fmt.Sprintf("stack %q and all that it made is gone", name)}
	}
	return w.finish(ctx, nil)
}
