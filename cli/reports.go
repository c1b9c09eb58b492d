package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

// reports are the flags that say which files a report is written to. The files are
// opened before anything is done: a report that can't be written is no surprise
// after a release, and one of an earlier run isn't taken for this one's.
type reports struct {
	Report   string `placeholder:"FILE" help:"Write the report as JSON to this file too, whatever the verdict."`
	Markdown string `placeholder:"FILE" help:"Write the report as Markdown to this file too, for a pull request or a job's summary."`
	JUnit    string `name:"junit" placeholder:"FILE" help:"Write the steps as JUnit XML to this file too, for a test report of CodeBuild."`

	sinks []*sink
}

// rendered is a report in all its forms.
type rendered struct{ document, markdown, junit []byte }

// renderAll renders a report.
func renderAll(r report.Report) (rendered, error) {
	document, err := report.JSON(r)
	if err != nil {
		return rendered{}, err
	}
	junit, err := render.JUnit(r)
	return rendered{document, []byte(render.Markdown(r)), junit}, err
}

// AfterApply opens the files that are named: all that can be, so that one of them
// can say what is wrong with another.
func (r *reports) AfterApply() error {
	r.sinks = nil
	return errors.Join(
		r.open("--report", r.Report, func(r rendered) []byte { return r.document }),
		r.open("--markdown", r.Markdown, func(r rendered) []byte { return r.markdown }),
		r.open("--junit", r.JUnit, func(r rendered) []byte { return r.junit }),
	)
}

// open opens a file that is named for a part of what is rendered.
func (r *reports) open(flag, name string, content func(rendered) []byte) error {
	if name == "" {
		return nil
	}
	s, err := open(flag, name)
	if err != nil {
		return err
	}
	s.content = content
	for _, other := range r.sinks {
		if s.same(other) {
			return errors.Join(&usageError{fmt.Sprintf("%s: %q is the file of %s too", flag, name, other.flag), "name a file for each"}, s.file.Close())
		}
	}
	r.sinks = append(r.sinks, s)
	return nil
}

// write writes the files that were asked for, and returns the verdict: what can't
// be written doesn't hide it, and is an error if there is no other.
func (r *reports) write(p *running, content rendered, verdict error) error {
	for _, s := range r.sinks {
		switch err := s.write(s.content(content)); {
		case err == nil:
		case verdict == nil:
			verdict = err
		default:
			complain(p.Stderr, err, "")
		}
	}
	return verdict
}

// sink is a file that is going to be written.
type sink struct {
	flag    string
	file    *os.File
	regular bool // it may be written from its beginning
	shared  bool // it is stdout or stderr, under whatever name
	content func(rendered) []byte
}

// open opens a file and tries whether it can be written: a full disk or /dev/full
// is told then. Nothing that can be taken for a report is left in it.
func open(flag, name string) (*sink, error) {
	f, err := os.OpenFile(kong.ExpandPath(name), os.O_WRONLY|os.O_CREATE, 0o644) //nolint:gosec // a report is for others to read
	if err != nil {
		return nil, cannotWrite(flag, name, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, cannotWrite(flag, name, errors.Join(err, f.Close()))
	}
	for _, std := range []*os.File{os.Stdout, os.Stderr} {
		if other, err := std.Stat(); err == nil && os.SameFile(info, other) { // what is in it stays
			return &sink{flag: flag, file: std, shared: true}, f.Close()
		}
	}
	s := &sink{flag: flag, file: f, regular: info.Mode().IsRegular()}
	if s.regular {
		err = s.begin("\n") // a byte takes a block of the disk
	} else {
		_, err = f.Write(nil)
	}
	if err != nil {
		return nil, cannotWrite(flag, name, errors.Join(err, f.Close()))
	}
	return s, nil
}

// begin empties the file, and writes its first bytes.
func (s *sink) begin(content string) error {
	if err := s.file.Truncate(0); err != nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := s.file.WriteString(content)
	return err
}

func cannotWrite(flag, name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &usageError{fmt.Sprintf("%s: writing %q: %v", flag, name, err), "name a file that can be written"}
}

// same tells whether two names are of one file; those that aren't regular, such as
// a terminal, may be.
func (s *sink) same(other *sink) bool {
	a, err1 := s.file.Stat()
	b, err2 := other.file.Stat()
	return s.regular && err1 == nil && err2 == nil && os.SameFile(a, b)
}

// write writes and closes the file.
func (s *sink) write(content []byte) error {
	var err error
	if s.regular {
		err = s.begin(string(content))
	} else {
		_, err = s.file.Write(content)
	}
	if !s.shared {
		err = errors.Join(err, s.file.Close())
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// writeFile writes a report; without a name there is nothing to do.
func writeFile(name string, content []byte) error {
	if name == "" {
		return nil
	}
	err := os.WriteFile(kong.ExpandPath(name), content, 0o644) //nolint:gosec // a report is for others to read
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// kinds are the verbs that write a report, and of which kind it is.
var kinds = map[string]report.Kind{
	"share": report.Share, "push": report.KindPush, "access": report.KindAccess, "plan": report.Release, "release": report.Release,
	"rollback": report.Rollback, "verify": report.KindVerify, "destroy": report.Destroy,
}

// misread writes the reports of a command line that couldn't be read: a job's
// summary is made of them, whatever went wrong.
func (p *running) misread(why error) {
	kind, reports := report.Kind(""), reports{}
	if len(p.Args) > 0 {
		kind = kinds[p.Args[0]]
	}
	if kind == "" {
		return
	}
	names := map[string]*string{"--report": &reports.Report, "--markdown": &reports.Markdown, "--junit": &reports.JUnit}
	for i, arg := range p.Args {
		flag, value, joined := strings.Cut(arg, "=")
		if name := names[flag]; name != nil {
			if !joined && i+1 < len(p.Args) && !strings.HasPrefix(p.Args[i+1], "-") {
				value = p.Args[i+1]
			}
			*name = value
		}
	}
	_ = reports.AfterApply() // a file that can't be written is what is wrong, or less than that
	content, err := renderAll(p.refusal(kind, "", why))
	if err == nil {
		_ = reports.write(p, content, why)
	}
}

// refusal is the report of a run that ended before it began.
func (p *running) refusal(kind report.Kind, stack string, why error) report.Report {
	r, _ := release.Refused(kind, stack, why)
	r.Tool.Version = version()
	if origin := report.OriginFrom(p.Getenv); origin != (report.Origin{}) {
		r.Origin = &origin
	}
	if hint := hintOf(why, ""); hint != "" && len(r.Errors) == 1 {
		r.Errors[0].Hint = cmp.Or(r.Errors[0].Hint, report.Clean(hint))
	}
	return r
}
