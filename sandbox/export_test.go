package sandbox

import "orgship/sandbox/wire"

// Services returns the rooms as clients see them, for tests.
func (s *Sandbox) Services() []wire.Service { return s.rooms.wire() }
