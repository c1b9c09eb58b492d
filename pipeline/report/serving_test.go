package report_test

import (
	"testing"
	"time"

	"orgship/pipeline/report"
)

func TestHeadline(t *testing.T) {
	t.Parallel()
	green := &report.Image{Reference: "r@sha256:0123456789abcdef", Digest: "sha256:0123456789abcdef", Version: "2.0", Revision: "f473db146e45c0ffee"}
	plain := &report.Image{Reference: "r@sha256:0123456789abcdef", Digest: "sha256:0123456789abcdef"}
	since := time.Date(2026, 3, 14, 23, 2, 20, 0, time.UTC)
	tests := []struct {
		name    string
		outcome report.Outcome
		serving *report.Serving
		want    string
	}{
		{"nothing known", report.Refused, nil, ""},
		{"refused", report.Refused, &report.Serving{Image: green}, "Nothing was touched: 2.0 (f473db146e45) sha256:0123456789ab goes on serving"},
		{"refused, and nobody knows what runs", report.Refused, &report.Serving{}, "Nothing was touched"},
		{"nothing to do", report.Unchanged, &report.Serving{Image: plain, Asked: 3}, "Nothing was touched: sha256:0123456789ab goes on serving; 3 requests, none lost"},
		{"released", report.Released, &report.Serving{Image: plain, Since: since, Touched: true, Asked: 140}, "Now serving: sha256:0123456789ab, since 23:02:20 UTC; 140 requests, none lost"},
		{"released with losses", report.Released, &report.Serving{Image: plain, Since: since, Touched: true, Asked: 140, Lost: 42, ExposedSeconds: 12}, "Now serving: sha256:0123456789ab, since 23:02:20 UTC; of 140 requests 42 were lost, while the new version had traffic for 12.0s"},
		{"went back", report.RolledBack, &report.Serving{Image: green, Touched: true, Asked: 10, Wrong: 3, ExposedSeconds: 0.3}, "Now serving: 2.0 (f473db146e45) sha256:0123456789ab; 10 requests, none lost, 3 answered wrongly, while the new version had traffic for 0.3s"},
		{"interrupted", report.InProgress, &report.Serving{Image: plain, Touched: true}, "Being changed: sha256:0123456789ab is on its way"},
		{"interrupted, and nobody knows what comes", report.InProgress, &report.Serving{Touched: true}, "Being changed"},
		{"removed", report.Removed, &report.Serving{Touched: true}, "Now serving: nothing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := (report.Report{Outcome: test.outcome, Serving: test.serving}).Headline(); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
