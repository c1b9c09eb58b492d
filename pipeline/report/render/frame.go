// Package render shows a report to people and programs: as Markdown, as JUnit
// XML, as a view for a terminal and as lines for a log. Everything here is a
// pure function of the report and its events.
package render

import (
	"fmt"
	"strings"
	"time"

	"orgship/pipeline/report"
)

// Frame renders a release that is under way as a few lines for a terminal:
// the steps, the share of traffic, who answers, and the latest event.
func Frame(r report.Report, now time.Time, s Style) string {
	lines := []string{s.heading(r, now)}
	for _, step := range r.Steps {
		lines = append(lines, s.stepLine(step, now))
	}
	lines = append(lines, s.trafficLines(r)...)
	lines = append(lines, s.answerLines(r.Probe)...)
	if n := len(r.Events); n > 0 {
		e := r.Events[n-1]
		lines = append(lines, s.paint(faint, s.fit(strings.TrimRight(fmt.Sprintf("   latest   %s %s %s", e.Subject, e.Status, e.Message), " "))))
	}
	return strings.Join(lines, "\n") + "\n"
}

func (s Style) heading(r report.Report, now time.Time) string {
	parts := []string{"orgship " + string(r.Kind)}
	if r.Stack.Name != "" {
		parts = append(parts, r.Stack.Name)
	}
	if r.Account.ID != "" {
		parts = append(parts, strings.TrimSpace(r.Account.Name+" "+r.Account.ID), r.Account.Region)
	}
	parts = append(parts, report.Lasting(r.Lasted(now)))
	return s.paint(bold, s.fit(strings.Join(parts, "  ")))
}

func (s Style) stepLine(step report.Step, now time.Time) string {
	took := ""
	switch {
	case !step.Ended.IsZero():
		took = report.Span(step.Seconds)
	case !step.Started.IsZero():
		took = report.Lasting(now.Sub(step.Started))
	}
	text := fmt.Sprintf("%-8s %7s  %s", step.Name, took, step.Detail)
	if s.Width > 4 {
		narrow := s
		narrow.Width -= 3
		text = narrow.fit(text)
	}
	if step.State == report.Pending {
		text = s.paint(faint, text)
	}
	return strings.TrimRight(" "+s.mark(step.State)+" "+text, " ")
}

func (s Style) trafficLines(r report.Report) []string {
	if len(r.Traffic) == 0 {
		return nil
	}
	t := r.Traffic[len(r.Traffic)-1]
	text := report.Percent(t.Percent) + " on the new version"
	if t.Rollback {
		text += ", going back"
	}
	return []string{"   traffic  " + s.bar(t.Percent, 20) + " " + text}
}

// answerLines shows who answered in the latest moment, and the totals.
func (s Style) answerLines(p *report.Probe) []string {
	if p == nil || p.Sent == 0 {
		return nil
	}
	totals := fmt.Sprintf("%d asked, %d lost, p95 %.0f ms", p.Sent, p.Lost, p.Latency.P95)
	return []string{s.fit("   answers  " + s.recently(p)), s.fit("            " + totals)}
}

func (s Style) recently(p *report.Probe) string {
	if len(p.Moments) == 0 {
		return "nobody yet"
	}
	m := p.Moments[len(p.Moments)-1]
	if len(m.Answered) == 0 && len(p.Moments) > 1 {
		m = p.Moments[len(p.Moments)-2] // the latest has only begun
	}
	total := 0
	for _, n := range m.Answered {
		total += n
	}
	var parts []string
	for _, a := range p.Answerers {
		if n := m.Answered[a.ID]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d%%", a.Name(), n*100/total))
		}
	}
	if len(parts) == 0 {
		return "nobody"
	}
	return strings.Join(parts, s.pick(" · ", ", "))
}
