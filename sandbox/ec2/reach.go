package ec2

import "slices"

// Reaches reports whether an interface in a subnet gets to an AWS service of its
// region, such as "ecr.dkr" or "s3": by an endpoint, by a NAT gateway, or with a public
// address by the internet gateway.
func (s *Service) Reaches(account, subnetID string, public bool, service string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.networkOf(account)
	sub := n.subnet(subnetID)
	if sub == nil {
		return false
	}
	return n.endpointFor(sub, service) || n.internet(sub, public)
}

// endpointFor reports whether an endpoint leads from a subnet to a service: one with a
// private DNS name, or one whose route is in the subnet's table.
func (n *network) endpointFor(sub *subnet, service string) bool {
	table := n.tableOf(sub)
	return slices.ContainsFunc(n.endpoints, func(e *endpoint) bool {
		if e.vpc != sub.vpc || e.service != service {
			return false
		}
		return e.interfaces && e.private && len(e.subnets) > 0 || !e.interfaces && table != nil && slices.Contains(e.tables, table.id)
	})
}

// internet reports whether a subnet has a way to the internet, with a public address or
// without.
func (n *network) internet(sub *subnet, public bool) bool {
	t := n.tableOf(sub)
	if t == nil {
		return false
	}
	r := t.route(everywhere)
	switch {
	case r == nil || !n.leads(t, *r):
		return false
	case r.nat == "":
		return public
	}
	g, err := found(n.nats, r.nat)
	if err != nil || g.address == "" {
		return false
	}
	own := n.subnet(g.subnet)
	if own == nil {
		return false
	}
	table := n.tableOf(own)
	out := table.route(everywhere)
	return out != nil && out.nat == "" && n.leads(table, *out)
}

// tableOf returns the route table of a subnet: its own, or its VPC's main one.
func (n *network) tableOf(sub *subnet) *routeTable {
	var main *routeTable
	for _, t := range n.tables {
		for _, a := range t.associations {
			switch {
			case a.subnet == sub.id:
				return t
			case a.subnet == "" && t.vpc == sub.vpc:
				main = t
			}
		}
	}
	return main
}
