package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"orgship/pipeline/report"
)

// Markdown renders a finished report, for a pull request or a job's summary.
func Markdown(r report.Report) string { return markdown(r, r.Events) }

// Brief is Markdown in at most limit bytes: of the events only the latest are
// shown, as many as fit. What is too long even without any is cut.
func Brief(r report.Report, limit int) string {
	events := r.Events
	text := markdown(r, events)
	for len(text) > limit && len(events) > 0 {
		events = events[(len(events)+1)/2:]
		text = markdown(r, events)
	}
	if len(text) <= limit {
		return text
	}
	const more = "\n…\n"
	head := text[:max(limit-len(more), 0)]
	return head[:strings.LastIndex(head, "\n")+1] + more[:min(len(more), max(limit, 0))]
}

func markdown(r report.Report, events []report.Event) string {
	var b strings.Builder
	if line := r.Headline(); line != "" {
		fmt.Fprintf(&b, "**%s**\n\n", md(line))
	}
	fmt.Fprintf(&b, "## %s %s: %s, %s\n\n", sign(r.Verdict), md(string(r.Kind)), md(string(r.Verdict)), md(r.Outcome.Words()))
	fmt.Fprintf(&b, "%s\n\n", md(r.Summary))
	mdFacts(&b, r)
	mdProblems(&b, r)
	mdSteps(&b, r)
	mdChart(&b, r)
	mdPlan(&b, r.Plan)
	mdAnswers(&b, r)
	mdAttempts(&b, r)
	mdAccess(&b, r)
	mdEvents(&b, r, events)
	return b.String()
}

func sign(v report.Verdict) string {
	switch v {
	case report.Successful:
		return "✅"
	case report.Inconclusive:
		return "⚠️"
	}
	return "❌"
}

// Escape makes a text from outside safe to show in Markdown, in a table too: it
// is cleaned (see [Clean]), and nothing in it is markup, a mention or HTML.
func Escape(text string) string { return md(text) }

func md(text string) string {
	text = report.Clean(text)
	var b strings.Builder
	for _, r := range text {
		switch r {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '\\', '`', '*', '_', '[', ']', '|', '#', '~', '@', '!':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// code renders text as code, which can't be escaped: backticks become quotes.
func code(text string) string {
	text = strings.NewReplacer("`", "'", "|", "¦").Replace(report.Clean(text))
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

func mdFacts(b *strings.Builder, r report.Report) {
	rows := [][2]string{
		{"Account", md(strings.TrimSpace(r.Account.Name+" "+r.Account.ID)) + " " + md(r.Account.Region)},
		{"Stack", code(r.Stack.Name) + " " + md(r.Stack.Status)},
	}
	if r.Image != nil {
		rows = append(rows, [2]string{"Image", code(r.Image.Reference)}, [2]string{"Revision", code(r.Image.Revision)})
	}
	if r.Before != nil {
		rows = append(rows, [2]string{"Before", code(r.Before.Reference)})
	}
	for _, name := range slices.Sorted(maps.Keys(r.URLs)) {
		rows = append(rows, [2]string{md(name), md(r.URLs[name])})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Links)) {
		rows = append(rows, [2]string{md("Console: " + name), md(r.Links[name])})
	}
	if o := r.Origin; o != nil {
		rows = append(rows, [2]string{"Started by", code(o.Principal)}, [2]string{"Commit", code(o.Commit)}, [2]string{"Run", md(o.Run)})
	}
	rows = append(rows, [2]string{"Took", report.Lasting(r.Lasted(r.Ended))})
	b.WriteString("| | |\n|---|---|\n")
	for _, row := range rows {
		if value := strings.TrimSpace(row[1]); value != "" {
			fmt.Fprintf(b, "| %s | %s |\n", row[0], value)
		}
	}
	b.WriteString("\n")
}

func mdProblems(b *strings.Builder, r report.Report) {
	for _, p := range r.Errors {
		if p.Message != r.Summary {
			fmt.Fprintf(b, "**Error:** %s\n\n", md(p.Message))
		}
		if p.Cause != nil {
			fmt.Fprintf(b, "Root cause: %s\n\n", md(p.Cause.String()))
		}
		if p.Hint != "" {
			fmt.Fprintf(b, "Hint: %s\n\n", md(p.Hint))
		}
	}
	if f := r.FailedTask; f != nil {
		fmt.Fprintf(b, "Failed: %s\n\n", md(f.String()))
		if len(f.Lines) > 0 {
			fmt.Fprintf(b, "```\n| %s\n```\n\n", unfenced(strings.Join(f.Lines, "\n| ")))
		}
	}
	for _, hint := range r.Hints {
		fmt.Fprintf(b, "Hint: %s\n\n", md(hint))
	}
}

func mdSteps(b *strings.Builder, r report.Report) {
	if len(r.Steps) == 0 {
		return
	}
	b.WriteString("| Step | State | Took | |\n|---|---|---|---|\n")
	for _, s := range r.Steps {
		took := ""
		if !s.Started.IsZero() {
			took = report.Span(s.Seconds)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", md(s.Name), md(string(s.State)), took, md(s.Detail))
	}
	b.WriteString("\n")
}

func mdPlan(b *strings.Builder, p *report.Plan) {
	if p == nil {
		return
	}
	fmt.Fprintf(b, "Plan: **%s**%s\n\n", md(p.Class.Words()), md(colon(p.Why)))
	for _, c := range p.Changes {
		fmt.Fprintf(b, "- %s %s %s%s\n", md(c.Action), code(c.LogicalID), md(c.Type), md(colon(strings.Join(c.Causes, ", "))))
	}
	if len(p.Changes) > 0 {
		b.WriteString("\n")
	}
}

func colon(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

func mdAnswers(b *strings.Builder, r report.Report) {
	if v := r.Verification; v != nil {
		fmt.Fprintf(b, "Verification: **%s**, %s (expected %s)\n\n", md(string(v.Verdict)), md(v.Reason), md(v.Expect))
	}
	p := r.Probe
	if p == nil || p.Sent == 0 {
		return
	}
	fmt.Fprintf(b, "Probe: %d asked, %d answered, %d lost; p50 %.0f ms, p95 %.0f ms, worst %.0f ms\n\n",
		p.Sent, p.Answered, p.Lost, p.Latency.P50, p.Latency.P95, p.Latency.Max)
	b.WriteString("| Who answered | Role | Answers | First | Last |\n|---|---|---|---|---|\n")
	for _, a := range p.Answerers {
		fmt.Fprintf(b, "| %s | %s | %d | %s | %s |\n", md(a.Name()), md(a.Role), a.Count,
			a.First.UTC().Format("15:04:05"), a.Last.UTC().Format("15:04:05"))
	}
	b.WriteString("\n")
}

// mdAttempts lists the last answers, where to ask was all that was to be done.
func mdAttempts(b *strings.Builder, r report.Report) {
	if r.Kind != report.KindVerify || r.Verification == nil || len(r.Verification.Last) == 0 {
		return
	}
	var counts []string
	for _, outcome := range slices.Sorted(maps.Keys(r.Verification.Attempts)) {
		counts = append(counts, fmt.Sprintf("%d %s", r.Verification.Attempts[outcome], outcome))
	}
	fmt.Fprintf(b, "Answers: %s. The last ones:\n\n", md(strings.Join(counts, ", ")))
	b.WriteString("| At | Outcome | Status | Version | Revision | Why |\n|---|---|---|---|---|---|\n")
	for _, a := range r.Verification.Last {
		status := ""
		if a.Status != 0 {
			status = strconv.Itoa(a.Status)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", a.At.UTC().Format("15:04:05.000"), md(a.Outcome), status, md(a.Version), md(a.Revision), md(a.Reason))
	}
	b.WriteString("\n")
}

func mdAccess(b *strings.Builder, r report.Report) {
	if len(r.Access) == 0 || len(r.Access) == 1 && r.Kind != report.KindAccess { // one is in its step
		return
	}
	b.WriteString("| Account | May pull | Why |\n|---|---|---|\n")
	for _, a := range r.Access {
		may := "no"
		switch {
		case a.Allowed:
			may = "yes"
		case a.Undecided:
			may = "depends"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", md(strings.TrimSpace(a.Name+" "+a.Account)), may, md(a.Reason))
	}
	b.WriteString("\n")
}

// mdChart draws what went on when, and who answered: the timeline's own chart.
func mdChart(b *strings.Builder, r report.Report) {
	var chart strings.Builder
	Style{Unicode: true}.chart(&chart, r)
	if chart.Len() > 0 {
		fmt.Fprintf(b, "```\n%s```\n\n", unfenced(chart.String()))
	}
}

// unfenced takes apart what would end a block of code.
func unfenced(text string) string { return strings.ReplaceAll(text, "```", "'''") }

func mdEvents(b *strings.Builder, r report.Report, events []report.Event) {
	if len(events) == 0 {
		return
	}
	count := fmt.Sprintf("%d events", len(r.Events))
	if len(events) < len(r.Events) {
		count = fmt.Sprintf("the last %d of %s", len(events), count)
	}
	fmt.Fprintf(b, "<details><summary>%s</summary>\n\n```\n", count)
	for _, e := range events {
		b.WriteString(unfenced(Line(e, r.Started, Style{Unicode: true})) + "\n")
	}
	b.WriteString("```\n\n</details>\n")
}
