package cloudformation

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/ec2"
	"orgship/sandbox/wire"
)

// places answers what there is in the account, for the Rules of a template.
type places struct {
	ctx     context.Context
	network Network
}

// place is a thing that a parameter type is for.
type place struct {
	id         string
	attributes map[string]string
	tags       []ec2.Tag
}

// All returns the ids of what a parameter type is for.
func (p places) All(parameterType string) ([]string, error) {
	all, err := p.list(parameterType)
	ids := make([]string, 0, len(all))
	for _, one := range all {
		ids = append(ids, one.id)
	}
	return ids, err
}

// Attribute returns an attribute of one of them.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html#rules-parameter-attributes
func (p places) Attribute(parameterType, id, attribute string) (string, error) {
	all, err := p.list(parameterType)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(all, func(one place) bool { return one.id == id })
	if i < 0 {
		return "", invalid("Parameter validation failed: parameter value %s of type %s does not exist", id, parameterType)
	}
	if key, isTag := strings.CutPrefix(attribute, "Tags."); isTag {
		for _, t := range all[i].tags {
			if aws.ToString(t.Key) == key {
				return aws.ToString(t.Value), nil
			}
		}
		return "", nil
	}
	value, ok := all[i].attributes[attribute]
	if !ok {
		return "", wire.NotModelled("the attribute %s of %s in Rules", attribute, parameterType)
	}
	return value, nil
}

func (p places) list(parameterType string) ([]place, error) {
	switch parameterType {
	case "AWS::EC2::VPC::Id":
		return p.vpcs()
	case "AWS::EC2::Subnet::Id":
		return p.subnets()
	case "AWS::EC2::SecurityGroup::Id":
		return p.groups()
	}
	return nil, wire.NotModelled("the parameter type %s in Rules", parameterType)
}

func (p places) vpcs() (all []place, err error) {
	groups, err := p.network.DescribeSecurityGroups(p.ctx, &ec2.DescribeSecurityGroupsInput{})
	if err != nil {
		return nil, err
	}
	byVPC := map[string]string{}
	for _, g := range groups.SecurityGroups {
		if aws.ToString(g.GroupName) == "default" {
			byVPC[aws.ToString(g.VpcId)] = aws.ToString(g.GroupId)
		}
	}
	out, err := p.network.DescribeVpcs(p.ctx, &ec2.DescribeVpcsInput{})
	if err != nil {
		return nil, err
	}
	for _, v := range out.Vpcs {
		id := aws.ToString(v.VpcId)
		all = append(all, place{id, map[string]string{"DefaultSecurityGroup": byVPC[id]}, v.Tags})
	}
	return all, nil
}

func (p places) subnets() (all []place, err error) {
	out, err := p.network.DescribeSubnets(p.ctx, &ec2.DescribeSubnetsInput{})
	if err != nil {
		return nil, err
	}
	for _, s := range out.Subnets {
		attributes := map[string]string{"AvailabilityZone": aws.ToString(s.AvailabilityZone), "VpcId": aws.ToString(s.VpcId)}
		all = append(all, place{aws.ToString(s.SubnetId), attributes, s.Tags})
	}
	return all, nil
}

func (p places) groups() (all []place, err error) {
	out, err := p.network.DescribeSecurityGroups(p.ctx, &ec2.DescribeSecurityGroupsInput{})
	if err != nil {
		return nil, err
	}
	for _, g := range out.SecurityGroups {
		all = append(all, place{id: aws.ToString(g.GroupId), tags: g.Tags})
	}
	return all, nil
}
