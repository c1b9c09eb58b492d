package release

import (
	"context"
	"fmt"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/template"
)

// Rollback goes back to the image from before, in one call. While an update is
// under way it cancels it: blue still lives. Afterwards it releases the earlier
// image, blue/green as any other: the one that the stack's template records, or
// req.Image. It uses the template that the stack has, unless req has one. Going
// back twice goes back two images.
func (r *Releaser) Rollback(ctx context.Context, req Request) (report.Report, error) {
	req.Check.IgnoreBaseline = true // going back mends a service that is down
	w := r.newWork(report.Rollback, req, stepPush, stepAccess, stepPlan, stepApply, stepVerify, stepDecide)
	return w.finish(ctx, w.rollback(w.traced(ctx)))
}

func (w *work) rollback(ctx context.Context) error {
	s, err := w.cfg.Stacks.Describe(ctx, w.req.Stack)
	if err != nil {
		return &stepError{stepPlan, err}
	}
	if stack.BlueLives(s.Status) {
		return w.cancel(ctx, s)
	}
	body, err := w.cfg.Stacks.Template(ctx, s.ID)
	if err != nil {
		return &stepError{stepPlan, err}
	}
	if w.req.Image == "" {
		images := previous(body)
		if len(images) == 0 {
			return &stepError{stepPlan, &NoRecordError{Stack: w.req.Stack}}
		}
		w.req.Image, w.images, w.recorded = images[0], images[1:], true
	}
	return w.release(ctx)
}

// cancel takes an update back that is under way, and asks for the version from before.
func (w *work) cancel(ctx context.Context, s stack.Stack) error {
	if w.req.DryRun {
		w.result = result{report.Successful, report.Unchanged, "dry run: the update under way would be cancelled"}
		return nil
	}
	for _, step := range []string{stepPush, stepAccess, stepPlan} {
		w.rec.Finish(step, report.Skipped, "an update is under way: it is cancelled")
	}
	w.rec.Edit(func(p *report.Report) { p.Stack.ID = s.ID })
	w.rec.Begin(stepApply)
	end, err := w.cfg.Stacks.Cancel(ctx, s.ID, func(e stack.Event) { w.rec.Event(eventOf(e)) })
	w.rec.Edit(func(p *report.Report) { p.Stack.Status = end.Status })
	if err != nil {
		w.fail(ctx, stepApply, err)
		w.result = resultOf(ctx, err)
		return &stepError{stepApply, err}
	}
	w.rec.Finish(stepApply, report.Done, end.Status)
	w.rec.Finish(stepDecide, report.Skipped, "you did")
	return w.proveBefore(ctx, s)
}

// proveBefore asks whether the version from before answers as it should.
func (w *work) proveBefore(ctx context.Context, s stack.Stack) error {
	w.existing = &s
	body, err := w.cfg.Stacks.Template(ctx, s.ID)
	if err == nil {
		if image, _, err := template.Image(body, w.req.Change.Container); err == nil && image != "" {
			if w.image, err = w.cfg.Images.Find(ctx, image); err == nil {
				w.rec.Edit(func(p *report.Report) {
					p.Image = &report.Image{
						Reference: w.image.Reference, Digest: w.image.Digest, Revision: report.Clean(w.image.Revision),
						Version: report.Clean(w.image.Version), AlreadyThere: true,
					}
				})
			}
		}
	}
	if err := w.ready(ctx); err != nil {
		w.result = result{report.Error, report.WentBack, "the update is cancelled, but the version from before could not be asked: " + err.Error()}
		return &stepError{stepVerify, err}
	}
	w.classifier.Forget()
	err = w.confirmed(ctx)
	if w.result.outcome == report.Released {
		w.result.outcome = report.WentBack
		w.result.summary = fmt.Sprintf("cancelled the update under way: %s", w.result.summary)
	}
	return err
}
