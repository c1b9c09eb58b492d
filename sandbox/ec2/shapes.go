package ec2

// The shapes of the EC2 API, under the names that the AWS SDK for Go gives
// them. They are written here because the SDK's own EC2 package takes most of a
// minute to compile. A wire tag is the member's name on the wire where it isn't
// the field's name: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/

// Filter keeps resources of which the named field has one of the values, in
// which * and ? match as in a shell.
type Filter struct {
	Name   *string
	Values []string `wire:"Value"`
}

// Tag is a key and value of a resource.
type Tag struct {
	Key   *string
	Value *string
}

// TagSpecification gives tags to what an operation creates.
type TagSpecification struct {
	ResourceType string // "security-group", "security-group-rule"
	Tags         []Tag  `wire:"Tag"`
}

// DescribeVpcsInput asks for VPCs by id or filter.
type DescribeVpcsInput struct {
	DryRun     *bool
	Filters    []Filter `wire:"Filter"`
	MaxResults *int32
	NextToken  *string
	VpcIds     []string `wire:"VpcId"`
}

// DescribeVpcsOutput lists VPCs.
type DescribeVpcsOutput struct {
	NextToken *string
	Vpcs      []Vpc `wire:"vpcSet"`
}

// Vpc is a virtual private cloud.
type Vpc struct {
	CidrBlock               *string
	CidrBlockAssociationSet []VpcCidrBlockAssociation
	DhcpOptionsId           *string
	InstanceTenancy         string
	IsDefault               *bool
	OwnerId                 *string
	State                   string
	Tags                    []Tag `wire:"tagSet"`
	VpcId                   *string
}

// VpcCidrBlockAssociation is an address block of a VPC.
type VpcCidrBlockAssociation struct {
	AssociationId  *string
	CidrBlock      *string
	CidrBlockState *VpcCidrBlockState
}

// VpcCidrBlockState is the state of an address block.
type VpcCidrBlockState struct {
	State string
}

// DescribeSubnetsInput asks for subnets by id or filter.
type DescribeSubnetsInput struct {
	DryRun     *bool
	Filters    []Filter `wire:"Filter"`
	MaxResults *int32
	NextToken  *string
	SubnetIds  []string `wire:"SubnetId"`
}

// DescribeSubnetsOutput lists subnets.
type DescribeSubnetsOutput struct {
	NextToken *string
	Subnets   []Subnet `wire:"subnetSet"`
}

// Subnet is a range of addresses of a VPC in one availability zone.
type Subnet struct {
	AssignIpv6AddressOnCreation *bool
	AvailabilityZone            *string
	AvailabilityZoneId          *string
	AvailableIpAddressCount     *int32
	CidrBlock                   *string
	DefaultForAz                *bool
	MapPublicIpOnLaunch         *bool
	OwnerId                     *string
	State                       string
	SubnetArn                   *string
	SubnetId                    *string
	Tags                        []Tag `wire:"tagSet"`
	VpcId                       *string
}

// DescribeAvailabilityZonesInput asks for availability zones.
type DescribeAvailabilityZonesInput struct {
	AllAvailabilityZones *bool
	DryRun               *bool
	Filters              []Filter `wire:"Filter"`
	ZoneIds              []string `wire:"ZoneId"`
	ZoneNames            []string `wire:"ZoneName"`
}

// DescribeAvailabilityZonesOutput lists availability zones.
type DescribeAvailabilityZonesOutput struct {
	AvailabilityZones []AvailabilityZone `wire:"availabilityZoneInfo"`
}

// AvailabilityZone is a part of the region.
type AvailabilityZone struct {
	OptInStatus string
	RegionName  *string
	State       string `wire:"zoneState"`
	ZoneId      *string
	ZoneName    *string
	ZoneType    *string
}

// DescribeSecurityGroupsInput asks for security groups by id, name or filter.
type DescribeSecurityGroupsInput struct {
	DryRun     *bool
	Filters    []Filter `wire:"Filter"`
	GroupIds   []string `wire:"GroupId"`
	GroupNames []string `wire:"GroupName"`
	MaxResults *int32
	NextToken  *string
}

// DescribeSecurityGroupsOutput lists security groups.
type DescribeSecurityGroupsOutput struct {
	NextToken      *string
	SecurityGroups []SecurityGroup `wire:"securityGroupInfo"`
}

// SecurityGroup is a set of rules for the interfaces that are in it.
type SecurityGroup struct {
	Description         *string `wire:"groupDescription"`
	GroupId             *string
	GroupName           *string
	IpPermissions       []IpPermission
	IpPermissionsEgress []IpPermission
	OwnerId             *string
	SecurityGroupArn    *string
	Tags                []Tag `wire:"tagSet"`
	VpcId               *string
}

// IpPermission is a protocol and range of ports, with the peers they are open to.
type IpPermission struct {
	FromPort         *int32
	IpProtocol       *string // "tcp", "udp", "icmp", a number, "-1" for all
	IpRanges         []IpRange
	Ipv6Ranges       []Ipv6Range
	PrefixListIds    []PrefixListId
	ToPort           *int32
	UserIdGroupPairs []UserIdGroupPair `wire:"groups"`
}

// IpRange is a peer by IPv4 address block.
type IpRange struct {
	CidrIp      *string
	Description *string
}

// Ipv6Range is a peer by IPv6 address block.
type Ipv6Range struct {
	CidrIpv6    *string
	Description *string
}

// PrefixListId is a peer by prefix list, which the sandbox refuses.
type PrefixListId struct {
	Description  *string
	PrefixListId *string
}

// UserIdGroupPair is a peer by security group.
type UserIdGroupPair struct {
	Description *string
	GroupId     *string
	GroupName   *string
	UserId      *string
	VpcId       *string
}

// DescribeSecurityGroupRulesInput asks for rules by id or filter.
type DescribeSecurityGroupRulesInput struct {
	DryRun               *bool
	Filters              []Filter `wire:"Filter"`
	MaxResults           *int32
	NextToken            *string
	SecurityGroupRuleIds []string `wire:"SecurityGroupRuleId"`
}

// DescribeSecurityGroupRulesOutput lists rules.
type DescribeSecurityGroupRulesOutput struct {
	NextToken          *string
	SecurityGroupRules []SecurityGroupRule `wire:"securityGroupRuleSet"`
}

// SecurityGroupRule is one permission for one peer.
type SecurityGroupRule struct {
	CidrIpv4             *string
	CidrIpv6             *string
	Description          *string
	FromPort             *int32
	GroupId              *string
	GroupOwnerId         *string
	IpProtocol           *string
	IsEgress             *bool
	ReferencedGroupInfo  *ReferencedSecurityGroup
	SecurityGroupRuleArn *string
	SecurityGroupRuleId  *string
	Tags                 []Tag `wire:"tagSet"`
	ToPort               *int32
}

// ReferencedSecurityGroup is the peer of a rule that names a group.
type ReferencedSecurityGroup struct {
	GroupId *string
	UserId  *string
	VpcId   *string
}

// CreateSecurityGroupInput makes a group, in the default VPC unless VpcId is set.
type CreateSecurityGroupInput struct {
	Description       *string `wire:"GroupDescription"`
	DryRun            *bool
	GroupName         *string
	TagSpecifications []TagSpecification `wire:"TagSpecification"`
	VpcId             *string
}

// CreateSecurityGroupOutput names the new group.
type CreateSecurityGroupOutput struct {
	GroupId          *string
	SecurityGroupArn *string
	Tags             []Tag `wire:"tagSet"`
}

// DeleteSecurityGroupInput names the group by id, or by name in the default VPC.
type DeleteSecurityGroupInput struct {
	DryRun    *bool
	GroupId   *string
	GroupName *string
}

// DeleteSecurityGroupOutput confirms the deletion.
type DeleteSecurityGroupOutput struct {
	GroupId *string
	Return  *bool
}

// AuthorizeSecurityGroupIngressInput adds rules, given as IpPermissions or as
// one permission in the flat members.
type AuthorizeSecurityGroupIngressInput = SecurityGroupRulesInput

// AuthorizeSecurityGroupEgressInput is AuthorizeSecurityGroupIngressInput for
// outgoing connections.
type AuthorizeSecurityGroupEgressInput = SecurityGroupRulesInput

// RevokeSecurityGroupIngressInput removes rules, given as IpPermissions, as one
// permission in the flat members, or by rule id.
type RevokeSecurityGroupIngressInput = SecurityGroupRulesInput

// RevokeSecurityGroupEgressInput is RevokeSecurityGroupIngressInput for
// outgoing connections.
type RevokeSecurityGroupEgressInput = SecurityGroupRulesInput

// SecurityGroupRulesInput names rules of a group, to add or to remove.
type SecurityGroupRulesInput struct {
	CidrIp                     *string
	DryRun                     *bool
	FromPort                   *int32
	GroupId                    *string
	GroupName                  *string
	IpPermissions              []IpPermission
	IpProtocol                 *string
	SecurityGroupRuleIds       []string `wire:"SecurityGroupRuleId"`
	SourceSecurityGroupName    *string
	SourceSecurityGroupOwnerId *string
	TagSpecifications          []TagSpecification `wire:"TagSpecification"`
	ToPort                     *int32
}

// SecurityGroupRulesOutput lists the rules that were added.
type SecurityGroupRulesOutput struct {
	Return             *bool
	SecurityGroupRules []SecurityGroupRule `wire:"securityGroupRuleSet"`
}

// DescribeNetworkInterfacesInput asks for interfaces by id or filter.
type DescribeNetworkInterfacesInput struct {
	DryRun              *bool
	Filters             []Filter `wire:"Filter"`
	MaxResults          *int32
	NetworkInterfaceIds []string `wire:"NetworkInterfaceId"`
	NextToken           *string
}

// DescribeNetworkInterfacesOutput lists interfaces.
type DescribeNetworkInterfacesOutput struct {
	NetworkInterfaces []NetworkInterface `wire:"networkInterfaceSet"`
	NextToken         *string
}

// NetworkInterface is an address in a subnet, held by a task or a load balancer.
type NetworkInterface struct {
	AvailabilityZone   *string
	Groups             []GroupIdentifier `wire:"groupSet"`
	InterfaceType      string
	MacAddress         *string
	NetworkInterfaceId *string
	OwnerId            *string
	PrivateIpAddress   *string
	Status             string
	SubnetId           *string
	VpcId              *string
}

// GroupIdentifier names a security group.
type GroupIdentifier struct {
	GroupId   *string
	GroupName *string
}
