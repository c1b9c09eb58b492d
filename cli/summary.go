package cli

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/alecthomas/kong"

	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
	"orgship/template"
)

// summaryCommand is the verb summary.
type summaryCommand struct {
	File     string `arg:"" name:"report" help:"Report as JSON, as --report of any verb wrote it; - reads stdin."`
	Template string `placeholder:"FILE" help:"Template of the stack: in a job of GitHub Actions, annotations point at the resource in it that is at fault."`
	JUnit    string `name:"junit" placeholder:"FILE" help:"Write the steps as JUnit XML to this file too, for a test report of CodeBuild."`

	MaskAccounts bool `help:"In a job of GitHub Actions: have it hide the ids of accounts from here on."`
}

// Help is more about the verb.
func (summaryCommand) Help() string {
	return `The timeline goes to stdout, anywhere.

In a job of GitHub Actions (GITHUB_ACTIONS=true) the step gets besides
  a summary    the report in Markdown: steps, timeline, who answered when
  annotations  an error (a warning if inconclusive) where it went wrong: in --template, or in the workflow; a notice of what serves
  outputs      verdict   successful, failed, error or inconclusive
               outcome   released, rolled_back, unchanged, refused, in_progress, removed or broken; pushed, checked
               digest    of the image that was asked for: sha256:…
               image     the same with its repository: repository@sha256:…
               url       of the service
               account   12 digits
               stack     name of the stack
  masks         with --mask-accounts, the ids of the accounts that the report names: as *** in log and summary
What is not known is empty. Else nothing is masked: a report holds no secrets, and GitHub drops an output of the job that holds what is masked, as an account's id
in image.

The exit status is 0 when all has been told, whatever the verdict: that is the release's own. It is 2 if there is no report to read.`
}

// Run tells the CI system what a report says.
func (c *summaryCommand) Run(p *running) error {
	r, err := c.load(p)
	if err != nil {
		return err
	}
	if c.JUnit != "" {
		document, err := render.JUnit(r)
		if err == nil {
			err = writeFile(c.JUnit, document)
		}
		if err != nil {
			return err
		}
	}
	timeline := render.Timeline(r, p.view(p.Stdout).Style)
	if p.Getenv("GITHUB_ACTIONS") != "true" {
		_, err := io.WriteString(p.Stdout, timeline)
		return err
	}
	places, err := c.places(p)
	if err != nil {
		return err
	}
	return c.tellGitHub(p, r, timeline, places)
}

// load reads the report.
func (c *summaryCommand) load(p *running) (report.Report, error) {
	in := p.Stdin
	if c.File != "-" {
		f, err := os.Open(kong.ExpandPath(c.File))
		var path *fs.PathError
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return report.Report{}, &usageError{fmt.Sprintf("there is no report %q", c.File), "the release wrote no report: its own error is above; or does its --report name another file?"}
		case errors.As(err, &path):
			return report.Report{}, &usageError{fmt.Sprintf("reading the report %q: %v", c.File, path.Err), "name a file, or - for stdin"}
		}
		defer f.Close()
		in = f
	}
	document, err := io.ReadAll(io.LimitReader(in, report.MaxSize+1))
	if err != nil {
		return report.Report{}, &usageError{fmt.Sprintf("reading the report %q: %v", c.File, err), "name a file, or - for stdin"}
	}
	return report.Read(document)
}

// tellGitHub gives the step its summary, outputs and annotations.
func (c *summaryCommand) tellGitHub(p *running, r report.Report, timeline string, places places) error {
	outputs, err := githubOutputs(r, rand.Text())
	if err != nil {
		return err
	}
	if err := addTo(p.Getenv("GITHUB_OUTPUT"), func(int) string { return outputs }); err != nil {
		return err
	}
	if err := addTo(p.Getenv("GITHUB_STEP_SUMMARY"), func(room int) string { return render.Brief(r, room) }); err != nil {
		return err
	}
	var out bytes.Buffer
	if c.MaskAccounts {
		if err := maskAccounts(&out, r); err != nil {
			return err
		}
	}
	// What is between is text to the runner, whatever it looks like.
	// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#stopping-and-starting-workflow-commands
	resume := rand.Text()
	fmt.Fprintf(&out, "::stop-commands::%s\n%s::%s::\n", resume, timeline, resume)
	annotate(&out, annotations(r, places))
	_, err = p.Stdout.Write(out.Bytes())
	return err
}

// maxSummary is how long the summary of a step may be, in bytes: GitHub drops
// the whole of one that has more than 1 MiB.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
const maxSummary = 1<<20 - 1<<10

// addTo adds a text to a file that GitHub reads after the step; without one there
// is nobody to tell. The text is made for the room that is left.
func addTo(name string, text func(room int) string) error {
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // GitHub's own file
	if err != nil {
		return fmt.Errorf("telling GitHub: %w", err)
	}
	have, err := f.Stat()
	if err == nil {
		_, err = f.WriteString(text(maxSummary - int(min(have.Size(), maxSummary))))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("telling GitHub: %w", err)
	}
	return nil
}

// places is what annotations can point at.
type places struct {
	template string         // its path in the repository; "" without one
	lines    map[string]int // of its resources and hooks, by logical id
	workflow string         // path of the workflow in the repository; "" if that isn't known
	text     []byte         // of the workflow, if it is there
	job      string         // its id in the workflow
}

// workflow is the workflow that this job of GitHub Actions is of.
func (p *running) workflow() places {
	at := places{workflow: workflowPath(p.Getenv("GITHUB_WORKFLOW_REF"), p.Getenv("GITHUB_REPOSITORY")), job: p.Getenv("GITHUB_JOB")}
	if at.workflow != "" {
		at.text = readIn(cmp.Or(p.Getenv("GITHUB_WORKSPACE"), "."), at.workflow)
	}
	return at
}

// places finds what annotations can point at.
func (c *summaryCommand) places(p *running) (places, error) {
	out := p.workflow()
	if c.Template == "" {
		return out, nil
	}
	source, err := p.read(c.Template, "template")
	if err != nil {
		return out, err
	}
	out.template, out.lines = inside(p.Getenv("GITHUB_WORKSPACE"), c.Template), map[string]int{}
	parsed, err := template.Parse(source)
	if err != nil {
		return out, nil //nolint:nilerr // the report's own errors say what is wrong with it, and where
	}
	for _, r := range parsed.Resources() {
		out.lines[r.ID] = r.Entry.Line
	}
	for _, h := range parsed.Hooks() {
		out.lines[h.ID] = h.Entry.Line
	}
	return out, nil
}
