package render_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"orgship/pipeline/report"
	"orgship/pipeline/report/render"
)

func TestRead(t *testing.T) {
	t.Parallel()
	whole := sample(30)
	document, err := report.JSON(whole)
	if err != nil {
		t.Fatal(err)
	}
	back, err := report.Read(append([]byte("\n "), document...))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, back); diff != "" {
		t.Errorf("written and read (-want +got):\n%s", diff)
	}
	if _, err := report.Read([]byte(`{"schema":"orgship.report/v2","verdict":"failed","later":{"more":[1]}}`)); err != nil {
		t.Errorf("a member of a later program: %v", err)
	}
}

func TestReadFaults(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"":                                 "it is empty",
		" \n":                              "it is empty",
		"error: no":                        "it is not whole JSON of the right shape: invalid character 'e' looking for beginning of value",
		`{"schema":"orgship.report/v2"`:    "it is not whole JSON of the right shape: unexpected end of JSON input",
		`[{"account":"222222222222"}]`:     "it has no schema: orgship.report/v2 is expected",
		`{"reference":"a@sha256:1"}`:       "it has no schema: orgship.report/v2 is expected",
		`{"schema":7}`:                     "it has no schema: orgship.report/v2 is expected",
		`{"schema":"orgship.report/v3"}`:   `its schema is "orgship.report/v3", and this program reads version 2`,
		`{"schema":"a\n::error::b ##[x]"}`: `its schema is "a ::error::b ## [x]", not orgship.report/v2`,
		`{"schema":"orgship.report/v2"}`:   `"" is no verdict`,
		`{"schema":"orgship.report/v2","verdict":"great"}`:                   `"great" is no verdict`,
		`{"schema":"orgship.report/v2","verdict":"failed","steps":7}`:        "it is not whole JSON of the right shape: json: cannot unmarshal number into Go struct field Report.steps of type []report.Step",
		`{"schema":"orgship.report/v2"}` + strings.Repeat(" ", 16<<20):       `"" is no verdict`,
		`{"schema":"orgship.report/v2",` + strings.Repeat(" ", 16<<20) + `}`: "it has 16.0 MiB, a report has 16.0 MiB at most",
	} {
		_, err := report.Read([]byte(source))
		var fault *report.ReadError
		if !errors.As(err, &fault) || err.Error() != "reading the report: "+want || fault.Hint() == "" {
			t.Errorf("%.60q: got %v\nwant %s", source, err, want)
		}
	}
}

// evil is what an app, a template or a stack's event could say.
const evil = "x\n::set-output name=verdict::successful\r\n::error::no %0A::error::no ##[error]no ```\n</details><script>alert(1)</script> ![a](http://evil) @all <<EOF _GitHubActionsFileCommandDelimeter_ \u2028\x1b[31m |"

// spoiled is the sample with evil in every text.
func spoiled(t *testing.T) []byte {
	t.Helper()
	document, err := report.JSON(sample(30))
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(document, &tree); err != nil {
		t.Fatal(err)
	}
	tree = spoil(tree, "")
	document, err = json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func spoil(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = spoil(v[key], key)
		}
		return v
	case []any:
		for i := range v {
			v[i] = spoil(v[i], name)
		}
		return v
	case string:
		if name == "schema" || name == "verdict" || strings.Contains(v, "T12:00:") {
			return v
		}
		return v + evil
	}
	return v
}

// What comes from outside stays text, wherever a report is told.
func TestEvilReport(t *testing.T) {
	t.Parallel()
	r, err := report.Read(spoiled(t))
	if err != nil {
		t.Fatal(err)
	}
	harmless(t, r)
}

// inline is code within a line, in which nothing is markup.
var inline = regexp.MustCompile("`[^`]*`")

// harmless tells a report in every form.
func harmless(t *testing.T, r report.Report) {
	t.Helper()
	page := render.Markdown(r)
	for line := range strings.Lines(render.Timeline(r, render.Style{Unicode: true, Width: 80}) + page) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), unicode.IsControl) {
			t.Errorf("a command to a runner, or to a terminal: %q", line)
		}
	}
	fenced := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		line = inline.ReplaceAllString(strings.ReplaceAll(line, "\\`", ""), "")
		if !fenced && (strings.Contains(line, "<script") || strings.Contains(line, "](http") && !strings.Contains(line, `\](http`)) {
			t.Errorf("markup from outside: %q", line)
		}
	}
	if fenced {
		t.Error("a block of code has no end")
	}
	document, err := render.JUnit(r)
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Suite struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(document, &suites); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	if bad := suites.Suite.Failures + suites.Suite.Errors; r.Verdict != report.Successful && bad == 0 {
		t.Errorf("verdict %s, and no failure in %s", r.Verdict, document)
	}
	for _, limit := range []int{0, 3, 100, 2000} {
		if text := render.Brief(r, limit); len(text) > limit {
			t.Errorf("%d bytes in %d", len(text), limit)
		}
	}
}

func FuzzRead(f *testing.F) {
	document, err := report.JSON(sample(30))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document)
	f.Add([]byte(`{"schema":"orgship.report/v2","verdict":"failed","steps":[{"name":"a","state":"running","started":"2026-01-01T00:00:00Z"}],"traffic":[{"percent":-1e300},{"percent":1e300}],"probe":{"sent":1,"moments":[{"start":"2026-01-01T00:00:00Z","seconds":1e300,"answered":{"a":1}}],"answerers":[{"id":"a"}]}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		if r, err := report.Read(document); err == nil {
			harmless(t, r)
		}
	})
}

func TestBrief(t *testing.T) {
	t.Parallel()
	r := sample(30)
	if render.Brief(r, 1<<20) != render.Markdown(r) {
		t.Error("what fits is cut")
	}
	for range 40000 {
		r.Events = append(r.Events, r.Events[3])
	}
	r.Events = append(r.Events, report.Event{At: at(30), Subject: "the last"})
	text := render.Brief(r, 1<<20-1<<10)
	if len(text) > 1<<20-1<<10 || len(text) < 1<<18 || !strings.Contains(text, "of 40014 events</summary>") || !strings.Contains(text, "the last") || !strings.HasSuffix(text, "</details>\n") {
		t.Errorf("%d bytes: %s … %s", len(text), text[:200], text[len(text)-200:])
	}
	text = render.Brief(r, 500)
	if len(text) > 500 || !strings.HasPrefix(text, "**Now serving: 1.0") || !strings.HasSuffix(text, "\n…\n") {
		t.Errorf("%d bytes: %q", len(text), text)
	}
}

func TestJUnitVerdicts(t *testing.T) {
	t.Parallel()
	step := func(state report.State) []report.Step {
		return []report.Step{{Name: "apply", State: state, Seconds: 1.25, Detail: "why"}}
	}
	problem := []report.Problem{{Step: "apply", Message: "wrong", Hint: "mend it", Cause: &report.Cause{Resource: "Green", Status: "CREATE_FAILED", Reason: "no"}}}
	for _, test := range []struct {
		name   string
		report report.Report
		want   string
	}{
		{"done", report.Report{Verdict: report.Successful, Steps: step(report.Done)}, `tests="1" failures="0" errors="0" skipped="0"`},
		{"skipped", report.Report{Verdict: report.Successful, Steps: step(report.Skipped)}, `<skipped message="why">`},
		{"failed", report.Report{Verdict: report.Failed, Steps: step(report.StepFailed), Errors: problem},
			`<failure message="wrong" type="failed">wrong&#xA;root cause: Green CREATE_FAILED: no&#xA;hint: mend it</failure>`},
		{"error", report.Report{Verdict: report.Error, Steps: step(report.StepFailed), Errors: problem}, `<error message="wrong" type="error">`},
		{"inconclusive", report.Report{Verdict: report.Inconclusive, Steps: step(report.StepFailed)}, `<error message="why" type="inconclusive">why</error>`},
		{"interrupted", report.Report{Verdict: report.Inconclusive, Steps: step(report.Interrupted)}, `tests="1" failures="0" errors="1" skipped="0"`},
		{"in no step", report.Report{Verdict: report.Failed, Summary: "refused", Steps: step(report.Pending)}, `<testcase name="verdict" classname="orgship.release" time="0.000">`},
		{"time", report.Report{Verdict: report.Successful, Steps: step(report.Done), Stack: report.Stack{Name: "demo"}}, `<testcase name="apply" classname="orgship.release.demo" time="1.250">`},
	} {
		test.report.Kind = report.Release
		document, err := render.JUnit(test.report)
		if err != nil || !strings.Contains(string(document), test.want) {
			t.Errorf("%s: %v, want %s in\n%s", test.name, err, test.want, document)
		}
	}
}

// A document of the first version is read as one of this.
func TestReadsTheFirstVersion(t *testing.T) {
	t.Parallel()
	for was, want := range map[string]report.Outcome{"went back": report.RolledBack, "still going": report.InProgress, "released": report.Released} {
		r, err := report.Read([]byte(`{"schema":"orgship.report/v1","verdict":"failed","outcome":"` + was + `","plan":{"class":"green deployment","changes":[]}}`))
		if err != nil || r.Schema != report.Schema || r.Outcome != want || r.Plan.Class != "green_deployment" {
			t.Errorf("%s: %+v, %v", was, r, err)
		}
	}
}
