package report

import (
	"fmt"
	"strings"
	"time"
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
func (s Style) mark(state State) string {
	signs := map[State][3]string{
		Pending:     {"·", ".", faint},
		Running:     {"▸", ">", yellow},
		Done:        {"✓", "+", green},
		Skipped:     {"–", "-", faint},
		StepFailed:  {"✗", "x", red},
		Interrupted: {"!", "!", yellow},
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
	return cut(text, s.Width)
}

// bar draws a share of 0 to 100 percent in n characters.
func (s Style) bar(percent float64, n int) string {
	full := min(max(int(percent*float64(n)/100+0.5), 0), n)
	on, off := s.pick("█", "#"), s.pick("░", "-")
	return s.paint(green, strings.Repeat(on, full)) + s.paint(blue, strings.Repeat(off, n-full))
}

// percent renders 15 as "15%" and 12.5 as "12.5%".
func percent(p float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", p), ".0") + "%" }

// lasting renders a duration for people: 0.4s, 12.3s, 2m05s, 1h02m.
func lasting(d time.Duration) string {
	switch {
	case d < 0:
		return "0.0s"
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

func span(secs float64) string { return lasting(time.Duration(secs * float64(time.Second))) }
