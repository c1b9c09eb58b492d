package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	telemetry "github.com/dagger/otel-go"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"orgship/pipeline/report"
)

// shown is what an engine gets to see.
type shown struct {
	*spans
	recorded *tracetest.SpanRecorder

	mu    sync.Mutex
	lines map[trace.SpanID]string
}

func newShown(t *testing.T) *shown {
	t.Helper()
	s := &shown{recorded: tracetest.NewSpanRecorder(), lines: map[trace.SpanID]string{}}
	ctx := telemetry.WithLoggerProvider(t.Context(), sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(s))))
	s.spans = newSpans(ctx, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.recorded)))
	return s
}

// Export implements sdklog.Exporter.
func (s *shown) Export(_ context.Context, records []sdklog.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		s.lines[r.SpanID()] += r.Body().AsString()
	}
	return nil
}

func (*shown) Shutdown(context.Context) error   { return nil }
func (*shown) ForceFlush(context.Context) error { return nil }

// text renders the spans in the order of their ends: depth, name, outcome, log.
// The times in lines are left out.
func (s *shown) text() string {
	var b strings.Builder
	for _, span := range s.recorded.Ended() {
		depth := ""
		if span.Parent().IsValid() {
			depth = "  "
		}
		outcome := "ok"
		if span.Status().Code == codes.Error {
			outcome = "ERROR " + span.Status().Description
		}
		fmt.Fprintf(&b, "%s%s: %s\n", depth, span.Name(), outcome)
		for line := range strings.Lines(s.lines[span.SpanContext().SpanID()]) {
			if _, after, ok := strings.Cut(line, "s  "); ok && strings.Contains(line[:12], ":") {
				line = after
			}
			fmt.Fprintf(&b, "%s  | %s", depth, line)
		}
	}
	return b.String()
}

func newRun(steps ...string) *report.Recorder {
	r := report.NewRecorder(report.Release, "", nil, steps...)
	r.Edit(func(p *report.Report) {
		p.Stack.Name, p.Account = "hello", report.Account{ID: "222222222222", Name: "dev-1"}
	})
	return r
}

func TestShow(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	r := newRun("plan", "apply", "verify", "decide")
	stop := s.show(t.Context(), r)
	r.Begin("plan")
	r.Finish("plan", report.Done, "create: there is no stack yet")
	r.Begin("apply")
	r.Begin("verify")
	r.Event(report.Event{Source: report.FromStack, Subject: "GreenTaskSet", Type: "AWS::ECS::TaskSet", Status: "CREATE_IN_PROGRESS"})
	r.Event(report.Event{Source: report.FromTraffic, Subject: "production traffic", Message: "20% on the new version"})
	r.Event(report.Event{Source: report.FromVerify, Subject: "wrong answer", Message: "status 500", Bad: true})
	r.Begin("decide")
	r.Event(report.Event{Source: report.FromRelease, Subject: "cancel", Message: "asked CloudFormation"})
	r.Finish("decide", report.StepFailed, "go back")
	r.Finish("apply", report.StepFailed, "cancelled")
	r.Close(report.Failed, report.RolledBack, "it answered wrongly")
	stop()
	r.Event(report.Event{Source: report.FromStack, Subject: "late"})
	stop() // once is enough

	want := `  plan: what would change: ok
    | done: create: there is no stack yet
  decide: keep it, or go back?: ERROR failed
    | release  cancel  asked CloudFormation
    | failed: go back
  apply: CloudFormation stack hello: ERROR failed
    | stack    GreenTaskSet  CREATE_IN_PROGRESS  AWS::ECS::TaskSet
    | traffic  production traffic  20% on the new version
    | failed: cancelled
  verify: who answers?: ERROR interrupted
    | verify   wrong answer  status 500
    | interrupted
release of hello in dev-1 222222222222: ERROR failed
  | failed: rolled back, it answered wrongly
`
	if diff := cmp.Diff(want, s.text()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A step that ends as it begins has a span too; one that is skipped has a line.
func TestShowAtOnce(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	r := newRun("push", "apply", "decide")
	stop := s.show(t.Context(), r)
	r.Finish("push", report.Skipped, "not asked for")
	r.Begin("apply")
	r.Finish("decide", report.StepFailed, "go back")
	r.Finish("apply", report.StepFailed, "cancelled")
	r.Close(report.Failed, report.RolledBack, "it answered wrongly")
	stop()

	want := `  decide: keep it, or go back?: ERROR failed
    | failed: go back
  apply: CloudFormation stack hello: ERROR failed
    | failed: cancelled
release of hello in dev-1 222222222222: ERROR failed
  | release  push  skipped  not asked for
  | failed: rolled back, it answered wrongly
`
	if diff := cmp.Diff(want, s.text()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A step may be over without having begun, and a run have no steps at all.
func TestShowWithoutSteps(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	r := newRun("push")
	stop := s.show(t.Context(), r)
	r.Finish("push", report.Skipped, "not asked for")
	r.Event(report.Event{Source: report.FromStack, Subject: "hello", Status: "DELETE_COMPLETE", Type: "stack"})
	r.Close(report.Successful, report.Unchanged, "nothing to do")
	stop()
	want := `release of hello in dev-1 222222222222: ok
  | release  push  skipped  not asked for
  | stack    hello  DELETE_COMPLETE  stack
  | successful: unchanged, nothing to do
`
	if diff := cmp.Diff(want, s.text()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChapter(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	untrue := errors.New("not so")
	for title, outcome := range map[string]error{"Blue goes in": nil, "Green goes in": untrue} {
		err := s.chapter(t.Context(), title, func(ctx context.Context, out io.Writer) error {
			_, _ = fmt.Fprintln(out, "once upon a time")
			return errors.Join(s.aside(ctx, "task", func(context.Context) error { return nil }), outcome)
		})
		if !errors.Is(err, outcome) || (err != nil && err.Error() != "not so") {
			t.Errorf("%s: error %v, want %v", title, err, outcome)
		}
	}
	for _, want := range []string{
		"  task: ok\nBlue goes in: ok\n  | once upon a time\n",
		"  task: ok\nGreen goes in: ERROR not so\n  | once upon a time\n",
	} {
		if !strings.Contains(s.text(), want) {
			t.Errorf("no %q in\n%s", want, s.text())
		}
	}
}

// Without an engine there is nobody to show anything to, and all goes on.
func TestNobodyLooks(t *testing.T) {
	t.Parallel()
	s := openSpans(t.Context(), func(string) string { return "" })
	if s != nil {
		t.Fatal("there is somebody")
	}
	done := false
	if err := s.aside(t.Context(), "task", func(context.Context) error { done = true; return nil }); err != nil || !done {
		t.Errorf("done %t, %v", done, err)
	}
	s.close()
}
