package codebuild

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/codebuild"

	"orgship/sandbox/page"
)

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	err := page.Each(func(token *string) (*string, error) {
		out, err := s.ListProjects(ctx, &codebuild.ListProjectsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, name := range out.Projects {
			add("codebuild:project", name)
		}
		return out.NextToken, nil
	})
	if err != nil {
		return err
	}
	if err := s.eachRunning(ctx, func(id string) { add("codebuild:build", id) }); err != nil {
		return err
	}
	return page.Each(func(token *string) (*string, error) {
		out, err := s.ListReportGroups(ctx, &codebuild.ListReportGroupsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, arn := range out.ReportGroups {
			add("codebuild:report-group", arn[strings.LastIndexByte(arn, '/')+1:])
		}
		return out.NextToken, nil
	})
}

func (s *Service) eachRunning(ctx context.Context, visit func(id string)) error {
	return page.Each(func(token *string) (*string, error) {
		out, err := s.ListBuilds(ctx, &codebuild.ListBuildsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		described, err := s.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: out.Ids})
		if err != nil {
			return nil, err
		}
		for _, b := range described.Builds {
			if !b.BuildComplete {
				visit(*b.Id)
			}
		}
		return out.NextToken, nil
	})
}
