package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
)

// output are the flags that say what comes out.
type output struct {
	JSON   bool   `name:"json" help:"Print the report as JSON on stdout instead of the result alone."`
	Report string `placeholder:"FILE" type:"path" help:"Write the report as JSON to this file too, whatever the verdict."`
}

// work is a releaser whose runs show on stderr.
type work struct {
	*release.Releaser
	rec  *report.Recorder // of the run; nil before it
	stop func()
}

// end ends the show. What went wrong is printed by whoever prints all errors:
// the timeline adds root causes alone.
func (w *work) end(wrong bool) {
	if wrong && w.rec != nil {
		w.rec.Edit(func(r *report.Report) {
			r.Summary = ""
			for i := range r.Errors {
				r.Errors[i].Message, r.Errors[i].Hint = "", ""
			}
		})
	}
	w.stop()
}

// releaser returns what works in an account.
func (c *connection) releaser(p *program, account string) (*work, *release.Connection, error) {
	conn, err := c.open(p)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := conn.Configure(p.ctx, account)
	if err != nil {
		return nil, nil, err
	}
	w := &work{stop: func() {}}
	cfg.Watch = func(r *report.Recorder) { w.rec, w.stop = r, report.Show(r, p.stderr, p.view(p.stderr)) }
	w.Releaser = release.New(cfg)
	return w, conn, nil
}

// view is how to show things on w.
func (p *program) view(w io.Writer) report.View {
	if f, ok := w.(*os.File); ok {
		return report.ViewFor(f, p.getenv)
	}
	return report.View{Style: report.StyleFor(p.getenv, false, 0)}
}

// finish ends the show, and prints what came of it: the result if the verdict is
// successful, or the report.
func (o *output) finish(p *program, w *work, r report.Report, result string, err error) error {
	w.end(err != nil)
	document, e := report.JSON(r)
	if e != nil {
		return errors.Join(err, e)
	}
	if o.Report != "" {
		if e := writeFile(o.Report, document); e != nil {
			return errors.Join(e, err)
		}
	}
	switch {
	case o.JSON:
		_, e = p.stdout.Write(document)
	case err == nil && result != "":
		_, e = fmt.Fprintln(p.stdout, result)
	}
	return errors.Join(err, e)
}

// printJSON prints a result as JSON.
func printJSON(p *program, result any) error {
	e := json.NewEncoder(p.stdout)
	e.SetIndent("", "  ")
	return e.Encode(result)
}
