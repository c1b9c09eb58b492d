package stack

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Event is one row of a stack's history.
type Event struct {
	ID         string // AWS's EventId: a watch can go on after it
	StackID    string
	Time       time.Time
	LogicalID  string // e.g. "GreenTaskSet"; the stack's name in its own rows
	PhysicalID string
	Type       string // e.g. "AWS::ECS::TaskSet"
	Status     string // e.g. "CREATE_IN_PROGRESS"
	Reason     string
	Token      string // the ClientRequestToken of the operation, if it had one
	Hook       Hook   // zero but in rows of a hook
}

// Hook is what an event says about a hook.
type Hook struct {
	Type   string // e.g. "AWS::CodeDeploy::BlueGreen"
	Status string // HOOK_IN_PROGRESS, HOOK_COMPLETE_SUCCEEDED, HOOK_COMPLETE_FAILED, HOOK_FAILED
	Reason string
}

func newEvent(e types.StackEvent) Event {
	return Event{
		ID:         aws.ToString(e.EventId),
		StackID:    aws.ToString(e.StackId),
		Time:       aws.ToTime(e.Timestamp),
		LogicalID:  aws.ToString(e.LogicalResourceId),
		PhysicalID: aws.ToString(e.PhysicalResourceId),
		Type:       aws.ToString(e.ResourceType),
		Status:     string(e.ResourceStatus),
		Reason:     aws.ToString(e.ResourceStatusReason),
		Token:      aws.ToString(e.ClientRequestToken),
		Hook:       Hook{Type: aws.ToString(e.HookType), Status: string(e.HookStatus), Reason: aws.ToString(e.HookStatusReason)},
	}
}

// OfStack reports whether the row is about the stack itself, not about a
// resource in it (a nested stack is a resource of its parent).
func (e Event) OfStack() bool {
	return e.Type == "AWS::CloudFormation::Stack" && e.PhysicalID == e.StackID
}

// Ends reports whether the operation is over with this row.
func (e Event) Ends() bool { return e.OfStack() && Settled(e.Status) }

// Failed reports whether something failed by itself in this row: a resource or
// a hook, not the stack as a whole and not what was cancelled because of it.
func (e Event) Failed() bool {
	if e.OfStack() {
		return false
	}
	if e.Hook.Status == string(types.HookStatusHookFailed) || e.Hook.Status == string(types.HookStatusHookCompleteFailed) {
		return true
	}
	return strings.HasSuffix(e.Status, "_FAILED") && !e.consequence()
}

// consequence tells the rows that say "cancelled, because another failed".
func (e Event) consequence() bool {
	reason := strings.ToLower(e.Reason)
	return strings.Contains(reason, "creation cancelled") ||
		strings.Contains(reason, "update cancelled") ||
		strings.Contains(reason, "deletion cancelled") ||
		strings.HasPrefix(reason, "the following resource(s) failed")
}

// Why returns the reason in the row: the hook's when it has one.
func (e Event) Why() string {
	if e.Hook.Reason != "" {
		return e.Hook.Reason
	}
	return e.Reason
}

// RootCause returns the earliest real failure among the events of an
// operation, given in order: what made all the rest fail. Without one it
// returns the first row of the stack itself that gives a reason for going
// back (e.g. a cancelled update), or false.
func RootCause(events []Event) (Event, bool) {
	for _, e := range events {
		if e.Failed() {
			return e, true
		}
	}
	for _, e := range events {
		if e.OfStack() && e.Reason != "" && goesBack(e.Status) {
			return e, true
		}
	}
	return Event{}, false
}

func goesBack(status string) bool {
	return strings.Contains(status, "ROLLBACK") || strings.HasSuffix(status, "_FAILED")
}
