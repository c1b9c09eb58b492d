package ec2

import (
	"context"
	"slices"
	"strings"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// group is a security group.
type group struct {
	id, name, description, vpc string
	tags                       []Tag
	rules                      []rule
}

// newGroup returns a group as AWS makes it: nothing may come in, all may go out.
func newGroup(id, name, description, vpc string) *group {
	return &group{
		id: id, name: name, description: description, vpc: vpc,
		rules: []rule{{id: newID("sgr"), egress: true, protocol: "-1", from: -1, to: -1, cidr: "0.0.0.0/0"}},
	}
}

// CreateSecurityGroup makes a group, in the default VPC unless told another.
func (s *Service) CreateSecurityGroup(ctx context.Context, in *CreateSecurityGroupInput) (*CreateSecurityGroupOutput, error) {
	if err := s.begin(ctx, "CreateSecurityGroup", s.arn(ctx, "security-group/*"), in.DryRun); err != nil {
		return nil, err
	}
	if err := checkGroupNames(value(in.GroupName), value(in.Description)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	v, err := n.vpcOrDefault(value(in.VpcId))
	if err != nil {
		return nil, err
	}
	if n.groupNamed(v.id, *in.GroupName) != nil {
		return nil, wire.Errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", *in.GroupName, v.id)
	}
	g := newGroup(newID("sg"), *in.GroupName, *in.Description, v.id)
	g.tags = tagsFor("security-group", in.TagSpecifications)
	n.groups = append(n.groups, g)
	return &CreateSecurityGroupOutput{GroupId: &g.id, SecurityGroupArn: ptr(s.arn(ctx, "security-group/"+g.id)), Tags: g.tags}, nil
}

// checkGroupNames applies the rules of
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
func checkGroupNames(name, description string) error {
	switch {
	case name == "":
		return wire.Errorf("MissingParameter", "The request must contain the parameter GroupName")
	case description == "":
		return wire.Errorf("MissingParameter", "The request must contain the parameter GroupDescription")
	case strings.HasPrefix(name, "sg-"):
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for groupName. Group names may not be in the format sg-*.", name)
	case name == "default":
		return wire.Errorf("InvalidParameterValue", "Cannot use reserved security group name: default")
	}
	for what, text := range map[string]string{"groupName": name, "groupDescription": description} {
		if len(text) > 255 || strings.ContainsFunc(text, outsideGroupCharset) {
			return wire.Errorf("InvalidParameterValue",
				"Value (%s) for parameter %s is invalid. Character sets beyond ASCII are not supported.", text, what)
		}
	}
	return nil
}

func outsideGroupCharset(r rune) bool {
	alnum := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !alnum && !strings.ContainsRune(" ._-:/()#,@[]+=&;{}!$*", r)
}

func tagsFor(resourceType string, specs []TagSpecification) []Tag {
	var tags []Tag
	for _, spec := range specs {
		if spec.ResourceType == resourceType {
			tags = append(tags, spec.Tags...)
		}
	}
	return tags
}

// DescribeSecurityGroups lists the caller's groups.
func (s *Service) DescribeSecurityGroups(ctx context.Context, in *DescribeSecurityGroupsInput) (*DescribeSecurityGroupsOutput, error) {
	if err := s.begin(ctx, "DescribeSecurityGroups", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	for _, id := range in.GroupIds {
		if _, err := n.group(id); err != nil {
			return nil, err
		}
	}
	for _, name := range in.GroupNames {
		if !slices.ContainsFunc(n.groups, func(g *group) bool { return g.name == name }) {
			return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC", name)
		}
	}
	var all []SecurityGroup
	for _, g := range n.groups {
		if listed(in.GroupIds, g.id) && listed(in.GroupNames, g.name) {
			all = append(all, s.describeGroup(n, g))
		}
	}
	kept, err := filter(all, in.Filters, tagged(groupFields, in.Filters, func(g SecurityGroup) []Tag { return g.Tags }))
	if err != nil {
		return nil, err
	}
	some, next, err := paginate("DescribeSecurityGroups", kept, in.MaxResults, in.NextToken)
	return &DescribeSecurityGroupsOutput{SecurityGroups: some, NextToken: next}, err
}

func (s *Service) describeGroup(n *network, g *group) SecurityGroup {
	return SecurityGroup{
		Description:         &g.description,
		GroupId:             &g.id,
		GroupName:           &g.name,
		IpPermissions:       permissions(g.rules, false),
		IpPermissionsEgress: permissions(g.rules, true),
		OwnerId:             &n.account,
		SecurityGroupArn:    ptr("arn:aws:ec2:" + s.region + ":" + n.account + ":security-group/" + g.id),
		Tags:                slices.Clone(g.tags),
		VpcId:               &g.vpc,
	}
}

// groupFields: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html
var groupFields = fields[SecurityGroup]{
	"group-id":    func(g SecurityGroup) []string { return []string{*g.GroupId} },
	"group-name":  func(g SecurityGroup) []string { return []string{*g.GroupName} },
	"vpc-id":      func(g SecurityGroup) []string { return []string{*g.VpcId} },
	"owner-id":    func(g SecurityGroup) []string { return []string{*g.OwnerId} },
	"description": func(g SecurityGroup) []string { return []string{*g.Description} },
}

func tagKeys(tags []Tag) []string {
	var keys []string
	for _, t := range tags {
		keys = append(keys, value(t.Key))
	}
	return keys
}

func tagValues(tags []Tag, key string) []string {
	var values []string
	for _, t := range tags {
		if value(t.Key) == key {
			values = append(values, value(t.Value))
		}
	}
	return values
}

// DeleteSecurityGroup deletes a group that nothing uses and no rule names.
func (s *Service) DeleteSecurityGroup(ctx context.Context, in *DeleteSecurityGroupInput) (*DeleteSecurityGroupOutput, error) {
	if err := s.begin(ctx, "DeleteSecurityGroup", s.arn(ctx, "security-group/"+value(in.GroupId)), in.DryRun); err != nil {
		return nil, err
	}
	id, err := s.groupID(ctx, in.GroupId, in.GroupName)
	if err != nil {
		return nil, err
	}
	used := s.used(iam.Caller(ctx).Account, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	g, err := n.group(id)
	if err != nil {
		return nil, err
	}
	if g.name == "default" {
		return nil, wire.Errorf("CannotDelete", "the specified group: %q name: %q cannot be deleted by a user", g.id, g.name)
	}
	if used || n.inUse(g) {
		return nil, wire.Errorf("DependencyViolation", "resource %s has a dependent object", g.id)
	}
	n.groups = slices.DeleteFunc(n.groups, func(other *group) bool { return other == g })
	return &DeleteSecurityGroupOutput{GroupId: &g.id, Return: ptr(true)}, nil
}

func (s *Service) groupID(ctx context.Context, id, name *string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.network(ctx).groupByIDOrName(id, name)
	if err != nil {
		return "", err
	}
	return g.id, nil
}

// CheckGroups returns EC2's error when one of the groups is not there, in the
// account and VPC.
func (s *Service) CheckGroups(account, vpcID string, ids []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.networkOf(account)
	for _, id := range ids {
		g, err := n.group(id)
		if err != nil {
			return err
		}
		if g.vpc != vpcID {
			return wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in VPC '%s'", id, vpcID)
		}
	}
	return nil
}

// inUse says whether an interface is in g or another group's rule names it.
func (n *network) inUse(g *group) bool {
	for _, i := range n.interfaces {
		if slices.Contains(i.groups, g.id) {
			return true
		}
	}
	for _, other := range n.groups {
		if other != g && slices.ContainsFunc(other.rules, func(r rule) bool { return r.group == g.id }) {
			return true
		}
	}
	return false
}

func (n *network) group(id string) (*group, error) {
	for _, g := range n.groups {
		if g.id == id {
			return g, nil
		}
	}
	if !strings.HasPrefix(id, "sg-") {
		return nil, wire.Errorf("InvalidGroupId.Malformed", "Invalid id: %q (expecting \"sg-...\")", id)
	}
	return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
}

// groupNamed returns nil when the VPC has no such group.
func (n *network) groupNamed(vpc, name string) *group {
	for _, g := range n.groups {
		if g.vpc == vpc && g.name == name {
			return g
		}
	}
	return nil
}

func (n *network) groupByIDOrName(id, name *string) (*group, error) {
	if id != nil {
		return n.group(*id)
	}
	if name == nil {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter groupName or groupId")
	}
	v, err := n.vpcOrDefault("")
	if err != nil {
		return nil, err
	}
	if g := n.groupNamed(v.id, *name); g != nil {
		return g, nil
	}
	return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC '%s'", *name, v.id)
}

func (n *network) vpcOrDefault(id string) (*vpc, error) {
	if id == "" {
		if i := slices.IndexFunc(n.vpcs, func(v *vpc) bool { return v.isDefault }); i >= 0 {
			return n.vpcs[i], nil
		}
		return nil, wire.Errorf("VPCIdNotSpecified", "No default VPC for this user")
	}
	if v := n.vpc(id); v != nil {
		return v, nil
	}
	return nil, wire.Errorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
}
