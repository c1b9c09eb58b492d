package e2e

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
	"orgship/pipeline/verify"
	"orgship/sandbox"
)

// TestInterruptedAnywhere interrupts releases and rollbacks at random points: the
// same again ends in what the first began, and no request is lost.
func TestInterruptedAnywhere(t *testing.T) {
	t.Parallel()
	const fast = 60
	w := newWorldWith(t, sandbox.Options{Speed: fast})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	images := map[string]string{}
	for _, word := range []string{"one", "two"} {
		images[word] = w.stranger(word, map[string]string{"SAY": word})
	}
	const name = "shop"
	w.make(name, images["one"])
	run := func(ctx context.Context, kind report.Kind, word string) (report.Report, error) {
		r := w.releaser(w.dev, func(c *release.Config) { w.withRecords(c); c.Speed = fast })
		check := release.Check{Check: verify.Check{Body: word, Interval: 50 * time.Millisecond, Timeout: 2 * time.Second}, Rate: 50}
		if kind == report.Rollback {
			return r.Rollback(ctx, release.Request{Stack: name, Check: check})
		}
		return r.Release(ctx, release.Request{Stack: name, Image: images[word], Check: check})
	}
	for range 3 {
		for _, step := range []struct {
			kind report.Kind
			word string
		}{{report.Release, "two"}, {report.Rollback, "one"}} {
			point := time.Duration(random.Int64N(int64(2 * time.Second)))
			ctx, stop := context.WithTimeout(t.Context(), point)
			r, err := run(ctx, step.kind, step.word)
			stop()
			if err != nil {
				r, err = run(t.Context(), step.kind, step.word)
			}
			if err != nil || r.Serving.Image == nil || r.Serving.Evidence == nil || !r.Serving.Evidence.Proved {
				t.Fatalf("%s to %q, interrupted after %s, and again: %v\n%s", step.kind, step.word, point, err, render.Timeline(r, render.Style{}))
			}
			if got := r.Serving.Image.Reference; got != images[step.word] || r.Serving.Lost > 0 {
				t.Fatalf("%s to %q, interrupted after %s, and again: %s", step.kind, step.word, point, r.Headline())
			}
		}
	}
}
