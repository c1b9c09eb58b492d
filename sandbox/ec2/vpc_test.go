package ec2_test

import (
	"context"
	"errors"
	"testing"

	"orgship/sandbox/ec2"
	"orgship/sandbox/wire"
)

// lan is a VPC with a public subnet, a NAT gateway in it and a private subnet.
type lan struct {
	vpc, gateway, front, back, frontTable, backTable, address, nat string
}

func (w *world) makeNet() lan {
	w.t.Helper()
	var n lan
	vpc, err := w.CreateVpc(w.ctx, &ec2.CreateVpcInput{CidrBlock: ptr("10.0.0.0/16")})
	w.check(err)
	n.vpc = *vpc.Vpc.VpcId
	gateway, err := w.CreateInternetGateway(w.ctx, &ec2.CreateInternetGatewayInput{})
	w.check(err)
	n.gateway = *gateway.InternetGateway.InternetGatewayId
	_, err = w.AttachInternetGateway(w.ctx, &ec2.InternetGatewayInput{InternetGatewayId: &n.gateway, VpcId: &n.vpc})
	w.check(err)
	for i, subnet := range []*string{&n.front, &n.back} {
		out, err := w.CreateSubnet(w.ctx, &ec2.CreateSubnetInput{VpcId: &n.vpc, CidrBlock: ptr([]string{"10.0.0.0/24", "10.0.1.0/24"}[i])})
		w.check(err)
		*subnet = *out.Subnet.SubnetId
		table := []*string{&n.frontTable, &n.backTable}[i]
		made, err := w.CreateRouteTable(w.ctx, &ec2.CreateRouteTableInput{VpcId: &n.vpc})
		w.check(err)
		*table = *made.RouteTable.RouteTableId
		_, err = w.AssociateRouteTable(w.ctx, &ec2.RouteTableAssociationInput{RouteTableId: table, SubnetId: subnet})
		w.check(err)
	}
	_, err = w.CreateRoute(w.ctx, &ec2.RouteInput{RouteTableId: &n.frontTable, DestinationCidrBlock: ptr("0.0.0.0/0"), GatewayId: &n.gateway})
	w.check(err)
	address, err := w.AllocateAddress(w.ctx, &ec2.AllocateAddressInput{})
	w.check(err)
	n.address = *address.AllocationId
	nat, err := w.CreateNatGateway(w.ctx, &ec2.CreateNatGatewayInput{SubnetId: &n.front, AllocationId: &n.address})
	w.check(err)
	n.nat = *nat.NatGateway.NatGatewayId
	_, err = w.CreateRoute(w.ctx, &ec2.RouteInput{RouteTableId: &n.backTable, DestinationCidrBlock: ptr("0.0.0.0/0"), NatGatewayId: &n.nat})
	w.check(err)
	return n
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestNetworkRefusals asks for what EC2 refuses.
func TestNetworkRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.makeNet()
	other := w.makeNet()
	no := "x-0123456789abcdef0"
	of := func(_ any, err error) error { return err }
	ctx := w.ctx
	for _, row := range []struct {
		name string
		err  error
		code string
	}{
		{"a VPC of a bad block", of(w.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: ptr("10.0.0.0")})), "InvalidParameterValue"},
		{"a VPC that is too large", of(w.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: ptr("10.0.0.0/8")})), "InvalidVpc.Range"},
		{"a VPC of an address plan", of(w.CreateVpc(ctx, &ec2.CreateVpcInput{})), "NotModelled"},
		{"dedicated instances", of(w.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: ptr("10.0.0.0/16"), InstanceTenancy: "dedicated"})), "NotModelled"},
		{"a VPC that is in use", of(w.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &n.vpc})), "DependencyViolation"},
		{"a VPC that isn't there", of(w.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &no})), "InvalidVpcID.NotFound"},
		{"two settings", of(w.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &n.vpc})), "InvalidParameterCombination"},
		{"an unknown setting", of(w.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &n.vpc, Attribute: "colour"})), "InvalidParameterValue"},
		{"a subnet outside its VPC", of(w.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &n.vpc, CidrBlock: ptr("10.1.0.0/24")})), "InvalidSubnet.Range"},
		{"a subnet larger than its VPC", of(w.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &n.vpc, CidrBlock: ptr("10.0.0.0/15")})), "InvalidSubnet.Range"},
		{"a subnet over another", of(w.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &n.vpc, CidrBlock: ptr("10.0.0.128/25")})), "InvalidSubnet.Conflict"},
		{"a subnet of no VPC", of(w.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &no, CidrBlock: ptr("10.0.2.0/24")})), "InvalidVpcID.NotFound"},
		{"a subnet in another zone", of(w.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &n.vpc, CidrBlock: ptr("10.0.2.0/24"), AvailabilityZone: ptr("eu-west-1z")})), "InvalidParameterValue"},
		{"a subnet with a NAT gateway", of(w.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &n.front})), "DependencyViolation"},
		{"a subnet that isn't there", of(w.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &no})), "InvalidSubnetID.NotFound"},
		{"a gateway that is attached", of(w.AttachInternetGateway(ctx, &ec2.InternetGatewayInput{InternetGatewayId: &n.gateway, VpcId: &other.vpc})), "Resource.AlreadyAssociated"},
		{"a gateway that is detached elsewhere", of(w.DetachInternetGateway(ctx, &ec2.InternetGatewayInput{InternetGatewayId: &n.gateway, VpcId: &other.vpc})), "Gateway.NotAttached"},
		{"a gateway with public addresses behind it", of(w.DetachInternetGateway(ctx, &ec2.InternetGatewayInput{InternetGatewayId: &n.gateway, VpcId: &n.vpc})), "DependencyViolation"},
		{"a gateway in use", of(w.DeleteInternetGateway(ctx, &ec2.InternetGatewayInput{InternetGatewayId: &n.gateway})), "DependencyViolation"},
		{"a gateway that isn't there", of(w.DeleteInternetGateway(ctx, &ec2.InternetGatewayInput{InternetGatewayId: &no})), "InvalidInternetGatewayID.NotFound"},
		{"a table of a subnet", of(w.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &n.frontTable})), "DependencyViolation"},
		{"a second table for a subnet", of(w.AssociateRouteTable(ctx, &ec2.RouteTableAssociationInput{RouteTableId: &n.backTable, SubnetId: &n.front})), "Resource.AlreadyAssociated"},
		{"a table of another VPC", of(w.AssociateRouteTable(ctx, &ec2.RouteTableAssociationInput{RouteTableId: &other.backTable, SubnetId: &n.front})), "InvalidParameterValue"},
		{"a route twice", of(w.CreateRoute(ctx, &ec2.RouteInput{RouteTableId: &n.frontTable, DestinationCidrBlock: ptr("0.0.0.0/0"), GatewayId: &n.gateway})), "RouteAlreadyExists"},
		{"a route to another VPC's gateway", of(w.CreateRoute(ctx, &ec2.RouteInput{RouteTableId: &n.frontTable, DestinationCidrBlock: ptr("1.0.0.0/8"), GatewayId: &other.gateway})), "InvalidParameterValue"},
		{"a route two ways", of(w.CreateRoute(ctx, &ec2.RouteInput{RouteTableId: &n.frontTable, DestinationCidrBlock: ptr("1.0.0.0/8"), GatewayId: &n.gateway, NatGatewayId: &n.nat})), "InvalidParameterCombination"},
		{"a route nowhere", of(w.CreateRoute(ctx, &ec2.RouteInput{RouteTableId: &n.frontTable, DestinationCidrBlock: ptr("1.0.0.0/8"), NatGatewayId: &no})), "NatGatewayNotFound"},
		{"a route through something else", of(w.CreateRoute(ctx, &ec2.RouteInput{RouteTableId: &n.frontTable, DestinationCidrBlock: ptr("1.0.0.0/8"), GatewayId: ptr("vgw-1")})), "NotModelled"},
		{"no route to replace", of(w.ReplaceRoute(ctx, &ec2.RouteInput{RouteTableId: &n.frontTable, DestinationCidrBlock: ptr("1.0.0.0/8"), GatewayId: &n.gateway})), "InvalidParameterValue"},
		{"no route to delete", of(w.DeleteRoute(ctx, &ec2.RouteInput{RouteTableId: &n.frontTable, DestinationCidrBlock: ptr("1.0.0.0/8")})), "InvalidRoute.NotFound"},
		{"the route within", of(w.DeleteRoute(ctx, &ec2.RouteInput{RouteTableId: &n.frontTable, DestinationCidrBlock: ptr("10.0.0.0/16")})), "InvalidParameterValue"},
		{"no association", of(w.DisassociateRouteTable(ctx, &ec2.RouteTableAssociationInput{AssociationId: &no})), "InvalidAssociationID.NotFound"},
		{"an address in use", of(w.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &n.address})), "InvalidIPAddress.InUse"},
		{"no address", of(w.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &no})), "InvalidAllocationID.NotFound"},
		{"a NAT gateway without an address", of(w.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: &n.front})), "MissingParameter"},
		{"an address twice", of(w.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: &n.front, AllocationId: &n.address})), "Resource.AlreadyAssociated"},
		{"an endpoint of no service", of(w.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcId: &n.vpc, ServiceName: ptr("s3")})), "InvalidServiceName"},
		{"a gateway endpoint of ECR", of(w.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcId: &n.vpc, ServiceName: ptr("com.amazonaws.eu-west-1.ecr.api")})), "InvalidParameter"},
		{"another kind of endpoint", of(w.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcId: &n.vpc, ServiceName: ptr("com.amazonaws.eu-west-1.s3"), VpcEndpointType: "Resource"})), "NotModelled"},
		{"tags of something else", of(w.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{"i-1"}, Tags: []ec2.Tag{{Key: ptr("a")}}})), "NotModelled"},
	} {
		var answered *wire.Error
		if !errors.As(row.err, &answered) || answered.Code != row.code {
			t.Errorf("%s: %v, want %s", row.name, row.err, row.code)
		}
	}
}

// TestReaches says from where an interface gets to ECR.
func TestReaches(t *testing.T) {
	t.Parallel()
	endpoint := func(service, kind string, tables, subnets func(n lan) []string) func(context.Context, *world, lan) {
		return func(ctx context.Context, w *world, n lan) {
			_, err := w.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: &n.nat})
			w.check(err)
			_, err = w.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{
				VpcId: &n.vpc, ServiceName: ptr("com.amazonaws.eu-west-1." + service), VpcEndpointType: kind, RouteTableIds: tables(n), SubnetIds: subnets(n),
			})
			w.check(err)
		}
	}
	none := func(lan) []string { return nil }
	for name, row := range map[string]struct {
		change                        func(context.Context, *world, lan)
		front, frontPublic, back, old bool // the default VPC's, with a public address
	}{
		"as it is": {nil, false, true, true, true},
		"no route": {func(ctx context.Context, w *world, n lan) {
			_, err := w.DeleteRoute(ctx, &ec2.RouteInput{RouteTableId: &n.frontTable, DestinationCidrBlock: ptr("0.0.0.0/0")})
			w.check(err)
		}, false, false, false, true},
		"no NAT gateway": {func(ctx context.Context, w *world, n lan) {
			_, err := w.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: &n.nat})
			w.check(err)
		}, false, true, false, true},
		"an endpoint of ECR":   {endpoint("ecr.api", "Interface", none, func(n lan) []string { return []string{n.back} }), true, true, true, true},
		"an endpoint of S3":    {endpoint("s3", "Gateway", func(n lan) []string { return []string{n.backTable} }, none), false, true, false, true},
		"one of another's net": {endpoint("logs", "Interface", none, func(n lan) []string { return []string{n.back} }), false, true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			n := w.makeNet()
			if row.change != nil {
				row.change(w.ctx, w, n)
			}
			asked := func(subnet string, public bool) bool { return w.Reaches(account, subnet, public, "ecr.api") }
			got := []bool{asked(n.front, false), asked(n.front, true), asked(n.back, false), asked(w.vpc.SubnetIDs[0], true)}
			want := []bool{row.front, row.frontPublic, row.back, row.old}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("reached %v, want %v", got, want)
					break
				}
			}
			if s3 := w.Reaches(account, n.back, false, "s3"); name == "an endpoint of S3" && !s3 {
				t.Error("S3 isn't reached by its endpoint")
			}
		})
	}
}

// TestNetworkIsShown describes what there is, by filters and tags.
func TestNetworkIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.makeNet()
	_, err := w.CreateTags(w.ctx, &ec2.CreateTagsInput{Resources: []string{n.vpc, n.front, n.gateway, n.frontTable, n.address, n.nat}, Tags: []ec2.Tag{{Key: ptr("team"), Value: ptr("shop")}}})
	w.check(err)
	team := []ec2.Filter{{Name: ptr("tag:team"), Values: []string{"shop"}}}
	vpcs, err := w.DescribeVpcs(w.ctx, &ec2.DescribeVpcsInput{Filters: team})
	w.check(err)
	subnets, err := w.DescribeSubnets(w.ctx, &ec2.DescribeSubnetsInput{Filters: team})
	w.check(err)
	gateways, err := w.DescribeInternetGateways(w.ctx, &ec2.DescribeInternetGatewaysInput{Filters: team})
	w.check(err)
	tables, err := w.DescribeRouteTables(w.ctx, &ec2.DescribeRouteTablesInput{Filters: team})
	w.check(err)
	addresses, err := w.DescribeAddresses(w.ctx, &ec2.DescribeAddressesInput{Filters: team})
	w.check(err)
	nats, err := w.DescribeNatGateways(w.ctx, &ec2.DescribeNatGatewaysInput{Filters: team})
	w.check(err)
	if len(vpcs.Vpcs) != 1 || len(subnets.Subnets) != 1 || len(gateways.InternetGateways) != 1 || len(tables.RouteTables) != 1 || len(addresses.Addresses) != 1 || len(nats.NatGateways) != 1 {
		t.Errorf("%+v %+v %+v %+v %+v %+v", vpcs, subnets, gateways, tables, addresses, nats)
	}
	routes := tables.RouteTables[0].Routes
	if len(routes) != 2 || *routes[0].GatewayId != "local" || *routes[1].GatewayId != n.gateway || routes[1].State != "active" {
		t.Errorf("routes %+v", routes)
	}
	if _, err := w.DeleteNatGateway(w.ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: &n.nat}); err != nil {
		t.Fatal(err)
	}
	tables, err = w.DescribeRouteTables(w.ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{n.backTable}})
	w.check(err)
	if r := tables.RouteTables[0].Routes[1]; r.State != "blackhole" {
		t.Errorf("route %+v", r)
	}
}
