package codebuild

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// ListReportGroups lists the ARNs of report groups, by name.
func (s *Service) ListReportGroups(ctx context.Context, in *codebuild.ListReportGroupsInput) (*codebuild.ListReportGroupsOutput, error) {
	if err := s.cfg.Auth.Authorize(ctx, "codebuild:ListReportGroups", "*"); err != nil {
		return nil, err
	}
	if in.SortBy != "" && in.SortBy != types.ReportGroupSortByTypeName {
		return nil, wire.NotModelled("sorting report groups by %s", in.SortBy)
	}
	var arns []string
	s.change(func() {
		groups := s.account(iam.Caller(ctx).Account).groups
		for _, name := range slices.Sorted(maps.Keys(groups)) {
			arns = append(arns, *groups[name].Arn)
		}
	})
	arns, err := sorted(arns, in.SortOrder, types.SortOrderTypeAscending)
	if err != nil {
		return nil, err
	}
	arns, next, err := cut("ListReportGroups", arns, in.MaxResults, in.NextToken)
	return &codebuild.ListReportGroupsOutput{ReportGroups: arns, NextToken: next}, err
}

// BatchGetReportGroups describes report groups.
func (s *Service) BatchGetReportGroups(ctx context.Context, in *codebuild.BatchGetReportGroupsInput) (*codebuild.BatchGetReportGroupsOutput, error) {
	out := &codebuild.BatchGetReportGroupsOutput{}
	for _, arn := range in.ReportGroupArns {
		if err := s.cfg.Auth.Authorize(ctx, "codebuild:BatchGetReportGroups", arn); err != nil {
			return nil, err
		}
		s.change(func() {
			if g := s.group(ctx, arn); g != nil {
				out.ReportGroups = append(out.ReportGroups, g.ReportGroup)
			} else {
				out.ReportGroupsNotFound = append(out.ReportGroupsNotFound, arn)
			}
		})
	}
	return out, nil
}

// ListReportsForReportGroup lists the ARNs of a group's reports, the newest first.
func (s *Service) ListReportsForReportGroup(ctx context.Context, in *codebuild.ListReportsForReportGroupInput) (*codebuild.ListReportsForReportGroupOutput, error) {
	arn := value(in.ReportGroupArn)
	if err := s.cfg.Auth.Authorize(ctx, "codebuild:ListReportsForReportGroup", arn); err != nil {
		return nil, err
	}
	var arns []string
	found := false
	s.change(func() {
		g := s.group(ctx, arn)
		if found = g != nil; !found {
			return
		}
		for _, r := range g.reports {
			if in.Filter == nil || in.Filter.Status == "" || in.Filter.Status == r.Status {
				arns = append(arns, *r.Arn)
			}
		}
	})
	if !found {
		return nil, missing("Report group", arn)
	}
	arns, err := sorted(arns, in.SortOrder, types.SortOrderTypeDescending)
	if err != nil {
		return nil, err
	}
	arns, next, err := cut("ListReports"+arn, arns, in.MaxResults, in.NextToken)
	return &codebuild.ListReportsForReportGroupOutput{Reports: arns, NextToken: next}, err
}

// BatchGetReports describes reports.
func (s *Service) BatchGetReports(ctx context.Context, in *codebuild.BatchGetReportsInput) (*codebuild.BatchGetReportsOutput, error) {
	out := &codebuild.BatchGetReportsOutput{}
	for _, arn := range in.ReportArns {
		if err := s.cfg.Auth.Authorize(ctx, "codebuild:BatchGetReports", groupOf(arn)); err != nil {
			return nil, err
		}
		if r := s.findReport(ctx, arn); r != nil {
			out.Reports = append(out.Reports, r.Report)
		} else {
			out.ReportsNotFound = append(out.ReportsNotFound, arn)
		}
	}
	return out, nil
}

// DescribeTestCases lists the cases of a report.
func (s *Service) DescribeTestCases(ctx context.Context, in *codebuild.DescribeTestCasesInput) (*codebuild.DescribeTestCasesOutput, error) {
	arn := value(in.ReportArn)
	if err := s.cfg.Auth.Authorize(ctx, "codebuild:DescribeTestCases", groupOf(arn)); err != nil {
		return nil, err
	}
	r := s.findReport(ctx, arn)
	if r == nil {
		return nil, missing("Report", arn)
	}
	filter := types.TestCaseFilter{}
	if in.Filter != nil {
		filter = *in.Filter
	}
	cases := []types.TestCase{}
	for _, c := range r.cases {
		if (filter.Status == nil || *filter.Status == *c.Status) && strings.Contains(*c.Name+" "+*c.Prefix+" "+*c.TestSuiteName, value(filter.Keyword)) {
			cases = append(cases, c)
		}
	}
	cases, next, err := cut("DescribeTestCases"+arn, cases, in.MaxResults, in.NextToken)
	return &codebuild.DescribeTestCasesOutput{TestCases: cases, NextToken: next}, err
}

// group finds a report group of the caller's account. The caller holds s.mu.
func (s *Service) group(ctx context.Context, arn string) *group {
	g := s.account(iam.Caller(ctx).Account).groups[named(arn, "report-group/")]
	if g == nil || *g.Arn != arn {
		return nil
	}
	return g
}

// findReport finds a report of the caller's account; it doesn't change any more.
func (s *Service) findReport(ctx context.Context, arn string) *report {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.group(ctx, groupOf(arn))
	if g == nil {
		return nil
	}
	i := slices.IndexFunc(g.reports, func(r *report) bool { return *r.Arn == arn })
	if i < 0 {
		return nil
	}
	return g.reports[i]
}

// groupOf returns the ARN of a report's group, by which all is authorized.
func groupOf(report string) string {
	before, rest, ok := strings.Cut(report, ":report/")
	if !ok {
		return report
	}
	name, _, _ := strings.Cut(rest, ":")
	return before + ":report-group/" + name
}
