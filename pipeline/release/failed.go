package release

import (
	"context"
	"strings"
	"time"

	"orgship/pipeline/report"
	"orgship/template"
)

// failedTime is how long finding a failed task may take: less than what ends a
// program by force gives it.
const failedTime = 5 * time.Second

// leastSecret is how long a line of a secret is, at least, to be taken out by itself:
// a bracket is no secret.
const leastSecret = 8

// showFailed shows a task of the new version that failed, once. It is read as soon
// as the stack goes back: what the stack made for it, the log among it, goes too.
func (s *shift) showFailed(ctx context.Context) {
	if s.cfg.Records == nil || s.serves.Service == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), failedTime)
	defer cancel()
	service, err := s.cfg.Stacks.PhysicalID(ctx, s.from.StackID, s.serves.Service)
	if err != nil || service == "" {
		return
	}
	failed, err := s.cfg.Records.Failed(ctx, service, s.progress.began.Add(-time.Second))
	if err != nil {
		s.unread(ctx, err)
	}
	if failed == nil {
		return
	}
	secrets := s.secrets()
	failed.Reason = secrets.Replace(failed.Reason)
	for i, line := range failed.Lines {
		failed.Lines[i] = secrets.Replace(line)
	}
	s.rec.Edit(func(p *report.Report) { p.FailedTask = failed })
	s.rec.Event(report.Event{Source: report.FromStack, Subject: "task", Message: failed.String(), Bad: true})
}

// secrets takes out what the run was given as one: values of headers that it sends,
// and of parameters that aren't shown.
func (w *run) secrets() *strings.Replacer {
	var pairs []string
	add := func(value string) {
		if value != "" {
			pairs = append(pairs, value, "…")
		}
		for line := range strings.Lines(value) { // a log has a line at a time, of a key for example
			if line = strings.TrimSpace(line); len(line) >= leastSecret {
				pairs = append(pairs, line, "…")
			}
		}
	}
	for _, values := range w.req.Check.Request {
		for _, v := range values {
			add(v)
		}
	}
	if t, err := template.Parse(w.proposal.request.Template); err == nil {
		for _, p := range t.Parameters() {
			if p.Node.Get("NoEcho").Str() == "true" {
				add(w.req.Parameters[p.Name])
			}
		}
	}
	return strings.NewReplacer(pairs...)
}
