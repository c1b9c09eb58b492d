package ec2

import (
	"context"
)

// Inventory adds what the caller's account has.
func (s *Service) Inventory(ctx context.Context, add func(kind, name string)) error {
	groups, err := s.DescribeSecurityGroups(ctx, &DescribeSecurityGroupsInput{})
	if err != nil {
		return err
	}
	for _, g := range groups.SecurityGroups {
		if *g.GroupName != "default" {
			add("ec2:security-group", *g.GroupName)
		}
	}
	s.networkInventory(ctx, add)
	interfaces, err := s.DescribeNetworkInterfaces(ctx, &DescribeNetworkInterfacesInput{})
	if err != nil {
		return err
	}
	for _, i := range interfaces.NetworkInterfaces {
		add("ec2:network-interface", *i.PrivateIpAddress)
	}
	return nil
}

// networkInventory adds what VPCs are made of, but for what the account began with and
// what VPCs bring along.
func (s *Service) networkInventory(ctx context.Context, add func(kind, name string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	began := map[string]bool{}
	for _, what := range []string{"vpc", "igw", "rtb"} {
		began[what+"-"+fixedID(n.account, what)] = true
	}
	note := func(kind, id string) {
		if !began[id] {
			add("ec2:"+kind, id)
		}
	}
	for _, v := range n.vpcs {
		note("vpc", v.id)
	}
	for _, sub := range n.subnets {
		if !sub.isDefault {
			note("subnet", sub.id)
		}
	}
	for _, g := range n.gateways {
		note("internet-gateway", g.id)
	}
	for _, t := range n.tables {
		if !t.main() {
			note("route-table", t.id)
		}
	}
	for _, a := range n.addresses {
		note("elastic-ip", a.id)
	}
	for _, g := range n.nats {
		note("natgateway", g.id)
	}
	for _, e := range n.endpoints {
		note("vpc-endpoint", e.id)
	}
}
