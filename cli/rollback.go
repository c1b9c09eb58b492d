package cli

import (
	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

// rollbackCommand is the verb rollback.
type rollbackCommand struct {
	Stack stackName `arg:"" help:"Name of the CloudFormation stack."`
	delivery
	Image  pastImage `placeholder:"IMAGE" help:"Image to go back to; else the one from before, which the stack's template records."`
	DryRun bool      `help:"Stop after the plan."`
	bucket
	output
	check
	connection
}

// Run goes back, and prints the image that serves now.
func (c *rollbackCommand) Run(p *running) error {
	w, _, err := c.deliverer(p, c.delivery)
	if err != nil {
		return c.refused(p, report.Rollback, string(c.Stack), err)
	}
	document, err := w.Rollback(p.ctx, release.Request{
		Stack: string(c.Stack), Bucket: string(c.TemplateBucket), Image: string(c.Image), Check: c.check.check(), DryRun: c.DryRun,
	})
	return c.finish(p, w, document, released(document), err)
}
