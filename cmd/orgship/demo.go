package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"orgship/image"
	"orgship/pipeline/account"
	"orgship/pipeline/org"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/sandbox"
)

// demoCommand is the verb demo.
type demoCommand struct {
	Speed  float64 `default:"60" help:"Divide all waits of AWS by this; 1 is real time (${default})."`
	Keep   bool    `help:"Leave the sandbox up with the released service, and say how to look around, until Ctrl-C."`
	Report string  `placeholder:"FILE" type:"path" help:"Write what was claimed and the reports of all releases to this file, as JSON."`
}

// demo is one run of the story.
type demo struct {
	*teller
	speed      float64
	keeps      bool // what it made
	box        *sandbox.Sandbox
	accounts   *account.Accounts
	connection *release.Connection

	app        app
	repository string   // URI
	unit       org.Unit // that may pull
	url        string   // of the service
	whole      *report.Recorder
	reports    []report.Report
}

// Run tells the story. Its end is the verdict.
func (c *demoCommand) Run(p *program) error {
	d, err := c.open(p)
	if err != nil {
		return err
	}
	told := d.tell(p.ctx)
	ended := d.end(p.ctx, told)
	if c.Report != "" {
		told = errors.Join(told, d.write(c.Report, ended))
	}
	if told == nil && c.Keep {
		d.lookAround()
		<-p.ctx.Done()
	}
	return errors.Join(told, closeBox(d.box))
}

// open starts what the story needs, and refuses on a machine that can't tell it.
func (c *demoCommand) open(p *program) (*demo, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, &image.ToolchainError{Err: err}
	}
	box, err := sandbox.New(sandbox.Options{Speed: c.Speed})
	if err != nil {
		return nil, err
	}
	d := &demo{teller: newTeller(p.stdout, p.getenv), speed: c.Speed, keeps: c.Keep, box: box}
	if err := d.connect(p.ctx); err != nil {
		return nil, errors.Join(err, closeBox(box))
	}
	return d, nil
}

// connect has the sandbox listen, and signs in as the management account: all
// other accounts are reached by assuming a role.
func (d *demo) connect(ctx context.Context) error {
	if err := d.box.CanRunTasks(); err != nil {
		return fmt.Errorf("the demo runs what it deploys, and this machine can't: %w", err)
	}
	if err := d.box.Listen("127.0.0.1:0"); err != nil {
		return err
	}
	admin, ok := d.box.Account("management")
	if !ok {
		return errors.New("the sandbox has no management account")
	}
	cfg, err := account.Config(ctx, account.Options{
		Credentials: credentials.NewStaticCredentialsProvider(admin.AccessKeyID, admin.SecretAccessKey, ""),
		Region:      d.box.Info().Region, Endpoint: d.box.Endpoint(),
	})
	if err != nil {
		return err
	}
	d.accounts = account.NewAccounts(cfg, account.OrganizationRole)
	d.connection = release.Connect(d.accounts, d.speed)
	return nil
}

// tell tells the chapters in their order, up to the first that isn't so, and
// cleans up in any case unless what it made is to be kept.
func (d *demo) tell(ctx context.Context) error {
	chapters := d.chapters()
	names := make([]string, len(chapters))
	for i, c := range chapters {
		names[i] = c.name
	}
	d.whole = report.NewRecorder("demo", "", nil, names...)
	d.introduce()
	for _, c := range chapters {
		if d.keeps && (c.name == "back" || c.name == "clean up") {
			d.whole.Finish(c.name, report.Skipped, "--keep")
			continue
		}
		if err := d.run(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) run(ctx context.Context, c chapter) error {
	d.begin(c.name, c.title)
	d.whole.Begin(c.name)
	before := d.untrue()
	err := c.tell(ctx)
	if err == nil && d.untrue() > before {
		err = &untrueError{d.untrue()}
	}
	if err != nil {
		d.whole.Finish(c.name, report.StepFailed, err.Error())
		return fmt.Errorf("chapter %q: %w", c.name, err)
	}
	d.whole.Finish(c.name, report.Done, "")
	return nil
}

// untrueError says that the story claimed what is not so.
type untrueError struct{ facts int }

func (e *untrueError) Error() string {
	if e.facts == 1 {
		return "the story claims something that is not so"
	}
	return fmt.Sprintf("the story claims %d things that are not so", e.facts)
}

// ExitCode is that of the verdict failed.
func (e *untrueError) ExitCode() int { return report.Failed.ExitStatus() }

// end draws the timeline of the whole story.
func (d *demo) end(ctx context.Context, told error) report.Report {
	d.whole.Edit(func(r *report.Report) { r.Probe = together(d.reports) })
	verdict, outcome := report.Successful, report.Removed
	summary := fmt.Sprintf("all %d claims were checked, and are so", len(d.facts))
	switch {
	case ctx.Err() != nil:
		verdict, outcome, summary = report.Inconclusive, report.Broken, "interrupted"
	case told != nil:
		verdict, outcome, summary = verdictOf(told), report.Broken, told.Error()
	case d.keeps:
		outcome = report.Released
	}
	r := d.whole.Close(verdict, outcome, summary)
	d.line("")
	for line := range strings.Lines(report.Timeline(r, d.view.Style)) {
		d.line(strings.TrimSuffix(line, "\n"))
	}
	return r
}

// verdictOf is the verdict that an error's exit status stands for.
func verdictOf(err error) report.Verdict {
	for _, v := range []report.Verdict{report.Failed, report.Inconclusive} {
		if v.ExitStatus() == statusOf(err) {
			return v
		}
	}
	return report.Error
}

// document is what --report writes.
type document struct {
	Schema  string          `json:"schema"`
	Verdict report.Verdict  `json:"verdict"`
	Summary string          `json:"summary"`
	Started time.Time       `json:"started"`
	Seconds float64         `json:"seconds"`
	Speed   float64         `json:"speed"`
	Facts   []fact          `json:"facts"`
	Reports []report.Report `json:"reports"` // of all work on stacks, in order: pipeline/report/README.md
}

func (d *demo) write(file string, whole report.Report) error {
	source, err := json.MarshalIndent(document{
		Schema: "orgship.demo/v1", Verdict: whole.Verdict, Summary: whole.Summary, Started: whole.Started, Seconds: whole.Seconds,
		Speed: d.speed, Facts: d.facts, Reports: d.reports,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return writeFile(file, append(source, '\n'))
}

// writeFile writes a report.
func writeFile(name string, content []byte) error {
	err := os.WriteFile(name, content, 0o644) //nolint:gosec // a report is for others to read
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
