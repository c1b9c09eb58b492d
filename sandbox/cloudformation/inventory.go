package cloudformation

import (
	"context"

	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/page"
)

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	err := page.Each(func(token *string) (*string, error) {
		out, err := s.DescribeStacks(ctx, &cfn.DescribeStacksInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, st := range out.Stacks {
			if st.StackStatus != types.StackStatusDeleteComplete {
				add("cloudformation:stack", *st.StackName)
			}
		}
		return out.NextToken, nil
	})
	if err != nil {
		return err
	}
	return page.Each(func(token *string) (*string, error) {
		out, err := s.sets.ListStackSets(ctx, &cfn.ListStackSetsInput{NextToken: token, Status: types.StackSetStatusActive})
		if err != nil {
			return nil, err
		}
		for _, set := range out.Summaries {
			add("cloudformation:stack-set", *set.StackSetName)
		}
		return out.NextToken, nil
	})
}
