package cli

import (
	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

// releaseCommand is the verb release.
type releaseCommand struct {
	Stack string `arg:"" help:"Name of the CloudFormation stack."`
	Image string `arg:"" help:"Image in ECR: repository:tag or repository@sha256:…; what is released is its digest."`
	delivery
	DryRun      bool   `help:"Stop after the plan."`
	OnInterrupt string `default:"continue" enum:"continue,rollback" placeholder:"MODE" help:"What Ctrl-C or SIGTERM does to an update that isn't decided: continue lets it go on by itself, rollback cancels it (${default})."`
	output
	change
	check
	connection
}

// Run releases, and prints the image that serves now.
func (c *releaseCommand) Run(p *running) error {
	w, _, err := c.deliverer(p, c.delivery)
	if err != nil {
		return c.refused(p, report.Release, c.Stack, err)
	}
	req, err := c.request(p, w, c.Stack, c.Image)
	if err != nil {
		return c.refused(p, report.Release, c.Stack, err)
	}
	req.Check, req.DryRun = c.check.check(), c.DryRun
	req.RollbackOnInterrupt = c.OnInterrupt == "rollback"
	document, err := w.Release(p.ctx, req)
	return c.finish(p, w, document, released(document), err)
}

// request is a release as the flags say.
func (c *change) request(p *running, w *work, stack, image string) (release.Request, error) {
	changes, err := c.changes()
	if err != nil {
		return release.Request{}, err
	}
	body, err := c.body(p, w.Releaser, stack)
	return release.Request{
		Stack: stack, Template: body, Image: image, Change: changes, Parameters: c.Parameter, Tags: c.Tag,
		Capabilities: c.capabilities(), RoleARN: c.StackRole,
	}, err
}

// released is the image that a report is about.
func released(r report.Report) string {
	if r.Image == nil {
		return ""
	}
	return r.Image.Reference
}
