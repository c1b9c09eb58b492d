package stack

import (
	"fmt"
	"strings"
	"time"

	"orgship/pipeline/report"
)

// NotFoundError says that there is no such stack.
type NotFoundError struct{ Name string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no stack %q in this account and region", e.Name)
}

// Hint says what to do about it.
func (e *NotFoundError) Hint() string {
	return "check the account, the region and the name: aws cloudformation describe-stacks"
}

// RolledBackError says that an operation failed or was cancelled, and that the
// stack is back where it was.
type RolledBackError struct {
	Name string
	End  End
}

func (e *RolledBackError) Error() string {
	return fmt.Sprintf("stack %q rolled back (%s)%s", e.Name, e.End.Status, because(e.End.Cause))
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *RolledBackError) Refusal() bool { return true }

// Cancelled reports whether someone cancelled the update: nothing in it failed.
func (e *RolledBackError) Cancelled() bool { return e.End.Cause != nil && e.End.Cause.OfStack() }

// Hint says what to do about it.
func (e *RolledBackError) Hint() string {
	if e.End.Status == "ROLLBACK_COMPLETE" {
		return "nothing of the stack is left running: mend the cause and release again, which creates it anew"
	}
	return "the stack runs what it ran before: mend the cause and release again"
}

// StuckError says that a stack is neither as it was nor as it should be, and
// that CloudFormation needs help to go on.
type StuckError struct {
	Name string
	End  End
}

func (e *StuckError) Error() string {
	return fmt.Sprintf("stack %q is stuck in %s%s", e.Name, e.End.Status, because(e.End.Cause))
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *StuckError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *StuckError) Hint() string { return stuckHint(e.Name, e.End.Status, e.End.Cause) }

func stuckHint(name, status string, cause *Event) string {
	skip := ""
	if cause != nil && !cause.OfStack() {
		skip = " --resources-to-skip " + cause.LogicalID
	}
	switch status {
	case "UPDATE_ROLLBACK_FAILED":
		return fmt.Sprintf("the way back failed as well: remove what blocks it, then run aws cloudformation continue-update-rollback --stack-name %s; "+
			"a resource that can't go back may be left as it is with%s", name, orDefault(skip, " --resources-to-skip LOGICAL_ID"))
	case "DELETE_IN_PROGRESS":
		return "wait until it is gone, then make it anew if it is still wanted: aws cloudformation wait stack-delete-complete --stack-name " + name
	case "DELETE_FAILED":
		return "remove what blocks the deletion and delete again; aws cloudformation delete-stack --retain-resources leaves a resource behind on purpose"
	case "CREATE_FAILED", "ROLLBACK_FAILED":
		return "the stack never lived and holds what it could not remove: delete it (orgship destroy), then release again"
	}
	return "look at the stack's events: aws cloudformation describe-stack-events --stack-name " + name
}

// StateError says that a stack can't be changed in the status it is in.
type StateError struct {
	Name   string
	Status string
	Reason string
}

func (e *StateError) Error() string {
	return fmt.Sprintf("stack %q can't be updated while it is in %s%s", e.Name, e.Status, inBrackets(e.Reason))
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *StateError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *StateError) Hint() string { return stuckHint(e.Name, e.Status, nil) }

// InProgressError says that an operation is already running in a stack.
type InProgressError struct {
	Name    string
	StackID string
	Status  string
	// Token is the running operation's ClientRequestToken, "" without one.
	// Plan.Token of a plan made with the same request tells whether it is the
	// same change.
	Token string
	Since time.Time // when it began; zero: not known
}

func (e *InProgressError) Error() string {
	since := ""
	if !e.Since.IsZero() {
		since = ", since " + e.Since.UTC().Format("15:04:05 MST")
	}
	return fmt.Sprintf("stack %q is busy with another operation: %s (%s%s)", e.Name, e.who(), e.Status, since)
}

// who is at work, as far as the operation's token tells.
func (e *InProgressError) who() string {
	switch {
	case IsRollback(e.Token):
		return "another run of orgship rolls it back"
	case strings.HasPrefix(e.Token, tokenMark):
		return "another run of orgship releases"
	}
	return "somebody changes it without orgship"
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *InProgressError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *InProgressError) Hint() string {
	return "wait until it is over, or cancel it: aws cloudformation cancel-update-stack --stack-name " + e.Name
}

// OvertakenError says that somebody else changed a stack between the plan and its
// execution.
type OvertakenError struct{ Name, Status, Reason string }

func (e *OvertakenError) Error() string {
	return fmt.Sprintf("somebody else has changed stack %q since it was planned (%s), nothing was executed: %s", e.Name, e.Status, e.Reason)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *OvertakenError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *OvertakenError) Hint() string {
	return "see what it is now, then run the same command again: aws cloudformation describe-stack-events --stack-name " + e.Name
}

// ReplacedError says that a stack was deleted, or is another one of the same
// name, since it was looked at.
type ReplacedError struct{ Name string }

func (e *ReplacedError) Error() string {
	return fmt.Sprintf("stack %q was deleted meanwhile: it isn't made anew", e.Name)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *ReplacedError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *ReplacedError) Hint() string {
	return "to create it again, run the same command again with --template"
}

// TooLateError says that an update can't be cancelled any more: it is over, or
// blue is already being removed.
type TooLateError struct {
	Name   string
	Status string
}

func (e *TooLateError) Error() string {
	return fmt.Sprintf("stack %q can't be cancelled any more: it is in %s", e.Name, e.Status)
}

// Hint says what to do about it.
func (e *TooLateError) Hint() string {
	return "release the earlier image instead: orgship rollback"
}

// ChangeSetError says that CloudFormation refused to make a change set.
type ChangeSetError struct {
	Name   string
	Reason string // CloudFormation's own words
}

func (e *ChangeSetError) Error() string {
	return fmt.Sprintf("CloudFormation refused the change set for stack %q: %s", e.Name, e.Reason)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *ChangeSetError) Refusal() bool { return true }

// Hint translates the refusals of the blue/green transform that are known to
// puzzle. Sources: aws-cloudformation/cloudformation-coverage-roadmap issues
// 37, 492, 605, 821 and 1479.
func (e *ChangeSetError) Hint() string {
	for _, known := range []struct{ text, hint string }{
		{`Failed to parse the "Hooks" section`, "a property of the AWS::CodeDeploy::BlueGreen hook is misspelt or misplaced (AdditionalOptions stands beside TrafficRoutingConfig, not in it)"},
		{"Failed to parse the template resource", "the blue/green transform reads plain resources only: no modules"},
		{"is the same between initial and final template", "the template lacks Transform: AWS::CodeDeployBlueGreen, or only a parameter changed: write the image into the template"},
		{"Template parameters modified by transform", "the template needs a parameter Vpc of type AWS::EC2::VPC::Id, and the image must stand in the template, not in a parameter"},
		{"Requires capabilities", "allow the capability that it names"},
		{"explicit permission", "the caller's role may not do what it names: mend its policy"},
	} {
		if strings.Contains(e.Reason, known.text) {
			return known.hint
		}
	}
	return "nothing was changed; the reason is CloudFormation's own"
}

// LostError says that AWS could not be reached for too long. The operation in
// the stack goes on without us.
type LostError struct {
	For time.Duration
	Err error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("no answer from CloudFormation for %s: %v", e.For.Round(time.Second), e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *LostError) Hint() string {
	return "what was begun goes on by itself: run the same command again, it will follow it"
}

// because renders a root cause as the end of a sentence.
func because(cause *Event) string {
	if cause == nil {
		return ""
	}
	if cause.OfStack() {
		return ": " + strings.TrimSuffix(cause.Why(), ".")
	}
	what := cause.LogicalID
	if cause.Hook.Type != "" {
		what = strings.TrimSpace(what + " " + cause.Hook.Type)
	} else if cause.Type != "" {
		what += " (" + cause.Type + ")"
	}
	return fmt.Sprintf(": %s: %s", what, orDefault(strings.TrimSuffix(cause.Why(), "."), cause.Status))
}

func inBrackets(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

func orDefault(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// MixedError says that a request mixes a green deployment with other changes,
// which AWS refuses.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-considerations.html
type MixedError struct {
	Name   string
	Green  []report.Change // what would start the green deployment
	Others []report.Change // what has to be an update of its own
	Reason string          // CloudFormation's words, where it was it that refused
}

func (e *MixedError) Error() string {
	what := "other resources"
	if len(e.Others) > 0 {
		what = names(e.Others)
	}
	return fmt.Sprintf("stack %q: a green deployment can't be mixed with a change of %s%s", e.Name, what, inBrackets(e.Reason))
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *MixedError) Refusal() bool { return true }

// Hint gives the two-step way.
func (e *MixedError) Hint() string {
	return "make it two updates: first the other changes with the image that runs now, then the new image alone " +
		"(or, without a green deployment, one update without Transform and Hooks)"
}

// ParameterError says that a parameter is missing, or not in the template.
type ParameterError struct {
	Name     string
	Missing  bool     // declared without a default and not given; else: given and not declared
	Declared []string // what the template declares
}

func (e *ParameterError) Error() string {
	if e.Missing {
		return fmt.Sprintf("parameter %q has no value and no default", e.Name)
	}
	return fmt.Sprintf("the template has no parameter %q", e.Name)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *ParameterError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *ParameterError) Hint() string {
	if e.Missing {
		return "give it a value: --parameter " + e.Name + "=…"
	}
	return "the template declares: " + strings.Join(e.Declared, ", ")
}

// TooLargeError says that a template is longer than a request may carry, or S3.
type TooLargeError struct{ Size int }

func (e *TooLargeError) Error() string {
	if e.Size > maxStored {
		return fmt.Sprintf("the template has %d bytes, CloudFormation takes at most %d", e.Size, maxStored)
	}
	return fmt.Sprintf("the template has %d bytes, CloudFormation takes at most %d in a request", e.Size, maxTemplate)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *TooLargeError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *TooLargeError) Hint() string {
	if e.Size > maxStored {
		return "split the stack"
	}
	return "have it put into a bucket of the stack's account and region first: --template-bucket NAME"
}

// LintError says that AWS would refuse the template, and where.
type LintError struct {
	Name     string
	Findings []Finding // at least one
}

func (e *LintError) Error() string {
	f := e.Findings[0]
	more := ""
	if n := len(e.Findings) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return fmt.Sprintf("the template of stack %q would be refused: line %d: %s [%s]%s", e.Name, f.Line, f.Message, f.Rule, more)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *LintError) Refusal() bool { return true }

// Hint says where AWS says so.
func (e *LintError) Hint() string { return "see " + e.Findings[0].Source }

// DeletionRefusedError says that a stack isn't deleted: it is protected, the caller
// may not, or AWS is asked too often. Nothing has begun.
type DeletionRefusedError struct {
	Name string
	Err  error
}

func (e *DeletionRefusedError) Error() string {
	return fmt.Sprintf("deleting stack %q: %v", e.Name, e.Err)
}
func (e *DeletionRefusedError) Unwrap() error { return e.Err }

// Refusal says that it is a refusal, not work that could not be done.
func (e *DeletionRefusedError) Refusal() bool { return ErrorCode(e.Err) == "ValidationError" }

// Hint says what to do about it.
func (e *DeletionRefusedError) Hint() string {
	if strings.Contains(e.Err.Error(), "TerminationProtection") {
		return "somebody protects it; if it may go all the same: aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name " + e.Name
	}
	return ""
}
