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
	interfaces, err := s.DescribeNetworkInterfaces(ctx, &DescribeNetworkInterfacesInput{})
	if err != nil {
		return err
	}
	for _, i := range interfaces.NetworkInterfaces {
		add("ec2:network-interface", *i.PrivateIpAddress)
	}
	return nil
}
