// Package ec2 is the network of the sandbox's accounts: VPCs, subnets, gateways and
// routes, security groups and the network interfaces of tasks.
//
// Security groups are enforced: a connection made with Service.Dial passes only
// if the groups on both sides allow it.
package ec2

import (
	"context"
	"strings"
	"sync"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// Config is what the room needs.
type Config struct {
	Region string
	Auth   iam.Authorizer
	// Used says whether something beyond the network interfaces that are attached
	// here holds a security group of an account: a load balancer. It may be nil.
	Used func(account, groupID string) bool
	// Held says whether something beyond those interfaces is in a subnet of an account: a
	// load balancer. It may be nil.
	Held func(account, subnetID string) bool
}

// Service holds the networks of all accounts.
type Service struct {
	region string
	auth   iam.Authorizer
	used   func(account, groupID string) bool
	held   func(account, subnetID string) bool

	mu       sync.Mutex
	networks map[string]*network // by account
}

// network is what one account has.
type network struct {
	account    string
	region     string
	vpcs       []*vpc
	subnets    []*subnet
	groups     []*group
	gateways   []*gateway
	tables     []*routeTable
	addresses  []*elasticAddress
	nats       []*natGateway
	endpoints  []*endpoint
	interfaces map[string]*networkInterface // by id
}

// New returns a service without any network; AddDefaultVPC adds one.
func New(c Config) *Service {
	if c.Used == nil {
		c.Used = func(string, string) bool { return false }
	}
	if c.Held == nil {
		c.Held = func(string, string) bool { return false }
	}
	return &Service{region: c.Region, auth: c.Auth, used: c.Used, held: c.Held, networks: map[string]*network{}}
}

// Wire returns the room as clients see it.
func (s *Service) Wire() wire.Service {
	describe := wire.Optional("Filters", "DryRun", "MaxResults", "NextToken")
	pages := wire.Range("MaxResults", 5, 1000)
	rules := wire.Optional("GroupId", "GroupName", "IpPermissions", "IpProtocol", "FromPort", "ToPort", "CidrIp",
		"SourceSecurityGroupName", "SourceSecurityGroupOwnerId", "SecurityGroupRuleIds", "TagSpecifications", "DryRun")
	return wire.Service{
		Name:      "ec2",
		Protocol:  wire.EC2Query,
		Words:     wire.Words{Missing: absent, Outside: "InvalidParameterValue"},
		Namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
		Version:   "2016-11-15",
		Operations: append(s.networkOperations(), []wire.Operation{
			wire.Op("DescribeVpcs", s.DescribeVpcs, describe, pages, wire.Optional("VpcIds")),
			wire.Op("DescribeSubnets", s.DescribeSubnets, describe, pages, wire.Optional("SubnetIds")),
			wire.Op("DescribeAvailabilityZones", s.DescribeAvailabilityZones, wire.Optional("Filters", "ZoneNames", "ZoneIds", "DryRun", "AllAvailabilityZones")),
			wire.Op("DescribeSecurityGroups", s.DescribeSecurityGroups, describe, pages, wire.Optional("GroupIds", "GroupNames")),
			wire.Op("DescribeSecurityGroupRules", s.DescribeSecurityGroupRules, describe, pages, wire.Optional("SecurityGroupRuleIds")),
			wire.Op("CreateSecurityGroup", s.CreateSecurityGroup, wire.Required("Description", "GroupName"), wire.Optional("VpcId", "TagSpecifications", "DryRun")),
			wire.Op("DeleteSecurityGroup", s.DeleteSecurityGroup, wire.Optional("GroupId", "GroupName", "DryRun")),
			wire.Op("AuthorizeSecurityGroupIngress", s.AuthorizeSecurityGroupIngress, rules),
			wire.Op("AuthorizeSecurityGroupEgress", s.AuthorizeSecurityGroupEgress, rules),
			wire.Op("RevokeSecurityGroupIngress", s.RevokeSecurityGroupIngress, rules),
			wire.Op("RevokeSecurityGroupEgress", s.RevokeSecurityGroupEgress, rules),
			wire.Op("CreateTags", s.CreateTags, wire.Required("Resources", "Tags"), wire.Optional("DryRun")),
			wire.Op("DeleteTags", s.DeleteTags, wire.Required("Resources", "Tags"), wire.Optional("DryRun")),
			wire.Op("DescribeNetworkInterfaces", s.DescribeNetworkInterfaces, describe, pages, wire.Optional("NetworkInterfaceIds")),
		}...),
	}
}

// networkOperations are those of what a VPC is made of.
func (s *Service) networkOperations() []wire.Operation {
	required, optional := wire.Required, wire.Optional
	made, dry := optional("TagSpecifications", "DryRun"), optional("DryRun")
	describe, pages := optional("Filters", "DryRun", "MaxResults", "NextToken"), wire.Range("MaxResults", 5, 1000)
	route := []wire.Member{required("RouteTableId"), optional("DestinationCidrBlock", "GatewayId", "NatGatewayId", "DryRun")}
	return []wire.Operation{
		wire.Op("CreateVpc", s.CreateVpc, optional("CidrBlock", "InstanceTenancy"), made),
		wire.Op("DeleteVpc", s.DeleteVpc, required("VpcId"), dry),
		wire.Op("ModifyVpcAttribute", s.ModifyVpcAttribute, required("VpcId"), optional("EnableDnsHostnames", "EnableDnsSupport")),
		wire.Op("DescribeVpcAttribute", s.DescribeVpcAttribute, required("VpcId", "Attribute"), dry),
		wire.Op("CreateSubnet", s.CreateSubnet, required("VpcId"), optional("CidrBlock", "AvailabilityZone", "AvailabilityZoneId"), made),
		wire.Op("DeleteSubnet", s.DeleteSubnet, required("SubnetId"), dry),
		wire.Op("ModifySubnetAttribute", s.ModifySubnetAttribute, required("SubnetId"), optional("MapPublicIpOnLaunch")),
		wire.Op("CreateInternetGateway", s.CreateInternetGateway, made),
		wire.Op("AttachInternetGateway", s.AttachInternetGateway, required("InternetGatewayId", "VpcId"), dry),
		wire.Op("DetachInternetGateway", s.DetachInternetGateway, required("InternetGatewayId", "VpcId"), dry),
		wire.Op("DeleteInternetGateway", s.DeleteInternetGateway, required("InternetGatewayId"), dry),
		wire.Op("DescribeInternetGateways", s.DescribeInternetGateways, describe, pages, optional("InternetGatewayIds")),
		wire.Op("CreateRouteTable", s.CreateRouteTable, required("VpcId"), made, optional("ClientToken")),
		wire.Op("DeleteRouteTable", s.DeleteRouteTable, required("RouteTableId"), dry),
		wire.Op("DescribeRouteTables", s.DescribeRouteTables, describe, wire.Range("MaxResults", 5, 100), optional("RouteTableIds")),
		wire.Op("AssociateRouteTable", s.AssociateRouteTable, required("RouteTableId"), optional("SubnetId"), dry),
		wire.Op("DisassociateRouteTable", s.DisassociateRouteTable, required("AssociationId"), dry),
		wire.Op("ReplaceRouteTableAssociation", s.ReplaceRouteTableAssociation, required("AssociationId", "RouteTableId"), dry),
		wire.Op("CreateRoute", s.CreateRoute, route...),
		wire.Op("ReplaceRoute", s.ReplaceRoute, route...),
		wire.Op("DeleteRoute", s.DeleteRoute, required("RouteTableId"), optional("DestinationCidrBlock", "DryRun")),
		wire.Op("AllocateAddress", s.AllocateAddress, optional("Domain"), made),
		wire.Op("ReleaseAddress", s.ReleaseAddress, optional("AllocationId", "DryRun")),
		wire.Op("DescribeAddresses", s.DescribeAddresses, optional("AllocationIds", "PublicIps", "Filters", "DryRun")),
		wire.Op("CreateNatGateway", s.CreateNatGateway, optional("SubnetId", "AllocationId", "ConnectivityType", "ClientToken"), made, wire.OneOf("ConnectivityType", "public", "private")),
		wire.Op("DeleteNatGateway", s.DeleteNatGateway, required("NatGatewayId"), dry),
		wire.Op("DescribeNatGateways", s.DescribeNatGateways, describe, pages, optional("NatGatewayIds")),
		wire.Op("CreateVpcEndpoint", s.CreateVpcEndpoint, required("VpcId"), made,
			optional("ServiceName", "VpcEndpointType", "RouteTableIds", "SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled", "PolicyDocument", "ClientToken")),
		wire.Op("ModifyVpcEndpoint", s.ModifyVpcEndpoint, required("VpcEndpointId"), optional("AddRouteTableIds", "RemoveRouteTableIds", "AddSubnetIds", "RemoveSubnetIds",
			"AddSecurityGroupIds", "RemoveSecurityGroupIds", "PrivateDnsEnabled", "PolicyDocument", "ResetPolicy"), dry),
		wire.Op("DeleteVpcEndpoints", s.DeleteVpcEndpoints, required("VpcEndpointIds"), dry),
		wire.Op("DescribeVpcEndpoints", s.DescribeVpcEndpoints, describe, optional("VpcEndpointIds")),
	}
}

// begin authorizes an operation of EC2's and answers DryRun as EC2 does.
func (s *Service) begin(ctx context.Context, operation, resource string, dryRun *bool) error {
	if err := s.auth.Authorize(ctx, "ec2:"+operation, resource); err != nil {
		return err
	}
	if dryRun != nil && *dryRun {
		return &wire.Error{Code: "DryRunOperation", Status: 412, Message: "Request would have succeeded, but DryRun flag is set."}
	}
	return nil
}

// network returns the caller's network, empty when the account has none.
// The caller holds s.mu.
func (s *Service) network(ctx context.Context) *network {
	return s.networkOf(iam.Caller(ctx).Account)
}

func (s *Service) networkOf(account string) *network {
	n := s.networks[account]
	if n == nil {
		n = &network{account: account, region: s.region, interfaces: map[string]*networkInterface{}}
		s.networks[account] = n
	}
	return n
}

// arn names a resource of the caller's: "vpc/vpc-0123", "security-group/*".
func (s *Service) arn(ctx context.Context, resource string) string {
	return strings.Join([]string{"arn:aws:ec2", s.region, iam.Caller(ctx).Account, resource}, ":")
}

// absent refuses a request without parameters that it needs.
func absent(names []string) *wire.Error {
	return wire.Errorf("MissingParameter", "The request must contain the parameter %s", names[0])
}
