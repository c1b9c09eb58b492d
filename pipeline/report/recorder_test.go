package report_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"orgship/pipeline/report"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                        "plain",
		"two\nlines\r\n::set-output::": "two lines ::set-output::",
		"\x1b[31mred\x1b[0m":           "[31mred [0m",
		"a\u202eb\u0000c":              "a b c",
		"broken \xff utf-8":            "broken utf-8",
		"an ##[error] of the runner's": "an ## [error] of the runner's",
		"  spaces  ":                   "spaces",
		strings.Repeat("x", 5000):      strings.Repeat("x", 2001) + "…",
	} {
		if got := report.Clean(in); got != want {
			t.Errorf("Clean(%.40q) = %.60q, want %.60q", in, got, want)
		}
	}
}

func TestCleanURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"http://demo:10080/path":                   "http://demo:10080/path",
		"https://user:hunter2@demo/":               "https://user@demo/",
		"https://demo/?X-Amz-Signature=abc&empty=": "https://demo/?X-Amz-Signature=…&empty=…",
		"http://demo/%zz":                          "(not a URL)",
	} {
		if got := report.CleanURL(in); got != want {
			t.Errorf("CleanURL(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	for verdict, want := range map[report.Verdict]int{
		report.Successful: 0, report.Failed: 1, report.Error: 2, report.Inconclusive: 3, "": 2,
	} {
		if got := verdict.ExitStatus(); got != want {
			t.Errorf("%q ends with %d, want %d", verdict, got, want)
		}
	}
}

func TestRecorderKeepsChangesOfTrafficOnly(t *testing.T) {
	t.Parallel()
	r := report.NewRecorder(report.Release, "", nil)
	for _, percent := range []float64{0, 0, 15, 15, 100, 100, 0} {
		r.Traffic(report.Traffic{Percent: percent})
	}
	if got := len(r.Snapshot().Traffic); got != 4 {
		t.Errorf("%d entries, want 4", got)
	}
}

func TestRecorderClosesRunningSteps(t *testing.T) {
	t.Parallel()
	r := report.NewRecorder(report.Release, "", nil, "a", "b")
	r.Begin("a")
	got := r.Close(report.Inconclusive, report.InProgress, "interrupted")
	if got.Steps[0].State != report.Interrupted || got.Steps[1].State != report.Pending || got.Ended.IsZero() {
		t.Errorf("closed as %+v", got)
	}
}

func TestRecorderConcurrently(t *testing.T) {
	t.Parallel()
	r := report.NewRecorder(report.Release, "", nil)
	heard := 0
	r.Listen(func(report.Event) { heard++ })
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 50 {
				r.Event(report.Event{Subject: fmt.Sprint(i, n)})
				r.Snapshot()
				r.Detail(fmt.Sprint("step", i), "busy")
			}
		})
	}
	all.Wait()
	if heard != 400 || len(r.Snapshot().Events) != 400 {
		t.Errorf("heard %d of 400", heard)
	}
}

// Whoever edits a report: what is said in it is clean.
func TestRecorderCleansEdits(t *testing.T) {
	t.Parallel()
	r := report.NewRecorder(report.Release, "", nil, "push")
	r.Event(report.Event{Subject: "one"})
	r.Edit(func(p *report.Report) {
		p.Hints = []string{"a\x1b[31mb"}
		p.URLs = map[string]string{"service": "http://x/\n::error::"}
		p.FailedTask = &report.FailedTask{Lines: []string{"##[error]"}}
	})
	got := r.Snapshot()
	if got.Hints[0] != "a [31mb" || got.URLs["service"] != "http://x/ ::error::" || got.FailedTask.Lines[0] != "## [error]" || len(got.Events) != 1 || len(got.Steps) != 1 {
		t.Errorf("%+v", got)
	}
}
