package elb

import (
	"context"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"orgship/sandbox/page"
)

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	err := page.Each(func(token *string) (*string, error) {
		out, err := s.DescribeLoadBalancers(ctx, &elbv2.DescribeLoadBalancersInput{Marker: token})
		if err != nil {
			return nil, err
		}
		for _, b := range out.LoadBalancers {
			add("elasticloadbalancing:loadbalancer", *b.LoadBalancerName)
		}
		return out.NextMarker, nil
	})
	if err != nil {
		return err
	}
	return page.Each(func(token *string) (*string, error) {
		out, err := s.DescribeTargetGroups(ctx, &elbv2.DescribeTargetGroupsInput{Marker: token})
		if err != nil {
			return nil, err
		}
		for _, g := range out.TargetGroups {
			add("elasticloadbalancing:targetgroup", *g.TargetGroupName)
		}
		return out.NextMarker, nil
	})
}
