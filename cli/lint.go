package cli

import (
	"errors"
	"fmt"

	"orgship/pipeline/report"
	"orgship/sandbox"
	"orgship/template"
)

// lintCommand is the verb lint.
type lintCommand struct {
	Template []string `arg:"" help:"CloudFormation templates, YAML or JSON; - reads stdin."`
	Sandbox  bool     `help:"List as well what orgship sandbox doesn't model. None has to run."`
}

// Run prints a line for each finding. The verdict is failed if AWS would refuse
// a template, or the sandbox where that is asked for.
func (c *lintCommand) Run(p *running) error {
	var total findings
	for _, name := range c.Template {
		source, err := p.read(name, "template")
		if err != nil {
			return err
		}
		n, err := lint(p, name, source, c.Sandbox)
		if err != nil {
			return err
		}
		total.refusals += n.refusals
		total.gaps += n.gaps
	}
	switch {
	case total.refusals > 0:
		return &refusedError{total.refusals}
	case total.gaps > 0:
		return &gapsError{total.gaps}
	}
	return nil
}

// findings counts what was found: what AWS refuses, and what the sandbox lacks.
type findings struct{ refusals, gaps int }

// lint prints the findings about a template, and counts them.
func lint(p *running, name string, source []byte, gaps bool) (n findings, err error) {
	parsed, err := template.Parse(source)
	var fault *template.Error
	if errors.As(err, &fault) {
		_, err := fmt.Fprintf(p.Stdout, "%s:%d:%d: refusal: %s\n", name, fault.Line, fault.Column, report.Clean(fault.Message))
		return findings{refusals: 1}, err
	}
	if err != nil {
		return n, err
	}
	for _, f := range template.Lint(parsed) {
		if f.Severity == template.Refusal {
			n.refusals++
		}
		if _, err := fmt.Fprintf(p.Stdout, "%s:%d:%d: %s: %s (%s) %s\n", name, f.Line, f.Column, f.Severity, report.Clean(f.Message), f.Rule, f.Source); err != nil {
			return n, err
		}
	}
	if !gaps {
		return n, nil
	}
	for _, g := range sandbox.Gaps(parsed) {
		n.gaps++
		where := ""
		if g.Condition != "" {
			where = ", if the condition " + g.Condition + " holds"
		}
		if _, err := fmt.Fprintf(p.Stdout, "%s:%d:%d: sandbox: it doesn't model %s%s\n", name, g.Line, g.Column, report.Clean(g.What), where); err != nil {
			return n, err
		}
	}
	return n, nil
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

// gapsError says that the sandbox doesn't model all of what was read.
type gapsError struct{ gaps int }

func (e *gapsError) Error() string {
	return fmt.Sprintf("AWS would take this; the sandbox doesn't model %d thing(s) of it", e.gaps)
}

// Hint says what to do about it.
func (e *gapsError) Hint() string {
	return "try a copy without them: each line above names the place; sandbox/README.md lists what there is"
}

// ExitCode is that of the verdict failed.
func (e *gapsError) ExitCode() int { return report.Failed.ExitStatus() }
