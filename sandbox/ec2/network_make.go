package ec2

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// block reads an address block of a VPC or subnet: between /16 and /28, without bits
// beyond its length.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
func block(text *string, of string) (netip.Prefix, error) {
	if text == nil {
		return netip.Prefix{}, wire.NotModelled("a %s without the parameter CidrBlock", of)
	}
	p, err := netip.ParsePrefix(*text)
	switch {
	case err != nil || !p.Addr().Is4():
		return p, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", *text)
	case p.Bits() < 16 || p.Bits() > 28:
		if of == "subnet" {
			return p, wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", *text)
		}
		return p, wire.Errorf("InvalidVpc.Range", "The CIDR '%s' is invalid.", *text)
	}
	return p.Masked(), nil
}

// CreateVpc makes a VPC with its main route table and default security group.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html
func (s *Service) CreateVpc(ctx context.Context, in *CreateVpcInput) (*CreateVpcOutput, error) {
	if err := s.begin(ctx, "CreateVpc", s.arn(ctx, "vpc/*"), in.DryRun); err != nil {
		return nil, err
	}
	if in.InstanceTenancy != "" && in.InstanceTenancy != "default" {
		return nil, wire.NotModelled("the instance tenancy %s of a VPC", in.InstanceTenancy)
	}
	b, err := block(in.CidrBlock, "VPC")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	v := &vpc{id: newID("vpc"), block: b, support: true, tags: tagsFor("vpc", in.TagSpecifications)}
	n.vpcs = append(n.vpcs, v)
	n.tables = append(n.tables, newMainTable(newID("rtb"), v))
	g := newGroup(newID("sg"), "default", "default VPC security group", v.id)
	g.rules = append(g.rules, rule{id: newID("sgr"), protocol: "-1", from: -1, to: -1, group: g.id, groupOwner: n.account})
	n.groups = append(n.groups, g)
	d := describeVPC(n, v)
	return &CreateVpcOutput{Vpc: &d}, nil
}

// DeleteVpc deletes a VPC in which nothing is but what it came with.
func (s *Service) DeleteVpc(ctx context.Context, in *DeleteVpcInput) (*Done, error) {
	if err := s.begin(ctx, "DeleteVpc", s.arn(ctx, "vpc/"+value(in.VpcId)), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	v, err := n.vpcOrDefault(value(in.VpcId))
	if err != nil {
		return nil, err
	}
	if n.inVPC(v) {
		return nil, wire.Errorf("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", v.id)
	}
	n.vpcs = slices.DeleteFunc(n.vpcs, func(o *vpc) bool { return o == v })
	n.tables = slices.DeleteFunc(n.tables, func(t *routeTable) bool { return t.vpc == v.id })
	n.groups = slices.DeleteFunc(n.groups, func(g *group) bool { return g.vpc == v.id })
	return done()
}

func done() (*Done, error) { return &Done{Return: ptr(true)}, nil }

// inVPC reports whether something in a VPC is somebody's own.
func (n *network) inVPC(v *vpc) bool {
	return slices.ContainsFunc(n.subnets, func(s *subnet) bool { return s.vpc == v.id }) ||
		slices.ContainsFunc(n.gateways, func(g *gateway) bool { return g.vpc == v.id }) ||
		slices.ContainsFunc(n.endpoints, func(e *endpoint) bool { return e.vpc == v.id }) ||
		slices.ContainsFunc(n.tables, func(t *routeTable) bool { return t.vpc == v.id && !t.main() }) ||
		slices.ContainsFunc(n.groups, func(g *group) bool { return g.vpc == v.id && g.name != "default" })
}

// ModifyVpcAttribute changes one of a VPC's DNS settings.
func (s *Service) ModifyVpcAttribute(ctx context.Context, in *ModifyVpcAttributeInput) (*Done, error) {
	if err := s.begin(ctx, "ModifyVpcAttribute", s.arn(ctx, "vpc/"+value(in.VpcId)), nil); err != nil {
		return nil, err
	}
	if (in.EnableDnsHostnames == nil) == (in.EnableDnsSupport == nil) {
		return nil, wire.Errorf("InvalidParameterCombination", "Exactly one attribute must be specified.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.network(ctx).vpcOrDefault(value(in.VpcId))
	if err != nil {
		return nil, err
	}
	if in.EnableDnsHostnames != nil {
		v.hostnames = value(in.EnableDnsHostnames.Value)
	} else {
		v.support = value(in.EnableDnsSupport.Value)
	}
	return done()
}

// DescribeVpcAttribute shows one of a VPC's DNS settings.
func (s *Service) DescribeVpcAttribute(ctx context.Context, in *DescribeVpcAttributeInput) (*DescribeVpcAttributeOutput, error) {
	if err := s.begin(ctx, "DescribeVpcAttribute", s.arn(ctx, "vpc/"+value(in.VpcId)), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.network(ctx).vpcOrDefault(value(in.VpcId))
	if err != nil {
		return nil, err
	}
	out := &DescribeVpcAttributeOutput{VpcId: &v.id}
	switch in.Attribute {
	case "enableDnsSupport":
		out.EnableDnsSupport = &AttributeBooleanValue{&v.support}
	case "enableDnsHostnames":
		out.EnableDnsHostnames = &AttributeBooleanValue{&v.hostnames}
	case "enableNetworkAddressUsageMetrics":
		return nil, wire.NotModelled("the attribute %s of a VPC", in.Attribute)
	default:
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid.", in.Attribute)
	}
	return out, nil
}

// CreateSubnet makes a subnet within its VPC's block, beside its other subnets.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html
func (s *Service) CreateSubnet(ctx context.Context, in *CreateSubnetInput) (*CreateSubnetOutput, error) {
	if err := s.begin(ctx, "CreateSubnet", s.arn(ctx, "subnet/*"), in.DryRun); err != nil {
		return nil, err
	}
	b, err := block(in.CidrBlock, "subnet")
	if err != nil {
		return nil, err
	}
	zone, err := s.zone(in)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	v := n.vpc(value(in.VpcId))
	switch {
	case v == nil:
		return nil, wire.Errorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", value(in.VpcId))
	case v.block.Bits() > b.Bits() || !v.block.Contains(b.Addr()):
		return nil, wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", *in.CidrBlock)
	case slices.ContainsFunc(n.subnets, func(o *subnet) bool { return o.vpc == v.id && o.block.Overlaps(b) }):
		return nil, wire.Errorf("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", *in.CidrBlock)
	}
	sub := &subnet{id: newID("subnet"), vpc: v.id, zone: zone, block: b, next: firstHost(b), tags: tagsFor("subnet", in.TagSpecifications)}
	n.subnets = append(n.subnets, sub)
	d := s.describeSubnet(n, sub)
	return &CreateSubnetOutput{Subnet: &d}, nil
}

// zone is the zone that a request for a subnet names: the first one if it names none.
func (s *Service) zone(in *CreateSubnetInput) (string, error) {
	for _, zone := range zones {
		name, id := value(in.AvailabilityZone), value(in.AvailabilityZoneId)
		if name == "" && id == "" || name == s.region+zone || id == zoneID(zone) {
			return zone, nil
		}
	}
	return "", wire.Errorf("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
		value(in.AvailabilityZone)+value(in.AvailabilityZoneId), s.region+strings.Join(zones, ", "+s.region))
}

// DeleteSubnet deletes a subnet in which nothing is.
func (s *Service) DeleteSubnet(ctx context.Context, in *DeleteSubnetInput) (*Done, error) {
	if err := s.begin(ctx, "DeleteSubnet", s.arn(ctx, "subnet/"+value(in.SubnetId)), in.DryRun); err != nil {
		return nil, err
	}
	held := s.held(iam.Caller(ctx).Account, value(in.SubnetId))
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	sub := n.subnet(value(in.SubnetId))
	if sub == nil {
		return nil, subnetNotFound(value(in.SubnetId))
	}
	used := held || n.used(sub.id) > 0 || slices.ContainsFunc(n.nats, func(g *natGateway) bool { return g.subnet == sub.id }) ||
		slices.ContainsFunc(n.endpoints, func(e *endpoint) bool { return slices.Contains(e.subnets, sub.id) })
	if used {
		return nil, wire.Errorf("DependencyViolation", "The subnet '%s' has dependencies and cannot be deleted.", sub.id)
	}
	n.subnets = slices.DeleteFunc(n.subnets, func(o *subnet) bool { return o == sub })
	for _, t := range n.tables {
		t.associations = slices.DeleteFunc(t.associations, func(a association) bool { return a.subnet == sub.id })
	}
	return done()
}

// ModifySubnetAttribute says whether instances get a public address; Fargate's tasks
// say so themselves.
func (s *Service) ModifySubnetAttribute(ctx context.Context, in *ModifySubnetAttributeInput) (*Done, error) {
	if err := s.begin(ctx, "ModifySubnetAttribute", s.arn(ctx, "subnet/"+value(in.SubnetId)), nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.network(ctx).subnet(value(in.SubnetId))
	switch {
	case sub == nil:
		return nil, subnetNotFound(value(in.SubnetId))
	case in.MapPublicIpOnLaunch == nil:
		return nil, wire.Errorf("InvalidParameterCombination", "Exactly one attribute must be specified.")
	}
	sub.public = value(in.MapPublicIpOnLaunch.Value)
	return done()
}
