package cloudformation

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/id"
)

const stackType = "AWS::CloudFormation::Stack"

// eventsPerPage is how many events DescribeStackEvents gives at a time.
const eventsPerPage = 100

// record adds an event. Call it with s.mu held.
func (s *Service) record(st *stack, token string, e types.StackEvent) {
	now := s.now(st)
	e.StackId, e.StackName, e.Timestamp = aws.String(st.id), aws.String(st.name), &now
	if token != "" {
		e.ClientRequestToken = &token
	}
	e.EventId = aws.String(id.UUID())
	if aws.ToString(e.ResourceType) != stackType {
		e.EventId = aws.String(aws.ToString(e.LogicalResourceId) + "-" + string(e.ResourceStatus) + "-" + now.Format("2006-01-02T15:04:05.000Z"))
	}
	st.events = append(st.events, e)
}

// now returns a time later than that of the stack's last event, so that events
// have an order.
func (s *Service) now(st *stack) time.Time {
	now := s.cfg.Clock.Now().UTC().Truncate(time.Millisecond)
	if n := len(st.events); n > 0 && !now.After(*st.events[n-1].Timestamp) {
		now = st.events[n-1].Timestamp.Add(time.Millisecond)
	}
	return now
}

// enter puts a stack into a status and records it. Call it with s.mu held.
func (s *Service) enter(st *stack, token string, status types.StackStatus, reason string) {
	st.status, st.reason = status, reason
	s.record(st, token, types.StackEvent{
		LogicalResourceId: aws.String(st.name), PhysicalResourceId: aws.String(st.id), ResourceType: aws.String(stackType),
		ResourceStatus: types.ResourceStatus(status), ResourceStatusReason: nonEmpty(reason),
	})
}

// progress puts a resource into a status and records it. Call it with s.mu held.
func (s *Service) progress(st *stack, token string, r *resourceState, status types.ResourceStatus, reason string) {
	r.status, r.reason = status, reason
	e := types.StackEvent{
		LogicalResourceId: aws.String(r.id), PhysicalResourceId: aws.String(r.physical), ResourceType: aws.String(r.typeName),
		ResourceStatus: status, ResourceStatusReason: nonEmpty(reason),
	}
	if strings.HasPrefix(string(status), "CREATE") || strings.HasPrefix(string(status), "UPDATE") {
		e.ResourceProperties = nonEmpty(r.shown)
	}
	s.record(st, token, e)
	r.changed = *st.events[len(st.events)-1].Timestamp
}

// shown returns resolved properties as events show them: values of NoEcho
// parameters are masked.
func shown(properties map[string]any, parameters document.Values) string {
	encoded, err := json.Marshal(properties)
	if err != nil || len(properties) == 0 {
		return ""
	}
	text := string(encoded)
	for _, v := range parameters {
		for _, hidden := range v.Hidden() {
			text = strings.ReplaceAll(text, hidden, v.Shown())
		}
	}
	return text
}

func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// DescribeStackEvents lists the events of a stack, newest first. A deleted
// stack is found by its id only.
func (s *Service) DescribeStackEvents(ctx context.Context, in *cfn.DescribeStackEventsInput) (*cfn.DescribeStackEventsOutput, error) {
	name := aws.ToString(in.StackName)
	if err := s.authorize(ctx, "DescribeStackEvents", name); err != nil {
		return nil, err
	}
	if err := notEmpty(in.StackName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.find(ctx, name)
	if st == nil {
		return nil, invalid("Stack [%s] does not exist", name)
	}
	newestFirst := slices.Clone(st.events)
	slices.Reverse(newestFirst)
	key := func(e types.StackEvent) string { return *e.EventId }
	some, next, err := pageOf("DescribeStackEvents "+st.id, newestFirst, key, in.NextToken, eventsPerPage)
	return &cfn.DescribeStackEventsOutput{StackEvents: some, NextToken: next}, err
}
