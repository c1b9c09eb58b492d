package ec2

import (
	"context"
	"slices"

	"orgship/sandbox/wire"
)

// gateway is an internet gateway.
type gateway struct {
	id, vpc string // vpc is "" while it isn't attached
	tags    []Tag
}

// identified is what found looks for.
type identified interface {
	*gateway | *routeTable | *elasticAddress | *natGateway | *endpoint
	name() string
	missing(id string) *wire.Error
	labels() *[]Tag
}

// found returns the resource with an id, or nil and EC2's error.
func found[T identified](all []T, id string) (T, error) {
	i := slices.IndexFunc(all, func(t T) bool { return t.name() == id })
	if i < 0 {
		var none T
		return none, none.missing(id)
	}
	return all[i], nil
}

// labelsOf returns the tags of the resource with an id, or EC2's error.
func labelsOf[T identified](all []T, id string) (*[]Tag, error) {
	t, err := found(all, id)
	if err != nil {
		return nil, err
	}
	return t.labels(), nil
}

func (g *gateway) labels() *[]Tag        { return &g.tags }
func (t *routeTable) labels() *[]Tag     { return &t.tags }
func (a *elasticAddress) labels() *[]Tag { return &a.tags }
func (g *natGateway) labels() *[]Tag     { return &g.tags }
func (e *endpoint) labels() *[]Tag       { return &e.tags }

func (g *gateway) name() string { return g.id }

func (g *gateway) missing(id string) *wire.Error {
	return wire.Errorf("InvalidInternetGatewayID.NotFound", "The internetGateway ID '%s' does not exist", id)
}

// gatewayOf returns the internet gateway of a VPC, or nil.
func (n *network) gatewayOf(vpc string) *gateway {
	for _, g := range n.gateways {
		if g.vpc == vpc {
			return g
		}
	}
	return nil
}

// CreateInternetGateway makes a gateway that leads nowhere yet.
func (s *Service) CreateInternetGateway(ctx context.Context, in *CreateInternetGatewayInput) (*CreateInternetGatewayOutput, error) {
	if err := s.begin(ctx, "CreateInternetGateway", s.arn(ctx, "internet-gateway/*"), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	g := &gateway{id: newID("igw"), tags: tagsFor("internet-gateway", in.TagSpecifications)}
	n.gateways = append(n.gateways, g)
	d := g.describe(n.account)
	return &CreateInternetGatewayOutput{InternetGateway: &d}, nil
}

func (g *gateway) describe(account string) InternetGateway {
	d := InternetGateway{InternetGatewayId: &g.id, OwnerId: &account, Tags: slices.Clone(g.tags)}
	if g.vpc != "" {
		d.Attachments = []InternetGatewayAttachment{{State: "available", VpcId: ptr(g.vpc)}}
	}
	return d
}

// AttachInternetGateway attaches a gateway to a VPC, which can have one.
func (s *Service) AttachInternetGateway(ctx context.Context, in *InternetGatewayInput) (*Done, error) {
	return s.changeGateway(ctx, "AttachInternetGateway", in, func(n *network, g *gateway) error {
		v := n.vpc(value(in.VpcId))
		switch {
		case v == nil:
			return wire.Errorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", value(in.VpcId))
		case g.vpc != "":
			return wire.Errorf("Resource.AlreadyAssociated", "resource %s is already attached to network %s", g.id, g.vpc)
		case n.gatewayOf(v.id) != nil:
			return wire.Errorf("InvalidParameterValue", "Network %s already has an internet gateway attached", v.id)
		}
		g.vpc = v.id
		return nil
	})
}

// DetachInternetGateway detaches a gateway from a VPC in which nothing has a public
// address.
func (s *Service) DetachInternetGateway(ctx context.Context, in *InternetGatewayInput) (*Done, error) {
	return s.changeGateway(ctx, "DetachInternetGateway", in, func(n *network, g *gateway) error {
		if g.vpc == "" || g.vpc != value(in.VpcId) {
			return wire.Errorf("Gateway.NotAttached", "resource %s is not attached to network %s", g.id, value(in.VpcId))
		}
		if n.mapped(g.vpc) {
			return wire.Errorf("DependencyViolation", "Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", g.vpc)
		}
		g.vpc = ""
		return nil
	})
}

// mapped reports whether something in a VPC has a public address.
func (n *network) mapped(vpc string) bool {
	if slices.ContainsFunc(n.nats, func(g *natGateway) bool { return g.vpc == vpc && g.address != "" }) {
		return true
	}
	for _, i := range n.interfaces {
		if i.vpc == vpc && i.public {
			return true
		}
	}
	return false
}

// DeleteInternetGateway deletes a gateway that isn't attached.
func (s *Service) DeleteInternetGateway(ctx context.Context, in *InternetGatewayInput) (*Done, error) {
	return s.changeGateway(ctx, "DeleteInternetGateway", in, func(n *network, g *gateway) error {
		if g.vpc != "" {
			return wire.Errorf("DependencyViolation", "The internetGateway '%s' has dependencies and cannot be deleted.", g.id)
		}
		n.gateways = slices.DeleteFunc(n.gateways, func(o *gateway) bool { return o == g })
		return nil
	})
}

func (s *Service) changeGateway(ctx context.Context, operation string, in *InternetGatewayInput, change func(*network, *gateway) error) (*Done, error) {
	if err := s.begin(ctx, operation, s.arn(ctx, "internet-gateway/"+value(in.InternetGatewayId)), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	g, err := found(n.gateways, value(in.InternetGatewayId))
	if err != nil {
		return nil, err
	}
	if err := change(n, g); err != nil {
		return nil, err
	}
	return done()
}

// DescribeInternetGateways lists the caller's gateways.
func (s *Service) DescribeInternetGateways(ctx context.Context, in *DescribeInternetGatewaysInput) (*DescribeInternetGatewaysOutput, error) {
	if err := s.begin(ctx, "DescribeInternetGateways", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	all, err := chosen(n.gateways, in.InternetGatewayIds, func(g *gateway) InternetGateway { return g.describe(n.account) })
	if err != nil {
		return nil, err
	}
	kept, err := filter(all, in.Filters, tagged(gatewayFields, in.Filters, func(g InternetGateway) []Tag { return g.Tags }))
	if err != nil {
		return nil, err
	}
	some, next, err := paginate("DescribeInternetGateways", kept, in.MaxResults, in.NextToken)
	return &DescribeInternetGatewaysOutput{InternetGateways: some, NextToken: next}, err
}

// chosen shows the resources that ids name, all if they name none.
func chosen[T identified, D any](all []T, ids []string, show func(T) D) ([]D, error) {
	for _, id := range ids {
		if _, err := found(all, id); err != nil {
			return nil, err
		}
	}
	var shown []D
	for _, t := range all {
		if listed(ids, t.name()) {
			shown = append(shown, show(t))
		}
	}
	return shown, nil
}

// gatewayFields: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInternetGateways.html
var gatewayFields = fields[InternetGateway]{
	"internet-gateway-id": func(g InternetGateway) []string { return []string{*g.InternetGatewayId} },
	"owner-id":            func(g InternetGateway) []string { return []string{*g.OwnerId} },
	"attachment.vpc-id": func(g InternetGateway) []string {
		var ids []string
		for _, a := range g.Attachments {
			ids = append(ids, *a.VpcId)
		}
		return ids
	},
}
