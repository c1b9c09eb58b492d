package logs

import (
	"context"

	"orgship/sandbox/page"
)

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	return page.Each(func(token *string) (*string, error) {
		out, err := s.DescribeLogGroups(ctx, &DescribeLogGroupsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, g := range out.LogGroups {
			add("logs:log-group", *g.LogGroupName)
		}
		return out.NextToken, nil
	})
}
