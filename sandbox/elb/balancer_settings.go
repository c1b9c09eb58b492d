package elb

import (
	"context"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// SetSecurityGroups replaces a load balancer's security groups; new
// connections feel it at once.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html
func (s *Service) SetSecurityGroups(ctx context.Context, in *elbv2.SetSecurityGroupsInput) (*elbv2.SetSecurityGroupsOutput, error) {
	arn := val(in.LoadBalancerArn)
	if err := s.authorize(ctx, "SetSecurityGroups", arn); err != nil {
		return nil, err
	}
	if len(in.SecurityGroups) == 0 {
		return nil, required("security group")
	}
	if vpc, there := s.vpcOf(ctx, arn); there {
		if err := s.checkGroups(ctx, vpc, in.SecurityGroups); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.caller(ctx).balancer(arn)
	if err != nil {
		return nil, err
	}
	b.SecurityGroups = in.SecurityGroups
	b.edge.configure(b.SecurityGroups, b.attributes)
	return &elbv2.SetSecurityGroupsOutput{SecurityGroupIds: b.SecurityGroups}, nil
}

// vpcOf returns a load balancer's VPC; it lets go of the lock again, since the
// groups in it are another room's to check.
func (s *Service) vpcOf(ctx context.Context, arn string) (vpc string, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.caller(ctx).balancer(arn)
	if err != nil {
		return "", false
	}
	return *b.VpcId, true
}

// SetSubnets replaces a load balancer's subnets, within its VPC.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSubnets.html
func (s *Service) SetSubnets(ctx context.Context, in *elbv2.SetSubnetsInput) (*elbv2.SetSubnetsOutput, error) {
	arn := val(in.LoadBalancerArn)
	if err := s.authorize(ctx, "SetSubnets", arn); err != nil {
		return nil, err
	}
	if err := checkAddressType(in.IpAddressType); err != nil {
		return nil, err
	}
	subnets, err := s.subnets(ctx, in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.caller(ctx).balancer(arn)
	if err != nil {
		return nil, err
	}
	if subnets[0].VPC != *b.VpcId {
		return nil, wire.Errorf("InvalidSubnet", "All subnets must belong to the same VPC: '%s'", *b.VpcId)
	}
	b.AvailabilityZones = zonesOf(subnets)
	return &elbv2.SetSubnetsOutput{AvailabilityZones: b.AvailabilityZones, IpAddressType: b.IpAddressType}, nil
}

// SetIpAddressType accepts the one type that is modelled, ipv4.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetIpAddressType.html
func (s *Service) SetIpAddressType(ctx context.Context, in *elbv2.SetIpAddressTypeInput) (*elbv2.SetIpAddressTypeOutput, error) {
	arn := val(in.LoadBalancerArn)
	if err := s.authorize(ctx, "SetIpAddressType", arn); err != nil {
		return nil, err
	}
	if err := checkAddressType(in.IpAddressType); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.caller(ctx).balancer(arn)
	if err != nil {
		return nil, err
	}
	return &elbv2.SetIpAddressTypeOutput{IpAddressType: b.IpAddressType}, nil
}

// DescribeLoadBalancerAttributes lists a load balancer's attributes.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancerAttributes.html
func (s *Service) DescribeLoadBalancerAttributes(ctx context.Context, in *elbv2.DescribeLoadBalancerAttributesInput) (*elbv2.DescribeLoadBalancerAttributesOutput, error) {
	if err := s.authorize(ctx, "DescribeLoadBalancerAttributes", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.caller(ctx).balancer(val(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeLoadBalancerAttributesOutput{Attributes: b.attributeList()}, nil
}

// ModifyLoadBalancerAttributes sets attributes; see balancerTable for which.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyLoadBalancerAttributes.html
func (s *Service) ModifyLoadBalancerAttributes(ctx context.Context, in *elbv2.ModifyLoadBalancerAttributesInput) (*elbv2.ModifyLoadBalancerAttributesOutput, error) {
	arn := val(in.LoadBalancerArn)
	if err := s.authorize(ctx, "ModifyLoadBalancerAttributes", arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.caller(ctx).balancer(arn)
	if err != nil {
		return nil, err
	}
	changes := attributes{}
	for _, at := range in.Attributes {
		changes[val(at.Key)] = val(at.Value)
	}
	changed, err := b.attributes.with(balancerTable(), "Load balancer", changes)
	if err != nil {
		return nil, err
	}
	if err := changed.checkLogs(); err != nil {
		return nil, err
	}
	b.attributes = changed
	b.edge.configure(b.SecurityGroups, b.attributes)
	return &elbv2.ModifyLoadBalancerAttributesOutput{Attributes: b.attributeList()}, nil
}

func (b *balancer) attributeList() []types.LoadBalancerAttribute {
	var out []types.LoadBalancerAttribute
	for _, key := range b.attributes.keys() {
		out = append(out, types.LoadBalancerAttribute{Key: new(key), Value: new(b.attributes[key])})
	}
	return out
}
