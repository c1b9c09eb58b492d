package release

import (
	"context"
	"sync"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
)

// quietFor is how long further waits of the same kind aren't told again.
const quietFor = 10 * time.Second

// traced returns a context in which waits for AWS are told: nothing waits in
// silence.
func (w *work) traced(ctx context.Context) context.Context {
	var mu sync.Mutex
	var told time.Time
	return stack.WithTrace(ctx, func(wait stack.Waiting) {
		mu.Lock()
		defer mu.Unlock()
		if wait.Try > 1 && time.Since(told) < quietFor {
			return
		}
		told = time.Now()
		w.rec.Event(report.Event{Source: report.FromRelease, Subject: "waiting", Message: wait.String()})
	})
}
