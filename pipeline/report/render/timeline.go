package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"orgship/pipeline/report"
)

// Timeline renders a finished release: what serves now, what it came to, a bar for each step on
// one scale of time, how traffic moved and who answered, and the errors.
func Timeline(r report.Report, s Style) string {
	var b strings.Builder
	if line := r.Headline(); line != "" {
		fmt.Fprintf(&b, "%s\n", s.paint(bold, line))
	}
	fmt.Fprintf(&b, "%s\n", s.verdictLine(r))
	s.chart(&b, r)
	s.facts(&b, r)
	s.problems(&b, r)
	return b.String()
}

func (s Style) verdictLine(r report.Report) string {
	color := map[report.Verdict]string{report.Successful: green, report.Inconclusive: yellow}[r.Verdict]
	if color == "" {
		color = red
	}
	text := fmt.Sprintf("%s: %s", r.Verdict, r.Outcome.Words())
	return s.paint(color, text) + fmt.Sprintf("  %s  %s", report.Lasting(r.Lasted(r.Ended)), r.Summary)
}

// scale maps the time of a release to columns.
type scale struct {
	start   time.Time
	length  time.Duration
	columns int
}

func (c scale) column(t time.Time) int {
	if c.length <= 0 {
		return 0
	}
	at := int(float64(t.Sub(c.start)) / float64(c.length) * float64(c.columns))
	return min(max(at, 0), c.columns-1)
}

// at returns the moment in the middle of a column.
func (c scale) at(column int) time.Time {
	return c.start.Add(time.Duration((float64(column) + 0.5) / float64(c.columns) * float64(c.length)))
}

func (s Style) chart(b *strings.Builder, r report.Report) {
	columns := 50
	if s.Width > 0 {
		columns = min(max(s.Width-24, 10), 60)
	}
	c := scale{start: r.Started, length: r.Ended.Sub(r.Started), columns: columns}
	for _, step := range r.Steps {
		if step.Started.IsZero() {
			continue
		}
		fmt.Fprintf(b, " %s %-8s %s %s\n", s.mark(step.State), step.Name, s.stepBar(step, c), report.Span(step.Seconds))
	}
	if len(r.Traffic) > 0 {
		fmt.Fprintf(b, "   %-8s %s share on the new version\n", "traffic", s.trafficRow(r.Traffic, c))
	}
	if r.Probe != nil && len(r.Probe.Moments) > 0 {
		s.answerRows(b, r.Probe, c)
	}
}

func (s Style) stepBar(step report.Step, c scale) string {
	from := c.column(step.Started)
	to := max(from, c.column(step.Ended))
	rest := strings.Repeat(" ", c.columns-to-1)
	return strings.Repeat(" ", from) + s.paint(blue, strings.Repeat(s.pick("█", "="), to-from+1)) + rest
}

// trafficRow draws the share of traffic at each column as a level.
func (s Style) trafficRow(traffic []report.Traffic, c scale) string {
	levels := []rune(s.pick(" ▁▂▃▄▅▆▇█", " .:-=+*#@"))
	row := make([]rune, c.columns)
	for i := range row {
		row[i] = levels[level(traffic, c.at(i), len(levels)-1)]
	}
	return s.paint(green, string(row))
}

func level(traffic []report.Traffic, at time.Time, top int) int {
	share := 0.0
	for _, t := range traffic {
		if t.At.After(at) {
			break
		}
		share = t.Percent
	}
	return int(min(max(share, 0), 100)/100*float64(top) + 0.999)
}

// answerRows draws for each answerer when it answered, and when requests were lost.
func (s Style) answerRows(b *strings.Builder, p *report.Probe, c scale) {
	label := "answers"
	for _, a := range p.Answerers {
		row := s.presence(p.Moments, c, func(m report.Moment) bool { return m.Answered[a.ID] > 0 })
		fmt.Fprintf(b, "   %-8s %s %s %d\n", label, s.paint(green, row), a.Name(), a.Count)
		label = ""
	}
	if p.Lost > 0 {
		row := s.presence(p.Moments, c, func(m report.Moment) bool { return len(m.Lost) > 0 })
		fmt.Fprintf(b, "   %-8s %s lost %d\n", label, s.paint(red, row), p.Lost)
	}
}

func (s Style) presence(moments []report.Moment, c scale, in func(report.Moment) bool) string {
	row := slices.Repeat([]rune{' '}, c.columns)
	on := []rune(s.pick("▪", "o"))[0]
	for _, m := range moments {
		if !in(m) {
			continue
		}
		last := c.column(m.Start.Add(time.Duration(m.Seconds * float64(time.Second))))
		for i := c.column(m.Start); i <= last; i++ {
			row[i] = on
		}
	}
	return string(row)
}

// facts names what a reader wants to copy.
func (s Style) facts(b *strings.Builder, r report.Report) {
	if r.Image != nil {
		fmt.Fprintf(b, "   %-8s %s\n", "image", r.Image.Reference)
	}
	if p := r.Probe; p != nil {
		fmt.Fprintf(b, "   %-8s %d asked, %d lost, p50 %.0f ms, p95 %.0f ms, worst %.0f ms\n",
			"probe", p.Sent, p.Lost, p.Latency.P50, p.Latency.P95, p.Latency.Max)
	}
	for _, name := range slices.Sorted(maps.Keys(r.URLs)) {
		fmt.Fprintf(b, "   %-8s %s\n", name, r.URLs[name])
	}
}

func (s Style) problems(b *strings.Builder, r report.Report) {
	for _, p := range r.Errors {
		if p.Message != r.Summary {
			fmt.Fprintf(b, "%s %s\n", s.paint(red, "error:"), p.Message)
		}
		if c := p.Cause; c != nil {
			fmt.Fprintf(b, "  root cause: %s\n", c.String())
		}
		if p.Hint != "" {
			fmt.Fprintf(b, "%s %s\n", s.paint(yellow, "hint:"), p.Hint)
		}
	}
	if f := r.FailedTask; f != nil {
		fmt.Fprintf(b, "%s\n", f)
		for _, line := range f.Lines {
			fmt.Fprintf(b, "  | %s\n", line)
		}
	}
	for _, hint := range r.Hints {
		fmt.Fprintf(b, "%s %s\n", s.paint(yellow, "hint:"), hint)
	}
}
