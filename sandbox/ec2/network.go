package ec2

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

type networkInterface struct {
	ENI
	vpc    string
	groups []string
	public bool
	dial   func(ctx context.Context, port int) (net.Conn, error)
}

// Attach makes a network interface with a free address of the subnet. An
// unknown subnet or group is refused with EC2's error.
func (s *Service) Attach(_ context.Context, want Interface) (*ENI, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.networkOf(want.Account)
	sub := n.subnet(want.SubnetID)
	if sub == nil {
		return nil, subnetNotFound(want.SubnetID)
	}
	groups, err := n.interfaceGroups(sub, want.SecurityGroups)
	if err != nil {
		return nil, err
	}
	ip, err := n.freeAddress(sub)
	if err != nil {
		return nil, err
	}
	b := ip.As4()
	i := &networkInterface{
		ENI: ENI{
			ID: newID("eni"), PrivateIP: ip.String(), SubnetID: sub.id,
			MAC: fmt.Sprintf("0a:58:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3]),
		},
		vpc: sub.vpc, groups: groups, public: want.Public, dial: want.Dial,
	}
	n.interfaces[i.ID] = i
	eni := i.ENI
	return &eni, nil
}

func (n *network) interfaceGroups(sub *subnet, ids []string) ([]string, error) {
	if len(ids) == 0 {
		if g := n.groupNamed(sub.vpc, "default"); g != nil {
			return []string{g.id}, nil
		}
	}
	for _, id := range ids {
		g, err := n.group(id)
		if err != nil {
			return nil, err
		}
		if g.vpc != sub.vpc {
			return nil, wire.Errorf("InvalidParameter", "Security group %s and subnet %s belong to different networks.", id, sub.id)
		}
	}
	return slices.Clone(ids), nil
}

// Detach gives the interface's address back. An unknown id is ignored, so that
// cleaning up twice is fine.
func (s *Service) Detach(eniID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.networks {
		delete(n.interfaces, eniID)
	}
}

// AWS keeps the first four addresses and the last one of a subnet:
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func firstHost(block netip.Prefix) netip.Addr {
	return block.Addr().Next().Next().Next().Next()
}

func hosts(block netip.Prefix) int { return 1<<(32-block.Bits()) - 5 }

// freeAddress hands addresses out in order and starts over at the end, so that
// an address isn't used again soon after it was given back.
func (n *network) freeAddress(sub *subnet) (netip.Addr, error) {
	taken := map[string]bool{}
	for _, i := range n.interfaces {
		taken[i.PrivateIP] = true
	}
	for range hosts(sub.block) {
		ip := sub.next
		sub.next = ip.Next()
		if !sub.block.Contains(sub.next.Next()) {
			sub.next = firstHost(sub.block)
		}
		if !taken[ip.String()] {
			return ip, nil
		}
	}
	return netip.Addr{}, wire.Errorf("InsufficientFreeAddressesInSubnet", "The specified subnet does not have enough free addresses to satisfy the request.")
}

func (n *network) used(subnetID string) int {
	used := 0
	for _, i := range n.interfaces {
		if i.SubnetID == subnetID {
			used++
		}
	}
	return used
}

// Dial connects from a holder of the groups from to a port of the interface
// with the given private address, in the account of ctx's caller. Where a
// packet would be dropped (no such address, or a security group in the way) it
// returns a net.Error that is a timeout, at once.
func (s *Service) Dial(ctx context.Context, from []string, ip string, port int) (net.Conn, error) {
	i, err := s.reach(iam.Caller(ctx).Account, from, ip, port)
	if err != nil {
		return nil, err
	}
	if i.dial == nil {
		return nil, dropped(ip, port, "its holder takes no connections")
	}
	return i.dial(ctx, port)
}

// reach finds the interface behind ip if the groups on both sides allow it.
func (s *Service) reach(account string, from []string, ip string, port int) (*networkInterface, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.networkOf(account)
	target := n.interfaceAt(ip)
	if target == nil {
		return nil, dropped(ip, port, "nothing has this address")
	}
	if !n.allows(from, true, port, target.groups, target.vpc) {
		return nil, dropped(ip, port, "no egress rule of %v allows it", from)
	}
	if !n.allows(target.groups, false, port, from, target.vpc) {
		return nil, dropped(ip, port, "no ingress rule of %v allows it", target.groups)
	}
	return target, nil
}

func (n *network) interfaceAt(ip string) *networkInterface {
	for _, i := range n.interfaces {
		if i.PrivateIP == ip {
			return i
		}
	}
	return nil
}

// allows says whether a rule of one of the groups covers port for the peers.
//
// Assumption A80: a peer's own address isn't known here, so a rule by address
// block counts when the block contains the whole VPC.
func (n *network) allows(groups []string, egress bool, port int, peers []string, vpcID string) bool {
	v := n.vpc(vpcID)
	return n.anyRule(groups, func(r rule) bool {
		if r.egress != egress || !r.covers(port) {
			return false
		}
		return slices.Contains(peers, r.group) || v != nil && containsBlock(r.cidr, v.block)
	})
}

func (n *network) anyRule(groups []string, match func(rule) bool) bool {
	for _, g := range n.groups {
		if slices.Contains(groups, g.id) && slices.ContainsFunc(g.rules, match) {
			return true
		}
	}
	return false
}

func containsBlock(cidr string, block netip.Prefix) bool {
	outer, err := netip.ParsePrefix(cidr)
	return err == nil && outer.Bits() <= block.Bits() && outer.Contains(block.Addr())
}

// AllowsInternet says whether one of the account's groups lets TCP connections
// to port in from the internet, as a client of a load balancer is.
//
// Assumption A81: everyone on this machine counts as the whole internet, so
// only a rule for 0.0.0.0/0 or ::/0 lets them in.
func (s *Service) AllowsInternet(account string, groups []string, port int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.networkOf(account).anyRule(groups, func(r rule) bool {
		return !r.egress && r.covers(port) && (r.cidr == "0.0.0.0/0" || r.cidr6 == "::/0")
	})
}

// timeoutError is what a dropped packet looks like to a dialler.
type timeoutError struct{ why string }

func (e timeoutError) Error() string   { return "i/o timeout (" + e.why + ")" }
func (e timeoutError) Timeout() bool   { return true }
func (e timeoutError) Temporary() bool { return true }

func dropped(ip string, port int, format string, args ...any) error {
	return &net.OpError{
		Op: "dial", Net: "tcp",
		Addr: address(net.JoinHostPort(ip, strconv.Itoa(port))),
		Err:  timeoutError{fmt.Sprintf(format, args...)},
	}
}

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

// DescribeNetworkInterfaces lists the caller's interfaces.
func (s *Service) DescribeNetworkInterfaces(ctx context.Context, in *DescribeNetworkInterfacesInput) (*DescribeNetworkInterfacesOutput, error) {
	if err := s.begin(ctx, "DescribeNetworkInterfaces", "*", in.DryRun); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.network(ctx)
	for _, id := range in.NetworkInterfaceIds {
		if n.interfaces[id] == nil {
			return nil, wire.Errorf("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", id)
		}
	}
	var all []NetworkInterface
	for _, i := range n.interfaces {
		if listed(in.NetworkInterfaceIds, i.ID) {
			all = append(all, s.describeInterface(n, i))
		}
	}
	slices.SortFunc(all, func(a, b NetworkInterface) int {
		return netip.MustParseAddr(*a.PrivateIpAddress).Compare(netip.MustParseAddr(*b.PrivateIpAddress))
	})
	kept, err := filter(all, in.Filters, interfaceFields)
	if err != nil {
		return nil, err
	}
	some, next, err := paginate("DescribeNetworkInterfaces", kept, in.MaxResults, in.NextToken)
	return &DescribeNetworkInterfacesOutput{NetworkInterfaces: some, NextToken: next}, err
}

func (s *Service) describeInterface(n *network, i *networkInterface) NetworkInterface {
	d := NetworkInterface{
		InterfaceType: "interface", Status: "in-use", OwnerId: &n.account, VpcId: &i.vpc, SubnetId: &i.SubnetID,
		NetworkInterfaceId: &i.ID, PrivateIpAddress: &i.PrivateIP, MacAddress: &i.MAC,
		AvailabilityZone: ptr(s.region + n.subnet(i.SubnetID).zone),
	}
	for _, g := range n.groups {
		if slices.Contains(i.groups, g.id) {
			d.Groups = append(d.Groups, GroupIdentifier{GroupId: &g.id, GroupName: &g.name})
		}
	}
	return d
}

var interfaceFields = fields[NetworkInterface]{
	"network-interface-id":         func(i NetworkInterface) []string { return []string{*i.NetworkInterfaceId} },
	"subnet-id":                    func(i NetworkInterface) []string { return []string{*i.SubnetId} },
	"vpc-id":                       func(i NetworkInterface) []string { return []string{*i.VpcId} },
	"private-ip-address":           func(i NetworkInterface) []string { return []string{*i.PrivateIpAddress} },
	"addresses.private-ip-address": func(i NetworkInterface) []string { return []string{*i.PrivateIpAddress} },
	"group-id": func(i NetworkInterface) []string {
		var ids []string
		for _, g := range i.Groups {
			ids = append(ids, *g.GroupId)
		}
		return ids
	},
}
