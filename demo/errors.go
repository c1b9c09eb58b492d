package demo

import (
	"context"
	"errors"
	"fmt"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

// Error says that a story was not so, or could not be told.
type Error struct {
	Verdict report.Verdict // never report.Successful
	Chapter string         // its name; "" outside the chapters
	Err     error
}

func (e *Error) Error() string {
	if e.Chapter == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("chapter %q: %v", e.Chapter, e.Err)
}

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// ExitCode is the exit status of the verdict.
func (e *Error) ExitCode() int { return e.Verdict.ExitStatus() }

// Hint says what to do about it, "" for nothing.
func (e *Error) Hint() string { return hintOf(e.Err) }

func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// errNotTold says that Options.Chapter left a chapter out.
var errNotTold = errors.New("it was not told")

// untrueError says that the story claimed what is not so.
type untrueError struct{ facts int }

func (e *untrueError) Error() string {
	if e.facts == 1 {
		return "the story claims something that is not so"
	}
	return fmt.Sprintf("the story claims %d things that are not so", e.facts)
}

// verdictOf is what an error makes of the story.
func verdictOf(ctx context.Context, err error) report.Verdict {
	var went *release.Error
	var untrue *untrueError
	switch {
	case ctx.Err() != nil:
		return report.Inconclusive
	case errors.As(err, &went):
		return went.Verdict
	case errors.As(err, &untrue):
		return report.Failed
	}
	return report.Error
}
