package release

import (
	"fmt"
	"strings"
	"time"

	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
)

// eventOf renders a row of the stack's history for the report.
func eventOf(e stack.Event) report.Event {
	out := report.Event{
		At: e.Time, Source: report.FromStack, Subject: e.LogicalID, Type: e.Type, Status: e.Status, Message: e.Why(), Bad: e.Failed(),
	}
	if e.Hook.Type != "" {
		out.Type = e.Hook.Type
	}
	if e.Hook.Status != "" {
		out.Status = e.Hook.Status
	}
	return out
}

// answerEvent renders an answer that differs from the one before it.
func answerEvent(x analysis.Answer, m analysis.Meaning) report.Event {
	said := []string{}
	if x.Status != 0 {
		said = append(said, fmt.Sprintf("status %d", x.Status))
	}
	if x.Version != "" {
		said = append(said, "version "+x.Version)
	}
	if x.Revision != "" {
		said = append(said, "revision "+x.Revision)
	}
	if x.Body != "" {
		said = append(said, fmt.Sprintf("%q", x.Body))
	}
	if x.Reason != "" && m != analysis.Old && m != analysis.Unknown {
		said = append(said, "("+x.Reason+")")
	}
	subject := map[analysis.Meaning]string{
		analysis.Right: "right answer", analysis.Wrong: "wrong answer", analysis.Old: "the version from before",
		analysis.Unknown: "an answer of either version", analysis.Unreachable: "no answer",
	}[m]
	if x.Test {
		subject += " on the test listener"
	}
	return report.Event{At: x.At, Source: report.FromVerify, Subject: subject, Message: strings.Join(said, ", "), Bad: m == analysis.Wrong}
}

// answerKey is by what answers differ so much that the log shows it: what they
// mean, their status and who they say they are. Bodies may differ every time.
func answerKey(x analysis.Answer, m analysis.Meaning) string {
	return fmt.Sprintf("%s\x00%d\x00%s\x00%s", m, x.Status, x.Revision, x.Version)
}

// probed is what the probe saw, with the roles of those who answered.
func (w *run) probed(seen report.Probe) *report.Probe {
	seen.URL = report.CleanURL(seen.URL)
	for i := range seen.Answerers {
		a := &seen.Answerers[i]
		a.Role = w.role(*a)
	}
	return &seen
}

// role tells who an answerer of the probe is.
func (w *run) role(a report.Answerer) string {
	switch {
	case w.classifier.Expected != "" && a.Revision == w.classifier.Expected:
		return report.RoleNew
	case w.classifier.Before != "" && a.Revision == w.classifier.Before, !w.progress.began.IsZero() && a.First.Before(w.progress.began):
		return report.RoleOld
	case w.classifier.Expected == "":
		return ""
	}
	return report.RoleOther
}

// expects says in words what the right answer is.
func (w *run) expects() string {
	c := w.req.Check.Check
	c.Revision = w.classifier.Expected
	return c.Expects()
}

// scaled is how long a time of AWS's lasts at the endpoint's speed.
func (w *run) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / w.cfg.Speed)
}
