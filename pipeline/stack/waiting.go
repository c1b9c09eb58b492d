package stack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/smithy-go"
)

// Waiting is a call that is made again a little later.
type Waiting struct {
	Operation string // e.g. CreateChangeSet
	Throttled bool   // AWS said "too many requests"; else nobody answered as AWS does
	Reason    string // what was said
	Try       int    // how many have failed in a row
	Next      time.Duration
}

// String says it for people: "AWS throttles CreateChangeSet: try 3 failed, next in 8s".
func (w Waiting) String() string {
	next := fmt.Sprintf("try %d failed, next in %s", w.Try, w.Next.Round(100*time.Millisecond))
	if w.Throttled {
		return fmt.Sprintf("AWS throttles %s: %s", w.Operation, next)
	}
	return fmt.Sprintf("%s isn't answered (%s): %s", w.Operation, w.Reason, next)
}

// traceKey is where a context carries who is told of waits.
type traceKey struct{}

// WithTrace returns a context in which told is called whenever a call has to be
// made again, as net/http/httptrace does for connections. It is called from the
// goroutines that make the calls.
func WithTrace(ctx context.Context, told func(Waiting)) context.Context {
	return context.WithValue(ctx, traceKey{}, told)
}

// tell tells whoever listens that a call is made again.
func (p *poller) tell(ctx context.Context, err error) {
	told, ok := ctx.Value(traceKey{}).(func(Waiting))
	if !ok {
		return
	}
	w := Waiting{Operation: "the call", Throttled: throttled(err), Reason: plain(err).Error(), Try: p.tries, Next: max(0, time.Until(p.last.Add(p.interval)))}
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		w.Operation = operation.OperationName
	}
	told(w)
}

// ThrottledError says that AWS refused a call as one too many for so long that
// it was given up. Nothing depended on it yet.
type ThrottledError struct {
	For time.Duration
	Err error
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("AWS has throttled the call for %s: %v", e.For.Round(time.Second), e.Err)
}

func (e *ThrottledError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *ThrottledError) Hint() string {
	return "see who else calls CloudFormation in this account and region (other deployments, dashboards), or ask for more: aws service-quotas list-service-quotas --service-code cloudformation"
}

// unreadable reports whether an answer could not be read: it is no answer of
// AWS's, or not all of it.
func unreadable(err error) bool {
	var deserialization *smithy.DeserializationError
	return errors.As(err, &deserialization)
}

// unreadableError says so in plain words.
type unreadableError struct{ err error }

func (e *unreadableError) Error() string {
	return "what answers can't be read as an answer of AWS's: does a proxy or a login page answer?"
}

func (e *unreadableError) Unwrap() error { return e.err }
