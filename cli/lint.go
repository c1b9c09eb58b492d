package cli

import (
	"errors"
	"fmt"

	"orgship/pipeline/report"
	"orgship/template"
)

// lintCommand is the verb lint.
type lintCommand struct {
	Template []string `arg:"" help:"CloudFormation templates, YAML or JSON; - reads stdin."`
}

// Run prints a line for each finding. The verdict is failed if AWS would refuse
// a template.
func (c *lintCommand) Run(p *running) error {
	refusals := 0
	for _, name := range c.Template {
		source, err := p.read(name, "template")
		if err != nil {
			return err
		}
		n, err := lint(p, name, source)
		if err != nil {
			return err
		}
		refusals += n
	}
	if refusals > 0 {
		return &refusedError{refusals}
	}
	return nil
}

// lint prints the findings about a template, and counts those that AWS would
// refuse it for.
func lint(p *running, name string, source []byte) (refusals int, err error) {
	parsed, err := template.Parse(source)
	var fault *template.Error
	if errors.As(err, &fault) {
		_, err := fmt.Fprintf(p.Stdout, "%s:%d:%d: refusal: %s\n", name, fault.Line, fault.Column, report.Clean(fault.Message))
		return 1, err
	}
	if err != nil {
		return 0, err
	}
	for _, f := range template.Lint(parsed) {
		if f.Severity == template.Refusal {
			refusals++
		}
		if _, err := fmt.Fprintf(p.Stdout, "%s:%d:%d: %s: %s (%s) %s\n", name, f.Line, f.Column, f.Severity, report.Clean(f.Message), f.Rule, f.Source); err != nil {
			return refusals, err
		}
	}
	return refusals, nil
}

// refusedError says that AWS would refuse what was read.
type refusedError struct{ findings int }

func (e *refusedError) Error() string {
	return fmt.Sprintf("AWS would refuse this for %d reason(s)", e.findings)
}

// Hint says what to do about it.
func (e *refusedError) Hint() string {
	return "each line above names the place, the rule and its source"
}

// ExitCode is that of the verdict failed.
func (e *refusedError) ExitCode() int { return report.Failed.ExitStatus() }
