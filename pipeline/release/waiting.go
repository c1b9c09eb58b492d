package release

import (
	"context"
	"sync"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
)

// quietFor is how long nothing is told: with what stack tells in between, nothing
// waits in silence for more than 15 seconds.
const quietFor = 10 * time.Second

// traced returns a context in which waits for AWS are told: calls that have to be
// made again at once, and then, as all else, when nothing has been said for a while.
func (w *run) traced(ctx context.Context) context.Context {
	q := &quiet{said: time.Now()}
	w.rec.Listen(func(report.Event) { q.say() })
	return stack.WithTrace(ctx, func(wait stack.Waiting) {
		if q.over(wait.For == "") {
			w.rec.Event(report.Event{Source: report.FromRelease, Subject: "waiting", Message: wait.String()})
		}
	})
}

// quiet knows when something was said last.
type quiet struct {
	mu      sync.Mutex
	said    time.Time
	trouble time.Time // when a call that is made again was told last
}

func (q *quiet) say() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.said = time.Now()
}

// over reports whether a wait is to be told now.
func (q *quiet) over(trouble bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	last := &q.said
	if trouble {
		last = &q.trouble
	}
	if time.Since(*last) < quietFor {
		return false
	}
	*last = time.Now()
	return true
}
