package e2e

import (
	"context"
	"errors"
	"fmt"
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

// rounds is how often what is warm is measured: the median counts.
const rounds = 7

// emptyFiles are a Go module with one function, as dagger init makes it, with
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

// BenchmarkModule measures how long the module takes to load, cold and warm, and to
// answer from the cache, beside an empty module; and the demo. It prunes the
// engine's cache. Goals are printed, not enforced.
func BenchmarkModule(b *testing.B) {
	w, err := shareWorld()
	if u := (*unavailable)(nil); errors.As(err, &u) {
		b.Skip("SKIP: " + u.reason)
	}
	if err != nil {
		b.Fatal(err)
	}
	ours, empty := w.module, emptyModule(b, w.module)
	functions := []string{"functions"}
	cached := []string{"call", "--go-image=" + w.goImage, "program", "entrypoint"}
	for b.Loop() {
		coldEmpty, coldOurs := cold(b, empty, functions), cold(b, ours, functions)
		compare(b, "dagger functions, cold", coldOurs, coldEmpty, coldGoal)
		compare(b, "dagger functions, warm", warm(b, rounds, ours, functions), warm(b, rounds, empty, functions), cachedGoal)
		compare(b, "a cached call", warm(b, rounds, ours, cached), warm(b, rounds, empty, []string{"call", "hello"}), cachedGoal)
		demo := []string{"call", "--go-image=" + w.goImage, "demo"}
		first := timed(b, ours, demo)
		b.Logf("demo, its first run (compiles the program and the app): %.1f s", first.Seconds())
		again := warm(b, 3, ours, demo)
		b.ReportMetric(again.Seconds(), "s/demo")
		b.Logf("demo, warm: %.1f s (goal: %s or less: %s)", again.Seconds(), demoGoal, met(again <= demoGoal))
	}
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

// warm measures a call that was made before: the median of some rounds.
func warm(b *testing.B, rounds int, module string, args []string) time.Duration {
	b.Helper()
	timed(b, module, args)
	times := make([]time.Duration, rounds)
	for i := range times {
		times[i] = timed(b, module, args)
	}
	slices.Sort(times)
	return times[len(times)/2]
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

func compare(b *testing.B, what string, ours, empty time.Duration, goal float64) {
	b.Helper()
	ratio := ours.Seconds() / empty.Seconds()
	b.ReportMetric(ratio, strings.NewReplacer(",", "", " ", "-").Replace(what)+"/empty")
	b.Log(fmt.Sprintf("%s: %.2f s, of an empty module %.2f s: %.2f times (goal: %g or less: %s)", what, ours.Seconds(), empty.Seconds(), ratio, goal, met(ratio <= goal)))
}

func met(yes bool) string {
	if yes {
		return "met"
	}
	return "not met"
}
