package logs

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

// GetLogEventsInput asks for events of a stream; times are milliseconds.
type GetLogEventsInput struct {
	EndTime            *int64 // exclusive
	Limit              *int32
	LogGroupIdentifier *string
	LogGroupName       *string
	LogStreamName      *string
	NextToken          *string
	StartFromHead      *bool
	StartTime          *int64 // inclusive
}

// GetLogEventsOutput has a page of events and the tokens for the pages around it.
type GetLogEventsOutput struct {
	Events            []OutputLogEvent
	NextBackwardToken *string
	NextForwardToken  *string
}

// OutputLogEvent is one line of output; times are milliseconds.
type OutputLogEvent struct {
	IngestionTime *int64
	Message       *string
	Timestamp     *int64
}

// maxPage is what one answer holds at most.
const maxPage = 10_000

// GetLogEvents returns the newest events of a stream, or the oldest first with
// StartFromHead. A token that comes back unchanged means: no more.
func (s *Service) GetLogEvents(ctx context.Context, in *GetLogEventsInput) (*GetLogEventsOutput, error) {
	name, err := s.groupName(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if err := s.begin(ctx, "GetLogEvents", name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(ctx, name)
	if err != nil {
		return nil, err
	}
	st := g.streams[value(in.LogStreamName)]
	if st == nil {
		return nil, wire.Errorf("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	from, to, err := st.window(in)
	if err != nil {
		return nil, err
	}
	out := &GetLogEventsOutput{
		Events:            []OutputLogEvent{},
		NextForwardToken:  ptr("f/" + strconv.Itoa(st.first+to)),
		NextBackwardToken: ptr("b/" + strconv.Itoa(st.first+from)),
	}
	for _, e := range st.events[from:to] {
		if within(e, in.StartTime, in.EndTime) {
			out.Events = append(out.Events, OutputLogEvent{Message: &e.message, Timestamp: ptr(e.at.UnixMilli()), IngestionTime: ptr(e.at.UnixMilli())})
		}
	}
	return out, nil
}

// window returns the indexes of the events that a request asks for. Tokens
// count events from the stream's beginning, so they outlive dropped ones.
func (st *stream) window(in *GetLogEventsInput) (from, to int, err error) {
	size := maxPage
	if in.Limit != nil {
		size = min(max(1, int(*in.Limit)), maxPage)
	}
	n := len(st.events)
	token := value(in.NextToken)
	direction, number, _ := strings.Cut(token, "/")
	at, numErr := strconv.Atoi(number)
	at = min(max(at-st.first, 0), n)
	switch {
	case token == "" && value(in.StartFromHead):
		return 0, min(size, n), nil
	case token == "":
		return max(0, n-size), n, nil
	case direction == "f" && numErr == nil:
		return at, min(at+size, n), nil
	case direction == "b" && numErr == nil:
		return max(0, at-size), at, nil
	}
	return 0, 0, wire.Errorf("InvalidParameterException", "The specified nextToken is invalid.")
}

func within(e event, start, end *int64) bool {
	at := e.at.UnixMilli()
	return (start == nil || at >= *start) && (end == nil || at < *end)
}

// FilterLogEventsInput asks for events of several streams; times are
// milliseconds. Filter patterns are not modelled.
type FilterLogEventsInput struct {
	EndTime             *int64
	Interleaved         *bool // ignored by AWS since 2019
	Limit               *int32
	LogGroupIdentifier  *string
	LogGroupName        *string
	LogStreamNamePrefix *string
	LogStreamNames      []string
	NextToken           *string
	StartTime           *int64
}

// FilterLogEventsOutput has a page of events in order of time.
type FilterLogEventsOutput struct {
	Events    []FilteredLogEvent
	NextToken *string
}

// FilteredLogEvent is one line of output and the stream it is in.
type FilteredLogEvent struct {
	EventId       *string
	IngestionTime *int64
	LogStreamName *string
	Message       *string
	Timestamp     *int64
}

// FilterLogEvents returns the events of all streams of a group, or of those
// that are named, in order of time.
func (s *Service) FilterLogEvents(ctx context.Context, in *FilterLogEventsInput) (*FilterLogEventsOutput, error) {
	name, err := s.groupName(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if err := s.begin(ctx, "FilterLogEvents", name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(ctx, name)
	if err != nil {
		return nil, err
	}
	all := []FilteredLogEvent{}
	for _, st := range g.sorted(false, false) {
		if strings.HasPrefix(st.name, value(in.LogStreamNamePrefix)) && (len(in.LogStreamNames) == 0 || slices.Contains(in.LogStreamNames, st.name)) {
			all = append(all, st.filtered(in)...)
		}
	}
	slices.SortStableFunc(all, func(a, b FilteredLogEvent) int { return cmp.Compare(*a.Timestamp, *b.Timestamp) })
	l := page.List[FilteredLogEvent]{Name: "FilterLogEvents " + name, Key: func(e FilteredLogEvent) string { return *e.EventId }, Max: maxPage}
	some, next, err := cut(l, all, in.Limit, in.NextToken)
	return &FilterLogEventsOutput{Events: some, NextToken: next}, err
}

func (st *stream) filtered(in *FilterLogEventsInput) []FilteredLogEvent {
	var kept []FilteredLogEvent
	for i, e := range st.events {
		if within(e, in.StartTime, in.EndTime) {
			kept = append(kept, FilteredLogEvent{
				EventId: ptr(st.name + "/" + strconv.Itoa(st.first+i)), LogStreamName: &st.name, Message: &e.message,
				Timestamp: ptr(e.at.UnixMilli()), IngestionTime: ptr(e.at.UnixMilli()),
			})
		}
	}
	return kept
}
