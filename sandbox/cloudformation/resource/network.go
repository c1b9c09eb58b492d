package resource

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/ec2"
)

// Networks is the part of EC2 that VPCs are made of.
type Networks interface {
	CreateVpc(context.Context, *ec2.CreateVpcInput) (*ec2.CreateVpcOutput, error)
	DeleteVpc(context.Context, *ec2.DeleteVpcInput) (*ec2.Done, error)
	ModifyVpcAttribute(context.Context, *ec2.ModifyVpcAttributeInput) (*ec2.Done, error)
	CreateSubnet(context.Context, *ec2.CreateSubnetInput) (*ec2.CreateSubnetOutput, error)
	DeleteSubnet(context.Context, *ec2.DeleteSubnetInput) (*ec2.Done, error)
	ModifySubnetAttribute(context.Context, *ec2.ModifySubnetAttributeInput) (*ec2.Done, error)
	CreateInternetGateway(context.Context, *ec2.CreateInternetGatewayInput) (*ec2.CreateInternetGatewayOutput, error)
	AttachInternetGateway(context.Context, *ec2.InternetGatewayInput) (*ec2.Done, error)
	DetachInternetGateway(context.Context, *ec2.InternetGatewayInput) (*ec2.Done, error)
	DeleteInternetGateway(context.Context, *ec2.InternetGatewayInput) (*ec2.Done, error)
	CreateRouteTable(context.Context, *ec2.CreateRouteTableInput) (*ec2.CreateRouteTableOutput, error)
	DeleteRouteTable(context.Context, *ec2.DeleteRouteTableInput) (*ec2.Done, error)
	AssociateRouteTable(context.Context, *ec2.RouteTableAssociationInput) (*ec2.RouteTableAssociationOutput, error)
	DisassociateRouteTable(context.Context, *ec2.RouteTableAssociationInput) (*ec2.Done, error)
	CreateRoute(context.Context, *ec2.RouteInput) (*ec2.Done, error)
	ReplaceRoute(context.Context, *ec2.RouteInput) (*ec2.Done, error)
	DeleteRoute(context.Context, *ec2.RouteInput) (*ec2.Done, error)
	AllocateAddress(context.Context, *ec2.AllocateAddressInput) (*ec2.AllocateAddressOutput, error)
	DescribeAddresses(context.Context, *ec2.DescribeAddressesInput) (*ec2.DescribeAddressesOutput, error)
	ReleaseAddress(context.Context, *ec2.ReleaseAddressInput) (*ec2.Done, error)
	CreateNatGateway(context.Context, *ec2.CreateNatGatewayInput) (*ec2.CreateNatGatewayOutput, error)
	DeleteNatGateway(context.Context, *ec2.DeleteNatGatewayInput) (*ec2.DeleteNatGatewayOutput, error)
	CreateVpcEndpoint(context.Context, *ec2.CreateVpcEndpointInput) (*ec2.CreateVpcEndpointOutput, error)
	ModifyVpcEndpoint(context.Context, *ec2.ModifyVpcEndpointInput) (*ec2.Done, error)
	DeleteVpcEndpoints(context.Context, *ec2.DeleteVpcEndpointsInput) (*ec2.DeleteVpcEndpointsOutput, error)
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error)
	CreateTags(context.Context, *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error)
	DeleteTags(context.Context, *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error)
}

// networks are the types of a VPC and what it is made of.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
func networks(room Networks) []*Type {
	n := network{room}
	return []*Type{n.vpc(), n.subnet(), n.gateway(), n.attachment(), n.table(), n.route(), n.association(), n.address(), n.nat(), n.endpoint()}
}

type network struct{ room Networks }

// steps is the handler of a type in three functions. One without update has nothing
// that can change but its tags.
type steps struct {
	room   Networks
	create func(context.Context, *Request) (State, error)
	update func(context.Context, *Request) error
	remove func(context.Context, *Request) error
}

func (h steps) Create(ctx context.Context, r *Request) error {
	s, err := h.create(ctx, r)
	if err != nil {
		return err
	}
	r.ID = s.ID
	r.Initiated(s)
	if h.update == nil {
		return nil
	}
	return h.update(ctx, r)
}

func (h steps) Update(ctx context.Context, r *Request) error {
	if h.update != nil {
		if err := h.update(ctx, r); err != nil {
			return err
		}
	}
	return retagEC2(ctx, h.room, r)
}

func (h steps) Delete(ctx context.Context, r *Request) error {
	return r.retry(ctx, func() error { return h.remove(ctx, r) })
}

// retagEC2 brings the tags of a resource of EC2's from the previous to the wanted ones.
func retagEC2(ctx context.Context, room interface {
	CreateTags(context.Context, *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error)
	DeleteTags(context.Context, *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error)
}, r *Request) error {
	add, remove := r.retagged()
	if len(remove) > 0 {
		in := &ec2.DeleteTagsInput{Resources: []string{r.ID}}
		for _, key := range remove {
			in.Tags = append(in.Tags, ec2.Tag{Key: &key})
		}
		if _, err := room.DeleteTags(ctx, in); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	_, err := room.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{r.ID}, Tags: ec2Tags(add)})
	return err
}

// made are the tags that a resource is made with.
func made(kind string, r *Request) []ec2.TagSpecification {
	tags := ec2Tags(r.tags())
	if len(tags) == 0 {
		return nil
	}
	return []ec2.TagSpecification{{ResourceType: kind, Tags: tags}}
}

// on returns a boolean property, and whether it is there.
func on(properties map[string]any, name string) *ec2.AttributeBooleanValue {
	if b, ok := properties[name].(bool); ok {
		return &ec2.AttributeBooleanValue{Value: &b}
	}
	return nil
}

func (n network) vpc() *Type {
	return &Type{
		Name: "AWS::EC2::VPC", Tagged: true, Attributes: []string{"CidrBlock", "DefaultSecurityGroup", "VpcId"},
		Properties: Object{
			"CidrBlock": text().replace(), "EnableDnsHostnames": boolean(), "EnableDnsSupport": boolean(),
			"InstanceTenancy": oneOf("dedicated", "default", "host").models("default").replace(), "Tags": tagList(),
		}.lacking("Ipv4IpamPoolId", "Ipv4NetmaskLength"),
		Handler: steps{room: n.room, create: n.makeVPC, update: n.settings, remove: func(ctx context.Context, r *Request) error {
			_, err := n.room.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &r.ID})
			return err
		}},
	}
}

func (n network) makeVPC(ctx context.Context, r *Request) (State, error) {
	out, err := n.room.CreateVpc(ctx, &ec2.CreateVpcInput{
		CidrBlock: optional(r.Properties, "CidrBlock"), InstanceTenancy: str(r.Properties, "InstanceTenancy"), TagSpecifications: made("vpc", r),
	})
	if err != nil {
		return State{}, err
	}
	id := *out.Vpc.VpcId
	groups, err := n.room.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2.Filter{
		{Name: aws.String("vpc-id"), Values: []string{id}}, {Name: aws.String("group-name"), Values: []string{"default"}},
	}})
	s := State{ID: id, Attributes: map[string]string{"VpcId": id, "CidrBlock": *out.Vpc.CidrBlock}}
	if err == nil && len(groups.SecurityGroups) == 1 {
		s.Attributes["DefaultSecurityGroup"] = *groups.SecurityGroups[0].GroupId
	}
	return s, err
}

// settings brings a VPC's DNS settings to the wanted ones.
func (n network) settings(ctx context.Context, r *Request) error {
	for _, in := range []*ec2.ModifyVpcAttributeInput{
		{EnableDnsSupport: on(r.Properties, "EnableDnsSupport")}, {EnableDnsHostnames: on(r.Properties, "EnableDnsHostnames")},
	} {
		if in.EnableDnsSupport == nil && in.EnableDnsHostnames == nil {
			continue
		}
		in.VpcId = &r.ID
		if _, err := n.room.ModifyVpcAttribute(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func (n network) subnet() *Type {
	return &Type{
		Name: "AWS::EC2::Subnet", Tagged: true, Attributes: []string{"AvailabilityZone", "CidrBlock", "SubnetId", "VpcId"},
		Properties: Object{
			"AvailabilityZone": text().replace(), "AvailabilityZoneId": text().replace(), "CidrBlock": text().replace(), "VpcId": text().need().replace(),
			"MapPublicIpOnLaunch": boolean(), "Tags": tagList(),
		}.lacking("AssignIpv6AddressOnCreation", "EnableDns64", "EnableLniAtDeviceIndex", "Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6CidrBlock",
			"Ipv6IpamPoolId", "Ipv6Native", "Ipv6NetmaskLength", "OutpostArn", "PrivateDnsNameOptionsOnLaunch"),
		Handler: steps{room: n.room, create: n.makeSubnet, update: func(ctx context.Context, r *Request) error {
			public := on(r.Properties, "MapPublicIpOnLaunch")
			if public == nil {
				return nil
			}
			_, err := n.room.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: &r.ID, MapPublicIpOnLaunch: public})
			return err
		}, remove: func(ctx context.Context, r *Request) error {
			_, err := n.room.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &r.ID})
			return err
		}},
	}
}

func (n network) makeSubnet(ctx context.Context, r *Request) (State, error) {
	out, err := n.room.CreateSubnet(ctx, &ec2.CreateSubnetInput{
		AvailabilityZone: optional(r.Properties, "AvailabilityZone"), AvailabilityZoneId: optional(r.Properties, "AvailabilityZoneId"),
		CidrBlock: optional(r.Properties, "CidrBlock"), VpcId: optional(r.Properties, "VpcId"), TagSpecifications: made("subnet", r),
	})
	if err != nil {
		return State{}, err
	}
	s := out.Subnet
	return State{ID: *s.SubnetId, Attributes: map[string]string{
		"SubnetId": *s.SubnetId, "AvailabilityZone": *s.AvailabilityZone, "CidrBlock": *s.CidrBlock, "VpcId": *s.VpcId,
	}}, nil
}

func (n network) gateway() *Type {
	return &Type{
		Name: "AWS::EC2::InternetGateway", Tagged: true, Attributes: []string{"InternetGatewayId"}, Properties: Object{"Tags": tagList()},
		Handler: steps{room: n.room, create: func(ctx context.Context, r *Request) (State, error) {
			out, err := n.room.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{TagSpecifications: made("internet-gateway", r)})
			if err != nil {
				return State{}, err
			}
			id := *out.InternetGateway.InternetGatewayId
			return State{ID: id, Attributes: map[string]string{"InternetGatewayId": id}}, nil
		}, remove: func(ctx context.Context, r *Request) error {
			_, err := n.room.DeleteInternetGateway(ctx, &ec2.InternetGatewayInput{InternetGatewayId: &r.ID})
			return err
		}},
	}
}

func (n network) attachment() *Type {
	attach := func(ctx context.Context, r *Request) error {
		_, err := n.room.AttachInternetGateway(ctx, gatewayInput(r.Properties))
		return err
	}
	return &Type{
		Name: "AWS::EC2::VPCGatewayAttachment", Attributes: []string{"AttachmentType"},
		Properties: Object{"InternetGatewayId": text(), "VpcId": text().need().replace()}.lacking("VpnGatewayId"),
		Handler: steps{room: n.room, create: func(ctx context.Context, r *Request) (State, error) {
			return State{ID: "IGW|" + str(r.Properties, "VpcId"), Attributes: map[string]string{"AttachmentType": "IGW"}}, attach(ctx, r)
		}, update: func(ctx context.Context, r *Request) error {
			if r.Previous == nil || !r.changed("InternetGatewayId") {
				return nil
			}
			if _, err := n.room.DetachInternetGateway(ctx, gatewayInput(r.Previous)); err != nil {
				return err
			}
			return attach(ctx, r)
		}, remove: func(ctx context.Context, r *Request) error {
			_, err := n.room.DetachInternetGateway(ctx, gatewayInput(r.Previous))
			if code(err) == "Gateway.NotAttached" {
				return nil
			}
			return err
		}},
	}
}

func gatewayInput(properties map[string]any) *ec2.InternetGatewayInput {
	return &ec2.InternetGatewayInput{InternetGatewayId: optional(properties, "InternetGatewayId"), VpcId: optional(properties, "VpcId")}
}

func (n network) table() *Type {
	return &Type{
		Name: "AWS::EC2::RouteTable", Tagged: true, Attributes: []string{"RouteTableId"}, Properties: Object{"VpcId": text().need().replace(), "Tags": tagList()},
		Handler: steps{room: n.room, create: func(ctx context.Context, r *Request) (State, error) {
			out, err := n.room.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: optional(r.Properties, "VpcId"), TagSpecifications: made("route-table", r)})
			if err != nil {
				return State{}, err
			}
			id := *out.RouteTable.RouteTableId
			return State{ID: id, Attributes: map[string]string{"RouteTableId": id}}, nil
		}, remove: func(ctx context.Context, r *Request) error {
			_, err := n.room.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &r.ID})
			return err
		}},
	}
}

func (n network) route() *Type {
	return &Type{
		Name: "AWS::EC2::Route", Attributes: []string{"CidrBlock"},
		Properties: Object{
			"RouteTableId": text().need().replace(), "DestinationCidrBlock": text().replace(), "GatewayId": text(), "NatGatewayId": text(),
		}.lacking("CarrierGatewayId", "CoreNetworkArn", "DestinationIpv6CidrBlock", "DestinationPrefixListId", "EgressOnlyInternetGatewayId", "InstanceId",
			"LocalGatewayId", "NetworkInterfaceId", "TransitGatewayId", "VpcEndpointId", "VpcPeeringConnectionId"),
		Handler: steps{room: n.room, create: func(ctx context.Context, r *Request) (State, error) {
			in := routeInput(r.Properties)
			_, err := n.room.CreateRoute(ctx, in)
			to := aws.ToString(in.DestinationCidrBlock)
			return State{ID: aws.ToString(in.RouteTableId) + "|" + to, Attributes: map[string]string{"CidrBlock": to}}, err
		}, update: func(ctx context.Context, r *Request) error {
			if r.Previous == nil || !r.changed("GatewayId", "NatGatewayId") {
				return nil
			}
			_, err := n.room.ReplaceRoute(ctx, routeInput(r.Properties))
			return err
		}, remove: func(ctx context.Context, r *Request) error {
			in := routeInput(r.Previous)
			_, err := n.room.DeleteRoute(ctx, &ec2.RouteInput{RouteTableId: in.RouteTableId, DestinationCidrBlock: in.DestinationCidrBlock})
			return err
		}},
	}
}

func routeInput(properties map[string]any) *ec2.RouteInput {
	return &ec2.RouteInput{
		RouteTableId: optional(properties, "RouteTableId"), DestinationCidrBlock: optional(properties, "DestinationCidrBlock"),
		GatewayId: optional(properties, "GatewayId"), NatGatewayId: optional(properties, "NatGatewayId"),
	}
}

func (n network) association() *Type {
	return &Type{
		Name: "AWS::EC2::SubnetRouteTableAssociation", Attributes: []string{"Id"},
		Properties: Object{"RouteTableId": text().need().replace(), "SubnetId": text().need().replace()},
		Handler: steps{room: n.room, create: func(ctx context.Context, r *Request) (State, error) {
			out, err := n.room.AssociateRouteTable(ctx, &ec2.RouteTableAssociationInput{
				RouteTableId: optional(r.Properties, "RouteTableId"), SubnetId: optional(r.Properties, "SubnetId"),
			})
			if err != nil {
				return State{}, err
			}
			return State{ID: *out.AssociationId, Attributes: map[string]string{"Id": *out.AssociationId}}, nil
		}, remove: func(ctx context.Context, r *Request) error {
			_, err := n.room.DisassociateRouteTable(ctx, &ec2.RouteTableAssociationInput{AssociationId: &r.ID})
			return err
		}},
	}
}

func (n network) address() *Type {
	return &Type{
		Name: "AWS::EC2::EIP", Attributes: []string{"AllocationId", "PublicIp"},
		Properties: Object{"Domain": oneOf("standard", "vpc").models("vpc"), "Tags": tagList()}.lacking("Address", "InstanceId", "IpamPoolId",
			"NetworkBorderGroup", "PublicIpv4Pool", "TransferAddress"),
		Handler: steps{room: n.room, create: func(ctx context.Context, r *Request) (State, error) {
			out, err := n.room.AllocateAddress(ctx, &ec2.AllocateAddressInput{Domain: str(r.Properties, "Domain"), TagSpecifications: made("elastic-ip", r)})
			if err != nil {
				return State{}, err
			}
			return State{ID: *out.PublicIp, Attributes: map[string]string{"PublicIp": *out.PublicIp, "AllocationId": *out.AllocationId}}, nil
		}, remove: func(ctx context.Context, r *Request) error {
			out, err := n.room.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{PublicIps: []string{r.ID}})
			if err != nil || len(out.Addresses) == 0 {
				return err
			}
			_, err = n.room.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: out.Addresses[0].AllocationId})
			return err
		}},
	}
}

func (n network) nat() *Type {
	return &Type{
		Name: "AWS::EC2::NatGateway", Tagged: true, Attributes: []string{"NatGatewayId"},
		Properties: Object{
			"AllocationId": text().replace(), "ConnectivityType": oneOf("private", "public").replace(), "SubnetId": text().replace(), "Tags": tagList(),
		}.lacking("AvailabilityMode", "AvailabilityZoneAddresses", "MaxDrainDurationSeconds", "PrivateIpAddress", "SecondaryAllocationIds",
			"SecondaryPrivateIpAddressCount", "SecondaryPrivateIpAddresses", "VpcId"),
		Handler: steps{room: n.room, create: func(ctx context.Context, r *Request) (State, error) {
			out, err := n.room.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{
				AllocationId: optional(r.Properties, "AllocationId"), ConnectivityType: str(r.Properties, "ConnectivityType"),
				SubnetId: optional(r.Properties, "SubnetId"), TagSpecifications: made("natgateway", r),
			})
			if err != nil {
				return State{}, err
			}
			id := *out.NatGateway.NatGatewayId
			return State{ID: id, Attributes: map[string]string{"NatGatewayId": id}}, nil
		}, remove: func(ctx context.Context, r *Request) error {
			_, err := n.room.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: &r.ID})
			return err
		}},
	}
}

func (n network) endpoint() *Type {
	return &Type{
		Name: "AWS::EC2::VPCEndpoint", Tagged: true, Attributes: []string{"Id"},
		Properties: Object{
			"PolicyDocument": jsonValue(), "PrivateDnsEnabled": boolean(), "RouteTableIds": texts(), "SecurityGroupIds": texts(),
			"ServiceName": text().replace(), "SubnetIds": texts(), "VpcEndpointType": oneOf("Gateway", "GatewayLoadBalancer", "Interface").models("Gateway", "Interface").replace(),
			"VpcId": text().need().replace(), "Tags": tagList(),
		}.lacking("DnsOptions", "IpAddressType", "ResourceConfigurationArn", "ServiceNetworkArn", "ServiceRegion"),
		Handler: steps{room: n.room, create: n.makeEndpoint, update: n.changeEndpoint, remove: func(ctx context.Context, r *Request) error {
			_, err := n.room.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{r.ID}})
			return err
		}},
	}
}

func (n network) makeEndpoint(ctx context.Context, r *Request) (State, error) {
	in := &ec2.CreateVpcEndpointInput{
		ServiceName: optional(r.Properties, "ServiceName"), VpcId: optional(r.Properties, "VpcId"), VpcEndpointType: str(r.Properties, "VpcEndpointType"),
		RouteTableIds: strs(r.Properties, "RouteTableIds"), SecurityGroupIds: strs(r.Properties, "SecurityGroupIds"), SubnetIds: strs(r.Properties, "SubnetIds"),
		TagSpecifications: made("vpc-endpoint", r),
	}
	if private, ok := r.Properties["PrivateDnsEnabled"].(bool); ok {
		in.PrivateDnsEnabled = &private
	}
	document, err := policy(r.Properties, "PolicyDocument")
	if err != nil {
		return State{}, err
	}
	if strings.TrimSpace(document) != "" {
		in.PolicyDocument = &document
	}
	out, err := n.room.CreateVpcEndpoint(ctx, in)
	if err != nil {
		return State{}, err
	}
	id := *out.VpcEndpoint.VpcEndpointId
	return State{ID: id, Attributes: map[string]string{"Id": id}}, nil
}

// changeEndpoint brings an endpoint from the previous to the wanted places.
func (n network) changeEndpoint(ctx context.Context, r *Request) error {
	if r.Previous == nil || !r.changed("PolicyDocument", "PrivateDnsEnabled", "RouteTableIds", "SecurityGroupIds", "SubnetIds") {
		return nil
	}
	document, err := policy(r.Properties, "PolicyDocument")
	if err != nil {
		return err
	}
	in := &ec2.ModifyVpcEndpointInput{VpcEndpointId: &r.ID, PolicyDocument: &document}
	if private := on(r.Properties, "PrivateDnsEnabled"); private != nil {
		in.PrivateDnsEnabled = private.Value
	}
	in.AddRouteTableIds, in.RemoveRouteTableIds = r.difference("RouteTableIds")
	in.AddSubnetIds, in.RemoveSubnetIds = r.difference("SubnetIds")
	in.AddSecurityGroupIds, in.RemoveSecurityGroupIds = r.difference("SecurityGroupIds")
	_, err = n.room.ModifyVpcEndpoint(ctx, in)
	return err
}

// difference returns what a list of texts gained and lost.
func (r *Request) difference(name string) (gained, lost []string) {
	before, after := strs(r.Previous, name), strs(r.Properties, name)
	for _, s := range after {
		if !slices.Contains(before, s) {
			gained = append(gained, s)
		}
	}
	for _, s := range before {
		if !slices.Contains(after, s) {
			lost = append(lost, s)
		}
	}
	return gained, lost
}
