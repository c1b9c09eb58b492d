package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

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
	if err := w.req.Check.checkable(); err != nil {
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

// planned renders the template, and finds out what it would change.
func (w *run) planned(ctx context.Context) (report.State, string, error) {
	if err := w.look(ctx); err != nil {
		return report.Done, "", err
	}
	if err := w.render(ctx); err != nil {
		return report.Done, "", err
	}
	var busy *stack.InProgressError
	plan, err := w.cfg.Stacks.Plan(ctx, w.proposal.request)
	w.proposal.plan = plan
	w.showPlan(plan)
	if errors.As(err, &busy) && stack.SameOperation(busy, w.proposal.request) {
		w.proposal.resume = busy
		return report.Done, "an earlier run has begun this release: going on from there", nil
	}
	if err != nil {
		return report.Done, "", err
	}
	if caveat := w.strategy.Caveat(); caveat != "" && plan.Class == report.RollingUpdate {
		w.advise(caveat)
	}
	return report.Done, describe(plan), nil
}

// showPlan puts a plan into the report.
func (w *run) showPlan(p stack.Plan) {
	shown := &report.Plan{Class: p.Class, Why: p.Why, Changes: append([]report.Change{}, p.Changes...)}
	if w.strategy != nil {
		shown.Strategy = w.strategy.Name()
	}
	for _, f := range p.Warnings {
		shown.Warnings = append(shown.Warnings, report.Warning{Line: f.Line, Rule: f.Rule, Message: f.Message, Source: f.Source})
	}
	w.rec.Edit(func(r *report.Report) { r.Plan = shown })
}

func describe(p stack.Plan) string {
	if p.Why == "" {
		return p.Class.Words()
	}
	return p.Class.Words() + ": " + p.Why
}

// look reads what is there: the stack, its image, and who that image is.
func (w *run) look(ctx context.Context) error {
	s, err := w.cfg.Stacks.Describe(ctx, w.req.Stack)
	var none *stack.NotFoundError
	switch {
	case errors.As(err, &none) && w.req.Template != nil:
		return nil
	case err != nil:
		return err
	case unborn(s.Status):
		return w.neverCreated(ctx, s)
	}
	w.current.stack = &s
	body, err := w.cfg.Stacks.Template(ctx, s.ID)
	if err != nil {
		return err
	}
	if w.req.Template == nil {
		w.req.Template = body
	}
	if w.current.image, _, err = template.Image(body, w.req.Change.Container); err != nil {
		w.current.image = "" // a template of another make: it says nothing about images
	}
	if digestIn(w.current.image) == "" {
		w.current.image = cmp.Or(w.running(ctx, body), w.current.image)
	}
	if !w.proposal.given {
		w.proposal.record = history(w.current.image, w.proposal.image.Reference, previous(body))
	}
	w.meet(ctx)
	return nil
}

// neverCreated takes the template of a stack whose creation failed, unless the
// request has one.
func (w *run) neverCreated(ctx context.Context, s stack.Stack) (err error) {
	switch {
	case w.req.Template != nil:
		return nil
	case s.Status == "ROLLBACK_COMPLETE":
		w.req.Template, err = w.cfg.Stacks.Template(ctx, s.ID)
		return err
	case s.Status == "REVIEW_IN_PROGRESS":
		if err := w.takeProposed(ctx, s.ID); err != nil {
			return err
		}
	}
	if w.req.Template == nil {
		return &stack.StateError{Name: s.Name, Status: s.Status, Reason: "it was never created: name its template (--template FILE)"}
	}
	return nil
}

// takeProposed takes what a stack that was only planned is to become: template,
// parameters and tags, as far as the request has none.
func (w *run) takeProposed(ctx context.Context, stackID string) error {
	p, err := w.cfg.Stacks.Proposed(ctx, stackID)
	if err != nil {
		return err
	}
	w.req.Template = p.Template
	parameters := maps.Clone(p.Parameters)
	if parameters == nil {
		parameters = map[string]string{}
	}
	maps.Copy(parameters, w.req.Parameters)
	if w.req.Parameters = parameters; w.req.Tags == nil {
		w.req.Tags = p.Tags
	}
	return nil
}

// digestIn returns the digest of an image that is named by it; "" of any other.
func digestIn(reference string) string {
	d, err := name.NewDigest(reference)
	if err != nil {
		return ""
	}
	return d.DigestStr()
}

// running returns the image that the tasks run by AWS's records, as
// repository@digest; "" if that can't be read.
func (w *run) running(ctx context.Context, body []byte) string {
	t, err := template.Parse(body)
	if err != nil || w.cfg.Records == nil {
		return ""
	}
	logical := t.Serving()
	if logical.Service == "" || logical.Listener == "" {
		return ""
	}
	q, err := w.question(ctx, w.current.stack.ID, logical)
	if err != nil || q.Listener == "" || q.Service == "" {
		return ""
	}
	image, err := w.cfg.Records.Running(ctx, q)
	if err != nil {
		w.unread(ctx, err)
	}
	return image
}

// unborn reports whether a stack of this status has never served anything.
func unborn(status string) bool {
	switch status {
	case "REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS":
		return true
	}
	return false
}

// meet finds out who the image from before is. It may be gone from the
// repository: then only what it answers tells.
func (w *run) meet(ctx context.Context) {
	reference := w.current.image
	if reference == w.proposal.image.Reference && len(w.proposal.record) > 0 && !stack.Settled(w.current.stack.Status) {
		reference = w.proposal.record[0] // the release that is under way already wrote itself down
	}
	digest := digestIn(reference)
	if digest == "" {
		return
	}
	image := w.proposal.image
	if reference != w.proposal.image.Reference {
		var err error
		if image, err = w.cfg.Images.Find(ctx, reference); err != nil {
			image = registry.Image{Reference: reference, Digest: digest}
		}
	}
	w.classifier.Before, w.current.known = image.Revision, image
	w.rec.Edit(func(p *report.Report) {
		p.Before = shown(image)
	})
}

// shown is an image of the repository as the report shows it.
func shown(i registry.Image) *report.Image {
	return &report.Image{
		Reference: i.Reference, Digest: i.Digest, Revision: i.Revision, Version: i.Version, AlreadyThere: true,
	}
}

// render writes the image into the template.
func (w *run) render(ctx context.Context) error {
	change := w.req.Change
	change.Image = w.proposal.image.Reference
	body, err := template.Render(w.req.Template, change)
	if err != nil {
		return fmt.Errorf("writing the image into the template: %w", err)
	}
	body = withRecord(body, w.proposal.record)
	capabilities := w.req.Capabilities
	if capabilities == nil {
		capabilities = []string{"CAPABILITY_IAM"}
	}
	w.proposal.request = stack.Request{
		Name: w.req.Stack, Template: body, Parameters: w.req.Parameters, Tags: w.req.Tags, Capabilities: capabilities, RoleARN: w.req.RoleARN,
		Identity: withoutRecord(body), Unused: w.proposal.image.Reference, Rollback: w.rec.Snapshot().Kind == report.Rollback,
	}
	parameters := map[string]string{}
	if w.current.stack != nil {
		w.proposal.request.StackID = w.current.stack.ID
		maps.Copy(parameters, w.current.stack.Parameters)
	}
	maps.Copy(parameters, w.req.Parameters)
	t, err := w.understand(body, parameters)
	if err != nil {
		return err
	}
	w.proposal.request.Classifier = w.strategy
	if err := w.placed(t); err != nil || w.cfg.Repository == nil {
		return err
	}
	return w.mayRolePull(ctx, t, parameters)
}

// understand reads where a template's service gets its traffic, and how it gets its
// new versions.
func (w *run) understand(body []byte, parameters map[string]string) (*template.Template, error) {
	t, err := template.Parse(body)
	if err == nil {
		w.serves, w.strategy = t.Serving(), w.cfg.Strategy(t, parameters)
	}
	return t, err
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
