package ec2

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"orgship/sandbox/wire"
)

// rule is one permission of a group for one peer.
type rule struct {
	id       string
	egress   bool
	protocol string // "tcp", "udp", "icmp", "icmpv6", a number, "-1" for all
	from, to int32  // -1 when the protocol has no ports

	// Exactly one of these is set.
	cidr  string
	cidr6 string
	group string

	groupOwner  string // account of group
	description string
	tags        []Tag
}

// same compares what a rule allows; two rules of a group can't be the same.
func (r rule) same(o rule) bool {
	return r.egress == o.egress && r.protocol == o.protocol && r.from == o.from && r.to == o.to &&
		r.cidr == o.cidr && r.cidr6 == o.cidr6 && r.group == o.group
}

// covers says whether the rule is about TCP connections to port.
func (r rule) covers(port int) bool {
	switch r.protocol {
	case "-1":
		return true
	case "tcp":
		return r.from == -1 || int(r.from) <= port && port <= int(r.to)
	}
	return false
}

func (r rule) peer() string { return r.cidr + r.cidr6 + r.group }

func (r rule) String() string {
	protocol := strings.ToUpper(r.protocol)
	if r.protocol == "-1" {
		protocol = "ALL"
	}
	text := fmt.Sprintf("peer: %s, %s", r.peer(), protocol)
	if r.from != -1 {
		text += fmt.Sprintf(", from port: %d, to port: %d", r.from, r.to)
	}
	return text + ", ALLOW"
}

// AuthorizeSecurityGroupIngress adds rules for incoming connections.
func (s *Service) AuthorizeSecurityGroupIngress(ctx context.Context, in *AuthorizeSecurityGroupIngressInput) (*SecurityGroupRulesOutput, error) {
	return s.addRules(ctx, "AuthorizeSecurityGroupIngress", in, false)
}

// AuthorizeSecurityGroupEgress adds rules for outgoing connections.
func (s *Service) AuthorizeSecurityGroupEgress(ctx context.Context, in *AuthorizeSecurityGroupEgressInput) (*SecurityGroupRulesOutput, error) {
	return s.addRules(ctx, "AuthorizeSecurityGroupEgress", in, true)
}

func (s *Service) addRules(ctx context.Context, operation string, in *SecurityGroupRulesInput, egress bool) (*SecurityGroupRulesOutput, error) {
	if err := s.begin(ctx, operation, s.arn(ctx, "security-group/"+value(in.GroupId)), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	g, err := n.groupByIDOrName(in.GroupId, in.GroupName)
	if err != nil {
		return nil, err
	}
	added, err := n.rulesOf(g, in, egress)
	if err != nil {
		return nil, err
	}
	for i, r := range added {
		if slices.ContainsFunc(append(slices.Clone(g.rules), added[:i]...), r.same) {
			return nil, wire.Errorf("InvalidPermission.Duplicate", "the specified rule %q already exists", r)
		}
	}
	out := &SecurityGroupRulesOutput{Return: ptr(true)}
	for i := range added {
		added[i].id = newID("sgr")
		added[i].tags = tagsFor("security-group-rule", in.TagSpecifications)
		out.SecurityGroupRules = append(out.SecurityGroupRules, s.describeRule(n, g, added[i]))
	}
	g.rules = append(g.rules, added...)
	return out, nil
}

// RevokeSecurityGroupIngress removes rules for incoming connections.
func (s *Service) RevokeSecurityGroupIngress(ctx context.Context, in *RevokeSecurityGroupIngressInput) (*SecurityGroupRulesOutput, error) {
	return s.removeRules(ctx, "RevokeSecurityGroupIngress", in, false)
}

// RevokeSecurityGroupEgress removes rules for outgoing connections.
func (s *Service) RevokeSecurityGroupEgress(ctx context.Context, in *RevokeSecurityGroupEgressInput) (*SecurityGroupRulesOutput, error) {
	return s.removeRules(ctx, "RevokeSecurityGroupEgress", in, true)
}

func (s *Service) removeRules(ctx context.Context, operation string, in *SecurityGroupRulesInput, egress bool) (*SecurityGroupRulesOutput, error) {
	if err := s.begin(ctx, operation, s.arn(ctx, "security-group/"+value(in.GroupId)), in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	g, err := n.groupByIDOrName(in.GroupId, in.GroupName)
	if err != nil {
		return nil, err
	}
	doomed, err := n.doomedRules(g, in, egress)
	if err != nil {
		return nil, err
	}
	g.rules = slices.DeleteFunc(g.rules, func(r rule) bool { return slices.ContainsFunc(doomed, r.same) })
	return &SecurityGroupRulesOutput{Return: ptr(true)}, nil
}

// doomedRules finds the rules of g that in names; each must exist.
func (n *network) doomedRules(g *group, in *SecurityGroupRulesInput, egress bool) ([]rule, error) {
	var doomed []rule
	for _, id := range in.SecurityGroupRuleIds {
		i := slices.IndexFunc(g.rules, func(r rule) bool { return r.id == id && r.egress == egress })
		if i < 0 {
			return nil, wire.Errorf("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
		}
		doomed = append(doomed, g.rules[i])
	}
	if len(doomed) > 0 {
		return doomed, nil
	}
	named, err := n.rulesOf(g, in, egress)
	if err != nil {
		return nil, err
	}
	for _, r := range named {
		if !slices.ContainsFunc(g.rules, r.same) {
			return nil, wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
	}
	return named, nil
}

// rulesOf flattens the permissions of a request for g into rules without ids.
func (n *network) rulesOf(g *group, in *SecurityGroupRulesInput, egress bool) ([]rule, error) {
	perms := in.IpPermissions
	if in.IpProtocol != nil || in.CidrIp != nil || in.SourceSecurityGroupName != nil {
		perms = append(slices.Clone(perms), flatPermission(in))
	}
	if len(perms) == 0 {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter ipPermissions")
	}
	var rules []rule
	for _, p := range perms {
		more, err := n.rulesOfPermission(g, p, egress)
		if err != nil {
			return nil, err
		}
		rules = append(rules, more...)
	}
	return rules, nil
}

// flatPermission reads the older way to give one permission.
func flatPermission(in *SecurityGroupRulesInput) IpPermission {
	p := IpPermission{IpProtocol: in.IpProtocol, FromPort: in.FromPort, ToPort: in.ToPort}
	if in.CidrIp != nil {
		p.IpRanges = []IpRange{{CidrIp: in.CidrIp}}
	}
	if in.SourceSecurityGroupName != nil {
		p.UserIdGroupPairs = []UserIdGroupPair{{GroupName: in.SourceSecurityGroupName, UserId: in.SourceSecurityGroupOwnerId}}
		if p.IpProtocol == nil {
			p.IpProtocol = ptr("-1")
		}
	}
	return p
}

func (n *network) rulesOfPermission(g *group, p IpPermission, egress bool) ([]rule, error) {
	if len(p.PrefixListIds) > 0 {
		return nil, wire.NotModelled("prefix lists in security groups")
	}
	base, err := ports(p)
	if err != nil {
		return nil, err
	}
	base.egress = egress
	var rules []rule
	for _, r := range p.IpRanges {
		base, err := base.withBlock(value(r.CidrIp), false)
		if err != nil {
			return nil, err
		}
		base.description = value(r.Description)
		rules = append(rules, base)
	}
	for _, r := range p.Ipv6Ranges {
		base, err := base.withBlock(value(r.CidrIpv6), true)
		if err != nil {
			return nil, err
		}
		base.description = value(r.Description)
		rules = append(rules, base)
	}
	for _, pair := range p.UserIdGroupPairs {
		base, err := n.withGroup(g, base, pair)
		if err != nil {
			return nil, err
		}
		rules = append(rules, base)
	}
	if len(rules) == 0 {
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '' for IP protocol permission: a permission needs a source or destination")
	}
	return rules, nil
}

// ports checks a permission's protocol and ports.
func ports(p IpPermission) (rule, error) {
	r := rule{protocol: strings.ToLower(value(p.IpProtocol)), from: -1, to: -1}
	if name, ok := protocolNames[r.protocol]; ok {
		r.protocol = name
	}
	switch r.protocol {
	case "":
		return r, wire.Errorf("MissingParameter", "The request must contain the parameter ipProtocol")
	case "-1":
		return r, nil // ports don't matter, and AWS ignores them
	case "tcp", "udp":
		if p.FromPort == nil || p.ToPort == nil {
			return r, wire.Errorf("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
		}
	case "icmp", "icmpv6":
	default:
		if n, err := strconv.Atoi(r.protocol); err != nil || n < 0 || n > 255 {
			return r, wire.Errorf("InvalidPermission.Malformed", "Invalid protocol: '%s'", r.protocol)
		}
	}
	if p.FromPort != nil && p.ToPort != nil {
		r.from, r.to = *p.FromPort, *p.ToPort
	}
	if tcpOrUDP := r.protocol == "tcp" || r.protocol == "udp"; tcpOrUDP && (r.from < 0 || r.to > 65535 || r.from > r.to) {
		return r, wire.Errorf("InvalidParameterValue", "Invalid value '%d-%d' for portRange.", r.from, r.to)
	}
	return r, nil
}

// protocolNames: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
var protocolNames = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": "-1"}

func (r rule) withBlock(cidr string, six bool) (rule, error) {
	block, err := netip.ParsePrefix(cidr)
	if err != nil || block.Addr().Is6() != six {
		return r, wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", cidr)
	}
	if six {
		r.cidr6 = block.Masked().String()
	} else {
		r.cidr = block.Masked().String()
	}
	return r, nil
}

func (n *network) withGroup(g *group, r rule, pair UserIdGroupPair) (rule, error) {
	if owner := value(pair.UserId); owner != "" && owner != n.account {
		return r, wire.NotModelled("security groups of other accounts (%s) as a source", owner)
	}
	source, err := n.peerGroup(g, pair)
	if err != nil {
		return r, err
	}
	r.group, r.groupOwner, r.description = source.id, n.account, value(pair.Description)
	return r, nil
}

func (n *network) peerGroup(g *group, pair UserIdGroupPair) (*group, error) {
	if pair.GroupId != nil {
		return n.group(*pair.GroupId)
	}
	if source := n.groupNamed(g.vpc, value(pair.GroupName)); source != nil {
		return source, nil
	}
	return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", value(pair.GroupName))
}

// permissions groups rules by protocol and ports, as DescribeSecurityGroups does.
func permissions(rules []rule, egress bool) []IpPermission {
	var perms []IpPermission
	index := map[string]int{}
	for _, r := range rules {
		if r.egress != egress {
			continue
		}
		key := fmt.Sprint(r.protocol, r.from, r.to)
		i, ok := index[key]
		if !ok {
			i = len(perms)
			index[key] = i
			perms = append(perms, r.permission())
		}
		perms[i].add(r)
	}
	return perms
}

func (r rule) permission() IpPermission {
	p := IpPermission{IpProtocol: ptr(r.protocol)}
	if r.protocol != "-1" {
		p.FromPort, p.ToPort = ptr(r.from), ptr(r.to)
	}
	return p
}

func (p *IpPermission) add(r rule) {
	var description *string
	if r.description != "" {
		description = &r.description
	}
	switch {
	case r.cidr != "":
		p.IpRanges = append(p.IpRanges, IpRange{CidrIp: &r.cidr, Description: description})
	case r.cidr6 != "":
		p.Ipv6Ranges = append(p.Ipv6Ranges, Ipv6Range{CidrIpv6: &r.cidr6, Description: description})
	default:
		p.UserIdGroupPairs = append(p.UserIdGroupPairs, UserIdGroupPair{GroupId: &r.group, UserId: &r.groupOwner, Description: description})
	}
}

// DescribeSecurityGroupRules lists the rules of the caller's groups.
func (s *Service) DescribeSecurityGroupRules(ctx context.Context, in *DescribeSecurityGroupRulesInput) (*DescribeSecurityGroupRulesOutput, error) {
	if err := s.begin(ctx, "DescribeSecurityGroupRules", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	var all []SecurityGroupRule
	for _, g := range n.groups {
		for _, r := range g.rules {
			if listed(in.SecurityGroupRuleIds, r.id) {
				all = append(all, s.describeRule(n, g, r))
			}
		}
	}
	if len(all) < len(in.SecurityGroupRuleIds) {
		return nil, wire.Errorf("InvalidSecurityGroupRuleId.NotFound", "One of the security group rule IDs %s does not exist", strings.Join(in.SecurityGroupRuleIds, ", "))
	}
	kept, err := filter(all, in.Filters, ruleFields)
	if err != nil {
		return nil, err
	}
	some, next, err := paginate("DescribeSecurityGroupRules", kept, in.MaxResults, in.NextToken)
	return &DescribeSecurityGroupRulesOutput{SecurityGroupRules: some, NextToken: next}, err
}

var ruleFields = fields[SecurityGroupRule]{
	"group-id":               func(r SecurityGroupRule) []string { return []string{*r.GroupId} },
	"security-group-rule-id": func(r SecurityGroupRule) []string { return []string{*r.SecurityGroupRuleId} },
}

func (s *Service) describeRule(n *network, g *group, r rule) SecurityGroupRule {
	d := SecurityGroupRule{
		FromPort: &r.from, ToPort: &r.to, IpProtocol: &r.protocol, IsEgress: &r.egress,
		GroupId: &g.id, GroupOwnerId: &n.account, SecurityGroupRuleId: &r.id, Tags: r.tags,
		SecurityGroupRuleArn: ptr("arn:aws:ec2:" + s.region + ":" + n.account + ":security-group-rule/" + r.id),
	}
	if r.description != "" {
		d.Description = &r.description
	}
	switch {
	case r.cidr != "":
		d.CidrIpv4 = &r.cidr
	case r.cidr6 != "":
		d.CidrIpv6 = &r.cidr6
	default:
		d.ReferencedGroupInfo = &ReferencedSecurityGroup{GroupId: &r.group, UserId: &r.groupOwner}
	}
	return d
}
