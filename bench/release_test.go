package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

const overheadGoal = 1.05

// BenchmarkRelease compares a release's wall time with what the sandbox made it
// wait: the stack's operation, from the arrival of ExecuteChangeSet to the
// stack's last event. Signing in, pushing, asking for access, planning, learning
// of the end and proving the answer after it are the rest: the release's own.
func BenchmarkRelease(b *testing.B) {
	for _, at := range []struct {
		speed        float64
		rounds, wait int // wait: minutes that blue is kept
	}{
		{60, 3, 5}, {20, 2, 5}, {5, 1, 2}, {1, 1, 1},
	} {
		b.Run(fmt.Sprintf("speed=%g", at.speed), func(b *testing.B) {
			if at.speed == 1 && testing.Short() {
				skip(b, "-short leaves real time out: it takes two minutes")
			}
			w := newWorld(b, at.speed)
			w.needsTasks()
			w.share()
			var created, green lap
			for b.Loop() {
				for i := range at.rounds {
					created.add(w.released(w.request("Blue", fmt.Sprint(i, ".1"), at.wait)))
					green.add(w.released(w.request("Green", fmt.Sprint(i, ".2"), at.wait)))
					w.destroy("dev-1")
				}
			}
			b.ReportMetric(created.ratio(), "create-ratio")
			b.ReportMetric(green.ratio(), "green-ratio")
			b.ReportMetric(0, "ns/op") // a sum of waits says nothing
			what := fmt.Sprintf("release at speed %g, blue kept %d min: ", at.speed, at.wait)
			results.add(created.row(what+"create"), green.row(what+"green"))
		})
	}
}

// lap adds up releases, each cut at the execution of its change set and at the
// last event of its stack.
type lap struct {
	n                     int
	before, waited, after time.Duration
}

func (l *lap) add(o lap) {
	l.n += o.n
	l.before, l.waited, l.after = l.before+o.before, l.waited+o.waited, l.after+o.after
}

func (l lap) ratio() float64 { return float64(l.before+l.waited+l.after) / float64(l.waited) }

func (l lap) row(what string) row {
	return row{what: what, ours: l.String(), goal: fmt.Sprintf("<= %.2f", overheadGoal), met: l.ratio() <= overheadGoal}
}

// String renders the mean: what was waited for, and the release's own time.
func (l lap) String() string {
	n := time.Duration(max(1, l.n))
	return fmt.Sprintf("%.3f (waited %s, own %s before and %s after)", l.ratio(), seconds(l.waited/n), seconds(l.before/n), seconds(l.after/n))
}

// released does a release and cuts its time.
func (w *world) released(req release.Request) lap {
	w.b.Helper()
	started := time.Now()
	r, err := w.releaser("dev-1").Release(w.b.Context(), req)
	ended := time.Now()
	if err != nil || r.Outcome != report.Released {
		w.b.Fatalf("%s: %v\n%s", r.Outcome, err, render.Timeline(r, render.Style{}))
	}
	executed, last := w.executed("dev-1", started), w.end("dev-1", r.Stack.ID)
	return lap{n: 1, before: executed.Sub(started), waited: last.Sub(executed), after: ended.Sub(last)}
}

func (w *world) destroy(name string) {
	w.b.Helper()
	if _, err := w.releaser(name).Destroy(w.b.Context(), release.Destruction{Stack: stackName}); err != nil {
		w.b.Fatal(err)
	}
}

// executed returns when an account's first change set after a moment was executed.
func (w *world) executed(name string, since time.Time) time.Time {
	w.b.Helper()
	id := w.account(name).ID
	for _, c := range w.box.Calls() {
		if c.Operation == "ExecuteChangeSet" && c.Account == id && c.Time.After(since) {
			return c.Time
		}
	}
	w.b.Fatal("no change set was executed")
	return time.Time{}
}

// end returns the time of a stack's last event.
func (w *world) end(name, stackID string) time.Time {
	w.b.Helper()
	return aws.ToTime(w.events(name, stackID).StackEvents[0].Timestamp)
}

func (w *world) events(name, stackID string) *cloudformation.DescribeStackEventsOutput {
	w.b.Helper()
	out, err := cloudformation.NewFromConfig(w.config(name)).DescribeStackEvents(w.b.Context(), &cloudformation.DescribeStackEventsInput{StackName: &stackID})
	if err != nil {
		w.b.Fatal(err)
	}
	return out
}
