package release

import (
	"context"
	"sync"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
)

// quietFor is how long further waits aren't told again: with what stack tells in
// between, nothing waits in silence for more than 15 seconds.
const quietFor = 10 * time.Second

// traced returns a context in which waits for AWS are told: nothing waits in
// silence.
func (w *run) traced(ctx context.Context) context.Context {
	var mu sync.Mutex
	var told time.Time
	return stack.WithTrace(ctx, func(wait stack.Waiting) {
		mu.Lock()
		defer mu.Unlock()
		if !told.IsZero() && time.Since(told) < quietFor {
			return
		}
		told = time.Now()
		w.rec.Event(report.Event{Source: report.FromRelease, Subject: "waiting", Message: wait.String()})
	})
}
