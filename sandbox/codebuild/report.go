package codebuild

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox/id"
)

// group is a report group.
type group struct {
	types.ReportGroup
	reports []*report // oldest first
}

type report struct {
	types.Report
	cases []types.TestCase
}

// reportLife: https://docs.aws.amazon.com/codebuild/latest/userguide/test-reporting.html
const reportLife = 30 * 24 * time.Hour

// upload makes the reports that the buildspec asks for. There are no artifacts.
//
// Assumption A98: a report's name is its id, a case's prefix is its classname,
// and a report that can't be made fails the phase.
func (s *Service) upload(_ context.Context, r *run) *failure {
	var faults []string
	for _, spec := range r.spec.Reports {
		r.say("Preparing to copy test report %s", spec.Name)
		if err := s.report(r, spec); err != nil {
			faults = append(faults, fmt.Sprintf("[%s: [%v]]", spec.Name, err))
		}
	}
	if len(faults) > 0 {
		return clientError("Error in UPLOAD_ARTIFACTS phase: %s", strings.Join(faults, " "))
	}
	return nil
}

// report makes one report, as the service role.
func (s *Service) report(r *run, spec ReportSpec) error {
	name := *r.build.ProjectName + "-" + spec.Name
	arn := s.arn(r.build.account, "report-group/"+name)
	if err := s.mayReport(r, name, arn); err != nil {
		return err
	}
	cases, err := readCases(r.source, spec)
	if err != nil {
		return err
	}
	now, id := s.cfg.Clock.Now(), id.UUID()
	made := &report{cases: cases, Report: types.Report{
		Arn: new(s.arn(r.build.account, "report/"+name+":"+id)), Name: &id, ReportGroupArn: &arn, ExecutionId: r.build.Arn,
		Type: types.ReportTypeTest, Created: &now, Expired: new(now.Add(reportLife)), Truncated: new(false),
		ExportConfig: &types.ReportExportConfig{ExportConfigType: types.ReportExportConfigTypeNoExport},
	}}
	made.summarize()
	s.change(func() {
		g := s.account(r.build.account).groups[name]
		if g == nil {
			g = &group{ReportGroup: types.ReportGroup{
				Arn: &arn, Name: &name, Type: types.ReportTypeTest, Status: types.ReportGroupStatusTypeActive, Created: &now, LastModified: &now,
				ExportConfig: made.ExportConfig,
			}}
			s.account(r.build.account).groups[name] = g
		}
		g.reports = append(g.reports, made)
		r.build.ReportArns = append(r.build.ReportArns, *made.Arn)
	})
	return nil
}

// mayReport asks what the role needs for a report.
// https://docs.aws.amazon.com/codebuild/latest/userguide/test-permissions.html
func (s *Service) mayReport(r *run, name, arn string) error {
	s.mu.Lock()
	known := s.account(r.build.account).groups[name] != nil
	s.mu.Unlock()
	if !known {
		if err := s.cfg.Auth.Authorize(r.session, "codebuild:CreateReportGroup", arn); err != nil {
			return fmt.Errorf("error creating report group: AccessDeniedException: %s", said(err))
		}
	}
	for _, action := range []string{"CreateReport", "BatchPutTestCases", "UpdateReport"} {
		if err := s.cfg.Auth.Authorize(r.session, "codebuild:"+action, arn); err != nil {
			return fmt.Errorf("error creating report: AccessDeniedException: %s", said(err))
		}
	}
	return nil
}

// summarize counts the cases.
func (r *report) summarize() {
	counts := map[string]int32{"SUCCEEDED": 0, "FAILED": 0, "ERROR": 0, "SKIPPED": 0, "UNKNOWN": 0}
	total := int64(0)
	for i := range r.cases {
		c := &r.cases[i]
		c.ReportArn, c.Expired = r.Arn, r.Expired
		counts[*c.Status]++
		total += *c.DurationInNanoSeconds
	}
	r.Status = types.ReportStatusTypeSucceeded
	if counts["FAILED"]+counts["ERROR"] > 0 {
		r.Status = types.ReportStatusTypeFailed
	}
	r.TestSummary = &types.TestReportSummary{DurationInNanoSeconds: &total, StatusCounts: counts, Total: new(int32(len(r.cases)))}
}

// readCases reads the JUnit files of a report.
func readCases(source string, spec ReportSpec) ([]types.TestCase, error) {
	base := cmp.Or(spec.Base, ".")
	if !filepath.IsLocal(base) {
		return nil, fmt.Errorf("base-directory %s is not in the source", base)
	}
	root, err := os.OpenRoot(filepath.Join(source, base))
	if err != nil {
		return nil, fmt.Errorf("base-directory %s: no such folder", base)
	}
	defer root.Close()
	files, err := matching(root.FS(), spec.Files)
	if err != nil || len(files) == 0 {
		return nil, cmp.Or(err, errors.New("no matching report paths found"))
	}
	var cases []types.TestCase
	for _, file := range files {
		text, err := fs.ReadFile(root.FS(), file)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		found, err := parseJUnit(text, file)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		cases = append(cases, found...)
	}
	return cases, nil
}

// matching returns the files that one of the patterns matches, sorted.
func matching(folder fs.FS, patterns []string) ([]string, error) {
	var shapes []*regexp.Regexp
	for _, p := range patterns {
		shapes = append(shapes, shape(path.Clean(p)))
	}
	var files []string
	err := fs.WalkDir(folder, ".", func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && slices.ContainsFunc(shapes, func(s *regexp.Regexp) bool { return s.MatchString(file) }) {
			files = append(files, file)
		}
		return err
	})
	return files, err
}

// shape turns a pattern into an expression: ** any folders, * and ? within one.
func shape(pattern string) *regexp.Regexp {
	text := regexp.QuoteMeta(pattern)
	for _, pair := range [][2]string{{`\*\*/`, "(?:.*/)?"}, {`\*\*`, ".*"}, {`\*`, "[^/]*"}, {`\?`, "[^/]"}} {
		text = strings.ReplaceAll(text, pair[0], strings.ReplaceAll(pair[1], "*", "\x00"))
	}
	return regexp.MustCompile("^" + strings.ReplaceAll(text, "\x00", "*") + "$")
}

// suite is a <testsuite>, or the <testsuites> around them.
type suite struct {
	Name   string      `xml:"name,attr"`
	Suites []suite     `xml:"testsuite"`
	Cases  []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"`
	Seconds float64 `xml:"time,attr"`
	Failure *detail `xml:"failure"`
	Error   *detail `xml:"error"`
	Skipped *detail `xml:"skipped"`
}

type detail struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// parseJUnit reads the test cases of a file.
func parseJUnit(text []byte, file string) ([]types.TestCase, error) {
	var top suite
	if err := xml.Unmarshal(text, &top); err != nil {
		return nil, err
	}
	return top.testCases(file), nil
}

func (s suite) testCases(file string) []types.TestCase {
	var all []types.TestCase
	for _, c := range s.Cases {
		status, found := c.status()
		all = append(all, types.TestCase{
			Name: &c.Name, Prefix: &c.Class, TestSuiteName: &s.Name, TestRawDataPath: &file, Status: &status,
			Message: new(cmp.Or(found.Message, strings.TrimSpace(found.Text))), DurationInNanoSeconds: new(int64(c.Seconds * float64(time.Second))),
		})
	}
	for _, below := range s.Suites {
		all = append(all, below.testCases(file)...)
	}
	return all
}

func (c *junitCase) status() (string, detail) {
	switch {
	case c.Error != nil:
		return "ERROR", *c.Error
	case c.Failure != nil:
		return "FAILED", *c.Failure
	case c.Skipped != nil:
		return "SKIPPED", *c.Skipped
	}
	return "SUCCEEDED", detail{}
}
