package elb

import (
	"context"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"orgship/sandbox/wire"
)

// Service is the room.
type Service struct{ cfg Config }

// New returns the service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// Close ends all listeners and health checks.
func (s *Service) Close(ctx context.Context) error { return nil }

// Wire returns the service as clients see it.
func (s *Service) Wire() wire.Service {
	return wire.Service{Name: "elasticloadbalancing", Protocol: wire.Query, Version: "2015-12-01", Namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"}
}

// CreateLoadBalancer is an operation.
func (s *Service) CreateLoadBalancer(ctx context.Context, in *elbv2.CreateLoadBalancerInput) (*elbv2.CreateLoadBalancerOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:CreateLoadBalancer")
}

// DescribeLoadBalancers is an operation.
func (s *Service) DescribeLoadBalancers(ctx context.Context, in *elbv2.DescribeLoadBalancersInput) (*elbv2.DescribeLoadBalancersOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DescribeLoadBalancers")
}

// DeleteLoadBalancer is an operation.
func (s *Service) DeleteLoadBalancer(ctx context.Context, in *elbv2.DeleteLoadBalancerInput) (*elbv2.DeleteLoadBalancerOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DeleteLoadBalancer")
}

// DescribeLoadBalancerAttributes is an operation.
func (s *Service) DescribeLoadBalancerAttributes(ctx context.Context, in *elbv2.DescribeLoadBalancerAttributesInput) (*elbv2.DescribeLoadBalancerAttributesOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DescribeLoadBalancerAttributes")
}

// ModifyLoadBalancerAttributes is an operation.
func (s *Service) ModifyLoadBalancerAttributes(ctx context.Context, in *elbv2.ModifyLoadBalancerAttributesInput) (*elbv2.ModifyLoadBalancerAttributesOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:ModifyLoadBalancerAttributes")
}

// SetSecurityGroups is an operation.
func (s *Service) SetSecurityGroups(ctx context.Context, in *elbv2.SetSecurityGroupsInput) (*elbv2.SetSecurityGroupsOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:SetSecurityGroups")
}

// SetSubnets is an operation.
func (s *Service) SetSubnets(ctx context.Context, in *elbv2.SetSubnetsInput) (*elbv2.SetSubnetsOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:SetSubnets")
}

// SetIpAddressType is an operation.
func (s *Service) SetIpAddressType(ctx context.Context, in *elbv2.SetIpAddressTypeInput) (*elbv2.SetIpAddressTypeOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:SetIpAddressType")
}

// CreateTargetGroup is an operation.
func (s *Service) CreateTargetGroup(ctx context.Context, in *elbv2.CreateTargetGroupInput) (*elbv2.CreateTargetGroupOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:CreateTargetGroup")
}

// DescribeTargetGroups is an operation.
func (s *Service) DescribeTargetGroups(ctx context.Context, in *elbv2.DescribeTargetGroupsInput) (*elbv2.DescribeTargetGroupsOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DescribeTargetGroups")
}

// ModifyTargetGroup is an operation.
func (s *Service) ModifyTargetGroup(ctx context.Context, in *elbv2.ModifyTargetGroupInput) (*elbv2.ModifyTargetGroupOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:ModifyTargetGroup")
}

// DeleteTargetGroup is an operation.
func (s *Service) DeleteTargetGroup(ctx context.Context, in *elbv2.DeleteTargetGroupInput) (*elbv2.DeleteTargetGroupOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DeleteTargetGroup")
}

// DescribeTargetGroupAttributes is an operation.
func (s *Service) DescribeTargetGroupAttributes(ctx context.Context, in *elbv2.DescribeTargetGroupAttributesInput) (*elbv2.DescribeTargetGroupAttributesOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DescribeTargetGroupAttributes")
}

// ModifyTargetGroupAttributes is an operation.
func (s *Service) ModifyTargetGroupAttributes(ctx context.Context, in *elbv2.ModifyTargetGroupAttributesInput) (*elbv2.ModifyTargetGroupAttributesOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:ModifyTargetGroupAttributes")
}

// RegisterTargets is an operation.
func (s *Service) RegisterTargets(ctx context.Context, in *elbv2.RegisterTargetsInput) (*elbv2.RegisterTargetsOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:RegisterTargets")
}

// DeregisterTargets is an operation.
func (s *Service) DeregisterTargets(ctx context.Context, in *elbv2.DeregisterTargetsInput) (*elbv2.DeregisterTargetsOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DeregisterTargets")
}

// DescribeTargetHealth is an operation.
func (s *Service) DescribeTargetHealth(ctx context.Context, in *elbv2.DescribeTargetHealthInput) (*elbv2.DescribeTargetHealthOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DescribeTargetHealth")
}

// CreateListener is an operation.
func (s *Service) CreateListener(ctx context.Context, in *elbv2.CreateListenerInput) (*elbv2.CreateListenerOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:CreateListener")
}

// DescribeListeners is an operation.
func (s *Service) DescribeListeners(ctx context.Context, in *elbv2.DescribeListenersInput) (*elbv2.DescribeListenersOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DescribeListeners")
}

// ModifyListener is an operation.
func (s *Service) ModifyListener(ctx context.Context, in *elbv2.ModifyListenerInput) (*elbv2.ModifyListenerOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:ModifyListener")
}

// DeleteListener is an operation.
func (s *Service) DeleteListener(ctx context.Context, in *elbv2.DeleteListenerInput) (*elbv2.DeleteListenerOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DeleteListener")
}

// DescribeListenerAttributes is an operation.
func (s *Service) DescribeListenerAttributes(ctx context.Context, in *elbv2.DescribeListenerAttributesInput) (*elbv2.DescribeListenerAttributesOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DescribeListenerAttributes")
}

// ModifyListenerAttributes is an operation.
func (s *Service) ModifyListenerAttributes(ctx context.Context, in *elbv2.ModifyListenerAttributesInput) (*elbv2.ModifyListenerAttributesOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:ModifyListenerAttributes")
}

// CreateRule is an operation.
func (s *Service) CreateRule(ctx context.Context, in *elbv2.CreateRuleInput) (*elbv2.CreateRuleOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:CreateRule")
}

// DescribeRules is an operation.
func (s *Service) DescribeRules(ctx context.Context, in *elbv2.DescribeRulesInput) (*elbv2.DescribeRulesOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DescribeRules")
}

// ModifyRule is an operation.
func (s *Service) ModifyRule(ctx context.Context, in *elbv2.ModifyRuleInput) (*elbv2.ModifyRuleOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:ModifyRule")
}

// DeleteRule is an operation.
func (s *Service) DeleteRule(ctx context.Context, in *elbv2.DeleteRuleInput) (*elbv2.DeleteRuleOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DeleteRule")
}

// SetRulePriorities is an operation.
func (s *Service) SetRulePriorities(ctx context.Context, in *elbv2.SetRulePrioritiesInput) (*elbv2.SetRulePrioritiesOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:SetRulePriorities")
}

// AddTags is an operation.
func (s *Service) AddTags(ctx context.Context, in *elbv2.AddTagsInput) (*elbv2.AddTagsOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:AddTags")
}

// RemoveTags is an operation.
func (s *Service) RemoveTags(ctx context.Context, in *elbv2.RemoveTagsInput) (*elbv2.RemoveTagsOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:RemoveTags")
}

// DescribeTags is an operation.
func (s *Service) DescribeTags(ctx context.Context, in *elbv2.DescribeTagsInput) (*elbv2.DescribeTagsOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DescribeTags")
}

// DescribeAccountLimits is an operation.
func (s *Service) DescribeAccountLimits(ctx context.Context, in *elbv2.DescribeAccountLimitsInput) (*elbv2.DescribeAccountLimitsOutput, error) {
	return nil, wire.NotModelled("elasticloadbalancing:DescribeAccountLimits")
}
