package ec2

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"orgship/sandbox/wire"
)

// everywhere is the destination of a default route.
const everywhere = "0.0.0.0/0"

// routeTable is a route table.
type routeTable struct {
	id, vpc      string
	routes       []route
	associations []association
	tags         []Tag
}

// route is one of a table's. One of gateway and nat is set.
type route struct {
	destination string // an address block, or the prefix list of a service: pl-…
	gateway     string // igw-…, vpce-…, local
	nat         string
	origin      string
}

// association is a subnet that a table is for; of a main table, "" is all that have no
// other.
type association struct{ id, subnet string }

func newTable(id string, v *vpc) *routeTable {
	return &routeTable{id: id, vpc: v.id, routes: []route{{destination: v.block.String(), gateway: "local", origin: "CreateRouteTable"}}}
}

func newMainTable(id string, v *vpc) *routeTable {
	t := newTable(id, v)
	t.associations = []association{{id: "rtbassoc" + strings.TrimPrefix(id, "rtb")}}
	return t
}

func (t *routeTable) name() string { return t.id }

func (t *routeTable) missing(id string) *wire.Error {
	return wire.Errorf("InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist", id)
}

func (t *routeTable) main() bool {
	return slices.ContainsFunc(t.associations, func(a association) bool { return a.subnet == "" })
}

// CreateRouteTable makes a table that leads nowhere but within its VPC.
func (s *Service) CreateRouteTable(ctx context.Context, in *CreateRouteTableInput) (*CreateRouteTableOutput, error) {
	if err := s.begin(ctx, "CreateRouteTable", s.arn(ctx, "route-table/*"), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	v := n.vpc(value(in.VpcId))
	if v == nil {
		return nil, wire.Errorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", value(in.VpcId))
	}
	t := newTable(newID("rtb"), v)
	t.tags = tagsFor("route-table", in.TagSpecifications)
	n.tables = append(n.tables, t)
	d := n.describeTable(t)
	return &CreateRouteTableOutput{RouteTable: &d}, nil
}

func (n *network) describeTable(t *routeTable) RouteTable {
	d := RouteTable{OwnerId: &n.account, RouteTableId: &t.id, Tags: slices.Clone(t.tags), VpcId: &t.vpc}
	for _, a := range t.associations {
		shown := RouteTableAssociation{Main: ptr(a.subnet == ""), RouteTableAssociationId: ptr(a.id), RouteTableId: &t.id, AssociationState: associated()}
		if a.subnet != "" {
			shown.SubnetId = ptr(a.subnet)
		}
		d.Associations = append(d.Associations, shown)
	}
	for _, r := range t.routes {
		d.Routes = append(d.Routes, n.describeRoute(t, r))
	}
	return d
}

func associated() *RouteTableAssociationState {
	return &RouteTableAssociationState{State: "associated"}
}

func (n *network) describeRoute(t *routeTable, r route) Route {
	d := Route{Origin: r.origin, State: "active"}
	if strings.HasPrefix(r.destination, "pl-") {
		d.DestinationPrefixListId = ptr(r.destination)
	} else {
		d.DestinationCidrBlock = ptr(r.destination)
	}
	if r.gateway != "" {
		d.GatewayId = ptr(r.gateway)
	}
	if r.nat != "" {
		d.NatGatewayId = ptr(r.nat)
	}
	if !n.leads(t, r) {
		d.State = "blackhole"
	}
	return d
}

// leads reports whether what a route names is there still, and attached.
func (n *network) leads(t *routeTable, r route) bool {
	switch {
	case r.nat != "":
		_, err := found(n.nats, r.nat)
		return err == nil
	case strings.HasPrefix(r.gateway, "igw-"):
		g, err := found(n.gateways, r.gateway)
		return err == nil && g.vpc == t.vpc
	}
	return true
}

// DeleteRouteTable deletes a table that no subnet has.
func (s *Service) DeleteRouteTable(ctx context.Context, in *DeleteRouteTableInput) (*Done, error) {
	return s.changeTable(ctx, "DeleteRouteTable", in.RouteTableId, in.DryRun, func(n *network, t *routeTable) error {
		if len(t.associations) > 0 {
			return wire.Errorf("DependencyViolation", "The routeTable '%s' has dependencies and cannot be deleted.", t.id)
		}
		n.tables = slices.DeleteFunc(n.tables, func(o *routeTable) bool { return o == t })
		return nil
	})
}

func (s *Service) changeTable(ctx context.Context, operation string, id *string, dryRun *bool, change func(*network, *routeTable) error) (*Done, error) {
	if err := s.begin(ctx, operation, s.arn(ctx, "route-table/"+value(id)), dryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	t, err := found(n.tables, value(id))
	if err != nil {
		return nil, err
	}
	if err := change(n, t); err != nil {
		return nil, err
	}
	return done()
}

// CreateRoute adds a route to an internet gateway or a NAT gateway.
func (s *Service) CreateRoute(ctx context.Context, in *RouteInput) (*Done, error) {
	return s.changeTable(ctx, "CreateRoute", in.RouteTableId, in.DryRun, func(n *network, t *routeTable) error {
		r, err := n.routeOf(t, in)
		if err != nil {
			return err
		}
		if t.route(r.destination) != nil {
			return wire.Errorf("RouteAlreadyExists", "The route identified by %s already exists.", r.destination)
		}
		t.routes = append(t.routes, r)
		return nil
	})
}

func (t *routeTable) route(destination string) *route {
	i := slices.IndexFunc(t.routes, func(r route) bool { return r.destination == destination })
	if i < 0 {
		return nil
	}
	return &t.routes[i]
}

// routeOf reads a route that a request describes.
func (n *network) routeOf(t *routeTable, in *RouteInput) (route, error) {
	p, err := netip.ParsePrefix(value(in.DestinationCidrBlock))
	if err != nil || !p.Addr().Is4() {
		return route{}, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.", value(in.DestinationCidrBlock))
	}
	r := route{destination: p.Masked().String(), gateway: value(in.GatewayId), nat: value(in.NatGatewayId), origin: "CreateRoute"}
	switch {
	case (r.gateway == "") == (r.nat == ""):
		return r, wire.Errorf("InvalidParameterCombination", "Exactly one of gatewayId and natGatewayId must be specified: other targets aren't modelled")
	case r.nat != "":
		_, err = found(n.nats, r.nat)
		return r, err
	case !strings.HasPrefix(r.gateway, "igw-"):
		return r, wire.NotModelled("a route to %s", r.gateway)
	}
	g, err := found(n.gateways, r.gateway)
	if err == nil && g.vpc != t.vpc {
		return r, wire.Errorf("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", t.id, g.id)
	}
	return r, err
}

// ReplaceRoute leads a destination another way.
func (s *Service) ReplaceRoute(ctx context.Context, in *RouteInput) (*Done, error) {
	return s.changeTable(ctx, "ReplaceRoute", in.RouteTableId, in.DryRun, func(n *network, t *routeTable) error {
		r, err := n.routeOf(t, in)
		if err != nil {
			return err
		}
		old := t.route(r.destination)
		if old == nil {
			return wire.Errorf("InvalidParameterValue", "There is no route defined for '%s' in the route table. Use CreateRoute instead.", r.destination)
		}
		*old = r
		return nil
	})
}

// DeleteRoute takes a route away; that within the VPC stays.
func (s *Service) DeleteRoute(ctx context.Context, in *RouteInput) (*Done, error) {
	return s.changeTable(ctx, "DeleteRoute", in.RouteTableId, in.DryRun, func(_ *network, t *routeTable) error {
		r := t.route(value(in.DestinationCidrBlock))
		if r == nil {
			return wire.Errorf("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", value(in.DestinationCidrBlock), t.id)
		}
		if r.gateway == "local" {
			return wire.Errorf("InvalidParameterValue", "cannot remove local route %s in route table %s", r.destination, t.id)
		}
		t.routes = slices.DeleteFunc(t.routes, func(o route) bool { return o.destination == r.destination })
		return nil
	})
}

// AssociateRouteTable gives a subnet a table of its own.
func (s *Service) AssociateRouteTable(ctx context.Context, in *RouteTableAssociationInput) (*RouteTableAssociationOutput, error) {
	id := newID("rtbassoc")
	_, err := s.changeTable(ctx, "AssociateRouteTable", in.RouteTableId, in.DryRun, func(n *network, t *routeTable) error {
		sub := n.subnet(value(in.SubnetId))
		switch {
		case sub == nil:
			return subnetNotFound(value(in.SubnetId))
		case sub.vpc != t.vpc:
			return wire.Errorf("InvalidParameterValue", "route table %s and subnet %s belong to different networks", t.id, sub.id)
		}
		for _, o := range n.tables {
			if i := slices.IndexFunc(o.associations, func(a association) bool { return a.subnet == sub.id }); i >= 0 {
				return wire.Errorf("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", o.id)
			}
		}
		t.associations = append(t.associations, association{id, sub.id})
		return nil
	})
	return &RouteTableAssociationOutput{AssociationId: &id, AssociationState: associated()}, err
}

// associationOf finds an association and its table.
func (n *network) associationOf(id string) (*routeTable, association, error) {
	for _, t := range n.tables {
		if i := slices.IndexFunc(t.associations, func(a association) bool { return a.id == id }); i >= 0 {
			return t, t.associations[i], nil
		}
	}
	return nil, association{}, wire.Errorf("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", id)
}

// DisassociateRouteTable gives a subnet the main table back.
func (s *Service) DisassociateRouteTable(ctx context.Context, in *RouteTableAssociationInput) (*Done, error) {
	if err := s.begin(ctx, "DisassociateRouteTable", s.arn(ctx, "route-table/*"), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, a, err := s.network(ctx).associationOf(value(in.AssociationId))
	switch {
	case err != nil:
		return nil, err
	case a.subnet == "":
		return nil, wire.Errorf("InvalidParameterValue", "cannot disassociate the main route table association %s", a.id)
	}
	t.associations = slices.DeleteFunc(t.associations, func(o association) bool { return o == a })
	return done()
}

// ReplaceRouteTableAssociation gives a subnet, or a VPC as its main one, another table.
func (s *Service) ReplaceRouteTableAssociation(ctx context.Context, in *RouteTableAssociationInput) (*RouteTableAssociationOutput, error) {
	id := newID("rtbassoc")
	_, err := s.changeTable(ctx, "ReplaceRouteTableAssociation", in.RouteTableId, in.DryRun, func(n *network, t *routeTable) error {
		old, a, err := n.associationOf(value(in.AssociationId))
		if err != nil {
			return err
		}
		old.associations = slices.DeleteFunc(old.associations, func(o association) bool { return o == a })
		t.associations = append(t.associations, association{id, a.subnet})
		return nil
	})
	return &RouteTableAssociationOutput{NewAssociationId: &id, AssociationState: associated()}, err
}

// DescribeRouteTables lists the caller's tables.
func (s *Service) DescribeRouteTables(ctx context.Context, in *DescribeRouteTablesInput) (*DescribeRouteTablesOutput, error) {
	if err := s.begin(ctx, "DescribeRouteTables", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	all, err := chosen(n.tables, in.RouteTableIds, n.describeTable)
	if err != nil {
		return nil, err
	}
	kept, err := filter(all, in.Filters, tagged(tableFields, in.Filters, func(t RouteTable) []Tag { return t.Tags }))
	if err != nil {
		return nil, err
	}
	some, next, err := paginate("DescribeRouteTables", kept, in.MaxResults, in.NextToken)
	return &DescribeRouteTablesOutput{RouteTables: some, NextToken: next}, err
}

// tableFields: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html
var tableFields = fields[RouteTable]{
	"route-table-id": func(t RouteTable) []string { return []string{*t.RouteTableId} },
	"vpc-id":         func(t RouteTable) []string { return []string{*t.VpcId} },
	"owner-id":       func(t RouteTable) []string { return []string{*t.OwnerId} },
	"association.main": func(t RouteTable) []string {
		return associations(t, func(a RouteTableAssociation) string { return map[bool]string{true: "true", false: "false"}[*a.Main] })
	},
	"association.subnet-id": func(t RouteTable) []string {
		return associations(t, func(a RouteTableAssociation) string { return value(a.SubnetId) })
	},
}

func associations(t RouteTable, of func(RouteTableAssociation) string) []string {
	var all []string
	for _, a := range t.Associations {
		all = append(all, of(a))
	}
	return all
}
