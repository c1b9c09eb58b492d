package wire

import (
	"slices"
	"time"
)

// Call is a request that was answered, or broken off on order.
type Call struct {
	Time      time.Time // when the request came in
	Service   string    // signing name, or Registry; empty when the request didn't say
	Operation string    // for the registry: the HTTP method
	Path      string    // of a request to the registry
	Account   string    // of the caller; empty for a request that didn't authenticate
	Caller    string    // ARN
	Status    int       // HTTP status; 0 when the connection was broken
	Code      string    // AWS error code, empty on success
	Message   string    // of the error
}

// maxCalls is how many calls are kept: the newest.
const maxCalls = 20_000

// callLog is a ring of calls.
type callLog struct {
	ring []Call
	next int
}

func (l *callLog) add(c Call) {
	if len(l.ring) < maxCalls {
		l.ring = append(l.ring, c)
		return
	}
	l.ring[l.next] = c
	l.next = (l.next + 1) % maxCalls
}

func (h *Handler) record(c Call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls.add(c)
}

// Calls returns the newest 20,000 calls in the order in which they were
// answered.
func (h *Handler) Calls() []Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Concat(h.calls.ring[h.calls.next:], h.calls.ring[:h.calls.next])
}
