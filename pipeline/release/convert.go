package release

import (
	"fmt"
	"strings"
	"time"

	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/verify"
)

// planOf renders a plan for the report.
func planOf(p stack.Plan) *report.Plan {
	out := &report.Plan{Class: string(p.Class), Why: p.Why, Changes: []report.Change{}}
	for _, c := range p.Changes {
		out.Changes = append(out.Changes, report.Change{
			LogicalID: c.LogicalID, Type: c.Type, Action: c.Action, Replacement: c.Replacement, Causes: c.Causes,
		})
	}
	for _, f := range p.Warnings {
		out.Warnings = append(out.Warnings, report.Warning{Line: f.Line, Rule: f.Rule, Message: f.Message, Source: f.Source})
	}
	return out
}

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

// trafficOf renders the hook's deployment for the report. CloudFormation's own
// rollback deployment has the version from before as its target, so its share
// counts the other way round.
func trafficOf(t stack.Traffic) report.Traffic {
	out := report.Traffic{At: t.Seen, Percent: t.Percent, Status: t.Status, Deployment: t.DeploymentID, Rollback: t.Rollback}
	if t.Rollback {
		out.Percent = 100 - t.Percent
	}
	return out
}

// stepEvents renders the lifecycle events that changed since before.
func stepEvents(before, now stack.Traffic) []report.Event {
	var events []report.Event
	for _, s := range now.Steps {
		was, _ := before.Step(s.Name)
		if was.Status == s.Status || s.Status == "Pending" || s.Status == "" {
			continue
		}
		e := report.Event{At: s.Start, Source: report.FromTraffic, Subject: s.Name, Status: s.Status, Message: s.Message, Bad: s.Status == "Failed"}
		if !s.End.IsZero() {
			e.At = s.End
		}
		events = append(events, e)
	}
	return events
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

// probeOf renders what the probe saw for the report.
func probeOf(s verify.Summary, role func(verify.Answerer) string) *report.Probe {
	p := &report.Probe{
		URL: report.CleanURL(s.URL), Rate: s.Rate, Started: s.Started, Ended: s.Ended, Sent: s.Sent, Answered: s.Answered, Lost: s.Lost, Skipped: s.Skipped,
		Latency: latency(s.Latency), Errors: s.Errors, Answerers: []report.Answerer{}, Moments: []report.Moment{},
	}
	for _, a := range s.Answerers {
		p.Answerers = append(p.Answerers, report.Answerer{
			ID: a.ID, Role: role(a), Version: report.Clean(a.Version), Revision: report.Clean(a.Revision), Body: report.Clean(a.Body),
			First: a.First, Last: a.Last, Count: a.Count,
		})
	}
	for _, l := range s.Losses {
		p.Losses = append(p.Losses, report.Loss{At: l.At, Kind: report.Clean(l.Kind)})
	}
	for _, m := range s.Moments {
		p.Moments = append(p.Moments, report.Moment{
			Start: m.Start, Seconds: m.Seconds, Sent: m.Sent, Answered: m.Answered, Lost: m.Errors, P95: m.Latency.P95,
		})
	}
	return p
}

func latency(l verify.Latency) report.Latency {
	return report.Latency{P50: l.P50, P95: l.P95, P99: l.P99, Max: l.Max}
}

// role tells who an answerer of the probe is.
func (w *work) role(a verify.Answerer) string {
	switch {
	case w.classifier.Expected != "" && a.Revision == w.classifier.Expected:
		return report.RoleNew
	case w.classifier.Before != "" && a.Revision == w.classifier.Before, !w.changing.IsZero() && a.First.Before(w.changing):
		return report.RoleOld
	case w.classifier.Expected == "":
		return ""
	}
	return report.RoleOther
}

// expects says in words what the right answer is.
func (w *work) expects() string {
	c := w.req.Check.Check
	c.Revision = w.classifier.Expected
	return c.Expects()
}

// scaled is how long a time of AWS's lasts at the endpoint's speed.
func (w *work) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / w.cfg.Speed)
}
