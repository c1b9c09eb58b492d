package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/google/go-containerregistry/pkg/name"

	"orgship/pipeline/registry"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/template"
)

// planned renders the template, and finds out what it would change.
func (w *run) planned(ctx context.Context) (report.State, string, error) {
	if err := w.loadStack(ctx); err != nil {
		return report.Done, "", err
	}
	if err := w.render(); err != nil {
		return report.Done, "", err
	}
	if err := w.mayRolePull(ctx); err != nil {
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

// loadStack reads what is there: the stack, its image, and who that image is.
func (w *run) loadStack(ctx context.Context) error {
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
	w.loadPreviousImage(ctx)
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

// loadPreviousImage finds out who the image from before is. It may be gone from the
// repository: then only what it answers tells.
func (w *run) loadPreviousImage(ctx context.Context) {
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
func (w *run) render() error {
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
		Name: w.req.Stack, Template: body, Bucket: w.req.Bucket, Parameters: w.req.Parameters, Tags: w.req.Tags, Capabilities: capabilities, RoleARN: w.req.RoleARN,
		Identity: withoutRecord(body), Unused: w.proposal.image.Reference, Rollback: w.rec.Snapshot().Kind == report.Rollback,
	}
	if w.current.stack != nil {
		w.proposal.request.StackID = w.current.stack.ID
	}
	t, err := w.understand(body, w.parameters())
	if err != nil {
		return err
	}
	w.proposal.request.Classifier = w.strategy
	return w.checkAddress(t)
}

// parameters are the values that the stack will have, as far as they are known: its
// own, and over them those of the request.
func (w *run) parameters() map[string]string {
	values := map[string]string{}
	if w.current.stack != nil {
		maps.Copy(values, w.current.stack.Parameters)
	}
	maps.Copy(values, w.req.Parameters)
	return values
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
