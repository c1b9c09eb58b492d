package release

import (
	"context"
	"fmt"
	"time"

	"orgship/pipeline/analysis"
	"orgship/pipeline/registry"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy"
	"orgship/template"
)

// run is one run of a verb: what was asked, what is there, what it is to become,
// and how it is judged. What it comes to, each step returns.
type run struct {
	cfg Config
	rec *report.Recorder
	req Request

	current  current
	proposal proposal
	progress progress

	serves       template.Serving  // where the service gets its traffic
	strategy     strategy.Strategy // how it gets its new version
	url, testURL string
	own          string // the name of the load balancer in url, "" where it has another
	classifier   *analysis.Classifier
	analysis     *analysis.Analysis // nil until it is known how to ask
	probe        Prober
	proof        *report.Evidence // what AWS's records say at the end
	proved       string           // what shows which image serves: "tasks", "header" or ""
}

// current is what is there.
type current struct {
	stack *stack.Stack   // nil: there is none yet
	image string         // that runs now, "" without any
	known registry.Image // the same, as far as the repository knows it
}

// proposal is what it is to become.
type proposal struct {
	image   registry.Image
	record  []string // what ran before, for the new template
	given   bool     // record is given, not to be made of what runs now
	request stack.Request
	plan    stack.Plan
	resume  *stack.InProgressError // the same release, begun by an earlier run
}

// progress is what became of the change. Times are zero until they come.
type progress struct {
	began     time.Time // when the change began
	weighed   time.Time // when the new version got traffic first
	full      time.Time // when it got all of it
	decided   time.Time
	relieved  time.Time // when it had no traffic again, or was kept
	blueLived bool      // when it was decided
	cancelled bool      // by us
	cancelErr error     // why it could not be cancelled, but for being too late
	restored  bool      // the image is the one that serves again: an update was cancelled, nothing released
}

// result is what a run comes to.
type result struct {
	verdict report.Verdict
	outcome report.Outcome
	summary string
}

func (r *Releaser) newRun(kind report.Kind, req Request, steps ...string) *run {
	rec := report.NewRecorder(kind, r.cfg.Version, nil, steps...)
	rec.Edit(func(p *report.Report) {
		p.Account = r.cfg.Account
		p.Account.Endpoint = report.CleanURL(p.Account.Endpoint)
		p.Stack.Name = req.Stack
		if origin := r.cfg.Origin; origin != (report.Origin{}) {
			p.Origin = &origin
		}
	})
	if r.cfg.Watch != nil {
		r.cfg.Watch(rec)
	}
	return &run{cfg: r.cfg, rec: rec, req: req, classifier: &analysis.Classifier{}}
}

// Release does the whole of it. The report is complete in any case; the error,
// an *Error, is nil only if the verdict is successful.
func (r *Releaser) Release(ctx context.Context, req Request) (report.Report, error) {
	w := r.newRun(report.Release, req, report.PushStep, report.AccessStep, report.PlanStep, report.ApplyStep, report.VerifyStep, report.DecideStep)
	res, err := w.release(w.traced(ctx))
	return w.finish(ctx, res, err)
}

// release runs the steps up to the plan and then, if there is anything to do,
// the deployment.
func (w *run) release(ctx context.Context) (result, error) {
	if err := w.req.Check.validate(); err != nil {
		return result{}, &stepError{report.VerifyStep, err}
	}
	for _, s := range []struct {
		name string
		do   func(context.Context) (report.State, string, error)
	}{
		{report.PushStep, w.push}, {report.AccessStep, w.access}, {report.PlanStep, w.planned},
	} {
		if err := w.step(ctx, s.name, s.do); err != nil {
			return result{}, err
		}
	}
	switch {
	case w.req.DryRun:
		w.cfg.Stacks.Discard(ctx, w.proposal.plan)
		return result{report.Successful, report.Unchanged, "dry run: " + describe(w.proposal.plan)}, nil
	case w.proposal.resume == nil && w.proposal.plan.Class == report.NothingToDo:
		return w.unchanged(ctx)
	}
	return w.deploy(ctx)
}

// step runs one step and records how it went.
func (w *run) step(ctx context.Context, name string, do func(context.Context) (report.State, string, error)) error {
	w.rec.Begin(name)
	state, detail, err := do(ctx)
	if err != nil {
		w.fail(ctx, name, err)
		return &stepError{name, err}
	}
	w.rec.Finish(name, state, detail)
	return nil
}

func (w *run) fail(ctx context.Context, name string, err error) {
	state := report.StepFailed
	if ctx.Err() != nil {
		state = report.Interrupted
	}
	w.rec.Finish(name, state, err.Error())
}

// stepError is an error and the step it comes from.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// push brings the image into the repository and learns who it is.
func (w *run) push(ctx context.Context) (report.State, string, error) {
	state, detail, pushed := report.Skipped, "it is in the repository", registry.Pushed{Reference: w.req.Image, AlreadyThere: true}
	if w.req.Push != nil {
		var err error
		if pushed, err = w.cfg.Images.Push(ctx, *w.req.Push); err != nil {
			return state, "", err
		}
		state, detail = report.Done, report.Size(pushed.BlobBytesSent)+" sent"
	}
	image, err := w.cfg.Images.Find(ctx, pushed.Reference)
	if err != nil {
		return state, "", err
	}
	w.proposal.image = image
	w.rec.Edit(func(p *report.Report) {
		p.Image = shown(image)
		p.Image.Tag, p.Image.Bytes, p.Image.AlreadyThere = pushed.Tag, pushed.BlobBytesSent, pushed.AlreadyThere
	})
	if image.Revision == "" && w.req.Check.Proof == ProofHeader {
		return state, "", &NoLabelError{}
	}
	return state, detail, nil
}

// access refuses, with the reason, to deploy what the account can't pull.
func (w *run) access(ctx context.Context) (report.State, string, error) {
	if w.cfg.Access == nil {
		return report.Skipped, "not asked for", nil
	}
	list, err := w.cfg.Access(ctx, w.proposal.image.Reference)
	if err != nil {
		return report.Done, "", err
	}
	w.rec.Edit(func(p *report.Report) { p.Access = list })
	for _, a := range list {
		if a.Account != w.cfg.Account.ID {
			continue
		}
		if !a.Allowed {
			return report.Done, "", &AccessError{Account: a.Account, Image: w.proposal.image.Reference, Reason: a.Reason, Advice: a.Hint}
		}
		return report.Done, a.Reason, nil
	}
	return report.Done, "", fmt.Errorf("nobody said whether account %s may pull the image", w.cfg.Account.ID)
}

// advise adds what is worth knowing to the report, once.
func (w *run) advise(text string) {
	text = report.Clean(text)
	w.rec.Edit(func(p *report.Report) {
		for _, h := range p.Hints {
			if h == text {
				return
			}
		}
		p.Hints = append(p.Hints, text)
	})
}
