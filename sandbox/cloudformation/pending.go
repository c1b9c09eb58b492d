package cloudformation

import "orgship/sandbox/wire"

// Wire returns the service as clients see it.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "cloudformation", Protocol: wire.Query, Version: "2010-05-15",
		Namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
	}
}
