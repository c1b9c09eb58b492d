package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"orgship/pipeline/access"
	"orgship/pipeline/report"
)

// accessCommand is the verb access.
type accessCommand struct {
	Repository string        `arg:"" help:"Repository or image in ECR."`
	Account    []accountName `arg:"" optional:"" help:"Accounts to ask for, by id or name; else all of the unit."`
	OU         name          `name:"ou" placeholder:"OU" help:"OU, by id, name or path; else the whole Organization."`
	Unit       name          `name:"unit" hidden:""`
	PullRole   roleName      `placeholder:"NAME" help:"Role that pulls in the accounts (the task execution role), for policies that name it."`
	output
	connection
}

// Run prints for each account whether it may pull, and why. The verdict is
// failed if one may not.
func (c *accessCommand) Run(p *running) error {
	rec := report.NewRecorder(report.KindAccess, version(), nil, report.AccessStep)
	rec.Begin(report.AccessStep)
	owner, decisions, err := c.ask(p)
	if err != nil {
		return c.refused(p, report.KindAccess, "", err)
	}
	if !c.JSON {
		if err := table(p.Stdout, decisions); err != nil {
			return err
		}
	}
	rec.Edit(func(r *report.Report) {
		r.Account = owner
		r.Access = decisions
		if len(decisions) > 0 && decisions[0].Warning != "" {
			r.Hints = append(r.Hints, decisions[0].Warning)
			fmt.Fprintf(p.Stderr, "warning: %s\n", decisions[0].Warning)
		}
	})
	state, verdict, summary := report.Done, report.Successful, fmt.Sprintf("all %d accounts may pull", len(decisions))
	var refused error
	if all := access.Refused(decisions); len(all) > 0 {
		no := &mayNotPullError{all, len(decisions)}
		state, verdict, summary, refused = report.StepFailed, report.Failed, no.Error(), no
		rec.Problem(report.Problem{Step: report.AccessStep, Message: summary, Hint: no.Hint()})
	}
	rec.Finish(report.AccessStep, state, summary)
	return c.finish(p, &work{end: func(bool) {}}, rec.Close(verdict, report.Checked, summary), "", refused)
}

// ask asks for the accounts that were named, and tells whose repository it is.
func (c *accessCommand) ask(p *running) (owner report.Account, decisions []report.Access, err error) {
	ou, err := (&unit{c.OU, c.Unit}).ou()
	if err != nil {
		return owner, nil, err
	}
	conn, err := c.open(p)
	if err != nil {
		return owner, nil, err
	}
	if owner, err = conn.Owner(c.Repository); err != nil {
		return owner, nil, err
	}
	if decisions, err = conn.MayPull(p.ctx, c.Repository, ou, string(c.PullRole)); err != nil {
		return owner, nil, err
	}
	decisions, err = c.pick(decisions)
	return owner, decisions, err
}

// pick returns the decisions about the accounts that were named.
func (c *accessCommand) pick(decisions []report.Access) ([]report.Access, error) {
	var named []string
	for _, a := range c.Account {
		named = append(named, string(a))
	}
	for _, name := range named {
		if !slices.ContainsFunc(decisions, func(d report.Access) bool { return d.Account == name || d.Name == name }) {
			return nil, &noMemberError{name}
		}
	}
	return slices.DeleteFunc(decisions, func(d report.Access) bool {
		return len(named) > 0 && !slices.Contains(named, d.Account) && !slices.Contains(named, d.Name)
	}), nil
}

// noMemberError says that an account isn't among those that were asked about.
type noMemberError struct{ account string }

func (e *noMemberError) Error() string {
	return fmt.Sprintf("there is no account %q in the unit", e.account)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *noMemberError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *noMemberError) Hint() string { return "leave the account out to see what there is" }

// table prints a line for each decision.
func table(w io.Writer, decisions []report.Access) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, d := range decisions {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", d.Account, d.Name, may(d), d.Reason)
	}
	return out.Flush()
}

// may is a decision in two words.
func may(d report.Access) string {
	switch {
	case d.Undecided:
		return "depends"
	case !d.Allowed:
		return "may not"
	}
	return "may pull"
}

// mayNotPullError says how many accounts may not pull.
type mayNotPullError struct {
	refused []report.Access
	asked   int
}

func (e *mayNotPullError) Error() string {
	return fmt.Sprintf("%d of %d accounts may not pull", len(e.refused), e.asked)
}

// Hint says what to do about it, and for which accounts if it isn't the same for all.
func (e *mayNotPullError) Hint() string {
	var hints []string
	who := map[string][]string{}
	for _, d := range e.refused {
		if who[d.Hint] == nil {
			hints = append(hints, d.Hint)
		}
		who[d.Hint] = append(who[d.Hint], cmp.Or(d.Name, d.Account))
	}
	for i, hint := range hints {
		text := cmp.Or(hint, "share the repository with the account's unit (orgship share), or move the account into one that may")
		if hints[i] = text; len(hints) > 1 {
			hints[i] = strings.Join(who[hint], ", ") + ": " + text
		}
	}
	return report.Clean(strings.Join(hints, "; "))
}

// ExitCode is that of the verdict failed.
func (e *mayNotPullError) ExitCode() int { return report.Failed.ExitStatus() }
