package cli

import (
	"fmt"
	"strings"

	"orgship/pipeline/report"
)

// planCommand is the verb plan.
type planCommand struct {
	Stack stackName `arg:"" help:"Name of the CloudFormation stack."`
	Image imageName `arg:"" help:"Image in ECR: repository:tag or repository@sha256:…"`
	delivery
	output
	change
	connection
}

// Run prints what a release would change. Nothing is touched.
func (c *planCommand) Run(p *running) error {
	req, w, err := c.request(p, c.Stack, c.Image, c.delivery, &c.connection)
	if err != nil {
		return c.refused(p, report.Release, string(c.Stack), err)
	}
	req.Check.Skip, req.DryRun = true, true
	document, err := w.Release(p.ctx, req)
	return c.finish(p, w, document, planned(document.Plan), err)
}

// planned renders a plan for people: its class, and a line for each resource.
func planned(plan *report.Plan) string {
	if plan == nil {
		return ""
	}
	lines := []string{plan.Class.Words()}
	for _, c := range plan.Changes {
		line := fmt.Sprintf("%-7s %-26s %s", c.Action, c.LogicalID, c.Type)
		if c.Replacement == "True" {
			line += " (replaced)"
		}
		if len(c.Causes) > 0 {
			line += " " + strings.Join(c.Causes, ", ")
		}
		lines = append(lines, line)
	}
	for _, w := range plan.Warnings {
		lines = append(lines, fmt.Sprintf("warning: line %d: %s (%s)", w.Line, w.Message, w.Rule))
	}
	return strings.Join(lines, "\n")
}
