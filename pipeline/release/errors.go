package release

import (
	"cmp"
	"errors"
	"fmt"

	"orgship/pipeline/account"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/template"
)

// Error says that a run did not do what was asked. The report says the same
// at length.
type Error struct {
	Verdict report.Verdict
	Outcome report.Outcome
	Summary string
	Err     error // nil when the app's answers decided
}

func (e *Error) Error() string { return e.Summary }

func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *Error) Hint() string { return hint(e.Err) }

// AccessError says that the account may not pull the image.
type AccessError struct {
	Account string
	Image   string
	Reason  string // the statement and condition that decided
	Advice  string // what to do about it; "" if nothing is known that fits
}

func (e *AccessError) Error() string {
	return fmt.Sprintf("account %s may not pull %s: %s", e.Account, e.Image, e.Reason)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *AccessError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *AccessError) Hint() string {
	return cmp.Or(e.Advice, "the repository is shared with an organizational unit: move the account there, or share with its unit (orgship share)")
}

// NoRecordError says that the image from before is not known.
type NoRecordError struct{ Stack string }

func (e *NoRecordError) Error() string {
	return fmt.Sprintf("the template of stack %q has no record of an earlier image", e.Stack)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *NoRecordError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *NoRecordError) Hint() string {
	return "name the image: --image repository@sha256:… (aws ecr describe-images lists what there is)"
}

// ExpiredError says that the credentials ended in the middle of a run.
type ExpiredError struct {
	Begun bool // the stack changes: it goes on by itself
	Err   error
}

func (e *ExpiredError) Error() string {
	if e.Begun {
		return "what was begun in the stack goes on by itself: " + e.Err.Error()
	}
	return e.Err.Error()
}

func (e *ExpiredError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *ExpiredError) Hint() string {
	again := "get new credentials, and run the same command again"
	if e.Begun {
		again += ": it goes on from where the stack is. Going back needs new ones too: nothing can be cancelled with these"
	}
	return again + ". New ones: " + hint(e.Err)
}

// Refused is the report, and the error, of a run that ended before it began:
// without credentials, for an unknown account, or for one outside an OU.
func Refused(kind report.Kind, stackName string, why error) (report.Report, error) {
	rec := report.NewRecorder(kind, "", nil)
	rec.Edit(func(p *report.Report) {
		p.Stack.Name = stackName
		p.Serving = &report.Serving{}
	})
	rec.Problem(problem("", why))
	r := rec.Close(verdictOf(why), report.Refused, why.Error())
	return r, &Error{Verdict: r.Verdict, Outcome: r.Outcome, Summary: r.Summary, Err: why}
}

// hint returns what an error says to do about it, "" for nothing.
func hint(err error) string {
	var with interface{ Hint() string }
	if errors.As(err, &with) {
		return with.Hint()
	}
	return ""
}

// verdictOf tells a refusal (Failed) from work that could not be done (Error).
func verdictOf(err error) report.Verdict {
	if account.Expired(err) {
		return report.Error
	}
	var refusal interface{ Refusal() bool }
	if errors.As(err, &refusal) && refusal.Refusal() {
		return report.Failed
	}
	return report.Error
}

// problem renders an error for the report.
func problem(step string, err error) report.Problem {
	p := report.Problem{Step: step, Message: err.Error(), Hint: hint(err)}
	var back *stack.RolledBackError
	var stuck *stack.StuckError
	var refused *stack.LintError
	var fault *template.Error
	switch {
	case errors.As(err, &refused):
		p.Line = refused.Findings[0].Line
	case errors.As(err, &fault):
		p.Line = fault.Line
	case errors.As(err, &back):
		p.Cause = cause(back.End.Cause)
	case errors.As(err, &stuck):
		p.Cause = cause(stuck.End.Cause)
	}
	return p
}

func cause(e *stack.Event) *report.Cause {
	if e == nil {
		return nil
	}
	return &report.Cause{At: e.Time, Resource: e.LogicalID, Type: e.Type, Status: e.Status, Reason: e.Why()}
}
