package render

import (
	"strings"

	"orgship/pipeline/report"
)

// Style says what the place can show that text is written to.
type Style struct {
	Color   bool
	Unicode bool
	Width   int // in characters; 0: unlimited
}

// StyleFor reads the conventions of the environment: NO_COLOR switches colour
// off (https://no-color.org), TERM=dumb means no colour either, and only a
// UTF-8 locale gets more than ASCII.
func StyleFor(getenv func(string) string, terminal bool, width int) Style {
	locale := getenv("LC_ALL")
	for _, name := range []string{"LC_CTYPE", "LANG"} {
		if locale == "" {
			locale = getenv(name)
		}
	}
	locale = strings.ToUpper(locale)
	return Style{
		Color:   terminal && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb",
		Unicode: strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8"),
		Width:   width,
	}
}

// The colours: https://en.wikipedia.org/wiki/ANSI_escape_code#Colors
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	faint  = "2"
	bold   = "1"
)

func (s Style) paint(code, text string) string {
	if !s.Color || code == "" || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// mark returns the sign of a step's state.
func (s Style) mark(state report.State) string {
	signs := map[report.State][3]string{
		report.Pending:     {"·", ".", faint},
		report.Running:     {"▸", ">", yellow},
		report.Done:        {"✓", "+", green},
		report.Skipped:     {"–", "-", faint},
		report.StepFailed:  {"✗", "x", red},
		report.Interrupted: {"!", "!", yellow},
	}
	sign, ok := signs[state]
	if !ok {
		return "?"
	}
	return s.paint(sign[2], s.pick(sign[0], sign[1]))
}

func (s Style) pick(unicode, ascii string) string {
	if s.Unicode {
		return unicode
	}
	return ascii
}

// fit cuts a line to the width. It must be given text without colour.
func (s Style) fit(text string) string {
	if s.Width == 0 {
		return text
	}
	if !s.Unicode {
		text = strings.ReplaceAll(text, "…", "...")
	}
	return report.Cut(text, s.Width)
}

// bar draws a share of 0 to 100 percent in n characters.
func (s Style) bar(percent float64, n int) string {
	full := min(max(int(percent*float64(n)/100+0.5), 0), n)
	on, off := s.pick("█", "#"), s.pick("░", "-")
	return s.paint(green, strings.Repeat(on, full)) + s.paint(blue, strings.Repeat(off, n-full))
}
