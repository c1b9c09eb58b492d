package render

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"orgship/pipeline/report"
)

// JUnit renders a finished report as JUnit XML: one suite a release, one case a
// step, with its time in seconds. AWS CodeBuild shows it as a test report:
// https://docs.aws.amazon.com/codebuild/latest/userguide/test-reporting.html
//
// A step that failed is a failure if the verdict is failed; otherwise, and if it
// was interrupted, it is an error whose type is the verdict: JUnit knows nothing
// inconclusive. A step that was skipped, or never begun, is skipped. What went
// wrong in no step is a case named verdict, so that no other verdict than
// successful looks like success.
func JUnit(r report.Report) ([]byte, error) {
	suite := junitSuite{
		Name: strings.TrimSpace("orgship " + string(r.Kind) + " " + r.Stack.Name), Time: junitTime(r.Seconds),
		Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"), // xs:dateTime without a zone
	}
	if line := r.Headline(); line != "" {
		suite.Properties = &junitProperties{[]junitProperty{{"serving", line}}}
	}
	for _, s := range r.Steps {
		suite.add(junitCaseOf(r, s))
	}
	if r.Verdict != report.Successful && suite.Failures+suite.Errors == 0 {
		c := junitCase{Name: "verdict", Class: junitClass(r), Time: junitTime(0)}
		c.fail(r, problemIn(r, ""), r.Summary)
		suite.add(c)
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{Suites: []junitSuite{suite}}); err != nil {
		return nil, fmt.Errorf("writing JUnit XML: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string           `xml:"name,attr"`
	Tests      int              `xml:"tests,attr"`
	Failures   int              `xml:"failures,attr"`
	Errors     int              `xml:"errors,attr"`
	Skipped    int              `xml:"skipped,attr"`
	Time       string           `xml:"time,attr"`
	Timestamp  string           `xml:"timestamp,attr"`
	Properties *junitProperties `xml:"properties"`
	Cases      []junitCase      `xml:"testcase"`
}

type junitProperties struct {
	Properties []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	Time    string       `xml:"time,attr"`
	Failure *junitResult `xml:"failure"`
	Error   *junitResult `xml:"error"`
	Skipped *junitResult `xml:"skipped"`
}

type junitResult struct {
	Message string `xml:"message,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func junitClass(r report.Report) string {
	return strings.TrimSuffix("orgship."+string(r.Kind)+"."+r.Stack.Name, ".")
}

func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", max(seconds, 0)) }

func junitCaseOf(r report.Report, s report.Step) junitCase {
	c := junitCase{Name: s.Name, Class: junitClass(r), Time: junitTime(s.Seconds)}
	switch s.State {
	case report.StepFailed, report.Interrupted:
		c.fail(r, problemIn(r, s.Name), s.Detail)
		if s.State == report.Interrupted && c.Failure != nil {
			c.Failure, c.Error = nil, c.Failure
		}
	case report.Skipped:
		c.Skipped = &junitResult{Message: s.Detail}
	case report.Pending, report.Running:
		c.Skipped = &junitResult{Message: "it was never begun"}
	}
	return c
}

// problemIn returns what went wrong in a step, "" being none of them.
func problemIn(r report.Report, step string) *report.Problem {
	for i, p := range r.Errors {
		if p.Step == step || step == "" && !slices.ContainsFunc(r.Steps, func(s report.Step) bool { return s.Name == p.Step }) {
			return &r.Errors[i]
		}
	}
	return nil
}

// fail marks a case as failed: by a problem, or else for a reason.
func (c *junitCase) fail(r report.Report, p *report.Problem, reason string) {
	result := &junitResult{Message: reason, Type: string(r.Verdict), Text: reason}
	if p != nil {
		result.Message, result.Text = p.Message, strings.Join(p.Lines(), "\n")
	}
	if r.Verdict == report.Failed {
		c.Failure = result
		return
	}
	c.Error = result
}
