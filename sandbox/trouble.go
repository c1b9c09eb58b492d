package sandbox

import "orgship/sandbox/wire"

// Fail orders trouble for requests: throttling, server errors, broken
// connections, slow answers, expired credentials, missing permissions, answers
// that aren't AWS's.
func (s *Sandbox) Fail(f wire.Fault) *wire.Injected { return s.handler.Fail(f) }

// FailHook makes the next blue/green deployment fail at a lifecycle event of
// the hook, from "BeforeInstall" to "AfterAllowTraffic", or in the
// "TerminationWait"; "" takes it back.
func (s *Sandbox) FailHook(event string) { s.rooms.codedeploy.FailAt(event) }

// Unhealthy makes tasks whose image matches run without ever answering on
// their network, from now on; nil ends it. The image is as in the task
// definition.
func (s *Sandbox) Unhealthy(match func(image string) bool) { s.rooms.ecs.Unhealthy(match) }

// Calls returns the newest requests in the order in which they were answered.
func (s *Sandbox) Calls() []wire.Call { return s.handler.Calls() }
