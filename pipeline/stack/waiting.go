package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	Pending   bool // the call is made and not answered yet: nothing has failed
	// For is what is waited for while all is well: nothing else is set then.
	For string
}

// String says it for people: "AWS throttles CreateChangeSet: try 3 failed, next in 8s".
func (w Waiting) String() string {
	if w.For != "" {
		return w.For
	}
	if w.Pending {
		return fmt.Sprintf("%s isn't answered yet: try %d", w.Operation, w.Try)
	}
	next := fmt.Sprintf("try %d failed, next in %s", w.Try, w.Next.Round(100*time.Millisecond))
	if w.Throttled {
		return fmt.Sprintf("AWS throttles %s: %s", w.Operation, next)
	}
	return fmt.Sprintf("%s isn't answered (%s): %s", w.Operation, w.Reason, next)
}

// traceKey is where a context carries who is told of waits.
type traceKey struct{}

// WithTrace returns a context in which told is called whenever a call has to be
// made again or isn't answered, or nothing has happened since the last look, as
// net/http/httptrace does for connections. Several goroutines may call it at once.
func WithTrace(ctx context.Context, told func(Waiting)) context.Context {
	return context.WithValue(ctx, traceKey{}, told)
}

// tellEvery is how often a wait is told while it lasts.
const tellEvery = 4 * time.Second

// tell tells whoever listens that a call is made again.
func (p *Poller) tell(ctx context.Context, operation string) {
	if told, ok := ctx.Value(traceKey{}).(func(Waiting)); ok {
		told(Waiting{Operation: operation, Throttled: throttled(p.failure), Reason: plain(p.failure).Error(), Try: p.tries, Next: max(0, p.left())})
	}
}

// tellIdle tells whoever listens for what is waited while nothing happens.
func tellIdle(ctx context.Context, what string) {
	if told, ok := ctx.Value(traceKey{}).(func(Waiting)); ok {
		told(Waiting{For: what})
	}
}

// pending tells of a call that isn't answered, until stop is called.
func (p *Poller) pending(ctx context.Context, operation string) (stop func()) {
	told, ok := ctx.Value(traceKey{}).(func(Waiting))
	if !ok {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	w := Waiting{Operation: operation, Reason: "no answer yet", Try: p.tries + 1, Pending: true}
	go func() {
		defer close(ended)
		tick := time.NewTicker(tellEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				told(w)
			case <-done:
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

// operationOf is the operation whose output O is, e.g. *cloudformation.DescribeStacksOutput.
func operationOf[O any]() string {
	var none O
	name := fmt.Sprintf("%T", none)
	return strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "Output")
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
