package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"orgship/sandbox/page"
)

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	return page.Each(func(token *string) (*string, error) {
		out, err := s.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, r := range out.Repositories {
			add("ecr:repository", *r.RepositoryName)
		}
		return out.NextToken, nil
	})
}
