package cloudformation

import (
	"context"
	"maps"
	"slices"

	"orgship/sandbox/cloudformation/document"
)

// walk runs visit for every resource of a graph as soon as those it needs are
// done, independent ones at the same time, and returns the ids of those that
// failed. What needs a failed one isn't visited. With stop, the first failure
// cancels what runs and nothing new begins.
func walk(ctx context.Context, g document.Graph, stop bool, visit func(context.Context, string) error) (failed []string) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type result struct {
		id  string
		err error
	}
	results := make(chan result)
	waiting, running := maps.Clone(g), 0
	done := map[string]bool{}
	for {
		for _, id := range slices.Sorted(maps.Keys(waiting)) {
			blocked := slices.ContainsFunc(g[id], func(need string) bool { return !done[need] })
			if blocked || ctx.Err() != nil {
				continue
			}
			delete(waiting, id)
			running++
			go func() { results <- result{id, visit(ctx, id)} }()
		}
		if running == 0 {
			return failed
		}
		r := <-results
		running--
		if r.err == nil {
			done[r.id] = true
			continue
		}
		failed = append(failed, r.id)
		if stop {
			cancel(errCancelled)
		}
	}
}
