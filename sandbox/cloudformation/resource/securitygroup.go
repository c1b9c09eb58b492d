package resource

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/ec2"
)

// SecurityGroups is the part of EC2 that resources use.
type SecurityGroups interface {
	CreateSecurityGroup(context.Context, *ec2.CreateSecurityGroupInput) (*ec2.CreateSecurityGroupOutput, error)
	DeleteSecurityGroup(context.Context, *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error)
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error)
	AuthorizeSecurityGroupIngress(context.Context, *ec2.SecurityGroupRulesInput) (*ec2.SecurityGroupRulesOutput, error)
	AuthorizeSecurityGroupEgress(context.Context, *ec2.SecurityGroupRulesInput) (*ec2.SecurityGroupRulesOutput, error)
	RevokeSecurityGroupIngress(context.Context, *ec2.SecurityGroupRulesInput) (*ec2.SecurityGroupRulesOutput, error)
	RevokeSecurityGroupEgress(context.Context, *ec2.SecurityGroupRulesInput) (*ec2.SecurityGroupRulesOutput, error)
	CreateTags(context.Context, *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error)
	DeleteTags(context.Context, *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error)
}

// EC2 returns the resource types of EC2.
func EC2(room interface {
	SecurityGroups
	Networks
}) []*Type {
	return append(securityGroups(room), networks(room)...)
}

// securityGroups are security groups, and their rules as resources.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
func securityGroups(room SecurityGroups) []*Type {
	ingress := Object{
		"IpProtocol": text().need(), "FromPort": integer(), "ToPort": integer(), "CidrIp": text(), "CidrIpv6": text(),
		"SourceSecurityGroupId": text(), "SourceSecurityGroupOwnerId": text(), "Description": text(),
	}.lacking("SourcePrefixListId", "SourceSecurityGroupName")
	egress := Object{
		"IpProtocol": text().need(), "FromPort": integer(), "ToPort": integer(), "CidrIp": text(), "CidrIpv6": text(),
		"DestinationSecurityGroupId": text(), "Description": text(),
	}.lacking("DestinationPrefixListId")
	return []*Type{
		{
			Name: "AWS::EC2::SecurityGroup", NameProperty: "GroupName",
			Properties: Object{
				"GroupDescription": text().need().replace(), "GroupName": text().replace(), "VpcId": text().replace(),
				"SecurityGroupIngress": objects(ingress), "SecurityGroupEgress": objects(egress), "Tags": tagList(),
			},
			Attributes: []string{"GroupId", "Id", "VpcId"},
			Handler:    groups{room},
			Tagged:     true,
		},
		{
			Name:       "AWS::EC2::SecurityGroupIngress",
			Properties: ruleProperties(ingress).lacking("GroupName"),
			Attributes: []string{"Id"},
			Handler:    groupRules{room: room},
		},
		{
			Name:       "AWS::EC2::SecurityGroupEgress",
			Properties: ruleProperties(egress),
			Attributes: []string{"Id"},
			Handler:    groupRules{room: room, egress: true},
		},
	}
}

// ruleProperties makes resource properties of a rule's: but for its
// description, a change of any replaces it.
func ruleProperties(rule Object) Object {
	properties := Object{"GroupId": text().need().replace()}
	for name, p := range rule {
		if name != "Description" && !p.missing {
			p = p.replace()
		}
		properties[name] = p
	}
	return properties
}

type groups struct{ room SecurityGroups }

func (h groups) Create(ctx context.Context, r *Request) error {
	out, err := h.room.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(r.given("GroupName", 255)), Description: aws.String(str(r.Properties, "GroupDescription")),
		VpcId: optional(r.Properties, "VpcId"), TagSpecifications: made("security-group", r),
	})
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.GroupId)
	vpc := str(r.Properties, "VpcId")
	if described, err := h.room.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{r.ID}}); err == nil && len(described.SecurityGroups) == 1 {
		vpc = aws.ToString(described.SecurityGroups[0].VpcId)
	}
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"GroupId": r.ID, "Id": r.ID, "VpcId": vpc}})
	return h.rules(ctx, r)
}

func ec2Tags(tags [][2]string) []ec2.Tag {
	var all []ec2.Tag
	for _, t := range tags {
		all = append(all, ec2.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	return all
}

func (h groups) Update(ctx context.Context, r *Request) error {
	if err := h.rules(ctx, r); err != nil {
		return err
	}
	return retagEC2(ctx, h.room, r)
}

// rules brings the group's rules from the previous to the wanted ones.
func (h groups) rules(ctx context.Context, r *Request) error {
	ingress := ruleChange{authorize: h.room.AuthorizeSecurityGroupIngress, revoke: h.room.RevokeSecurityGroupIngress}
	if err := ingress.apply(ctx, r.ID, permissions(r.Previous, "SecurityGroupIngress"), permissions(r.Properties, "SecurityGroupIngress")); err != nil {
		return err
	}
	egress := ruleChange{authorize: h.room.AuthorizeSecurityGroupEgress, revoke: h.room.RevokeSecurityGroupEgress}
	return egress.apply(ctx, r.ID, outgoing(r.Previous), outgoing(r.Properties))
}

// outgoing returns the egress rules: a group without any has the one that EC2
// gives a new group, which allows everything.
func outgoing(properties map[string]any) []ec2.IpPermission {
	if _, given := properties["SecurityGroupEgress"]; !given {
		return []ec2.IpPermission{allowAll()}
	}
	return permissions(properties, "SecurityGroupEgress")
}

// allowAll is the egress rule of a new group.
func allowAll() ec2.IpPermission {
	return ec2.IpPermission{IpProtocol: aws.String("-1"), IpRanges: []ec2.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}
}

// closeDefault takes the rule of a new group away: a rule that is a resource of
// its own takes its place.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupegress.html
func (h groups) closeDefault(ctx context.Context, group string) error {
	out, err := h.room.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{group}})
	if err != nil || len(out.SecurityGroups) != 1 {
		return err
	}
	rules := out.SecurityGroups[0].IpPermissionsEgress
	if len(rules) != 1 || aws.ToString(rules[0].IpProtocol) != "-1" || len(rules[0].IpRanges) != 1 || aws.ToString(rules[0].IpRanges[0].CidrIp) != "0.0.0.0/0" {
		return nil
	}
	_, err = h.room.RevokeSecurityGroupEgress(ctx, &ec2.SecurityGroupRulesInput{GroupId: &group, IpPermissions: []ec2.IpPermission{allowAll()}})
	return gone(err)
}

func (h groups) Delete(ctx context.Context, r *Request) error {
	return r.retry(ctx, func() error {
		_, err := h.room.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &r.ID})
		return err
	})
}

type ruleCall func(context.Context, *ec2.SecurityGroupRulesInput) (*ec2.SecurityGroupRulesOutput, error)

// ruleChange adds and removes rules of one direction.
type ruleChange struct{ authorize, revoke ruleCall }

func (c ruleChange) apply(ctx context.Context, group string, before, after []ec2.IpPermission) error {
	call := func(f ruleCall, from, but []ec2.IpPermission) error {
		in := &ec2.SecurityGroupRulesInput{GroupId: &group}
		for _, p := range from {
			if !slices.ContainsFunc(but, func(o ec2.IpPermission) bool { return samePermission(p, o) }) {
				in.IpPermissions = append(in.IpPermissions, p)
			}
		}
		if len(in.IpPermissions) == 0 {
			return nil
		}
		_, err := f(ctx, in)
		return err
	}
	if err := call(c.revoke, before, after); err != nil {
		return err
	}
	return call(c.authorize, after, before)
}

func samePermission(a, b ec2.IpPermission) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

func permissions(properties map[string]any, name string) []ec2.IpPermission {
	var all []ec2.IpPermission
	items, _ := properties[name].([]any)
	for _, item := range items {
		rule, _ := item.(map[string]any)
		all = append(all, permission(rule))
	}
	return all
}

// permission makes EC2's form of a rule.
func permission(rule map[string]any) ec2.IpPermission {
	p := ec2.IpPermission{IpProtocol: aws.String(str(rule, "IpProtocol")), FromPort: port(rule, "FromPort"), ToPort: port(rule, "ToPort")}
	description := optional(rule, "Description")
	if cidr := str(rule, "CidrIp"); cidr != "" {
		p.IpRanges = []ec2.IpRange{{CidrIp: &cidr, Description: description}}
	}
	if cidr := str(rule, "CidrIpv6"); cidr != "" {
		p.Ipv6Ranges = []ec2.Ipv6Range{{CidrIpv6: &cidr, Description: description}}
	}
	for _, name := range []string{"SourceSecurityGroupId", "DestinationSecurityGroupId"} {
		if id := str(rule, name); id != "" {
			p.UserIdGroupPairs = []ec2.UserIdGroupPair{{GroupId: &id, UserId: optional(rule, "SourceSecurityGroupOwnerId"), Description: description}}
		}
	}
	return p
}

func port(rule map[string]any, name string) *int32 {
	if i, ok := rule[name].(int64); ok {
		return aws.Int32(int32(i))
	}
	return nil
}

// groupRules are rules that are resources of their own.
type groupRules struct {
	room   SecurityGroups
	egress bool
}

func (h groupRules) calls() ruleChange {
	if h.egress {
		return ruleChange{authorize: h.room.AuthorizeSecurityGroupEgress, revoke: h.room.RevokeSecurityGroupEgress}
	}
	return ruleChange{authorize: h.room.AuthorizeSecurityGroupIngress, revoke: h.room.RevokeSecurityGroupIngress}
}

func (h groupRules) Create(ctx context.Context, r *Request) error {
	group := str(r.Properties, "GroupId")
	if h.egress {
		if err := (groups{h.room}).closeDefault(ctx, group); err != nil {
			return err
		}
	}
	out, err := h.calls().authorize(ctx, &ec2.SecurityGroupRulesInput{GroupId: &group, IpPermissions: []ec2.IpPermission{permission(r.Properties)}})
	if err != nil {
		return err
	}
	for _, rule := range out.SecurityGroupRules {
		r.ID = aws.ToString(rule.SecurityGroupRuleId)
	}
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Id": r.ID}})
	return nil
}

func (h groupRules) Update(context.Context, *Request) error {
	return notModelledUpdate("Description", "a security group rule")
}

func (h groupRules) Delete(ctx context.Context, r *Request) error {
	group := str(r.Previous, "GroupId")
	_, err := h.calls().revoke(ctx, &ec2.SecurityGroupRulesInput{GroupId: &group, SecurityGroupRuleIds: []string{r.ID}})
	return gone(err)
}
