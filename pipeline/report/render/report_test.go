package render_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

var update = flag.Bool("update", false, "write the golden files")

// start is when the sample's release began.
var start = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

// clock tells the times it is set to.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

const digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222"

// sample records a release that goes back because green answers wrongly; it
// stops at the given second, 30 being the end.
func sample(until float64) report.Report {
	c := &clock{start}
	r := report.NewRecorder(report.Release, "v1.2.3", c.Now, "push", "access", "plan", "apply", "verify")
	var last report.Report
	for _, do := range scenes() {
		if do.at > until {
			return r.Snapshot()
		}
		c.now = at(do.at)
		do.what(r)
		last = r.Snapshot()
	}
	return last
}

type scene struct {
	at   float64
	what func(*report.Recorder)
}

func scenes() []scene {
	return []scene{
		{0, func(r *report.Recorder) {
			r.Edit(func(p *report.Report) {
				p.Account = report.Account{ID: "222222222222", Name: "dev-1", Region: "eu-west-1"}
				p.Stack.Name = "demo"
			})
			r.Begin("push")
		}},
		{0.4, func(r *report.Recorder) {
			r.Edit(func(p *report.Report) {
				p.Image = &report.Image{Reference: "111111111111.dkr.ecr.eu-west-1.amazonaws.com/app@" + digest, Digest: digest, Revision: "0a1b2c3d4e5f60718293", Version: "2.0", Bytes: 4096}
			})
			r.Finish("push", report.Done, "4.0 KiB sent")
			r.Finish("access", report.Done, `allowed by statement "PullByOrgUnit"`)
			r.Begin("plan")
		}},
		{1.5, func(r *report.Recorder) {
			r.Edit(func(p *report.Report) {
				p.Plan = &report.Plan{Class: "green_deployment", Why: "replaces GreenTaskSet, and nothing else changes", Changes: []report.Change{
					{LogicalID: "GreenTaskSet", Type: "AWS::ECS::TaskSet", Action: "Add"},
				}}
			})
			r.Finish("plan", report.Done, "green deployment")
			r.Begin("apply")
			r.Begin("verify")
		}},
		{4, func(r *report.Recorder) {
			r.Event(report.Event{Source: report.FromStack, Subject: "GreenTaskSet", Type: "AWS::ECS::TaskSet", Status: "CREATE_IN_PROGRESS"})
			r.Detail("apply", "GreenTaskSet CREATE_IN_PROGRESS")
			r.Edit(func(p *report.Report) { p.Probe = probe(1) })
		}},
		{12, func(r *report.Recorder) {
			r.Traffic(report.Traffic{Percent: 15, Status: "InProgress", Deployment: "d-1"})
			r.Event(report.Event{Source: report.FromTraffic, Subject: "AllowTraffic", Status: "InProgress", Message: "15% on the new version"})
			r.Edit(func(p *report.Report) { p.Probe = probe(2) })
		}},
		{14, func(r *report.Recorder) {
			r.Event(report.Event{Source: report.FromVerify, Subject: "wrong answer", Message: "status 200, body \"Hello \x1b[31mWorld\"", Bad: true})
			r.Finish("verify", report.StepFailed, "the new version answers wrongly")
		}},
		{20, func(r *report.Recorder) {
			r.Traffic(report.Traffic{Percent: 0, Status: "Stopped", Deployment: "d-1", Rollback: true})
		}},
		{28, func(r *report.Recorder) {
			r.Edit(func(p *report.Report) {
				before := report.Image{Reference: "111111111111.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:old", Digest: "sha256:0ld", Version: "1.0"}
				p.Serving = &report.Serving{Image: &before, Since: at(27), Touched: true, Asked: 270, Lost: 2, Wrong: 1, ExposedSeconds: 8}
			})
			r.Finish("apply", report.StepFailed, "UPDATE_ROLLBACK_COMPLETE")
			r.Problem(report.Problem{
				Step: "verify", Message: "the new version answered wrongly: 200 instead of | green", Hint: "look at the image",
				Cause: &report.Cause{At: at(14), Resource: "http://demo", Reason: "the body lacks \"Green\""},
			})
			r.Edit(func(p *report.Report) {
				exit := int32(3)
				p.FailedTask = &report.FailedTask{
					Task: "arn:aws:ecs:eu-west-1:222222222222:task/home/0a1b", Container: "web", ExitCode: &exit, Reason: "Essential container in task exited",
					LogGroup: "/demo", LogStream: "app/web/0a1b", Lines: []string{"listening on port 80", "no database"},
				}
				p.Probe = probe(3)
				p.URLs = map[string]string{"service": "http://demo/"}
				p.Verification = &report.Verification{
					URL: "http://demo/", Expect: `status 200, a body with "Green"`, Consecutive: 5, Verdict: report.Failed,
					Reason: "the body lacks \"Green\"", Decided: at(14), BlueLived: true, Attempts: map[string]int{"old": 9, "wrong": 1},
				}
			})
		}},
		{30, func(r *report.Recorder) {
			r.Close(report.Failed, report.RolledBack, "the new version answered wrongly; 1.0 serves all traffic again")
		}},
	}
}

// probe grows through the release.
func probe(stage int) *report.Probe {
	p := &report.Probe{
		URL: "http://demo/", Rate: 10, Started: start, Ended: at(30), Sent: 100 * stage, Answered: 100 * stage,
		Latency:   report.Latency{P50: 2, P95: 9, P99: 20, Max: 31},
		Answerers: []report.Answerer{{ID: "A", Role: report.RoleOld, Version: "1.0", Revision: "ffff", First: start, Last: at(30), Count: 90 * stage}},
		Moments:   []report.Moment{{Start: start, Seconds: 11, Sent: 100, Answered: map[string]int{"A": 100}}},
	}
	if stage > 1 {
		p.Answerers = append(p.Answerers, report.Answerer{ID: "B", Role: report.RoleNew, Version: "2.0", Revision: "0a1b2c3d4e5f60718293", First: at(12), Last: at(14), Count: 15})
		p.Moments = append(p.Moments, report.Moment{Start: at(11), Seconds: 6, Sent: 100, Answered: map[string]int{"A": 85, "B": 15}})
	}
	if stage > 2 {
		p.Lost = 2
		p.Errors = map[string]int{"connection refused": 2}
		p.Moments = append(p.Moments, report.Moment{Start: at(17), Seconds: 13, Sent: 100, Answered: map[string]int{"A": 98}, Lost: map[string]int{"connection refused": 2}})
	}
	return p
}

func TestGolden(t *testing.T) {
	t.Parallel()
	whole := sample(30)
	part := sample(13)
	ascii := render.Style{Width: 80}
	unicode := render.Style{Unicode: true, Width: 80}
	colored := render.Style{Unicode: true, Color: true, Width: 100}
	document, err := report.JSON(whole)
	if err != nil {
		t.Fatal(err)
	}
	junit, err := render.JUnit(whole)
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"report.json":        string(document),
		"junit.xml":          string(junit),
		"report.md":          render.Markdown(whole),
		"timeline.txt":       render.Timeline(whole, unicode),
		"timeline-ascii.txt": render.Timeline(whole, ascii),
		"timeline-color.txt": render.Timeline(whole, colored),
		"frame.txt":          render.Frame(part, at(13), unicode),
		"frame-ascii.txt":    render.Frame(part, at(13), ascii),
		"frame-color.txt":    render.Frame(part, at(13), colored),
		"lines.txt":          lines(whole, unicode),
		"lines-color.txt":    lines(whole, colored),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (write it with: go test -update)", err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}

func lines(r report.Report, s render.Style) string {
	var b strings.Builder
	for _, e := range r.Events {
		b.WriteString(render.Line(e, r.Started, s) + "\n")
	}
	return b.String()
}

// TestReadme holds the document's description and its shape together: every
// field has its row, and every row its field.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for line := range strings.Lines(string(readme)) {
		if cells := strings.Split(line, "|"); len(cells) > 2 && strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			documented[strings.Trim(strings.TrimSpace(cells[1]), "`")] = true
		}
	}
	fields := map[string]bool{}
	collect(reflect.TypeFor[report.Report](), "", fields)
	for name := range fields {
		if !documented[name] {
			t.Errorf("README.md lacks a row for `%s`", name)
		}
	}
	for name := range documented {
		if !fields[name] {
			t.Errorf("README.md describes `%s`, which the document lacks", name)
		}
	}
}

// collect finds the JSON paths below a type: "steps[].name".
func collect(typ reflect.Type, path string, into map[string]bool) {
	switch {
	case typ.Kind() == reflect.Pointer:
		collect(typ.Elem(), path, into)
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
		collect(typ.Elem(), path+"[]", into)
	case typ.Kind() == reflect.Struct && typ != reflect.TypeFor[time.Time]():
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			full := strings.TrimPrefix(path+"."+name, ".")
			into[full] = true
			collect(typ.Field(i).Type, full, into)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	whole := sample(30)
	document, err := report.JSON(whole)
	if err != nil {
		t.Fatal(err)
	}
	var back report.Report
	if err := json.Unmarshal(document, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, back); diff != "" {
		t.Errorf("written and read (-want +got):\n%s", diff)
	}
}
