package cli

import (
	"errors"

	"orgship/demo"
)

// demoCommand is the verb demo.
type demoCommand struct {
	Speed factor `default:"60" help:"Divide all waits of AWS by this; 1 is real time (${default})."`
	Keep  bool   `help:"Leave the sandbox up with the released service, and say how to look around, until Ctrl-C."`
	reports
}

// Run tells the story. Its end is the verdict; the reports hold what was claimed
// and those of all releases.
func (c *demoCommand) Run(p *running) error {
	options := demo.Options{
		Speed: float64(c.Speed), Keep: c.Keep, Out: p.Stdout, View: p.view(p.Stdout),
		Runtime: p.Runtime, Builder: p.Builder, Chapter: p.Chapter,
	}
	if c.Keep {
		return c.keep(p, options)
	}
	document, told := demo.Run(p.ctx, options)
	return c.tell(p, document, told)
}

// keep tells the story, and leaves what it made up until the program is asked
// to end.
func (c *demoCommand) keep(p *running, options demo.Options) error {
	story, err := demo.Open(p.ctx, options)
	if err != nil {
		return err
	}
	document, told := story.Tell(p.ctx)
	told = c.tell(p, document, told)
	if told == nil {
		story.Look()
		<-p.ctx.Done()
	}
	return errors.Join(told, story.Close())
}

// tell writes the reports.
func (c *demoCommand) tell(p *running, d demo.Document, told error) error {
	source, err := d.JSON()
	junit, e := d.JUnit()
	if err := errors.Join(err, e); err != nil {
		return errors.Join(told, err)
	}
	return c.write(p, rendered{source, []byte(d.Markdown()), junit}, told)
}
