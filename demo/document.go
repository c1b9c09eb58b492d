package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"strings"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

// Schema names the shape of the JSON document. Fields may be added under the
// same name; readers ignore those they don't know.
const Schema = "orgship.demo/v1"

// Document is what a story came to.
type Document struct {
	Schema   string          `json:"schema"`
	Verdict  report.Verdict  `json:"verdict"`
	Summary  string          `json:"summary"`
	Hint     string          `json:"hint,omitempty"` // what to do about it
	Started  time.Time       `json:"started"`
	Seconds  float64         `json:"seconds"`
	Speed    float64         `json:"speed"` // how much faster than AWS's time ran
	Chapters []Chapter       `json:"chapters"`
	Facts    []Fact          `json:"facts"`
	Reports  []report.Report `json:"reports"` // of all work on stacks, in order: pipeline/report/README.md

	whole report.Report // a step for each chapter; it isn't in the JSON document
}

// Chapter is a part of the story, and how it went.
type Chapter struct {
	Title string `json:"title"`
	report.Step
}

// Fact is something that the story claims, and whether it is so.
type Fact struct {
	Chapter string `json:"chapter"` // its name
	OK      bool   `json:"ok"`
	Text    string `json:"text"`
}

// document writes down what was told.
func (s *Story) document(whole report.Report, hint string) Document {
	d := Document{
		Schema: Schema, Verdict: whole.Verdict, Summary: whole.Summary, Hint: hint, Started: whole.Started, Seconds: whole.Seconds,
		Speed: s.speed, Facts: s.facts, Reports: s.reports, whole: whole,
	}
	for i, c := range s.chapters() {
		d.Chapters = append(d.Chapters, Chapter{c.title, whole.Steps[i]})
	}
	return d
}

// broken returns the document of a story that an error has ended.
func (d Document) broken(err error) Document {
	var e *Error
	if errors.As(err, &e) {
		d.Verdict = e.Verdict
	}
	d.Summary, d.Hint = report.Clean(err.Error()), hintOf(err)
	return d
}

// JSON returns the document, indented and with a final newline.
func (d Document) JSON() ([]byte, error) {
	source, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	return append(source, '\n'), nil
}

// Markdown renders the document for a job's summary: the verdict, the timeline,
// what was claimed chapter by chapter, and the reports, folded up.
func (d Document) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## orgship demo: %s\n\n", d.Verdict)
	text := d.Summary + "\n"
	if len(d.whole.Steps) > 0 {
		text = render.Timeline(d.whole, render.Style{Unicode: true, Width: 100})
	}
	if d.Hint != "" {
		text += "hint: " + report.Clean(d.Hint) + "\n"
	}
	fence(&b, text)
	for _, c := range d.Chapters {
		d.chapter(&b, c)
	}
	for _, r := range d.Reports {
		title := fmt.Sprintf("%s %s in %s: %s, %s", r.Kind, r.Stack.Name, r.Account.Name, r.Verdict, r.Outcome.Words())
		fmt.Fprintf(&b, "<details><summary>%s</summary>\n\n%s\n</details>\n\n", html.EscapeString(title), render.Markdown(r))
	}
	return b.String()
}

// chapter renders what a chapter claimed, if it was told.
func (d Document) chapter(b *strings.Builder, c Chapter) {
	if c.State == report.Pending {
		return
	}
	fmt.Fprintf(b, "### %s: %s, %s\n\n", c.Title, c.State, seconds(c.Seconds))
	var text strings.Builder
	for _, f := range d.Facts {
		switch {
		case f.Chapter != c.Name:
		case f.OK:
			fmt.Fprintf(&text, "✓ %s\n", report.Clean(f.Text))
		default:
			fmt.Fprintf(&text, "✗ NOT SO: %s\n", report.Clean(f.Text))
		}
	}
	if c.Detail != "" {
		fmt.Fprintf(&text, "%s\n", c.Detail)
	}
	fence(b, text.String())
}

// fence renders text as it is: nothing in it is Markdown.
func fence(b *strings.Builder, text string) {
	fmt.Fprintf(b, "```text\n%s```\n\n", strings.ReplaceAll(text, "```", "'''"))
}

// JUnit renders the story as JUnit XML: a case for each chapter.
func (d Document) JUnit() ([]byte, error) { return render.JUnit(d.whole) }
