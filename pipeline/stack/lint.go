package stack

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/pipeline/report"
	"orgship/template"
)

// Finding is what the linter says about a template: line, rule, reason, source.
type Finding = template.Finding

// lint finds what AWS would refuse, before any call.
func (d *draft) lint() error {
	var refusals []Finding
	for _, f := range template.Lint(d.parsed) {
		if f.Severity == template.Refusal {
			refusals = append(refusals, f)
		} else {
			d.warnings = append(d.warnings, f)
		}
	}
	if len(refusals) > 0 {
		return &LintError{Name: d.req.Name, Findings: refusals}
	}
	return nil
}

// compare refuses a mixed update by the two templates alone, with the names of
// what mixes. What depends on values is the change set's to tell.
func (c *Client) compare(ctx context.Context, d *draft, before Stack, p *Plan) error {
	if d.req.Classifier == nil {
		return nil
	}
	body, err := c.Template(ctx, before.ID)
	if err != nil {
		return err
	}
	now, err := template.Parse(body)
	if err != nil {
		return nil // CloudFormation took it: it will know
	}
	green, others := d.req.Classifier.Compare(now, d.parsed)
	if len(green) > 0 && d.tagsChange(before) {
		others = append(others, report.Change{LogicalID: "the stack's tags", Type: "tags", Action: string(types.ChangeActionModify)})
	}
	if len(green) == 0 || len(others) == 0 {
		return nil
	}
	p.Class, p.Why, p.Changes = report.Mixed, why(report.Mixed, green, others), slices.Concat(green, others)
	return &MixedError{Name: d.req.Name, Green: green, Others: others}
}

// tagsChange reports whether the request changes the stack's tags, which
// CloudFormation hands on to the resources.
func (d *draft) tagsChange(before Stack) bool {
	if d.req.Tags == nil {
		return false
	}
	return !maps.Equal(d.req.Tags, before.Tags)
}
