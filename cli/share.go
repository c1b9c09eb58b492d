package cli

import (
	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

// shareCommand is the verb share.
type shareCommand struct {
	Unit name `arg:"" help:"Organizational unit whose accounts may pull: its id, name, path of names or org path."`
	delivery
	Repository   repositoryName `placeholder:"NAME" help:"Name of the repository; else the template's."`
	Stack        stackName      `placeholder:"NAME" help:"Stack of the repository; else its name with -ecr (demoecshwapp-ecr)."`
	Template     string         `placeholder:"FILE" help:"Template of the repository; else the built-in one."`
	ImagesToKeep count          `placeholder:"N" help:"Images to keep; else as the template says."`
	DryRun       bool           `help:"Stop after the plan."`
	output
	connection
}

// Run makes the repository and prints its URI.
func (c *shareCommand) Run(p *running) error {
	var body []byte
	if c.Template != "" {
		var err error
		if body, err = p.read(c.Template, "template"); err != nil {
			return c.refused(p, report.Share, string(c.Stack), err)
		}
	}
	w, conn, err := c.deliverer(p, c.delivery)
	if err != nil {
		return c.refused(p, report.Share, string(c.Stack), err)
	}
	uri, document, err := w.Share(p.ctx, conn.Organization(), release.Shared{
		Stack: string(c.Stack), Repository: string(c.Repository), Unit: string(c.Unit), ImagesToKeep: int(c.ImagesToKeep), Template: body, DryRun: c.DryRun,
	})
	return c.finish(p, w, document, uri, err)
}
