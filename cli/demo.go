package cli

import (
	"errors"
	"fmt"
	"os"

	"orgship/demo"
)

// demoCommand is the verb demo.
type demoCommand struct {
	Speed  float64 `default:"60" help:"Divide all waits of AWS by this; 1 is real time (${default})."`
	Keep   bool    `help:"Leave the sandbox up with the released service, and say how to look around, until Ctrl-C."`
	Report string  `placeholder:"FILE" type:"path" help:"Write what was claimed and the reports of all releases to this file, as JSON."`
}

// Run tells the story. Its end is the verdict.
func (c *demoCommand) Run(p *running) error {
	story, err := demo.Open(p.ctx, demo.Options{
		Speed: c.Speed, Keep: c.Keep, Out: p.Stdout, View: p.view(p.Stdout),
		Runtime: p.Runtime, Builder: p.Builder, Chapter: p.Chapter,
	})
	if err != nil {
		return err
	}
	document, told := story.Tell(p.ctx)
	if c.Report != "" {
		told = errors.Join(told, c.write(document))
	}
	if told == nil && c.Keep {
		story.Look()
		<-p.ctx.Done()
	}
	return errors.Join(told, story.Close())
}

func (c *demoCommand) write(d demo.Document) error {
	source, err := d.JSON()
	if err != nil {
		return err
	}
	return writeFile(c.Report, source)
}

// writeFile writes a report.
func writeFile(name string, content []byte) error {
	err := os.WriteFile(name, content, 0o644) //nolint:gosec // a report is for others to read
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
