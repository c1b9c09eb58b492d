package cli

import (
	"orgship/cfn"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

// releaseCommand is the verb release.
type releaseCommand struct {
	Stack stackName `arg:"" help:"Name of the CloudFormation stack."`
	Image imageName `arg:"" help:"Image in ECR: repository:tag or repository@sha256:…; what is released is its digest."`
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
	req, w, err := c.request(p, c.Stack, c.Image, c.delivery, &c.connection)
	if err != nil {
		return c.refused(p, report.Release, string(c.Stack), err)
	}
	req.Check, req.DryRun = c.check.check(), c.DryRun
	req.RollbackOnInterrupt = c.OnInterrupt == "rollback"
	document, err := w.Release(p.ctx, req)
	return c.finish(p, w, document, released(document), err)
}

// request is a release as the flags say, and what does it. What the flags name is
// read before anything is asked.
func (c *change) request(p *running, stack stackName, image imageName, to delivery, from *connection) (release.Request, *work, error) {
	body, err := c.body(p)
	if err != nil {
		return release.Request{}, nil, err
	}
	w, _, err := from.deliverer(p, to)
	if err != nil {
		return release.Request{}, nil, err
	}
	if body == nil {
		lives, err := w.Releasable(p.ctx, string(stack))
		if err != nil {
			return release.Request{}, nil, err
		}
		if !lives {
			body = cfn.BlueGreen()
		}
	}
	return release.Request{
		Stack: string(stack), Template: body, Bucket: string(c.TemplateBucket), Image: string(image), Change: c.changes(), Parameters: texts(c.Parameter), Tags: texts(c.Tag),
		Capabilities: c.capabilities(), RoleARN: string(c.StackRole),
	}, w, nil
}

// released is the image that a report is about.
func released(r report.Report) string {
	if r.Image == nil {
		return ""
	}
	return r.Image.Reference
}
