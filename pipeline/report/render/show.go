package render

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"orgship/pipeline/report"
)

// View says how to show a recorder's work.
type View struct {
	// Live redraws a few lines in place; otherwise each event is one line.
	Live  bool
	Style Style
	// Size returns the terminal's width and height; nil: the style's width.
	Size func() (width, height int)
	// Every is the time between redraws; 0: 100 ms.
	Every time.Duration
}

// ViewFor returns the view that suits a file: live on a terminal, unless
// TERM=dumb or CI is set in the environment.
func ViewFor(f *os.File, getenv func(string) string) View {
	fd := int(f.Fd())
	terminal := term.IsTerminal(fd)
	size := func() (int, int) {
		width, height, err := term.GetSize(fd)
		if err != nil {
			return 80, 24
		}
		return width, height
	}
	v := View{Live: terminal && getenv("TERM") != "dumb" && getenv("CI") == "", Style: StyleFor(getenv, terminal, 0)}
	if terminal {
		v.Size = size
		v.Style.Width, _ = size()
	}
	return v
}

// Show shows what a recorder records from now on, until the returned function
// is called, which ends with the timeline.
func Show(r *report.Recorder, w io.Writer, v View) (stop func()) {
	if v.Live {
		return showLive(r, w, v)
	}
	started := r.Snapshot().Started
	r.Listen(func(e report.Event) {
		_, _ = fmt.Fprintln(w, Line(e, started, Style{Color: v.Style.Color, Unicode: v.Style.Unicode}))
	})
	return func() { _, _ = fmt.Fprint(w, Timeline(r.Snapshot(), v.Style)) }
}

func showLive(r *report.Recorder, w io.Writer, v View) func() {
	if v.Every == 0 {
		v.Every = 100 * time.Millisecond
	}
	screen := &screen{w: w}
	done := make(chan struct{})
	var drawing sync.WaitGroup
	drawing.Go(func() {
		tick := time.NewTicker(v.Every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				screen.draw(v.frame(r.Snapshot(), now))
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		drawing.Wait()
		screen.draw(Timeline(r.Snapshot(), v.style()))
	})
}

func (v View) style() Style {
	s := v.Style
	if v.Size != nil {
		s.Width, _ = v.Size()
	}
	return s
}

// frame renders what fits the terminal now.
func (v View) frame(r report.Report, now time.Time) string {
	text := Frame(r, now, v.style())
	if v.Size == nil {
		return text
	}
	_, height := v.Size()
	lines := strings.SplitAfter(text, "\n")
	if height > 2 && len(lines) > height-1 {
		lines = lines[:height-1]
	}
	return strings.Join(lines, "")
}

// screen redraws text in place of what it drew before.
type screen struct {
	w    io.Writer
	text string
	rows int // how many it drew
}

func (s *screen) draw(text string) {
	if text == s.text {
		return
	}
	var b strings.Builder
	if s.rows > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.rows) // up
	}
	b.WriteString("\r\x1b[J" + text) // clear to the end of the screen
	s.text, s.rows = text, strings.Count(text, "\n")
	_, _ = io.WriteString(s.w, b.String())
}
