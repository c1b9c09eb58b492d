package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Goals, beside an empty Go module on the same engine.
const (
	coldGoal   = 1.5
	cachedGoal = 1.2
	demoGoal   = 30 * time.Second
)

var functions = []string{"functions"}

// rounds is how often what is warm is measured: the median counts.
const rounds = 7

// emptyFiles are a Go module with one function, less than dagger init makes, with
// the versions that ours has.
var emptyFiles = map[string]string{
	"dagger.json": `{"name": "empty", "engineVersion": "v0.21.7", "sdk": {"source": "go"}, "source": "ci"}`,
	"ci/main.go": `// Empty is a module to compare with.
package main

// Empty has one function.
type Empty struct{}

// Hello says hello.
func (*Empty) Hello() string { return "hello" }
`,
}

// BenchmarkCold measures how long the module takes to load when the engine has
// cached nothing, beside an empty module. It prunes the engine's cache. Goals are
// printed, not enforced.
func BenchmarkCold(b *testing.B) {
	w := measured(b)
	empty := emptyModule(b, w.module)
	for b.Loop() {
		coldEmpty, coldOurs := cold(b, empty, functions), cold(b, w.module, functions)
		compare(b, "dagger functions, cold", []time.Duration{coldOurs, coldEmpty}, coldGoal)
	}
}

// BenchmarkWarm measures how long the module takes to load and to answer from the
// cache, beside an empty module.
func BenchmarkWarm(b *testing.B) {
	w := measured(b)
	empty := emptyModule(b, w.module)
	cached := []string{"call", "--go-image=" + w.goImage, "program", "entrypoint"}
	for b.Loop() {
		compare(b, "dagger functions, warm", warm(b, rounds, asked{w.module, functions}, asked{empty, functions}), cachedGoal)
		compare(b, "a cached call", warm(b, rounds, asked{w.module, cached}, asked{empty, []string{"call", "hello"}}), cachedGoal)
	}
}

// BenchmarkDemo measures the demo, its images and the program being built.
func BenchmarkDemo(b *testing.B) {
	w := measured(b)
	demo := asked{w.module, []string{"call", "--go-image=" + w.goImage, "demo"}}
	for b.Loop() {
		took := warm(b, 3, demo)[0]
		b.ReportMetric(took.Seconds(), "s/demo")
		b.Logf("demo, warm: %.1f s (goal: %s or less: %s)", took.Seconds(), demoGoal, met(took <= demoGoal))
	}
}

// measured is the world, if there is an engine.
func measured(b *testing.B) *world {
	b.Helper()
	w, err := shareWorld()
	if u := (*unavailable)(nil); errors.As(err, &u) {
		b.Skip("SKIP: " + u.reason)
	}
	if err != nil {
		b.Fatal(err)
	}
	return w
}

// emptyModule makes the module to compare with.
func emptyModule(b *testing.B, like string) string {
	b.Helper()
	files := map[string]string{}
	for name, content := range emptyFiles {
		files[name] = content
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(like, "ci", name))
		if err != nil {
			b.Fatal(err)
		}
		files["ci/"+name] = strings.Replace(string(content), "module orgship/ci\n", "module empty/ci\n", 1)
	}
	dir := b.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	timed(b, dir, []string{"develop"}) // generated code is part of ours too
	return dir
}

// cold measures a call with an engine that has cached nothing.
func cold(b *testing.B, module string, args []string) time.Duration {
	b.Helper()
	timed(b, module, []string{"core", "engine", "local-cache", "prune"})
	return timed(b, module, args)
}

// asked is what a module is asked.
type asked struct {
	module string
	args   []string
}

// warm measures calls that were made before, the median of some rounds for each.
// They take turns, so that what else the machine does meets all of them.
func warm(b *testing.B, rounds int, calls ...asked) []time.Duration {
	b.Helper()
	times := make([][]time.Duration, len(calls))
	for round := range rounds + 1 {
		for i, c := range calls {
			if took := timed(b, c.module, c.args); round > 0 {
				times[i] = append(times[i], took)
			}
		}
	}
	medians := make([]time.Duration, len(calls))
	for i := range times {
		slices.Sort(times[i])
		medians[i] = times[i][rounds/2]
	}
	return medians
}

// timed is how long a call takes.
func timed(b *testing.B, module string, args []string) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), callTimeout)
	defer cancel()
	began := time.Now()
	r := dagger(ctx, module, os.Environ(), append([]string{"--silent"}, args...)...)
	if r.status != 0 {
		b.Fatalf("dagger %s: %s", strings.Join(args, " "), r)
	}
	return time.Since(began)
}

// compare says how our time is to the empty module's.
func compare(b *testing.B, what string, times []time.Duration, goal float64) {
	b.Helper()
	ours, empty := times[0], times[1]
	ratio := ours.Seconds() / empty.Seconds()
	b.ReportMetric(ratio, strings.NewReplacer(",", "", " ", "-").Replace(what)+"/empty")
	b.Logf("%s: %.2f s, of an empty module %.2f s: %.2f times (goal: %g or less: %s)", what, ours.Seconds(), empty.Seconds(), ratio, goal, met(ratio <= goal))
}

func met(yes bool) string {
	if yes {
		return "met"
	}
	return "not met"
}
