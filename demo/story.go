package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

// Whom the story is about.
const (
	storyUnit    = "development"
	storyShared  = "shared-services"
	storyDev     = "dev-1"
	storyProd    = "prod-1" // outside the unit
	storyStack   = "hello"
	storyLibrary = "demoecshwapp-ecr" // the stack of the repository
	storyRate    = 200                // requests a second
)

// chapter is a part of the story.
type chapter struct {
	name  string // at most 8 letters: it labels a row of the timeline
	title string
	tell  func(context.Context) error
}

func (s *Story) chapters() []chapter {
	return []chapter{
		{"share", "The ECR repository is shared with an organizational unit", s.share},
		{"push", "Three versions are built once and pushed", s.push},
		{"access", "Who may pull? The repository's policy is asked for each account, then each account tries", s.access},
		{"blue", "Blue goes into " + storyDev, s.blue},
		{"green", fmt.Sprintf("Green is released blue/green while a probe asks at %d requests/s", storyRate), s.green},
		{"wrong", "Purple is released, where Green is expected", s.wrong},
		{"back", "Second thoughts about Green: back, in one call", s.back},
		{"refused", "The same release for " + storyProd + ", outside the unit", s.refused},
		{"clean up", "All is taken away again", s.cleanUp},
	}
}

// introduce says what the story plays in.
func (s *Story) introduce() {
	info := s.box.Info()
	s.line(s.paint(bold, "orgship demo") + "  an AWS Organization on this machine, for as long as this runs")
	s.note("sandbox %s, region %s, %d accounts, time runs %gx: a minute takes %s",
		info.Endpoint, info.Region, len(info.Accounts), s.speed, time.Duration(float64(time.Minute)/s.speed).Round(10*time.Millisecond))
	s.note("what follows is real: signed requests, policies, image pulls, processes in containers, HTTP. Each %s was checked.", s.pick("✓", "+"))
}

// Tell tells the chapters in their order, up to the first that isn't so. It is
// called once. The document is complete in any case; the error is an [*Error]
// unless the verdict is successful.
func (s *Story) Tell(ctx context.Context) (Document, error) {
	err := s.tell(ctx)
	return s.end(ctx, err), err
}

func (s *Story) tell(ctx context.Context) error {
	chapters := s.chapters()
	names := make([]string, len(chapters))
	for i, c := range chapters {
		names[i] = c.name
	}
	s.whole = report.NewRecorder("demo", "", nil, names...)
	s.introduce()
	for _, c := range chapters {
		if s.keeps && (c.name == "back" || c.name == "clean up") {
			s.whole.Finish(c.name, report.Skipped, "--keep")
			continue
		}
		if err := s.run(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// run tells a chapter, with what the caller puts around it.
func (s *Story) run(ctx context.Context, c chapter) error {
	s.whole.Begin(c.name)
	err := errNotTold
	around := s.around(ctx, c.title, func(ctx context.Context, out io.Writer) error {
		err = s.tellOne(ctx, c, out)
		return err
	})
	if around != nil && (err == nil || errors.Is(err, errNotTold)) {
		err = around
	}
	if err != nil {
		s.whole.Finish(c.name, report.StepFailed, err.Error())
		return &Error{Verdict: verdictOf(ctx, err), Chapter: c.name, Err: err}
	}
	s.whole.Finish(c.name, report.Done, "")
	return nil
}

// titled is around each chapter when the caller puts nothing there.
func (s *Story) titled(ctx context.Context, title string, tell func(context.Context, io.Writer) error) error {
	s.line("")
	s.line(s.paint(bold, title))
	return tell(ctx, s.out)
}

func (s *Story) tellOne(ctx context.Context, c chapter, out io.Writer) error {
	defer s.enter(c.name, out)()
	before := s.untrue()
	if err := c.tell(ctx); err != nil {
		return err
	}
	if all := s.untrue(); all > before {
		return &untrueError{all}
	}
	return nil
}

// end draws the timeline of the whole story, and writes its document.
func (s *Story) end(ctx context.Context, told error) Document {
	s.whole.Edit(func(r *report.Report) { r.Probe = together(s.reports) })
	verdict, outcome := report.Successful, report.Removed
	summary := fmt.Sprintf("all %d claims were checked, and are so", len(s.facts))
	switch {
	case told != nil && ctx.Err() != nil:
		verdict, outcome, summary = report.Inconclusive, report.Broken, "interrupted"
	case told != nil:
		verdict, outcome, summary = verdictOf(ctx, told), report.Broken, told.Error()
	case s.keeps:
		outcome = report.Released
	}
	r := s.whole.Close(verdict, outcome, summary)
	s.line("")
	for line := range strings.Lines(render.Timeline(r, s.view.Style)) {
		s.line(strings.TrimSuffix(line, "\n"))
	}
	return s.document(r, hintOf(told))
}
