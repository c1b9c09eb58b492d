package render

import (
	"fmt"
	"strings"
	"time"

	"orgship/pipeline/report"
)

// Line renders one event as one line of a log, without a line break:
//
//	12:04:31.207  +8.1s  stack    GreenTaskSet  CREATE_IN_PROGRESS  AWS::ECS::TaskSet
//
// It begins with the time of the event (UTC) and how long after the start it
// happened. A line never begins with text from outside.
func Line(e report.Event, started time.Time, s Style) string {
	words := []string{e.Subject}
	if e.Status != "" {
		words = append(words, e.Status)
	}
	if e.Message != "" {
		words = append(words, e.Message)
	} else if e.Type != "" {
		words = append(words, e.Type)
	}
	text := fmt.Sprintf("%s  %+6.1fs  %-7s  %s",
		e.At.UTC().Format("15:04:05.000"), e.At.Sub(started).Seconds(), e.Source, strings.Join(words, "  "))
	return s.paint(color(e), s.fit(text))
}

// color returns how an event is painted: "" for plain.
func color(e report.Event) string {
	switch {
	case e.Bad:
		return red
	case e.Source == report.FromRelease && e.Status == string(report.Done):
		return green
	case e.Source == report.FromTraffic:
		return blue
	case strings.HasSuffix(e.Status, "_IN_PROGRESS"), e.Status == string(report.Pending):
		return faint
	}
	return ""
}
