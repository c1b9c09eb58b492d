package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
	"orgship/pipeline/session"
)

// output are the flags that say what comes out.
type output struct {
	JSON bool `name:"json" help:"Print the report as JSON on stdout instead of the result alone."`
	reports
}

// work is a releaser whose runs show.
type work struct {
	*release.Releaser
	end func(wrong bool) // ends the show
}

// show shows what a run records, until end is called. What went wrong is
// printed by whoever prints all errors: the timeline adds root causes alone.
func (p *running) show(r *report.Recorder) (end func(wrong bool)) {
	if p.Show != nil {
		stop := p.Show(p.ctx, r)
		return func(bool) { stop() }
	}
	stop := render.Show(r, p.Stderr, p.view(p.Stderr))
	return func(wrong bool) {
		if wrong {
			r.Edit(silence)
		}
		stop()
	}
}

// silence takes what went wrong out of a report, but for root causes.
func silence(r *report.Report) {
	r.Summary = ""
	for i := range r.Errors {
		r.Errors[i].Message, r.Errors[i].Hint = "", ""
	}
}

// deliverer returns what works in an account that may have to be in a unit.
func (c *connection) deliverer(p *running, to delivery) (*work, *session.Session, error) {
	ou, err := to.ou()
	if err != nil {
		return nil, nil, err
	}
	conn, err := c.open(p)
	if err != nil {
		return nil, nil, err
	}
	if ou != "" {
		if err := conn.Within(p.ctx, string(to.Account), ou); err != nil {
			return nil, nil, err
		}
	}
	cfg, err := conn.Configure(p.ctx, string(to.Account))
	if err != nil {
		return nil, nil, err
	}
	w := &work{end: func(bool) {}} // until there is a run
	principal := cfg.Origin.Principal
	cfg.Origin = report.OriginFrom(p.Getenv)
	cfg.Origin.Principal, cfg.Version = principal, version()
	cfg.Command = func(words ...string) string { return again(p.Args, words...) }
	cfg.Watch = func(r *report.Recorder) { w.end = p.show(r) }
	w.Releaser = release.New(cfg)
	return w, conn, nil
}

// refused ends a run that never began: its report says why.
func (o *output) refused(p *running, kind report.Kind, stack string, why error) error {
	r := p.refusal(kind, stack, why)
	return o.finish(p, &work{end: func(bool) {}}, r, "", &release.Error{Verdict: r.Verdict, Outcome: r.Outcome, Summary: r.Summary, Err: why})
}

// view is how to show things on w.
func (p *running) view(w io.Writer) render.View {
	if f, ok := w.(*os.File); ok {
		return render.ViewFor(f, p.Getenv)
	}
	return render.View{Style: render.StyleFor(p.Getenv, false, 0)}
}

// finish ends the show, and prints what came of it: the result if the verdict is
// successful, or the report.
func (o *output) finish(p *running, w *work, r report.Report, result string, err error) error {
	w.end(err != nil)
	content, e := renderAll(r)
	if e != nil {
		return errors.Join(err, e)
	}
	switch {
	case o.JSON:
		_, e = p.Stdout.Write(content.document)
	case err == nil && result != "":
		_, e = fmt.Fprintln(p.Stdout, result)
	}
	return o.write(p, content, errors.Join(err, e))
}
