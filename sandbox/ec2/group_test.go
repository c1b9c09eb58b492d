package ec2_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/ec2"
)

func TestDescribeVpcsAndSubnets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vpc, subnets := w.vpc.VPCID, w.vpc.SubnetIDs
	filter := func(name string, values ...string) []ec2.Filter {
		return []ec2.Filter{{Name: &name, Values: values}}
	}
	for _, test := range []struct {
		name string
		in   ec2.DescribeVpcsInput
		want int
		code string
	}{
		{"all", ec2.DescribeVpcsInput{}, 1, ""},
		{"default", ec2.DescribeVpcsInput{Filters: filter("is-default", "true")}, 1, ""},
		{"not default", ec2.DescribeVpcsInput{Filters: filter("isDefault", "false")}, 0, ""},
		{"by id", ec2.DescribeVpcsInput{VpcIds: []string{vpc}}, 1, ""},
		{"by pattern", ec2.DescribeVpcsInput{Filters: filter("cidr", "10.*", "172.31.?.0/*")}, 1, ""},
		{"by tag", ec2.DescribeVpcsInput{Filters: filter("tag:Name", "*")}, 0, ""},
		{"unknown id", ec2.DescribeVpcsInput{VpcIds: []string{"vpc-0"}}, 0, "InvalidVpcID.NotFound"},
		{"unknown filter", ec2.DescribeVpcsInput{Filters: filter("colour", "blue")}, 0, "NotModelled"},
		{"dry run", ec2.DescribeVpcsInput{DryRun: ptr(true)}, 0, "DryRunOperation"},
		{"bad token", ec2.DescribeVpcsInput{NextToken: ptr("x")}, 0, "InvalidNextToken"},
	} {
		out, err := w.DescribeVpcs(w.ctx, &test.in)
		if code(err) != test.code || err == nil && len(out.Vpcs) != test.want {
			t.Errorf("vpcs, %s: got %+v, %v", test.name, out, err)
		}
	}
	first, err := w.DescribeSubnets(w.ctx, &ec2.DescribeSubnetsInput{Filters: filter("vpc-id", vpc), MaxResults: ptr(int32(1))})
	w.must(err)
	second, err := w.DescribeSubnets(w.ctx, &ec2.DescribeSubnetsInput{Filters: filter("vpc-id", vpc), MaxResults: ptr(int32(1)), NextToken: first.NextToken})
	w.must(err)
	if len(first.Subnets) != 1 || *first.Subnets[0].SubnetId != subnets[0] || len(second.Subnets) != 1 || *second.Subnets[0].SubnetId != subnets[1] || second.NextToken != nil {
		t.Errorf("pages of subnets: %+v, %+v", first, second)
	}
	zoneB, err := w.DescribeSubnets(w.ctx, &ec2.DescribeSubnetsInput{Filters: filter("availability-zone", "eu-west-1b")})
	w.must(err)
	if len(zoneB.Subnets) != 1 || *zoneB.Subnets[0].SubnetId != subnets[1] || *zoneB.Subnets[0].CidrBlock != "172.31.16.0/20" {
		t.Errorf("zone b: %+v", zoneB.Subnets)
	}
	if _, err := w.DescribeSubnets(as("333333333333"), &ec2.DescribeSubnetsInput{SubnetIds: subnets}); code(err) != "InvalidSubnetID.NotFound" {
		t.Errorf("subnets of another account: %v", err)
	}
}

func TestDefaultVPCIsTheSameInEveryRun(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(newWorld(t).vpc, newWorld(t).vpc); diff != "" {
		t.Error(diff)
	}
}

func TestSecurityGroupLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.CreateSecurityGroup(w.ctx, &ec2.CreateSecurityGroupInput{
		GroupName: ptr("web"), Description: ptr("web servers"), VpcId: &w.vpc.VPCID,
		TagSpecifications: []ec2.TagSpecification{{ResourceType: "security-group", Tags: []ec2.Tag{{Key: ptr("team"), Value: ptr("a")}}}},
	})
	w.must(err)
	w.must(w.ingress(*out.GroupId, tcp(80, 80, "0.0.0.0/0")))
	described, err := w.DescribeSecurityGroups(w.ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2.Filter{{Name: ptr("tag:team"), Values: []string{"a"}}}})
	w.must(err)
	want := []ec2.SecurityGroup{{
		GroupId: out.GroupId, GroupName: ptr("web"), Description: ptr("web servers"), VpcId: &w.vpc.VPCID, OwnerId: ptr(account),
		SecurityGroupArn:    ptr("arn:aws:ec2:eu-west-1:222222222222:security-group/" + *out.GroupId),
		Tags:                []ec2.Tag{{Key: ptr("team"), Value: ptr("a")}},
		IpPermissions:       tcp(80, 80, "0.0.0.0/0"),
		IpPermissionsEgress: []ec2.IpPermission{{IpProtocol: ptr("-1"), IpRanges: []ec2.IpRange{{CidrIp: ptr("0.0.0.0/0")}}}},
	}}
	if diff := cmp.Diff(want, described.SecurityGroups); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}
	eni := w.attach(*out.GroupId)
	if _, err := w.DeleteSecurityGroup(w.ctx, &ec2.DeleteSecurityGroupInput{GroupId: out.GroupId}); code(err) != "DependencyViolation" {
		t.Errorf("deleting a group in use: %v", err)
	}
	w.Detach(eni.ID)
	peer := w.group("peer")
	w.must(w.ingress(peer, tcp(1, 1, *out.GroupId)))
	if _, err := w.DeleteSecurityGroup(w.ctx, &ec2.DeleteSecurityGroupInput{GroupId: out.GroupId}); code(err) != "DependencyViolation" {
		t.Errorf("deleting a group that a rule names: %v", err)
	}
	_, err = w.DeleteSecurityGroup(w.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &peer})
	w.must(err)
	_, err = w.DeleteSecurityGroup(w.ctx, &ec2.DeleteSecurityGroupInput{GroupName: ptr("web")})
	w.must(err)
	if _, err := w.DescribeSecurityGroups(w.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{*out.GroupId}}); code(err) != "InvalidGroup.NotFound" {
		t.Errorf("after deletion: %v", err)
	}
}

func TestSecurityGroupRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ec2:DescribeNetworkInterfaces")
	g := w.group("g")
	w.must(w.ingress(g, tcp(80, 80, "0.0.0.0/0")))
	create := func(name, description, vpc string) error {
		in := &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &description}
		if vpc != "" {
			in.VpcId = &vpc
		}
		_, err := w.CreateSecurityGroup(w.ctx, in)
		return err
	}
	revoke := func(p []ec2.IpPermission) error {
		_, err := w.RevokeSecurityGroupIngress(w.ctx, &ec2.SecurityGroupRulesInput{GroupId: &g, IpPermissions: p})
		return err
	}
	remove := func(id string) error {
		_, err := w.DeleteSecurityGroup(w.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})
		return err
	}
	_, denied := w.DescribeNetworkInterfaces(w.ctx, &ec2.DescribeNetworkInterfacesInput{})
	_, noVPC := w.CreateSecurityGroup(as("333333333333"), &ec2.CreateSecurityGroupInput{GroupName: ptr("x"), Description: ptr("x")})
	for _, test := range []struct {
		name string
		err  error
		code string
	}{
		{"name taken", create("g", "x", ""), "InvalidGroup.Duplicate"},
		{"unknown vpc", create("h", "x", "vpc-0"), "InvalidVpcID.NotFound"},
		{"reserved name", create("default", "x", ""), "InvalidParameterValue"},
		{"name like an id", create("sg-1", "x", ""), "InvalidParameterValue"},
		{"odd description", create("h", "ünï", ""), "InvalidParameterValue"},
		{"no description", create("h", "", ""), "MissingParameter"},
		{"rule twice", w.ingress(g, tcp(80, 80, "0.0.0.0/0")), "InvalidPermission.Duplicate"},
		{"rule twice in one request", w.ingress(g, append(tcp(1, 1, "0.0.0.0/0"), tcp(1, 1, "0.0.0.0/0")...)), "InvalidPermission.Duplicate"},
		{"no rule", w.ingress(g, nil), "MissingParameter"},
		{"no peer", w.ingress(g, []ec2.IpPermission{{IpProtocol: ptr("-1")}}), "InvalidParameterValue"},
		{"no port", w.ingress(g, []ec2.IpPermission{{IpProtocol: ptr("tcp"), IpRanges: []ec2.IpRange{{CidrIp: ptr("0.0.0.0/0")}}}}), "InvalidParameterValue"},
		{"ports backwards", w.ingress(g, tcp(2, 1, "0.0.0.0/0")), "InvalidParameterValue"},
		{"odd block", w.ingress(g, tcp(1, 1, "0.0.0.0")), "InvalidParameterValue"},
		{"odd protocol", w.ingress(g, []ec2.IpPermission{{IpProtocol: ptr("tpc"), IpRanges: []ec2.IpRange{{CidrIp: ptr("0.0.0.0/0")}}}}), "InvalidPermission.Malformed"},
		{"unknown peer", w.ingress(g, tcp(1, 1, "sg-0")), "InvalidGroup.NotFound"},
		{"prefix list", w.ingress(g, []ec2.IpPermission{{IpProtocol: ptr("-1"), PrefixListIds: []ec2.PrefixListId{{}}}}), "NotModelled"},
		{"revoking what isn't there", revoke(tcp(81, 81, "0.0.0.0/0")), "InvalidPermission.NotFound"},
		{"odd group id", remove("web"), "InvalidGroupId.Malformed"},
		{"unknown group", remove("sg-0"), "InvalidGroup.NotFound"},
		{"default group", remove(w.vpc.SecurityGroupID), "CannotDelete"},
		{"not allowed", denied, "AccessDenied"},
		{"account without network", noVPC, "VPCIdNotSpecified"},
	} {
		if code(test.err) != test.code {
			t.Errorf("%s: got %v, want %s", test.name, test.err, test.code)
		}
	}
}

func TestRulesHaveIds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("g")
	out, err := w.AuthorizeSecurityGroupIngress(w.ctx, &ec2.SecurityGroupRulesInput{GroupId: &g, IpProtocol: ptr("6"), FromPort: ptr(int32(80)), ToPort: ptr(int32(80)), CidrIp: ptr("10.1.2.3/8")})
	w.must(err)
	if len(out.SecurityGroupRules) != 1 || *out.SecurityGroupRules[0].CidrIpv4 != "10.0.0.0/8" || *out.SecurityGroupRules[0].IpProtocol != "tcp" {
		t.Fatalf("got %+v", out.SecurityGroupRules)
	}
	id := *out.SecurityGroupRules[0].SecurityGroupRuleId
	listed, err := w.DescribeSecurityGroupRules(w.ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []ec2.Filter{{Name: ptr("group-id"), Values: []string{g}}}})
	w.must(err)
	if diff := cmp.Diff(out.SecurityGroupRules, listed.SecurityGroupRules); diff != "" {
		t.Errorf("listed (-made +listed):\n%s", diff)
	}
	if _, err := w.RevokeSecurityGroupEgress(w.ctx, &ec2.SecurityGroupRulesInput{GroupId: &g, SecurityGroupRuleIds: []string{id}}); code(err) != "InvalidSecurityGroupRuleId.NotFound" {
		t.Errorf("revoking an ingress rule as egress: %v", err)
	}
	_, err = w.RevokeSecurityGroupIngress(w.ctx, &ec2.SecurityGroupRulesInput{GroupId: &g, SecurityGroupRuleIds: []string{id}})
	w.must(err)
	if _, err := w.DescribeSecurityGroupRules(w.ctx, &ec2.DescribeSecurityGroupRulesInput{SecurityGroupRuleIds: []string{id}}); code(err) != "InvalidSecurityGroupRuleId.NotFound" {
		t.Errorf("after revoking: %v", err)
	}
}
