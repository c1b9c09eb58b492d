package stack

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// checkEvery is after how many polls without a new event a watch asks for the
// stack's status instead: it ends a watch whose last event never shows, and
// costs no extra call. While events come, their end is near: none of their polls
// is given away. Nor is one at the end of the hook's waits, which last whole
// minutes. A watch that saw no event at all asks sooner, and so does one whose
// stack seems to be over.
const (
	checkEvery      = 97
	checkEveryEmpty = 3
	checkEveryOver  = 10
	// trustAfter is how long a status without an event has to stand before a
	// watch believes it: right after a change is asked for, the status may
	// still be the one from before.
	trustAfter = 30 * time.Second
)

// From says which stack a watch follows, and from where on.
type From struct {
	StackID string // the stack's id (ARN): its name is not enough once it is deleted
	// After is the id of the last event already seen. Empty: the watch begins
	// with the first event of the stack's latest operation, whether that is
	// still running or over.
	After string
}

// End is how an operation ended.
type End struct {
	StackID string
	Status  string // e.g. UPDATE_COMPLETE
	Reason  string
	Time    time.Time
	Cause   *Event // the root cause, when something failed
}

// Watch follows the operation in a stack to its end and calls each for every
// event, in order and once. It survives throttling and dropped connections.
// When ctx is done it returns the cause; a later watch may go on After the
// last event it gave.
//
// The error tells an operation that didn't succeed: *RolledBackError when the
// stack is where it was before, *StuckError when it needs help.
func (c *Client) Watch(ctx context.Context, from From, each func(Event)) (End, error) {
	if err := CheckName(from.StackID); err != nil {
		return End{}, err
	}
	end, err := c.follow(ctx, from, each)
	if err != nil {
		return end, fmt.Errorf("watching stack %q: %w", nameOf(from.StackID), err)
	}
	return end, judge(end)
}

// judge turns an end into the error that it means.
func judge(end End) error {
	switch {
	case Succeeded(end.Status):
		return nil
	case rolledBack(end.Status):
		return &RolledBackError{Name: nameOf(end.StackID), End: end}
	}
	return &StuckError{Name: nameOf(end.StackID), End: end}
}

// follow is Watch without a judgement about the end.
func (c *Client) follow(ctx context.Context, from From, each func(Event)) (End, error) {
	w := &watcher{client: c, from: from, poll: NewPoller(c.pace), seen: map[string]bool{}}
	for {
		if w.checks() {
			if end, over, err := w.check(ctx); err != nil || over {
				return end, err
			}
		}
		fresh, err := w.fresh(ctx)
		if err != nil {
			return End{}, err
		}
		w.quiet++
		if len(fresh) > 0 {
			w.quiet = 0
		} else {
			tellIdle(ctx, fmt.Sprintf("stack %q: nothing new yet", nameOf(from.StackID)))
		}
		if end, over := w.hand(fresh, each); over {
			return end, nil
		}
	}
}

// watcher is the memory of one watch.
type watcher struct {
	client *Client
	from   From
	poll   *Poller
	seen   map[string]bool // ids given or known to be older
	begun  bool            // seen holds the row from which the watch goes on
	given  []Event
	quiet  int // polls of events in a row that gave none

	settled string    // the status that the previous check saw, if nothing ran
	since   time.Time // when it first saw that
}

// checks reports whether the next call asks for the status instead of events.
func (w *watcher) checks() bool {
	every := checkEvery
	switch {
	case len(w.given) == 0:
		every = checkEveryEmpty
	case w.settled != "":
		every = checkEveryOver
	}
	return w.quiet > 0 && w.quiet%every == 0
}

// hand gives events on, up to the one that ends the operation.
func (w *watcher) hand(fresh []Event, each func(Event)) (End, bool) {
	for _, e := range fresh {
		w.given = append(w.given, e)
		if each != nil {
			each(e)
		}
		if e.Ends() {
			return w.end(e.Status, e.Reason, e.Time), true
		}
	}
	return End{}, false
}

func (w *watcher) end(status, reason string, at time.Time) End {
	end := End{StackID: w.from.StackID, Status: status, Reason: reason, Time: at}
	if cause, ok := RootCause(w.given); ok && !Succeeded(status) {
		end.Cause = &cause
	}
	return end
}

// check asks for the stack's status. It ends the watch when the stack is
// deleted, or settled for a while without any event telling so.
func (w *watcher) check(ctx context.Context) (End, bool, error) {
	s, err := w.client.poll(ctx, w.poll, w.from.StackID)
	if err != nil {
		return End{}, false, err
	}
	if !Settled(s.Status) {
		w.settled = ""
		return End{}, false, nil
	}
	if w.settled != s.Status {
		w.settled, w.since = s.Status, time.Now()
	}
	over := s.Status == string(types.StackStatusDeleteComplete) || time.Since(w.since) >= trustAfter
	return w.end(s.Status, s.Reason, s.Changed()), over, nil
}

// fresh reads from the newest page of events back to one already seen, and
// returns what is new in the order in which it happened. A row that appears
// late, behind a seen one, is new as well.
func (w *watcher) fresh(ctx context.Context) ([]Event, error) {
	if !w.begun {
		return w.first(ctx)
	}
	var fresh []Event
	err := w.pages(ctx, func(page []Event) (more bool) {
		met := false
		for _, e := range page {
			if w.seen[e.ID] {
				met = true
				continue
			}
			w.seen[e.ID] = true
			fresh = append(fresh, e)
		}
		return !met
	})
	slices.Reverse(fresh)
	return fresh, err
}

// first reads back to where the watch begins. What is older counts as seen.
func (w *watcher) first(ctx context.Context) ([]Event, error) {
	begin := beginning{after: w.from.After}
	var all []Event
	err := w.pages(ctx, func(page []Event) (more bool) {
		for _, e := range page {
			all = append(all, e)
			begin.reached(e)
		}
		return !begin.found
	})
	if err != nil {
		return nil, err
	}
	if w.from.After != "" && !begin.found {
		begin = beginning{} // that event is not kept any more: the latest operation, then
	} else {
		begin = beginning{after: w.from.After}
	}
	w.begun = true
	var fresh []Event
	for _, e := range all {
		w.seen[e.ID] = true
		if !begin.reached(e) {
			fresh = append(fresh, e)
		}
	}
	slices.Reverse(fresh)
	return fresh, nil
}

// beginning finds, going back in time, the row before the first one to give.
type beginning struct {
	after   string // an event id; "" looks for the latest operation
	found   bool
	started bool // passed a row that starts an operation
}

func (b *beginning) reached(e Event) bool {
	switch {
	case b.found:
	case b.after != "":
		b.found = e.ID == b.after
	case !e.OfStack():
	case starts(e.Status):
		b.started = true
	default:
		b.found = b.started && Settled(e.Status)
	}
	return b.found
}

// pages reads events, newest first, as long as visit wants more of them.
func (w *watcher) pages(ctx context.Context, visit func([]Event) (more bool)) error {
	in := &cloudformation.DescribeStackEventsInput{StackName: &w.from.StackID}
	for {
		out, err := Ask(ctx, w.poll, func(ctx context.Context) (*cloudformation.DescribeStackEventsOutput, error) {
			return w.client.cfn.DescribeStackEvents(ctx, in, once)
		})
		if err != nil {
			return err
		}
		page := make([]Event, len(out.StackEvents))
		for i, e := range out.StackEvents {
			page[i] = newEvent(e)
		}
		if !visit(page) || aws.ToString(out.NextToken) == "" {
			return nil
		}
		in.NextToken = out.NextToken
	}
}
