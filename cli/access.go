package cli

import (
	"fmt"
	"slices"
	"text/tabwriter"

	"orgship/pipeline/access"
	"orgship/pipeline/report"
)

// accessCommand is the verb access.
type accessCommand struct {
	Repository string   `arg:"" help:"Repository or image in ECR."`
	Account    []string `arg:"" optional:"" help:"Accounts to ask for, by id or name; else all of the unit."`
	OU         name     `name:"ou" placeholder:"OU" help:"OU, by id, name or path; else the whole Organization."`
	Unit       name     `name:"unit" hidden:""`
	PullRole   string   `placeholder:"NAME" help:"Role that pulls in the accounts (the task execution role), for policies that name it."`
	JSON       bool     `name:"json" help:"Print JSON."`
	reports
	connection
}

// Run prints for each account whether it may pull, and why. The verdict is
// failed if one may not.
func (c *accessCommand) Run(p *running) error {
	ou, err := (&unit{c.OU, c.Unit}).ou()
	if err != nil {
		return err
	}
	conn, err := c.open(p)
	if err != nil {
		return err
	}
	decisions, err := conn.MayPull(p.ctx, c.Repository, ou, c.PullRole)
	if err != nil {
		return err
	}
	if decisions, err = c.pick(decisions); err != nil {
		return err
	}
	document, err := encode(decisions)
	if err != nil {
		return err
	}
	if err := c.print(p, decisions, document); err != nil {
		return err
	}
	if len(decisions) > 0 && decisions[0].Warning != "" {
		fmt.Fprintf(p.Stderr, "warning: %s\n", report.Clean(decisions[0].Warning))
	}
	if refused := access.Refused(decisions); len(refused) > 0 {
		verdict := &mayNotPullError{len(refused), len(decisions)}
		return c.write(p, document, accessPage(decisions, report.Failed, verdict.Error(), verdict.Hint()), verdict)
	}
	return c.write(p, document, accessPage(decisions, report.Successful, fmt.Sprintf("all %d accounts may pull", len(decisions)), ""), nil)
}

// pick returns the decisions about the accounts that were named.
func (c *accessCommand) pick(decisions []access.Decision) ([]access.Decision, error) {
	for _, name := range c.Account {
		if !slices.ContainsFunc(decisions, func(d access.Decision) bool { return d.Account == name || d.Name == name }) {
			return nil, &usageError{fmt.Sprintf("there is no account %q in the unit", name), "leave the account out to see what there is"}
		}
	}
	return slices.DeleteFunc(decisions, func(d access.Decision) bool {
		return len(c.Account) > 0 && !slices.Contains(c.Account, d.Account) && !slices.Contains(c.Account, d.Name)
	}), nil
}

func (c *accessCommand) print(p *running, decisions []access.Decision, document []byte) error {
	if c.JSON {
		_, err := p.Stdout.Write(document)
		return err
	}
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	for _, d := range decisions {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", d.Account, d.Name, may(d), report.Clean(d.Reason))
	}
	return table.Flush()
}

// may is a decision in two words.
func may(d access.Decision) string {
	switch {
	case d.Undecided:
		return "depends"
	case !d.Allowed:
		return "may not"
	}
	return "may pull"
}

// accessPage renders the decisions in Markdown.
func accessPage(decisions []access.Decision, verdict report.Verdict, sentence, hint string) string {
	rows := [][]string{{"Account", "Name", "May it pull?", "Why"}}
	for _, d := range decisions {
		rows = append(rows, []string{d.Account, d.Name, may(d), d.Reason})
	}
	return page("access", verdict, sentence, hint, rows)
}

// mayNotPullError says how many accounts may not pull.
type mayNotPullError struct{ refused, all int }

func (e *mayNotPullError) Error() string {
	return fmt.Sprintf("%d of %d accounts may not pull", e.refused, e.all)
}

// Hint says what to do about it.
func (e *mayNotPullError) Hint() string {
	return "share the repository with their unit (orgship share), or move the account into one that may"
}

// ExitCode is that of the verdict failed.
func (e *mayNotPullError) ExitCode() int { return report.Failed.ExitStatus() }
