package ec2

import "time"

// CreateVpcInput makes a VPC.
type CreateVpcInput struct {
	CidrBlock         *string
	DryRun            *bool
	InstanceTenancy   string
	TagSpecifications []TagSpecification `wire:"TagSpecification"`
}

// CreateVpcOutput is the new VPC.
type CreateVpcOutput struct{ Vpc *Vpc }

// DeleteVpcInput names a VPC.
type DeleteVpcInput struct {
	DryRun *bool
	VpcId  *string
}

// Done answers an operation that returns whether it was done, which it was.
type Done struct{ Return *bool }

// AttributeBooleanValue is a setting that is on or off.
type AttributeBooleanValue struct{ Value *bool }

// ModifyVpcAttributeInput changes one setting of a VPC.
type ModifyVpcAttributeInput struct {
	EnableDnsHostnames *AttributeBooleanValue
	EnableDnsSupport   *AttributeBooleanValue
	VpcId              *string
}

// DescribeVpcAttributeInput asks for one setting: enableDnsSupport, enableDnsHostnames.
type DescribeVpcAttributeInput struct {
	Attribute string
	DryRun    *bool
	VpcId     *string
}

// DescribeVpcAttributeOutput has the one setting.
type DescribeVpcAttributeOutput struct {
	EnableDnsHostnames *AttributeBooleanValue
	EnableDnsSupport   *AttributeBooleanValue
	VpcId              *string
}

// CreateSubnetInput makes a subnet of a VPC.
type CreateSubnetInput struct {
	AvailabilityZone   *string
	AvailabilityZoneId *string
	CidrBlock          *string
	DryRun             *bool
	TagSpecifications  []TagSpecification `wire:"TagSpecification"`
	VpcId              *string
}

// CreateSubnetOutput is the new subnet.
type CreateSubnetOutput struct{ Subnet *Subnet }

// DeleteSubnetInput names a subnet.
type DeleteSubnetInput struct {
	DryRun   *bool
	SubnetId *string
}

// ModifySubnetAttributeInput changes one setting of a subnet.
type ModifySubnetAttributeInput struct {
	MapPublicIpOnLaunch *AttributeBooleanValue
	SubnetId            *string
}

// InternetGateway leads from a VPC to the internet.
type InternetGateway struct {
	Attachments       []InternetGatewayAttachment `wire:"attachmentSet"`
	InternetGatewayId *string
	OwnerId           *string
	Tags              []Tag `wire:"tagSet"`
}

// InternetGatewayAttachment is the VPC that a gateway is attached to.
type InternetGatewayAttachment struct {
	State string
	VpcId *string
}

// CreateInternetGatewayInput makes a gateway.
type CreateInternetGatewayInput struct {
	DryRun            *bool
	TagSpecifications []TagSpecification `wire:"TagSpecification"`
}

// CreateInternetGatewayOutput is the new gateway.
type CreateInternetGatewayOutput struct{ InternetGateway *InternetGateway }

// InternetGatewayInput names a gateway, and the VPC that it is attached to or
// detached from.
type InternetGatewayInput struct {
	DryRun            *bool
	InternetGatewayId *string
	VpcId             *string
}

// DescribeInternetGatewaysInput asks for gateways by id or filter.
type DescribeInternetGatewaysInput struct {
	DryRun             *bool
	Filters            []Filter `wire:"Filter"`
	InternetGatewayIds []string `wire:"InternetGatewayId"`
	MaxResults         *int32
	NextToken          *string
}

// DescribeInternetGatewaysOutput lists gateways.
type DescribeInternetGatewaysOutput struct {
	InternetGateways []InternetGateway `wire:"internetGatewaySet"`
	NextToken        *string
}

// RouteTable says where packets of its subnets go.
type RouteTable struct {
	Associations []RouteTableAssociation `wire:"associationSet"`
	OwnerId      *string
	RouteTableId *string
	Routes       []Route `wire:"routeSet"`
	Tags         []Tag   `wire:"tagSet"`
	VpcId        *string
}

// RouteTableAssociation is a subnet that a table is for, or Main.
type RouteTableAssociation struct {
	AssociationState        *RouteTableAssociationState
	Main                    *bool
	RouteTableAssociationId *string
	RouteTableId            *string
	SubnetId                *string
}

// RouteTableAssociationState is "associated".
type RouteTableAssociationState struct{ State string }

// Route is one way out.
type Route struct {
	DestinationCidrBlock    *string
	DestinationPrefixListId *string
	GatewayId               *string // igw-…, local, vpce-…
	NatGatewayId            *string
	Origin                  string // CreateRouteTable, CreateRoute
	State                   string // active, blackhole
}

// CreateRouteTableInput makes a table of a VPC.
type CreateRouteTableInput struct {
	ClientToken       *string
	DryRun            *bool
	TagSpecifications []TagSpecification `wire:"TagSpecification"`
	VpcId             *string
}

// CreateRouteTableOutput is the new table.
type CreateRouteTableOutput struct{ RouteTable *RouteTable }

// DeleteRouteTableInput names a table.
type DeleteRouteTableInput struct {
	DryRun       *bool
	RouteTableId *string
}

// DescribeRouteTablesInput asks for tables by id or filter.
type DescribeRouteTablesInput struct {
	DryRun        *bool
	Filters       []Filter `wire:"Filter"`
	MaxResults    *int32
	NextToken     *string
	RouteTableIds []string `wire:"RouteTableId"`
}

// DescribeRouteTablesOutput lists tables.
type DescribeRouteTablesOutput struct {
	NextToken   *string
	RouteTables []RouteTable `wire:"routeTableSet"`
}

// RouteTableAssociationInput names a table, a subnet or an association.
type RouteTableAssociationInput struct {
	AssociationId *string
	DryRun        *bool
	RouteTableId  *string
	SubnetId      *string
}

// RouteTableAssociationOutput is the association.
type RouteTableAssociationOutput struct {
	AssociationId    *string
	AssociationState *RouteTableAssociationState
	NewAssociationId *string
	Return           *bool
}

// RouteInput is a route to make, change or delete.
type RouteInput struct {
	DestinationCidrBlock *string
	DryRun               *bool
	GatewayId            *string
	NatGatewayId         *string
	RouteTableId         *string
}

// AllocateAddressInput asks for an Elastic IP address.
type AllocateAddressInput struct {
	Domain            string
	DryRun            *bool
	TagSpecifications []TagSpecification `wire:"TagSpecification"`
}

// AllocateAddressOutput is the new address.
type AllocateAddressOutput struct {
	AllocationId *string
	Domain       string
	PublicIp     *string
}

// ReleaseAddressInput names an address.
type ReleaseAddressInput struct {
	AllocationId *string
	DryRun       *bool
}

// DescribeAddressesInput asks for addresses by id or filter.
type DescribeAddressesInput struct {
	AllocationIds []string `wire:"AllocationId"`
	DryRun        *bool
	Filters       []Filter `wire:"Filter"`
	PublicIps     []string `wire:"PublicIp"`
}

// DescribeAddressesOutput lists addresses.
type DescribeAddressesOutput struct {
	Addresses []Address `wire:"addressesSet"`
}

// Address is an Elastic IP address.
type Address struct {
	AllocationId  *string
	AssociationId *string
	Domain        string
	PublicIp      *string
	Tags          []Tag `wire:"tagSet"`
}

// CreateNatGatewayInput makes a NAT gateway in a subnet.
type CreateNatGatewayInput struct {
	AllocationId      *string
	ClientToken       *string
	ConnectivityType  string
	DryRun            *bool
	SubnetId          *string
	TagSpecifications []TagSpecification `wire:"TagSpecification"`
}

// CreateNatGatewayOutput is the new gateway.
type CreateNatGatewayOutput struct{ NatGateway *NatGateway }

// DeleteNatGatewayInput names a NAT gateway.
type DeleteNatGatewayInput struct {
	DryRun       *bool
	NatGatewayId *string
}

// DeleteNatGatewayOutput names it again.
type DeleteNatGatewayOutput struct{ NatGatewayId *string }

// DescribeNatGatewaysInput asks for NAT gateways by id or filter.
type DescribeNatGatewaysInput struct {
	DryRun        *bool
	Filters       []Filter `wire:"Filter"` // "Filter" on the wire, as EC2 has it
	MaxResults    *int32
	NatGatewayIds []string `wire:"NatGatewayId"`
	NextToken     *string
}

// DescribeNatGatewaysOutput lists NAT gateways.
type DescribeNatGatewaysOutput struct {
	NatGateways []NatGateway `wire:"natGatewaySet"`
	NextToken   *string
}

// NatGateway lets a VPC's private subnets out.
type NatGateway struct {
	ConnectivityType    string
	CreateTime          *time.Time
	NatGatewayAddresses []NatGatewayAddress `wire:"natGatewayAddressSet"`
	NatGatewayId        *string
	State               string
	SubnetId            *string
	Tags                []Tag `wire:"tagSet"`
	VpcId               *string
}

// NatGatewayAddress is the address that a NAT gateway has.
type NatGatewayAddress struct {
	AllocationId *string
	PublicIp     *string
}

// CreateVpcEndpointInput makes an endpoint of an AWS service in a VPC.
type CreateVpcEndpointInput struct {
	ClientToken       *string
	DryRun            *bool
	PolicyDocument    *string
	PrivateDnsEnabled *bool
	RouteTableIds     []string `wire:"RouteTableId"`
	SecurityGroupIds  []string `wire:"SecurityGroupId"`
	ServiceName       *string
	SubnetIds         []string           `wire:"SubnetId"`
	TagSpecifications []TagSpecification `wire:"TagSpecification"`
	VpcEndpointType   string
	VpcId             *string
}

// CreateVpcEndpointOutput is the new endpoint.
type CreateVpcEndpointOutput struct{ VpcEndpoint *VpcEndpoint }

// ModifyVpcEndpointInput changes where an endpoint is.
type ModifyVpcEndpointInput struct {
	AddRouteTableIds       []string `wire:"AddRouteTableId"`
	AddSecurityGroupIds    []string `wire:"AddSecurityGroupId"`
	AddSubnetIds           []string `wire:"AddSubnetId"`
	DryRun                 *bool
	PolicyDocument         *string
	PrivateDnsEnabled      *bool
	RemoveRouteTableIds    []string `wire:"RemoveRouteTableId"`
	RemoveSecurityGroupIds []string `wire:"RemoveSecurityGroupId"`
	RemoveSubnetIds        []string `wire:"RemoveSubnetId"`
	ResetPolicy            *bool
	VpcEndpointId          *string
}

// DeleteVpcEndpointsInput names endpoints.
type DeleteVpcEndpointsInput struct {
	DryRun         *bool
	VpcEndpointIds []string `wire:"VpcEndpointId"`
}

// DeleteVpcEndpointsOutput lists what couldn't be deleted: nothing.
type DeleteVpcEndpointsOutput struct {
	Unsuccessful []UnsuccessfulItem
}

// UnsuccessfulItem is one of several that failed.
type UnsuccessfulItem struct{ ResourceId *string }

// DescribeVpcEndpointsInput asks for endpoints by id or filter.
type DescribeVpcEndpointsInput struct {
	DryRun         *bool
	Filters        []Filter `wire:"Filter"`
	MaxResults     *int32
	NextToken      *string
	VpcEndpointIds []string `wire:"VpcEndpointId"`
}

// DescribeVpcEndpointsOutput lists endpoints.
type DescribeVpcEndpointsOutput struct {
	NextToken    *string
	VpcEndpoints []VpcEndpoint `wire:"vpcEndpointSet"`
}

// VpcEndpoint leads to an AWS service without the internet.
type VpcEndpoint struct {
	Groups            []GroupIdentifier `wire:"groupSet"`
	OwnerId           *string
	PolicyDocument    *string
	PrivateDnsEnabled *bool
	RouteTableIds     []string `wire:"routeTableIdSet"`
	ServiceName       *string
	State             string
	SubnetIds         []string `wire:"subnetIdSet"`
	Tags              []Tag    `wire:"tagSet"`
	VpcEndpointId     *string
	VpcEndpointType   string
	VpcId             *string
}
