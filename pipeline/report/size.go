package report

import (
	"fmt"
	"strings"
	"time"
)

// Size renders a number of bytes for people: "787 bytes", "2.8 MiB".
func Size(bytes int64) string {
	switch {
	case bytes < 1<<10:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

// Percent renders 15 as "15%" and 12.5 as "12.5%".
func Percent(p float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", p), ".0") + "%" }

// Lasting renders a duration for people: 0.4s, 12.3s, 2m05s, 1h02m.
func Lasting(d time.Duration) string {
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

// Span is Lasting for a number of seconds.
func Span(secs float64) string { return Lasting(time.Duration(secs * float64(time.Second))) }
