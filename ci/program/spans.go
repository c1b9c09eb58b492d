package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	telemetry "github.com/dagger/otel-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

// flushTimeout is how long the engine may take to get the last of what is shown.
const flushTimeout = 5 * time.Second

// spans shows what happens in the engine's log, as OpenTelemetry spans below the
// one that runs this program. What is a span's own log comes out line by line.
type spans struct {
	ctx    context.Context // of the span that runs this program
	tracer trace.Tracer
}

// openSpans begins to show, if the environment says to whom; else it is nil.
func openSpans(ctx context.Context, getenv func(string) string) *spans {
	if getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return nil
	}
	ctx = telemetry.Init(ctx, telemetry.Config{Detect: true})
	return newSpans(ctx, otel.GetTracerProvider())
}

func newSpans(ctx context.Context, provider trace.TracerProvider) *spans {
	return &spans{ctx: ctx, tracer: provider.Tracer("orgship")}
}

// close sends off what hasn't been yet.
func (s *spans) close() {
	if s == nil {
		return
	}
	sent := make(chan struct{})
	go func() {
		telemetry.Close()
		close(sent)
	}()
	select {
	case <-sent:
	case <-time.After(flushTimeout):
	}
}

// begin begins a span below that of ctx, or below the program's.
func (s *spans) begin(ctx context.Context, title string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = trace.ContextWithSpanContext(ctx, trace.SpanContextFromContext(s.ctx))
	}
	ctx = telemetry.WithLoggerProvider(ctx, telemetry.LoggerProvider(s.ctx))
	return s.tracer.Start(ctx, title, options...)
}

// aside does what few want to see in detail: its steps show when they fail.
func (s *spans) aside(ctx context.Context, title string, do func(context.Context) error) error {
	if s == nil {
		return do(ctx)
	}
	ctx, span := s.begin(ctx, title, telemetry.Encapsulate())
	err := do(ctx)
	end(span, err)
	return err
}

// end ends a span with its outcome, and leaves the error as it is.
func end(span trace.Span, err error) { telemetry.EndWithCause(span, &err) }

// chapter is a chapter of the demo: a span of its own, whose log is the story.
func (s *spans) chapter(ctx context.Context, title string, tell func(context.Context, io.Writer) error) error {
	ctx, span := s.begin(ctx, title, telemetry.Reveal())
	log := telemetry.SpanStdio(ctx, "orgship")
	err := errors.Join(tell(ctx, log.Stdout), log.Close())
	end(span, err)
	return err
}

// show shows what a run records: a span for it, and one for each step. Stop ends
// them.
func (s *spans) show(ctx context.Context, r *report.Recorder) (stop func()) {
	began := r.Snapshot()
	ctx, span := s.begin(ctx, title(began), telemetry.Reveal())
	w := &run{spans: s, ctx: ctx, about: began, whole: &step{span, telemetry.SpanStdio(ctx, "orgship")}, steps: map[string]*step{}}
	r.Listen(w.event)
	return sync.OnceFunc(func() { w.stop(r.Snapshot()) })
}

// title names a run: "release of hello into dev-1 (222222222222)".
func title(r report.Report) string {
	words := []string{string(r.Kind)}
	if r.Stack.Name != "" {
		words = append(words, "of", r.Stack.Name)
	}
	if r.Account.ID != "" {
		words = append(words, "in", strings.TrimSpace(r.Account.Name+" "+r.Account.ID))
	}
	return strings.Join(words, " ")
}

// run is a run that shows.
type run struct {
	spans *spans
	ctx   context.Context
	about report.Report // as it began
	whole *step

	mu    sync.Mutex
	steps map[string]*step // that have begun and not ended
	order []string         // their names, the latest last
	over  bool
}

// step is the span of a step, or of the whole run.
type step struct {
	span trace.Span
	log  telemetry.SpanStreams
}

// meaning says what the steps do, after their names.
var meaning = map[string]string{
	report.UnitStep:   "who the image is shared with",
	report.PushStep:   "the image in its repository",
	report.AccessStep: "may the account pull?",
	report.PlanStep:   "what would change",
	report.ApplyStep:  "CloudFormation stack %s",
	report.DeleteStep: "CloudFormation stack %s",
	report.VerifyStep: "who answers?",
	report.DecideStep: "keep it, or go back?",
}

// event shows one event: a step that begins or ends, or a line in one's log.
func (w *run) event(e report.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
	case e.Source == report.FromRelease && e.Status == string(report.Running):
		w.begin(e.Subject)
	case e.Source == report.FromRelease && w.steps[e.Subject] != nil && e.Status != "":
		w.finish(e)
	case w.atOnce(e):
		w.begin(e.Subject)
		w.finish(e)
	case e.Source == report.FromRelease && e.Subject == "verdict": // said by stop
	default:
		_, _ = fmt.Fprintln(w.place(e.Source).Stdout, render.Line(e, w.about.Started, render.Style{Unicode: true}))
	}
}

// atOnce reports whether an event is the whole of a step, which came to its end
// as it began: the decision to go back is one when the first answers are wrong.
func (w *run) atOnce(e report.Event) bool {
	ended := e.Status == string(report.Done) || e.Status == string(report.StepFailed)
	return ended && e.Source == report.FromRelease && meaning[e.Subject] != "" && !slices.Contains(w.order, e.Subject)
}

func (w *run) begin(name string) {
	title := name
	if m := meaning[name]; m != "" {
		title += ": " + strings.ReplaceAll(m, "%s", w.about.Stack.Name)
	}
	ctx, span := w.spans.begin(w.ctx, title, telemetry.Reveal())
	w.steps[name] = &step{span, telemetry.SpanStdio(ctx, "orgship")}
	w.order = append(w.order, name)
}

// finish ends a step.
func (w *run) finish(e report.Event) {
	s := w.steps[e.Subject]
	delete(w.steps, e.Subject)
	state := report.State(e.Status)
	s.finish(state != report.StepFailed && state != report.Interrupted, e.Status, e.Message)
}

// finish ends a span: what it came to is its last line, and its state if that is
// no good one.
func (s *step) finish(good bool, state string, words ...string) {
	line := append([]string{state + ":"}, words...)
	_, _ = fmt.Fprintln(s.log.Stdout, strings.TrimSuffix(strings.TrimSpace(strings.Join(line, " ")), ":"))
	_ = s.log.Close()
	var err error
	if !good {
		err = errors.New(state)
	}
	end(s.span, err)
}

// place is the log that the events of a source belong into: that of the step that
// causes them, else of the latest.
func (w *run) place(source report.Source) telemetry.SpanStreams {
	causes := map[report.Source][]string{
		report.FromStack:   {report.ApplyStep, report.DeleteStep},
		report.FromTraffic: {report.ApplyStep},
		report.FromVerify:  {report.VerifyStep},
	}[source]
	for _, name := range causes {
		if s := w.steps[name]; s != nil {
			return s.log
		}
	}
	for i := len(w.order) - 1; i >= 0; i-- {
		if s := w.steps[w.order[i]]; s != nil {
			return s.log
		}
	}
	return w.whole.log
}

// stop ends all spans. That of the run says what it came to.
func (w *run) stop(r report.Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	for _, s := range w.steps {
		s.finish(false, string(report.Interrupted))
	}
	w.whole.finish(r.Verdict == report.Successful, string(r.Verdict), r.Outcome.Words()+",", r.Summary)
}
