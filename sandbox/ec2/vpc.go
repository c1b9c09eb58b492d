package ec2

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"

	"orgship/sandbox/wire"
)

type vpc struct {
	id        string
	block     netip.Prefix
	isDefault bool
	support   bool // enableDnsSupport
	hostnames bool // enableDnsHostnames
	tags      []Tag
}

type subnet struct {
	id        string
	vpc       string
	zone      string // suffix of the availability zone's name: "a"
	block     netip.Prefix
	next      netip.Addr // where to look for a free address
	isDefault bool
	public    bool // mapPublicIpOnLaunch
	tags      []Tag
}

// zones are the availability zones, by the suffixes of their names.
var zones = []string{"a", "b"}

func zoneID(zone string) string { return fmt.Sprintf("az%d", slices.Index(zones, zone)+1) }

// DefaultVPC names what AddDefaultVPC made.
type DefaultVPC struct {
	VPCID           string
	SubnetIDs       []string
	SecurityGroupID string
}

// AddDefaultVPC gives an account what a new AWS account has: a default VPC
// 172.31.0.0/16, public /20 subnets in the first two availability zones, and
// the VPC's default security group, with a route to an internet gateway. Ids depend on the account alone, so that
// they are the same in every run.
// https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
func (s *Service) AddDefaultVPC(account string) DefaultVPC {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.networkOf(account)
	v := &vpc{id: "vpc-" + fixedID(account, "vpc"), block: netip.MustParsePrefix("172.31.0.0/16"), isDefault: true, support: true, hostnames: true}
	n.vpcs = append(n.vpcs, v)
	igw := &gateway{id: "igw-" + fixedID(account, "igw"), vpc: v.id}
	n.gateways = append(n.gateways, igw)
	main := newMainTable("rtb-"+fixedID(account, "rtb"), v)
	main.routes = append(main.routes, route{destination: everywhere, gateway: igw.id, origin: "CreateRoute"})
	n.tables = append(n.tables, main)
	made := DefaultVPC{VPCID: v.id}
	for i, zone := range zones {
		block := netip.MustParsePrefix(fmt.Sprintf("172.31.%d.0/20", 16*i))
		sub := &subnet{
			id: "subnet-" + fixedID(account, "subnet-"+zone), vpc: v.id, zone: zone, block: block, next: firstHost(block), isDefault: true, public: true,
		}
		n.subnets = append(n.subnets, sub)
		made.SubnetIDs = append(made.SubnetIDs, sub.id)
	}
	g := newGroup("sg-"+fixedID(account, "sg"), "default", "default VPC security group", v.id)
	g.rules = append(g.rules, rule{id: newID("sgr"), protocol: "-1", from: -1, to: -1, group: g.id, groupOwner: account})
	n.groups = append(n.groups, g)
	made.SecurityGroupID = g.id
	return made
}

// fixedID is 17 hex digits that depend on the arguments alone.
func fixedID(account, what string) string {
	sum := sha256.Sum256([]byte(account + "/" + what))
	return "0" + hex.EncodeToString(sum[:])[:16]
}

// DescribeVpcs lists the caller's VPCs.
func (s *Service) DescribeVpcs(ctx context.Context, in *DescribeVpcsInput) (*DescribeVpcsOutput, error) {
	if err := s.begin(ctx, "DescribeVpcs", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	for _, id := range in.VpcIds {
		if n.vpc(id) == nil {
			return nil, wire.Errorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
		}
	}
	var all []Vpc
	for _, v := range n.vpcs {
		if listed(in.VpcIds, v.id) {
			all = append(all, describeVPC(n, v))
		}
	}
	kept, err := filter(all, in.Filters, tagged(vpcFields, in.Filters, func(v Vpc) []Tag { return v.Tags }))
	if err != nil {
		return nil, err
	}
	some, next, err := paginate("DescribeVpcs", kept, in.MaxResults, in.NextToken)
	return &DescribeVpcsOutput{Vpcs: some, NextToken: next}, err
}

func describeVPC(n *network, v *vpc) Vpc {
	return Vpc{
		VpcId:           &v.id,
		CidrBlock:       ptr(v.block.String()),
		DhcpOptionsId:   ptr("dopt-" + fixedID(n.account, "dopt")),
		InstanceTenancy: "default",
		IsDefault:       ptr(v.isDefault),
		OwnerId:         &n.account,
		State:           "available",
		Tags:            slices.Clone(v.tags),
		CidrBlockAssociationSet: []VpcCidrBlockAssociation{{
			AssociationId:  ptr("vpc-cidr-assoc-" + fixedID(n.account, v.id)),
			CidrBlock:      ptr(v.block.String()),
			CidrBlockState: &VpcCidrBlockState{State: "associated"},
		}},
	}
}

// vpcFields: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcs.html
var vpcFields = fields[Vpc]{
	"vpc-id":     func(v Vpc) []string { return []string{*v.VpcId} },
	"cidr":       func(v Vpc) []string { return []string{*v.CidrBlock} },
	"is-default": func(v Vpc) []string { return []string{fmt.Sprint(*v.IsDefault)} },
	"isDefault":  func(v Vpc) []string { return []string{fmt.Sprint(*v.IsDefault)} },
	"owner-id":   func(v Vpc) []string { return []string{*v.OwnerId} },
	"state":      func(v Vpc) []string { return []string{v.State} },
}

// DescribeSubnets lists the caller's subnets.
func (s *Service) DescribeSubnets(ctx context.Context, in *DescribeSubnetsInput) (*DescribeSubnetsOutput, error) {
	if err := s.begin(ctx, "DescribeSubnets", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	for _, id := range in.SubnetIds {
		if n.subnet(id) == nil {
			return nil, subnetNotFound(id)
		}
	}
	var all []Subnet
	for _, sub := range n.subnets {
		if listed(in.SubnetIds, sub.id) {
			all = append(all, s.describeSubnet(n, sub))
		}
	}
	kept, err := filter(all, in.Filters, tagged(subnetFields, in.Filters, func(s Subnet) []Tag { return s.Tags }))
	if err != nil {
		return nil, err
	}
	some, next, err := paginate("DescribeSubnets", kept, in.MaxResults, in.NextToken)
	return &DescribeSubnetsOutput{Subnets: some, NextToken: next}, err
}

func subnetNotFound(id string) *wire.Error {
	return wire.Errorf("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
}

func (s *Service) describeSubnet(n *network, sub *subnet) Subnet {
	return Subnet{
		AssignIpv6AddressOnCreation: ptr(false),
		AvailabilityZone:            ptr(s.region + sub.zone),
		AvailabilityZoneId:          ptr(zoneID(sub.zone)),
		AvailableIpAddressCount:     ptr(int32(hosts(sub.block) - n.used(sub.id))),
		CidrBlock:                   ptr(sub.block.String()),
		DefaultForAz:                ptr(sub.isDefault),
		MapPublicIpOnLaunch:         ptr(sub.public),
		OwnerId:                     &n.account,
		State:                       "available",
		SubnetArn:                   ptr("arn:aws:ec2:" + s.region + ":" + n.account + ":subnet/" + sub.id),
		SubnetId:                    &sub.id,
		Tags:                        slices.Clone(sub.tags),
		VpcId:                       &sub.vpc,
	}
}

// subnetFields: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html
var subnetFields = fields[Subnet]{
	"subnet-id":               func(s Subnet) []string { return []string{*s.SubnetId} },
	"vpc-id":                  func(s Subnet) []string { return []string{*s.VpcId} },
	"availability-zone":       func(s Subnet) []string { return []string{*s.AvailabilityZone} },
	"availabilityZone":        func(s Subnet) []string { return []string{*s.AvailabilityZone} },
	"availability-zone-id":    func(s Subnet) []string { return []string{*s.AvailabilityZoneId} },
	"cidr-block":              func(s Subnet) []string { return []string{*s.CidrBlock} },
	"cidr":                    func(s Subnet) []string { return []string{*s.CidrBlock} },
	"default-for-az":          func(s Subnet) []string { return []string{fmt.Sprint(*s.DefaultForAz)} },
	"map-public-ip-on-launch": func(s Subnet) []string { return []string{fmt.Sprint(*s.MapPublicIpOnLaunch)} },
	"owner-id":                func(s Subnet) []string { return []string{*s.OwnerId} },
	"state":                   func(s Subnet) []string { return []string{s.State} },
	"subnet-arn":              func(s Subnet) []string { return []string{*s.SubnetArn} },
}

// DescribeAvailabilityZones lists the two zones that subnets can be in.
func (s *Service) DescribeAvailabilityZones(ctx context.Context, in *DescribeAvailabilityZonesInput) (*DescribeAvailabilityZonesOutput, error) {
	if err := s.begin(ctx, "DescribeAvailabilityZones", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []AvailabilityZone
	for _, zone := range zones {
		name := s.region + zone
		if !listed(in.ZoneNames, name) || !listed(in.ZoneIds, zoneID(zone)) {
			continue
		}
		all = append(all, AvailabilityZone{
			OptInStatus: "opt-in-not-required", RegionName: &s.region, State: "available",
			ZoneId: ptr(zoneID(zone)), ZoneName: &name, ZoneType: ptr("availability-zone"),
		})
	}
	kept, err := filter(all, in.Filters, zoneFields)
	return &DescribeAvailabilityZonesOutput{AvailabilityZones: kept}, err
}

var zoneFields = fields[AvailabilityZone]{
	"zone-name":   func(z AvailabilityZone) []string { return []string{*z.ZoneName} },
	"zone-id":     func(z AvailabilityZone) []string { return []string{*z.ZoneId} },
	"zone-type":   func(z AvailabilityZone) []string { return []string{*z.ZoneType} },
	"region-name": func(z AvailabilityZone) []string { return []string{*z.RegionName} },
	"state":       func(z AvailabilityZone) []string { return []string{z.State} },
}

func (n *network) vpc(id string) *vpc {
	for _, v := range n.vpcs {
		if v.id == id {
			return v
		}
	}
	return nil
}

func (n *network) subnet(id string) *subnet {
	for _, sub := range n.subnets {
		if sub.id == id {
			return sub
		}
	}
	return nil
}

// Place is where a subnet is.
type Place struct {
	Subnet       string // subnet-…
	VPC          string // vpc-…
	Zone         string // eu-west-1a
	DefaultGroup string // sg-…: the default security group of the VPC
	Gateway      bool   // the VPC has an internet gateway
}

// Places returns where an account's subnets are, in the order asked for. It
// asks nobody for permission: it is for services that place something there in
// their own name. An unknown subnet is refused with EC2's error.
func (s *Service) Places(account string, subnetIDs []string) ([]Place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.networkOf(account)
	places := make([]Place, len(subnetIDs))
	for i, id := range subnetIDs {
		sub := n.subnet(id)
		if sub == nil {
			return nil, subnetNotFound(id)
		}
		places[i] = Place{Subnet: id, VPC: sub.vpc, Zone: s.region + sub.zone, Gateway: n.gatewayOf(sub.vpc) != nil}
		if g := n.groupNamed(sub.vpc, "default"); g != nil {
			places[i].DefaultGroup = g.id
		}
	}
	return places, nil
}
