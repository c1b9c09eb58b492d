package release

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"orgship/pipeline/registry"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/template"
)

// Rollback goes back to the image from before, in one call. While an update is
// under way it cancels it: blue still lives. Afterwards it releases the earlier
// image, blue/green as any other: the one that the stack's template records, or
// req.Image. It uses the template that the stack has, unless req has one. What
// is on its way back already, or has been brought back by a rollback, is followed
// to its end and proved, and no further: the same command again, or somebody
// else's, means the same rollback. To go back further, name the image.
func (r *Releaser) Rollback(ctx context.Context, req Request) (report.Report, error) {
	req.Check.IgnoreBaseline = true // going back mends a service that is down
	w := r.newRun(report.Rollback, req, report.PushStep, report.AccessStep, report.PlanStep, report.ApplyStep, report.VerifyStep, report.DecideStep)
	res, err := w.rollback(w.traced(ctx))
	return w.finish(ctx, res, err)
}

func (w *run) rollback(ctx context.Context) (result, error) {
	s, err := w.cfg.Stacks.Describe(ctx, w.req.Stack)
	if err != nil {
		return result{}, &stepError{report.PlanStep, err}
	}
	switch {
	case stack.Cancellable(s.Status):
		return w.takeBack(ctx, s)
	case strings.HasPrefix(s.Status, "UPDATE_ROLLBACK_") && !strings.HasSuffix(s.Status, "FAILED") && w.req.Image == "":
		if !stack.Settled(s.Status) {
			return w.cancel(ctx, s) // which waits for what is on its way
		}
		// Where AWS's events don't carry the token of who cancelled, this isn't noticed.
		if token, err := w.cfg.Stacks.Operation(ctx, s); err == nil && stack.IsRollback(token) {
			return w.backAlready(ctx, s)
		}
	}
	body, err := w.cfg.Stacks.Template(ctx, s.ID)
	if err != nil {
		return result{}, &stepError{report.PlanStep, err}
	}
	if w.req.Image == "" {
		images := previous(body)
		if w.broughtBack(ctx, s) {
			return w.stay(ctx, body, images)
		}
		if len(images) == 0 {
			return result{}, &stepError{report.PlanStep, &NoRecordError{Stack: w.req.Stack}}
		}
		w.req.Image, w.proposal.record, w.proposal.given = images[0], images[1:], true
	}
	return w.releaseBack(ctx, s)
}

// broughtBack reports whether what a stack did last, and has done, is a rollback.
func (w *run) broughtBack(ctx context.Context, s stack.Stack) bool {
	if s.Status != "UPDATE_COMPLETE" && !cleaning(s.Status) {
		return false
	}
	token, err := w.cfg.Stacks.Operation(ctx, s)
	return err == nil && stack.IsRollback(token)
}

// stay proves what a rollback has brought back already, and goes no further: the
// same command again, or somebody else's, means the same rollback.
func (w *run) stay(ctx context.Context, body []byte, images []string) (result, error) {
	image, _, err := template.Image(body, w.req.Change.Container)
	if err != nil {
		return result{}, &stepError{report.PlanStep, err}
	}
	if len(images) > 0 {
		w.advise("a rollback has brought this image back already; to go back further: " + w.command("rollback", w.req.Stack, "--image", images[0]))
	}
	w.req.Image, w.proposal.record, w.proposal.given = image, images, true
	return w.release(ctx)
}

// takeBack cancels an update that is under way, unless it is a rollback: that one
// is followed.
func (w *run) takeBack(ctx context.Context, s stack.Stack) (result, error) {
	token, err := w.cfg.Stacks.Operation(ctx, s)
	if err != nil {
		return result{}, &stepError{report.PlanStep, err}
	}
	if !stack.IsRollback(token) {
		return w.cancel(ctx, s)
	}
	body, err := w.cfg.Stacks.Template(ctx, s.ID)
	if err != nil {
		return result{}, &stepError{report.PlanStep, err}
	}
	w.current.stack = &s
	for _, to := range goals(body, w.req.Change.Container) {
		w.req.Image, w.proposal.record, w.proposal.given = to.image, to.before, true
		if w.begun(token, body) {
			break
		}
	}
	return w.release(ctx)
}

// goal is an image that a rollback may go to, and the record that it leaves.
type goal struct {
	image  string
	before []string
}

// goals are the images that a rollback under way may go to. Which template
// CloudFormation gives in the middle of an update isn't documented: the new one
// names the image that the rollback goes to, the old one records it.
func goals(body []byte, container string) []goal {
	var list []goal
	images := previous(body)
	if image, _, err := template.Image(body, container); err == nil && image != "" {
		list = append(list, goal{image, images})
	}
	if len(images) > 0 {
		list = append(list, goal{images[0], images[1:]})
	}
	return list
}

// begun reports whether a token is that of the operation that this request, with
// a stack's template unless it has its own, would begin.
func (w *run) begun(token string, body []byte) bool {
	own := w.req.Template
	defer func() { w.req.Template = own }()
	if own == nil {
		w.req.Template = body
	}
	w.proposal.image = registry.Image{Reference: w.req.Image}
	return w.render() == nil && stack.SameOperation(&stack.InProgressError{Token: token}, w.proposal.request)
}

// releaseBack releases the image from before. An update that began after the
// stack was looked at is cancelled after all.
func (w *run) releaseBack(ctx context.Context, s stack.Stack) (result, error) {
	res, err := w.release(ctx)
	var busy *stack.InProgressError
	if !errors.As(err, &busy) || !stack.Cancellable(busy.Status) || stack.IsRollback(busy.Token) || w.req.DryRun {
		return res, err
	}
	w.rec.Event(report.Event{Source: report.FromRelease, Subject: "rollback", Message: "an update has begun meanwhile: it is cancelled"})
	return w.cancel(ctx, s)
}

// backAlready asks whether the version from before answers, where the latest
// update was taken back already.
func (w *run) backAlready(ctx context.Context, s stack.Stack) (result, error) {
	for _, step := range []string{report.PushStep, report.AccessStep, report.PlanStep, report.ApplyStep} {
		w.rec.Finish(step, report.Skipped, "a rollback has taken the latest update back already")
	}
	w.rec.Finish(report.DecideStep, report.Skipped, "there is nothing to decide about")
	w.rec.Edit(func(p *report.Report) { p.Stack.ID, p.Stack.Status = s.ID, s.Status })
	w.advise("to go back further: name the image: " + w.command("rollback", w.req.Stack, "--image", "REPOSITORY@sha256:…"))
	res, err := w.proveBefore(ctx, s)
	if res.outcome == report.RolledBack {
		res.outcome = report.Unchanged
	}
	if err == nil {
		res.summary = "nothing to do: a rollback has taken the latest update back already, and the version from before serves"
	}
	return res, err
}

// cancel takes an update back that is under way, and asks for the version from before.
func (w *run) cancel(ctx context.Context, s stack.Stack) (result, error) {
	if w.req.DryRun {
		return result{report.Successful, report.Unchanged, "dry run: the update under way would be cancelled"}, nil
	}
	for _, step := range []string{report.PushStep, report.AccessStep, report.PlanStep} {
		w.rec.Finish(step, report.Skipped, "an update is under way: it is cancelled")
	}
	w.rec.Edit(func(p *report.Report) { p.Stack.ID = s.ID })
	w.rec.Begin(report.ApplyStep)
	w.progress.began = time.Now()
	end, err := w.cfg.Stacks.Cancel(ctx, s.ID, func(e stack.Event) { w.rec.Event(eventOf(e)) })
	w.rec.Edit(func(p *report.Report) { p.Stack.Status = end.Status })
	if err != nil {
		w.fail(ctx, report.ApplyStep, err)
		res := resultOf(ctx, err)
		if ctx.Err() != nil {
			res.summary = "interrupted: the update is being cancelled, and the stack goes back by itself"
			w.advise("to see that the version from before answers again: " + w.command("rollback", w.req.Stack))
		}
		return res, &stepError{report.ApplyStep, err}
	}
	w.rec.Finish(report.ApplyStep, report.Done, end.Status)
	w.rec.Finish(report.DecideStep, report.Skipped, "you did")
	return w.proveBefore(ctx, s)
}

// proveBefore asks whether the version from before answers as it should.
func (w *run) proveBefore(ctx context.Context, s stack.Stack) (result, error) {
	w.current.stack, w.progress.restored = &s, true
	err := w.knowBefore(ctx, s)
	if err == nil {
		err = w.ready(ctx)
	}
	if err != nil {
		return result{report.Error, report.RolledBack, "the update is cancelled, but the version from before could not be asked: " + err.Error()}, &stepError{report.VerifyStep, err}
	}
	w.classifier.Forget()
	res, err := w.concludeReleased(ctx)
	if res.outcome == report.Released {
		res.outcome = report.RolledBack
		res.summary = "cancelled the update under way: the version from before serves all traffic"
		if !w.req.Check.Skip {
			_, _, reason := w.analysis.Decision()
			res.summary += ": " + reason
		}
	}
	return res, err
}

// knowBefore reads the template that a stack went back to, and who its image is.
// That may be gone from the repository: then only what it answers tells.
func (w *run) knowBefore(ctx context.Context, s stack.Stack) error {
	body, err := w.cfg.Stacks.Template(ctx, s.ID)
	if err != nil {
		return err
	}
	if _, err := w.understand(body, s.Parameters); err != nil {
		return err
	}
	image, _, err := template.Image(body, w.req.Change.Container)
	if err != nil || digestIn(image) == "" { // it is a parameter, or a tag: the tasks say which one it is
		image = cmp.Or(w.running(ctx, body), image)
	}
	if image == "" {
		return nil
	}
	found, err := w.cfg.Images.Find(ctx, image)
	if err != nil {
		return nil
	}
	w.proposal.image = found
	w.rec.Edit(func(p *report.Report) { p.Image = shown(found) })
	return nil
}
