package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/ec2"
)

// ownNetwork is a VPC with a public and a private subnet.
const ownNetwork = `
Resources:
  Net: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.7.0.0/16, EnableDnsHostnames: true, Tags: [{Key: Name, Value: shop}]}}
  Way: {Type: AWS::EC2::InternetGateway}
  Tied: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Net, InternetGatewayId: !Ref Way}}
  Front: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Net, CidrBlock: !Select [0, !Cidr [!GetAtt Net.CidrBlock, 2, 8]], AvailabilityZone: !Select [0, !GetAZs ""], MapPublicIpOnLaunch: true}}
  Back: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Net, CidrBlock: 10.7.1.0/24, AvailabilityZone: !Select [1, !GetAZs ""]}}
  FrontRoutes: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Net}}
  Out: {Type: AWS::EC2::Route, DependsOn: Tied, Properties: {RouteTableId: !Ref FrontRoutes, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Way}}
  FrontHas: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref Front, RouteTableId: !Ref FrontRoutes}}
  Known: {Type: AWS::EC2::EIP, DependsOn: Tied, Properties: {Domain: vpc}}
  Nat: {Type: AWS::EC2::NatGateway, Properties: {AllocationId: !GetAtt Known.AllocationId, SubnetId: !Ref Front}}
  BackRoutes: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Net}}
  BackOut: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref BackRoutes, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !Ref Nat}}
  BackHas: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref Back, RouteTableId: !Ref BackRoutes}}
  Store: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: !Ref Net, ServiceName: !Sub "com.amazonaws.${AWS::Region}.s3", RouteTableIds: [!Ref BackRoutes]}}
Outputs:
  Group: {Value: !GetAtt Net.DefaultSecurityGroup}
  Ip: {Value: !Ref Known}
`

// TestNetwork makes a network, changes it in place and by replacement, and deletes it.
func TestNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	st := w.create("net", ownNetwork)
	w.want(st, types.StackStatusCreateComplete)
	made := w.ids("net")
	reaches := func(subnet string, public bool) bool { return w.ec2.Reaches(accountID, subnet, public, "ecr.api") }
	if !reaches(made["Front"], true) || reaches(made["Front"], false) || !reaches(made["Back"], false) {
		t.Error("the routes lead elsewhere")
	}
	subnets, err := w.ec2.DescribeSubnets(w.ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{made["Front"]}})
	if err != nil || *subnets.Subnets[0].CidrBlock != "10.7.0.0/24" || *subnets.Subnets[0].AvailabilityZone != "eu-west-1a" || !*subnets.Subnets[0].MapPublicIpOnLaunch {
		t.Errorf("%+v, %v", subnets, err)
	}
	w.want(w.update("net", strings.NewReplacer("Value: shop", "Value: stall", "RouteTableIds: [!Ref BackRoutes]", "RouteTableIds: [!Ref FrontRoutes]", ", MapPublicIpOnLaunch: true", ", MapPublicIpOnLaunch: false").Replace(ownNetwork)), types.StackStatusUpdateComplete)
	for id, physical := range w.ids("net") {
		if made[id] != physical {
			t.Errorf("%s was replaced", id)
		}
	}
	vpcs, err := w.ec2.DescribeVpcs(w.ctx, &ec2.DescribeVpcsInput{VpcIds: []string{made["Net"]}})
	if err != nil || *vpcs.Vpcs[0].Tags[0].Value != "stall" {
		t.Errorf("%+v, %v", vpcs, err)
	}
	w.want(w.update("net", strings.Replace(ownNetwork, "10.7.1.0/24", "10.7.2.0/24", 1)), types.StackStatusUpdateComplete)
	if now := w.ids("net")["Back"]; now == made["Back"] || !reaches(now, false) {
		t.Errorf("subnet %s", now)
	}
	w.want(w.delete("net"), types.StackStatusDeleteComplete)
	left := map[string]string{}
	if err := w.ec2.Inventory(w.ctx, func(kind, name string) { left[kind] = name }); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
