package ecs

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/id"
)

// maxEvents is how many events of a service are kept.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html
const maxEvents = 100

// say adds an event "(service web) has …", the newest first.
func (s *Service) say(svc *service, format string, args ...any) {
	s.event(svc, fmt.Sprintf("(service %s) ", svc.name)+fmt.Sprintf(format, args...))
}

// saySet adds an event "(service web, taskSet ecs-svc/123) has …", or "(service web)
// has …" for a deployment.
func (s *Service) saySet(set *taskSet, format string, args ...any) {
	if set.rollout != nil {
		s.say(set.service, format, args...)
		return
	}
	s.event(set.service, fmt.Sprintf("(service %s, taskSet %s) ", set.service.name, set.id)+fmt.Sprintf(format, args...))
}

func (s *Service) event(svc *service, message string) {
	e := types.ServiceEvent{Id: new(id.UUID()), CreatedAt: new(s.cfg.Clock.Now()), Message: &message}
	svc.events = slices.Insert(svc.events, 0, e)
	if len(svc.events) > maxEvents {
		svc.events = svc.events[:maxEvents]
	}
}
