package ec2

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"orgship/sandbox/wire"
)

// elasticAddress is an Elastic IP address.
type elasticAddress struct {
	id, ip string
	tags   []Tag
}

func (a *elasticAddress) name() string { return a.id }

func (a *elasticAddress) missing(id string) *wire.Error {
	return wire.Errorf("InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist", id)
}

// natGateway is a NAT gateway: it is available at once.
type natGateway struct {
	id, subnet, vpc string
	address         string // allocation; "" of a private one
	created         time.Time
	tags            []Tag
}

func (g *natGateway) name() string { return g.id }

func (g *natGateway) missing(id string) *wire.Error {
	return wire.Errorf("NatGatewayNotFound", "The Nat Gateway %s was not found", id)
}

// AllocateAddress gives an Elastic IP address, of a block for documentation.
// https://www.rfc-editor.org/rfc/rfc5737
func (s *Service) AllocateAddress(ctx context.Context, in *AllocateAddressInput) (*AllocateAddressOutput, error) {
	if err := s.begin(ctx, "AllocateAddress", s.arn(ctx, "elastic-ip/*"), in.DryRun); err != nil {
		return nil, err
	}
	if in.Domain != "" && in.Domain != "vpc" {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter domain is invalid.", in.Domain)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	a := &elasticAddress{id: newID("eipalloc"), tags: tagsFor("elastic-ip", in.TagSpecifications)}
	for i := 1; a.ip == ""; i++ {
		ip := fmt.Sprintf("203.0.%d.%d", 113+i/254, 1+i%254)
		if !slices.ContainsFunc(n.addresses, func(o *elasticAddress) bool { return o.ip == ip }) {
			a.ip = ip
		}
	}
	n.addresses = append(n.addresses, a)
	return &AllocateAddressOutput{AllocationId: &a.id, Domain: "vpc", PublicIp: &a.ip}, nil
}

// ReleaseAddress gives an address back that nothing uses.
func (s *Service) ReleaseAddress(ctx context.Context, in *ReleaseAddressInput) (*Done, error) {
	if err := s.begin(ctx, "ReleaseAddress", s.arn(ctx, "elastic-ip/"+value(in.AllocationId)), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	a, err := found(n.addresses, value(in.AllocationId))
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(n.nats, func(g *natGateway) bool { return g.address == a.id }) {
		return nil, wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", a.ip)
	}
	n.addresses = slices.DeleteFunc(n.addresses, func(o *elasticAddress) bool { return o == a })
	return done()
}

// DescribeAddresses lists the caller's addresses.
func (s *Service) DescribeAddresses(ctx context.Context, in *DescribeAddressesInput) (*DescribeAddressesOutput, error) {
	if err := s.begin(ctx, "DescribeAddresses", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	all, err := chosen(n.addresses, in.AllocationIds, n.describeAddress)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a Address) bool { return !listed(in.PublicIps, *a.PublicIp) })
	kept, err := filter(all, in.Filters, tagged(addressFields, in.Filters, func(a Address) []Tag { return a.Tags }))
	return &DescribeAddressesOutput{Addresses: kept}, err
}

func (n *network) describeAddress(a *elasticAddress) Address {
	d := Address{AllocationId: &a.id, Domain: "vpc", PublicIp: &a.ip, Tags: slices.Clone(a.tags)}
	for _, g := range n.nats {
		if g.address == a.id {
			d.AssociationId = ptr("eipassoc" + strings.TrimPrefix(a.id, "eipalloc"))
		}
	}
	return d
}

// addressFields: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAddresses.html
var addressFields = fields[Address]{
	"allocation-id":  func(a Address) []string { return []string{*a.AllocationId} },
	"public-ip":      func(a Address) []string { return []string{*a.PublicIp} },
	"domain":         func(a Address) []string { return []string{a.Domain} },
	"association-id": func(a Address) []string { return []string{value(a.AssociationId)} },
}

// CreateNatGateway makes a NAT gateway in a subnet.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html
func (s *Service) CreateNatGateway(ctx context.Context, in *CreateNatGatewayInput) (*CreateNatGatewayOutput, error) {
	if err := s.begin(ctx, "CreateNatGateway", s.arn(ctx, "natgateway/*"), in.DryRun); err != nil {
		return nil, err
	}
	private := in.ConnectivityType == "private"
	switch {
	case private && in.AllocationId != nil:
		return nil, wire.Errorf("InvalidParameter", "AllocationId cannot be specified for a private NAT gateway")
	case !private && in.AllocationId == nil:
		return nil, wire.Errorf("MissingParameter", "The request must include the AllocationId parameter. Add the required parameter and retry the request.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	sub := n.subnet(value(in.SubnetId))
	if sub == nil {
		return nil, subnetNotFound(value(in.SubnetId))
	}
	g := &natGateway{id: newID("nat"), subnet: sub.id, vpc: sub.vpc, created: time.Now(), tags: tagsFor("natgateway", in.TagSpecifications)}
	if !private {
		if err := n.take(g, *in.AllocationId); err != nil {
			return nil, err
		}
	}
	n.nats = append(n.nats, g)
	d := n.describeNat(g)
	return &CreateNatGatewayOutput{NatGateway: &d}, nil
}

// take gives a NAT gateway its address. It needs a way to the internet to be of use.
func (n *network) take(g *natGateway, allocation string) error {
	if _, err := found(n.addresses, allocation); err != nil {
		return err
	}
	if slices.ContainsFunc(n.nats, func(o *natGateway) bool { return o.address == allocation }) {
		return wire.Errorf("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated", allocation)
	}
	if n.gatewayOf(g.vpc) == nil {
		return wire.Errorf("Gateway.NotAttached", "Network %s has no Internet gateway attached", g.vpc)
	}
	g.address = allocation
	return nil
}

func (n *network) describeNat(g *natGateway) NatGateway {
	d := NatGateway{
		ConnectivityType: "private", CreateTime: ptr(g.created), NatGatewayId: &g.id, State: "available", SubnetId: &g.subnet,
		Tags: slices.Clone(g.tags), VpcId: &g.vpc,
	}
	if a, err := found(n.addresses, g.address); err == nil {
		d.ConnectivityType = "public"
		d.NatGatewayAddresses = []NatGatewayAddress{{AllocationId: &a.id, PublicIp: &a.ip}}
	}
	return d
}

// DeleteNatGateway deletes a NAT gateway: routes to it lead nowhere.
func (s *Service) DeleteNatGateway(ctx context.Context, in *DeleteNatGatewayInput) (*DeleteNatGatewayOutput, error) {
	if err := s.begin(ctx, "DeleteNatGateway", s.arn(ctx, "natgateway/"+value(in.NatGatewayId)), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	g, err := found(n.nats, value(in.NatGatewayId))
	if err != nil {
		return nil, err
	}
	n.nats = slices.DeleteFunc(n.nats, func(o *natGateway) bool { return o == g })
	return &DeleteNatGatewayOutput{NatGatewayId: &g.id}, nil
}

// DescribeNatGateways lists the caller's NAT gateways; deleted ones are gone at once.
func (s *Service) DescribeNatGateways(ctx context.Context, in *DescribeNatGatewaysInput) (*DescribeNatGatewaysOutput, error) {
	if err := s.begin(ctx, "DescribeNatGateways", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	all, err := chosen(n.nats, in.NatGatewayIds, n.describeNat)
	if err != nil {
		return nil, err
	}
	kept, err := filter(all, in.Filters, tagged(natFields, in.Filters, func(g NatGateway) []Tag { return g.Tags }))
	if err != nil {
		return nil, err
	}
	some, next, err := paginate("DescribeNatGateways", kept, in.MaxResults, in.NextToken)
	return &DescribeNatGatewaysOutput{NatGateways: some, NextToken: next}, err
}

// natFields: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html
var natFields = fields[NatGateway]{
	"nat-gateway-id": func(g NatGateway) []string { return []string{*g.NatGatewayId} },
	"subnet-id":      func(g NatGateway) []string { return []string{*g.SubnetId} },
	"vpc-id":         func(g NatGateway) []string { return []string{*g.VpcId} },
	"state":          func(g NatGateway) []string { return []string{g.State} },
}
