package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/demo"
	"orgship/image"
	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

// The types of Options.Chapter.
type (
	tell   = func(ctx context.Context, out io.Writer) error
	around = func(ctx context.Context, title string, tell tell) error
)

// told is a chapter as it came through Options.Chapter.
type told struct {
	title string
	lines bytes.Buffer
}

// The whole story with images that another builder made and tasks that another
// runtime runs: neither a Go toolchain nor namespaces are needed. Every chapter
// passes through Chapter, in order, with its own lines.
func TestStoryOfAnotherBuilderAndRuntime(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var chapters []*told
	made := &builder{}
	document, err := demo.Run(t.Context(), demo.Options{
		Builder: made, Runtime: runtime{}, Out: &out, View: render.View{Style: render.Style{Unicode: true}},
		Chapter: func(ctx context.Context, title string, tell tell) error {
			c := &told{title: title}
			chapters = append(chapters, c)
			return tell(ctx, &c.lines)
		},
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, document.Markdown())
	}
	var tags []string
	for _, v := range made.built {
		tags = append(tags, v.Tag+" "+v.Variant+" "+v.Dockerfile)
	}
	blue := "1.0.0 Blue Dockerfile.blue"
	if diff := cmp.Diff([]string{blue, "2.0.0 Green Dockerfile.green", "3.0.0 Purple Dockerfile.green", blue}, tags); diff != "" {
		t.Errorf("built (-want +got):\n%s", diff)
	}
	check(t, document, chapters, out.String())
}

// check compares the chapters with the document, fact by fact.
func check(t *testing.T, document demo.Document, chapters []*told, out string) {
	t.Helper()
	if document.Verdict != report.Successful || len(chapters) != 9 || len(document.Chapters) != len(chapters) {
		t.Fatalf("%s, %d chapters, %d in the document", document.Verdict, len(chapters), len(document.Chapters))
	}
	for i, c := range document.Chapters {
		got := chapters[i]
		if c.Title != got.title || c.State != report.Done {
			t.Errorf("chapter %d is %q, %s; through Chapter came %q", i, c.Title, c.State, got.title)
		}
		var claims []string
		for line := range strings.Lines(got.lines.String()) {
			if claim, ok := strings.CutPrefix(line, "  ✓ "); ok {
				claims = append(claims, strings.TrimSuffix(claim, "\n"))
			}
		}
		var facts []string
		for _, f := range document.Facts {
			if f.Chapter == c.Name {
				facts = append(facts, f.Text)
			}
		}
		if diff := cmp.Diff(facts, claims); diff != "" || len(facts) == 0 {
			t.Errorf("chapter %q: facts and lines (-facts +lines):\n%s", c.Name, diff)
		}
	}
	if !strings.Contains(chapters[1].lines.String(), "by a builder of the test's") {
		t.Errorf("it isn't said how the images are made:\n%s", &chapters[1].lines)
	}
	if strings.Contains(out, "✓ GET") || !strings.Contains(out, "orgship demo") || !strings.Contains(out, "successful: removed") {
		t.Errorf("outside of the chapters is told\n%s", out)
	}
}

// impossible is an error that says what to do.
type impossible struct{}

func (impossible) Error() string { return "building is impossible" }
func (impossible) Hint() string  { return "start the engine" }

// What ends a story before anything is deployed: the verdict, the exit status
// and the hint are those of the reason, and the document is complete.
func TestStoryEnds(t *testing.T) {
	t.Parallel()
	plain := func(ctx context.Context, _ string, tell tell) error {
		return tell(ctx, io.Discard)
	}
	tests := []struct {
		name    string
		builder builder
		around  around
		verdict report.Verdict
		summary string
		hint    string
		untrue  []string // beginnings of facts
	}{
		{"a builder fails", builder{change: func(v demo.Version) (demo.Version, error) { return v, impossible{} }}, plain,
			report.Error, `chapter "push": building is impossible`, "start the engine", nil},
		{"another revision is built", builder{change: func(v demo.Version) (demo.Version, error) { v.Revision = "unknown"; return v, nil }}, plain,
			report.Error, `chapter "push": building version "1.0.0": the image has revision "unknown", not "`, "", nil},
		{"the program is another layer in Green", builder{program: func(v demo.Version) string { return strings.Repeat(v.Dockerfile, 1000) }}, nil,
			report.Failed, `chapter "push": the story claims something that is not so`, "", []string{"2.0.0 Green"}},
		{"a chapter is left out", builder{}, func(context.Context, string, tell) error { return nil },
			report.Error, `chapter "share": it was not told`, "", nil},
		{"what is around a chapter fails", builder{}, func(context.Context, string, tell) error { return impossible{} },
			report.Error, `chapter "share": building is impossible`, "start the engine", nil},
		{"what is around a chapter loses its error", builder{change: func(v demo.Version) (demo.Version, error) { return v, impossible{} }},
			func(ctx context.Context, title string, tell tell) error {
				_ = plain(ctx, title, tell)
				return nil
			},
			report.Error, `chapter "push": building is impossible`, "start the engine", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			d, err := demo.Run(t.Context(), demo.Options{Builder: &test.builder, Runtime: runtime{}, Out: &out, Chapter: test.around})
			var e *demo.Error
			if !errors.As(err, &e) || e.Verdict != test.verdict || e.ExitCode() != test.verdict.ExitStatus() || e.Hint() != test.hint {
				t.Fatalf("got %#v", err)
			}
			if d.Verdict != test.verdict || !strings.HasPrefix(d.Summary, test.summary) || d.Hint != test.hint || d.Schema != demo.Schema {
				t.Errorf("document: %s, %q, hint %q", d.Verdict, d.Summary, d.Hint)
			}
			untrue(t, d, out.String(), test.untrue)
			readable(t, d)
		})
	}
}

// untrue finds the claims that aren't so, and no others.
func untrue(t *testing.T, d demo.Document, out string, want []string) {
	t.Helper()
	n := 0
	for _, f := range d.Facts {
		if f.OK {
			continue
		}
		if n >= len(want) || !strings.HasPrefix(f.Text, want[n]) {
			t.Fatalf("not so: %s", f.Text)
		}
		for what, text := range map[string]string{"Markdown": "✗ NOT SO: " + report.Clean(f.Text), "told": "  x NOT SO: " + f.Text} {
			if !strings.Contains(out+d.Markdown(), text) {
				t.Errorf("%s: %q is missing in\n%s%s", what, text, out, d.Markdown())
			}
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d claims are not so, want %q", n, want)
	}
}

// readable reads a document as machines and people do.
func readable(t *testing.T, d demo.Document) {
	t.Helper()
	source, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"chapters", "facts", "reports"} {
		if !bytes.Contains(source, fmt.Appendf(nil, "%q: [", list)) {
			t.Errorf("%s is no list in\n%s", list, source)
		}
	}
	var again demo.Document
	if err := json.Unmarshal(source, &again); err != nil {
		t.Fatal(err)
	}
	if len(again.Chapters) != len(d.Chapters) || len(again.Facts) != len(d.Facts) || again.Summary != d.Summary {
		t.Errorf("read again: %+v", again)
	}
	page := d.Markdown()
	for _, want := range []string{"## orgship demo: " + string(d.Verdict), d.Summary, d.Hint} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
	if strings.Count(page, "\n```")%2 != 0 {
		t.Errorf("something stays open in\n%s", page)
	}
}

// Without a toolchain the default builder can't be, and nothing is told.
func TestNoToolchain(t *testing.T) { // by itself: it changes the environment
	t.Setenv("PATH", t.TempDir())
	if found, err := exec.LookPath("go"); err == nil {
		t.Fatalf("there is still %s", found)
	}
	var out bytes.Buffer
	d, err := demo.Run(t.Context(), demo.Options{Runtime: runtime{}, Out: &out})
	var missing *image.ToolchainError
	if !errors.As(err, &missing) || d.Verdict != report.Error || d.Hint != missing.Hint() || out.Len() > 0 {
		t.Errorf("%v, %+v, told %q", err, d, out.String())
	}
	readable(t, d)
}

// Interrupted is not wrong.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	stopping := builder{change: func(v demo.Version) (demo.Version, error) { cancel(); return v, ctx.Err() }}
	d, err := demo.Run(ctx, demo.Options{Builder: &stopping, Runtime: runtime{}})
	var e *demo.Error
	if !errors.As(err, &e) || e.Verdict != report.Inconclusive || !errors.Is(err, context.Canceled) || d.Verdict != report.Inconclusive || d.Summary != "interrupted" {
		t.Errorf("%v, %s, %q", err, d.Verdict, d.Summary)
	}
}

// A made-up revision names its source: other settings, another revision.
func TestRevision(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, revision := range []string{
		demo.Revision("1", "Blue", []byte("FROM scratch")), demo.Revision("2", "Blue", []byte("FROM scratch")),
		demo.Revision("1", "Green", []byte("FROM scratch")), demo.Revision("1", "Blue", []byte("FROM other")),
	} {
		if len(revision) != 40 || seen[revision] {
			t.Errorf("%q is no revision of its own", revision)
		}
		seen[revision] = true
	}
}
