package demo

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"sync"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

// The colours of a story.
const (
	bold  = "1"
	faint = "2"
	red   = "31"
	green = "32"
)

// teller tells a story line by line. On a terminal it keeps a live view of the
// release under way below the lines.
type teller struct {
	out  io.Writer // outside of chapters
	view render.View

	mu      sync.Mutex
	chapter string    // its name
	w       io.Writer // where its lines go
	facts   []Fact
	rows    int    // of the live view
	footer  string // the live view, as it was drawn
}

// newTeller returns a teller that writes to out, nil being nowhere.
func newTeller(out io.Writer, view render.View) *teller {
	if out == nil {
		out = io.Discard
	}
	if view.Size == nil {
		view.Size = func() (int, int) { return view.Style.Width, math.MaxInt }
	}
	view.Every = cmp.Or(view.Every, 100*time.Millisecond)
	return &teller{out: out, w: out, view: view, facts: []Fact{}}
}

// enter begins a chapter, whose lines go to w until it is left.
func (t *teller) enter(chapter string, w io.Writer) (leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.chapter, t.w = chapter, w
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.chapter, t.w = "", t.out
	}
}

// fact claims something, which must be so.
func (t *teller) fact(ok bool, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	t.mu.Lock()
	t.facts = append(t.facts, Fact{t.chapter, ok, text})
	t.mu.Unlock()
	if ok {
		t.line("  " + t.paint(green, t.pick("✓", "+")) + " " + t.plain(text))
	} else {
		t.line("  " + t.paint(red, t.pick("✗", "x")+" NOT SO: "+t.plain(text)))
	}
}

// note says what the story needs beside its facts.
func (t *teller) note(format string, args ...any) {
	t.line(t.paint(faint, "    "+t.plain(fmt.Sprintf(format, args...))))
}

// untrue returns how many facts were not so.
func (t *teller) untrue() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.facts {
		if !f.OK {
			n++
		}
	}
	return n
}

// line writes a line above the live view.
func (t *teller) line(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.write(text+"\n", t.footer)
}

// draw shows a live view below the lines; "" takes it away.
func (t *teller) draw(footer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if footer != t.footer {
		t.write("", footer)
	}
}

// write replaces the live view by lines and a live view.
func (t *teller) write(lines, footer string) {
	var b strings.Builder
	if t.rows > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", t.rows) // to its first row, and clear from there on
	}
	b.WriteString(lines + footer)
	t.footer, t.rows = footer, strings.Count(footer, "\n")
	_, _ = io.WriteString(t.w, b.String()) // nobody reads it: the checks go on
}

// follow tells what a recorder records, until the returned function is called.
func (t *teller) follow(r *report.Recorder) (stop func()) {
	started, telling := r.Snapshot().Started, telling{map[string]bool{}}
	r.Listen(func(e report.Event) {
		if text := telling.text(e); text != "" {
			t.note("%+6.1fs  %s", e.At.Sub(started).Seconds(), text)
		}
	})
	if !t.view.Live {
		return func() {}
	}
	done := make(chan struct{})
	var drawing sync.WaitGroup
	drawing.Go(func() {
		tick := time.NewTicker(t.view.Every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				t.draw(t.frame(r.Snapshot(), now))
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		drawing.Wait()
		t.draw("")
	})
}

// frame renders what fits below the lines on the terminal.
func (t *teller) frame(r report.Report, now time.Time) string {
	width, height := t.view.Size()
	style := t.view.Style
	style.Width = width
	lines := strings.SplitAfter("\n"+render.Frame(r, now, style), "\n")
	return strings.Join(lines[:min(len(lines), max(height-1, 0))], "")
}

// telling picks the events that a story is made of: what the plan is, how the
// traffic moves, who answers, what is decided. All else is in the report.
type telling struct{ told map[string]bool }

// text renders an event, "" for one that isn't told: it is of no interest here,
// or an answer that was told before.
func (t telling) text(e report.Event) string {
	switch e.Source {
	case report.FromTraffic:
		if e.Status != "" {
			return "" // a step of the hook's deployment
		}
	case report.FromVerify:
		if t.told[e.Subject+e.Message] {
			return ""
		}
		t.told[e.Subject+e.Message] = true
	case report.FromRelease:
		step := e.Status == string(report.Done) || e.Status == string(report.StepFailed)
		if e.Status != "" && (!step || e.Subject != report.PlanStep && e.Subject != report.DecideStep || e.Message == "") {
			return ""
		}
	default:
		if !e.Bad {
			return "" // the stack's resources
		}
	}
	return e.Subject + ": " + long.ReplaceAllString(e.Message, "$1…")
}

// long is a revision or a digest, of which the beginning will do.
var long = regexp.MustCompile(`\b([0-9a-f]{12})[0-9a-f]{28,}\b`)

func (t *teller) paint(code, text string) string {
	if !t.view.Style.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (t *teller) pick(unicode, ascii string) string {
	if t.view.Style.Unicode {
		return unicode
	}
	return ascii
}

// plain makes text fit a place that shows ASCII alone.
func (t *teller) plain(text string) string {
	if t.view.Style.Unicode {
		return text
	}
	return strings.ReplaceAll(text, "…", "...")
}
