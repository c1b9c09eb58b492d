package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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

func TestStyleFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		env      string
		terminal bool
		want     report.Style
	}{
		{"LANG=en_US.UTF-8", true, report.Style{Color: true, Unicode: true}},
		{"LANG=en_US.UTF-8 NO_COLOR=1", true, report.Style{Unicode: true}},
		{"LANG=en_US.UTF-8 TERM=dumb", true, report.Style{Unicode: true}},
		{"LANG=en_US.UTF-8", false, report.Style{Unicode: true}},
		{"LANG=en_US.UTF-8 LC_ALL=C", true, report.Style{Color: true}},
		{"", true, report.Style{Color: true}},
	}
	for _, test := range tests {
		env := map[string]string{}
		for pair := range strings.FieldsSeq(test.env) {
			key, value, _ := strings.Cut(pair, "=")
			env[key] = value
		}
		if got := report.StyleFor(func(name string) string { return env[name] }, test.terminal, 0); got != test.want {
			t.Errorf("%q, terminal %v: %+v, want %+v", test.env, test.terminal, got, test.want)
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

func TestShowLines(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	r := report.NewRecorder(report.Release, "", c.Now, "push")
	var out bytes.Buffer
	stop := report.Show(r, &out, report.View{})
	c.now = at(1)
	r.Begin("push")
	if got, want := out.String(), "12:00:01.000    +1.0s  release  push  running\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
	r.Close(report.Successful, report.Released, "done")
	stop()
	if !strings.Contains(out.String(), "successful: released") {
		t.Errorf("no timeline at the end:\n%s", out.String())
	}
}

func TestShowLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := report.NewRecorder(report.Release, "", nil, "push", "access", "plan", "apply", "verify")
		var out lockedBuffer
		stop := report.Show(r, &out, report.View{Live: true, Size: func() (int, int) { return 80, 5 }})
		r.Begin("push")
		time.Sleep(350 * time.Millisecond)
		synctest.Wait()
		frames := strings.Split(out.String(), "\x1b[J")
		if len(frames) < 3 {
			t.Fatalf("%d frames in 350 ms", len(frames)-1)
		}
		if rows := strings.Count(frames[1], "\n"); rows != 4 {
			t.Errorf("a frame of %d rows on a terminal of 5", rows)
		}
		if !strings.HasPrefix(frames[2], "orgship release") || !strings.Contains(frames[1], "\x1b[4A") {
			t.Errorf("frames %q", frames[:3])
		}
		r.Close(report.Successful, report.Released, "done")
		stop()
		stop()
		if got := out.String(); !strings.Contains(got[strings.LastIndex(got, "\x1b[J"):], "successful: released") {
			t.Errorf("the last frame is not the timeline:\n%q", got)
		}
	})
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}
