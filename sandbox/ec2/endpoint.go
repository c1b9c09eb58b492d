package ec2

import (
	"context"
	"slices"
	"strings"

	"orgship/sandbox/wire"
)

// endpoint is a VPC endpoint.
type endpoint struct {
	id, vpc, service        string
	interfaces              bool // of the type Interface; else Gateway
	private                 bool // private DNS names
	subnets, groups, tables []string
	policy                  *string
	tags                    []Tag
}

func (e *endpoint) name() string { return e.id }

func (e *endpoint) missing(id string) *wire.Error {
	return wire.Errorf("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '%s' does not exist", id)
}

// CreateVpcEndpoint makes an endpoint of the type Gateway (the default) or Interface.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
func (s *Service) CreateVpcEndpoint(ctx context.Context, in *CreateVpcEndpointInput) (*CreateVpcEndpointOutput, error) {
	if err := s.begin(ctx, "CreateVpcEndpoint", s.arn(ctx, "vpc-endpoint/*"), in.DryRun); err != nil {
		return nil, err
	}
	if t := in.VpcEndpointType; t != "" && t != "Gateway" && t != "Interface" {
		return nil, wire.NotModelled("VPC endpoints of the type %s", t)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	e, err := s.newEndpoint(n, in)
	if err != nil {
		return nil, err
	}
	n.endpoints = append(n.endpoints, e)
	n.lead(e)
	d := n.describeEndpoint(e)
	return &CreateVpcEndpointOutput{VpcEndpoint: &d}, nil
}

func (s *Service) newEndpoint(n *network, in *CreateVpcEndpointInput) (*endpoint, error) {
	if n.vpc(value(in.VpcId)) == nil {
		return nil, wire.Errorf("InvalidVpcId.NotFound", "The Vpc Id %s does not exist", value(in.VpcId))
	}
	service, ours := strings.CutPrefix(value(in.ServiceName), "com.amazonaws."+s.region+".")
	if !ours {
		return nil, wire.Errorf("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", value(in.ServiceName))
	}
	e := &endpoint{
		id: newID("vpce"), vpc: *in.VpcId, service: service, interfaces: in.VpcEndpointType == "Interface", private: in.PrivateDnsEnabled == nil || *in.PrivateDnsEnabled,
		subnets: in.SubnetIds, groups: in.SecurityGroupIds, tables: in.RouteTableIds, policy: in.PolicyDocument, tags: tagsFor("vpc-endpoint", in.TagSpecifications),
	}
	if !e.interfaces && service != "s3" && service != "dynamodb" {
		return nil, wire.Errorf("InvalidParameter", "Endpoint type (Gateway) does not match available service types ([Interface]).")
	}
	return e, n.there(e)
}

// there refuses an endpoint in places that aren't there.
func (n *network) there(e *endpoint) error {
	for _, table := range e.tables {
		if _, err := found(n.tables, table); err != nil {
			return err
		}
	}
	for _, sub := range e.subnets {
		if n.subnet(sub) == nil {
			return subnetNotFound(sub)
		}
	}
	for _, g := range e.groups {
		if _, err := n.group(g); err != nil {
			return err
		}
	}
	return nil
}

// lead adds the routes of a gateway endpoint: to the prefix list of its service.
func (n *network) lead(e *endpoint) {
	for _, t := range n.tables {
		if !e.interfaces && slices.Contains(e.tables, t.id) {
			t.routes = append(t.routes, route{destination: prefixList(e.service), gateway: e.id, origin: "CreateRoute"})
		}
	}
}

// prefixList is the id of a service's prefix list: made up, the same in every run.
func prefixList(service string) string { return "pl-" + fixedID(service, "pl")[1:9] }

func (n *network) describeEndpoint(e *endpoint) VpcEndpoint {
	d := VpcEndpoint{
		OwnerId: &n.account, PolicyDocument: e.policy, PrivateDnsEnabled: ptr(e.interfaces && e.private), RouteTableIds: e.tables, State: "available",
		ServiceName: ptr("com.amazonaws." + n.region + "." + e.service), SubnetIds: e.subnets, Tags: slices.Clone(e.tags), VpcEndpointId: &e.id, VpcEndpointType: "Gateway", VpcId: &e.vpc,
	}
	if e.interfaces {
		d.VpcEndpointType = "Interface"
	}
	for _, g := range e.groups {
		d.Groups = append(d.Groups, GroupIdentifier{GroupId: ptr(g)})
	}
	return d
}

// ModifyVpcEndpoint changes where an endpoint is, and its policy.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html
func (s *Service) ModifyVpcEndpoint(ctx context.Context, in *ModifyVpcEndpointInput) (*Done, error) {
	if err := s.begin(ctx, "ModifyVpcEndpoint", s.arn(ctx, "vpc-endpoint/"+value(in.VpcEndpointId)), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	e, err := found(n.endpoints, value(in.VpcEndpointId))
	if err != nil {
		return nil, err
	}
	changed := *e
	changed.tables = moved(e.tables, in.AddRouteTableIds, in.RemoveRouteTableIds)
	changed.subnets = moved(e.subnets, in.AddSubnetIds, in.RemoveSubnetIds)
	changed.groups = moved(e.groups, in.AddSecurityGroupIds, in.RemoveSecurityGroupIds)
	if err := n.there(&changed); err != nil {
		return nil, err
	}
	if in.PrivateDnsEnabled != nil {
		changed.private = *in.PrivateDnsEnabled
	}
	if in.PolicyDocument != nil {
		changed.policy = in.PolicyDocument
	}
	if value(in.ResetPolicy) {
		changed.policy = nil
	}
	n.leave(e)
	*e = changed
	n.lead(e)
	return done()
}

// moved is a list with some added and others removed.
func moved(list, add, remove []string) []string {
	kept := slices.DeleteFunc(slices.Clone(list), func(id string) bool { return slices.Contains(remove, id) })
	for _, id := range add {
		if !slices.Contains(kept, id) {
			kept = append(kept, id)
		}
	}
	return kept
}

// leave takes the routes of an endpoint away.
func (n *network) leave(e *endpoint) {
	for _, t := range n.tables {
		t.routes = slices.DeleteFunc(t.routes, func(r route) bool { return r.gateway == e.id })
	}
}

// DeleteVpcEndpoints deletes endpoints, and the routes to them.
func (s *Service) DeleteVpcEndpoints(ctx context.Context, in *DeleteVpcEndpointsInput) (*DeleteVpcEndpointsOutput, error) {
	for _, id := range in.VpcEndpointIds {
		if err := s.begin(ctx, "DeleteVpcEndpoints", s.arn(ctx, "vpc-endpoint/"+id), in.DryRun); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	for _, id := range in.VpcEndpointIds {
		e, err := found(n.endpoints, id)
		if err != nil {
			return nil, err
		}
		n.endpoints = slices.DeleteFunc(n.endpoints, func(o *endpoint) bool { return o == e })
		n.leave(e)
	}
	return &DeleteVpcEndpointsOutput{}, nil
}

// DescribeVpcEndpoints lists the caller's endpoints.
func (s *Service) DescribeVpcEndpoints(ctx context.Context, in *DescribeVpcEndpointsInput) (*DescribeVpcEndpointsOutput, error) {
	if err := s.begin(ctx, "DescribeVpcEndpoints", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	all, err := chosen(n.endpoints, in.VpcEndpointIds, n.describeEndpoint)
	if err != nil {
		return nil, err
	}
	kept, err := filter(all, in.Filters, tagged(endpointFields, in.Filters, func(e VpcEndpoint) []Tag { return e.Tags }))
	if err != nil {
		return nil, err
	}
	some, next, err := paginate("DescribeVpcEndpoints", kept, in.MaxResults, in.NextToken)
	return &DescribeVpcEndpointsOutput{VpcEndpoints: some, NextToken: next}, err
}

// endpointFields: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html
var endpointFields = fields[VpcEndpoint]{
	"vpc-endpoint-id":    func(e VpcEndpoint) []string { return []string{*e.VpcEndpointId} },
	"vpc-id":             func(e VpcEndpoint) []string { return []string{*e.VpcId} },
	"service-name":       func(e VpcEndpoint) []string { return []string{*e.ServiceName} },
	"vpc-endpoint-type":  func(e VpcEndpoint) []string { return []string{e.VpcEndpointType} },
	"vpc-endpoint-state": func(e VpcEndpoint) []string { return []string{e.State} },
}
