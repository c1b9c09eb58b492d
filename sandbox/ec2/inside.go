package ec2

// AllowsAnybody says whether one of the account's groups lets TCP connections to port
// in from anywhere at all: an address, a group or a prefix.
func (s *Service) AllowsAnybody(account string, groups []string, port int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.networkOf(account).anyRule(groups, func(r rule) bool { return !r.egress && r.covers(port) })
}
