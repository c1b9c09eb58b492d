package logs

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

// stream holds the events of one writer in order of time.
type stream struct {
	name    string
	arn     string
	created time.Time
	first   int // number of events that were dropped to stay within limits
	events  []event
	stored  int64
}

type event struct {
	at      time.Time
	message string
}

// A stream keeps this much, then drops its oldest events: a task that logs
// without end must not fill the sandbox's memory.
const (
	maxEvents = 10_000
	maxBytes  = 4 << 20
)

func (st *stream) append(at time.Time, message string) {
	st.events = append(st.events, event{at, message})
	st.stored += int64(len(message))
	drop := 0
	for len(st.events)-drop > maxEvents || st.stored > maxBytes {
		st.stored -= int64(len(st.events[drop].message))
		drop++
	}
	st.events = slices.Delete(st.events, 0, drop)
	st.first += drop
}

// CreateLogStreamInput names the new stream and its group.
type CreateLogStreamInput struct {
	LogGroupName  *string
	LogStreamName *string
}

// CreateLogStreamOutput is empty.
type CreateLogStreamOutput struct{}

// CreateLogStream makes an empty stream in a group.
func (s *Service) CreateLogStream(ctx context.Context, in *CreateLogStreamInput) (*CreateLogStreamOutput, error) {
	if err := s.begin(ctx, "CreateLogStream", value(in.LogGroupName)); err != nil {
		return nil, err
	}
	if err := checkName("logStreamName", value(in.LogStreamName), `[^:*]*`); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(ctx, value(in.LogGroupName))
	if err != nil {
		return nil, err
	}
	if g.streams[*in.LogStreamName] != nil {
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	g.addStream(*in.LogStreamName, s.clock.Now())
	return &CreateLogStreamOutput{}, nil
}

func (g *group) addStream(name string, at time.Time) *stream {
	st := &stream{name: name, arn: g.arn + ":log-stream:" + name, created: at}
	g.streams[name] = st
	return st
}

// DescribeLogStreamsInput asks for the streams of a group.
type DescribeLogStreamsInput struct {
	Descending          *bool
	Limit               *int32
	LogGroupIdentifier  *string
	LogGroupName        *string
	LogStreamNamePrefix *string
	NextToken           *string
	OrderBy             string // LogStreamName (default), LastEventTime
}

// DescribeLogStreamsOutput lists streams.
type DescribeLogStreamsOutput struct {
	LogStreams []LogStream
	NextToken  *string
}

// LogStream is a stream; times are milliseconds.
type LogStream struct {
	Arn                 *string
	CreationTime        *int64
	FirstEventTimestamp *int64
	LastEventTimestamp  *int64
	LastIngestionTime   *int64
	LogStreamName       *string
	StoredBytes         *int64
	UploadSequenceToken *string
}

// DescribeLogStreams lists the streams of a group by name, or by last event.
func (s *Service) DescribeLogStreams(ctx context.Context, in *DescribeLogStreamsInput) (*DescribeLogStreamsOutput, error) {
	name, err := s.groupName(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if err := s.begin(ctx, "DescribeLogStreams", name); err != nil {
		return nil, err
	}
	if in.OrderBy == "LastEventTime" && in.LogStreamNamePrefix != nil {
		return nil, wire.Errorf("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(ctx, name)
	if err != nil {
		return nil, err
	}
	all := []LogStream{}
	for _, st := range g.sorted(in.OrderBy == "LastEventTime", value(in.Descending)) {
		if strings.HasPrefix(st.name, value(in.LogStreamNamePrefix)) {
			all = append(all, st.describe())
		}
	}
	some, next, err := cut(page.List[LogStream]{Name: "DescribeLogStreams " + name, Key: func(s LogStream) string { return *s.LogStreamName }, Max: 50}, all, in.Limit, in.NextToken)
	return &DescribeLogStreamsOutput{LogStreams: some, NextToken: next}, err
}

func (g *group) sorted(byTime, descending bool) []*stream {
	all := make([]*stream, 0, len(g.streams))
	for _, st := range g.streams {
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b *stream) int {
		order := cmp.Compare(a.name, b.name)
		if byTime {
			order = cmp.Or(a.last().Compare(b.last()), order)
		}
		if descending {
			return -order
		}
		return order
	})
	return all
}

func (st *stream) last() time.Time {
	if len(st.events) == 0 {
		return st.created
	}
	return st.events[len(st.events)-1].at
}

func (st *stream) describe() LogStream {
	d := LogStream{
		Arn: &st.arn, LogStreamName: &st.name, CreationTime: ptr(st.created.UnixMilli()), StoredBytes: ptr(st.stored),
		UploadSequenceToken: ptr(strconv.Itoa(st.first + len(st.events))),
	}
	if len(st.events) > 0 {
		d.FirstEventTimestamp = ptr(st.events[0].at.UnixMilli())
		d.LastEventTimestamp = ptr(st.last().UnixMilli())
		d.LastIngestionTime = d.LastEventTimestamp
	}
	return d
}

// groupName accepts a group's name or, as the newer API does, its name or ARN
// as identifier.
func (s *Service) groupName(ctx context.Context, name, identifier *string) (string, error) {
	switch {
	case name != nil && identifier != nil:
		return "", wire.Errorf("InvalidParameterException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	case name == nil && identifier == nil:
		return "", wire.Errorf("InvalidParameterException", "One of logGroupName or logGroupIdentifier must be set.")
	case name != nil:
		return *name, nil
	}
	return strings.TrimPrefix(strings.TrimSuffix(*identifier, ":*"), s.groupARN(ctx, "")), nil
}

// cut returns the page of a list that a request asks for, and the token of the next one.
func cut[T any](l page.List[T], all []T, limit *int32, token *string) ([]T, *string, error) {
	if limit != nil {
		limit = ptr(min(max(1, *limit), int32(l.Max)))
	}
	some, next, err := l.Cut(all, limit, token)
	if err != nil {
		return nil, nil, wire.Errorf("InvalidParameterException", "The specified nextToken is invalid.")
	}
	return some, next, nil
}

func ptr[T any](v T) *T { return &v }

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
