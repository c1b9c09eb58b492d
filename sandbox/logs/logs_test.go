package logs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/iam"
	"orgship/sandbox/logs"
	"orgship/sandbox/wire"
)

type allow struct{ denied []string }

func (a allow) Authorize(_ context.Context, action, arn string) error {
	if slices.Contains(a.denied, action) {
		return wire.Errorf("AccessDenied", "not authorized to perform %s on %s", action, arn)
	}
	return nil
}

func (a allow) AuthorizeWith(ctx context.Context, action, arn string, _ map[string][]string) error {
	return a.Authorize(ctx, action, arn)
}

func newService(t *testing.T, denied ...string) (*logs.Service, context.Context) {
	t.Helper()
	return logs.New(logs.Config{Region: "eu-west-1", Auth: allow{denied}}), as("222222222222")
}

func as(account string) context.Context {
	return iam.WithPrincipal(context.Background(), iam.Principal{Account: account})
}

func code(err error) string {
	var e *wire.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return fmt.Sprintf("no AWS error: %v", err)
}

func ptr[T any](v T) *T { return &v }

func create(ctx context.Context, t *testing.T, s *logs.Service, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := s.CreateLogGroup(ctx, &logs.CreateLogGroupInput{LogGroupName: &name}); err != nil {
			t.Fatal(err)
		}
	}
}

// messages reads all events of a stream, page by page.
func messages(ctx context.Context, t *testing.T, s *logs.Service, group, stream string, page int32) []string {
	t.Helper()
	var all []string
	in := &logs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream, Limit: &page, StartFromHead: ptr(true)}
	for {
		out, err := s.GetLogEvents(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range out.Events {
			all = append(all, *e.Message)
		}
		if in.NextToken != nil && *in.NextToken == *out.NextForwardToken {
			return all
		}
		in.NextToken = out.NextForwardToken
	}
}

func TestWriterMakesAnEventOfEachLine(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	create(ctx, t, s, "/ecs/web")
	w := s.Writer(ctx, "/ecs/web", "web/app/1")
	for _, part := range []string{"one\ntw", "o\r\n\nthree", " four\nfive"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("writing %q: %d, %v", part, n, err)
		}
	}
	if diff := cmp.Diff([]string{"one", "two", "", "three four"}, messages(ctx, t, s, "/ecs/web", "web/app/1", 100)); diff != "" {
		t.Errorf("before closing (-want +got):\n%s", diff)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{"one", "two", "", "three four", "five"}
	for _, page := range []int32{1, 2, 100} {
		if diff := cmp.Diff(want, messages(ctx, t, s, "/ecs/web", "web/app/1", page)); diff != "" {
			t.Errorf("pages of %d (-want +got):\n%s", page, diff)
		}
	}
	newest, err := s.GetLogEvents(ctx, &logs.GetLogEventsInput{LogGroupName: ptr("/ecs/web"), LogStreamName: ptr("web/app/1"), Limit: ptr(int32(2))})
	if err != nil || len(newest.Events) != 2 || *newest.Events[1].Message != "five" {
		t.Fatalf("newest: %+v, %v", newest, err)
	}
	older, err := s.GetLogEvents(ctx, &logs.GetLogEventsInput{LogGroupName: ptr("/ecs/web"), LogStreamName: ptr("web/app/1"), Limit: ptr(int32(2)), NextToken: newest.NextBackwardToken})
	if err != nil || len(older.Events) != 2 || *older.Events[0].Message != "two" {
		t.Errorf("older: %+v, %v", older, err)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	create(ctx, t, s, "g")
	w := s.Writer(ctx, "g", "s")
	for i := range 10_500 {
		fmt.Fprintf(w, "line %d\n", i)
	}
	got := messages(ctx, t, s, "g", "s", 3000)
	if len(got) != 10_000 || got[0] != "line 500" || got[len(got)-1] != "line 10499" {
		t.Errorf("%d lines, from %q to %q", len(got), got[0], got[len(got)-1])
	}
	if _, err := w.Write([]byte(strings.Repeat("x", 300<<10))); err != nil {
		t.Fatal(err)
	}
	got = messages(ctx, t, s, "g", "s", 10_000)
	if last := got[len(got)-1]; len(last) != 256<<10 {
		t.Errorf("a line without an end is cut at %d", len(last))
	}
}

func TestWriterNeedsItsGroup(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	w := s.Writer(ctx, "g", "s")
	if _, err := w.Write(nil); code(err) != "ResourceNotFoundException" {
		t.Errorf("before the group: %v", err)
	}
	create(ctx, t, s, "g")
	if _, err := w.Write([]byte("a\n")); err != nil {
		t.Errorf("with the group: %v", err)
	}
	if _, err := s.DeleteLogGroup(ctx, &logs.DeleteLogGroupInput{LogGroupName: ptr("g")}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("b\n")); code(err) != "ResourceNotFoundException" {
		t.Errorf("after the group: %v", err)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	create(ctx, t, s, "/ecs/b", "/ecs/a", "other")
	if _, err := s.PutRetentionPolicy(ctx, &logs.PutRetentionPolicyInput{LogGroupName: ptr("/ecs/b"), RetentionInDays: ptr(int32(7))}); err != nil {
		t.Fatal(err)
	}
	describe := func(in logs.DescribeLogGroupsInput) (names []string) {
		t.Helper()
		for {
			out, err := s.DescribeLogGroups(ctx, &in)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range out.LogGroups {
				name := *g.LogGroupName
				if g.RetentionInDays != nil {
					name += fmt.Sprintf(" %d", *g.RetentionInDays)
				}
				names = append(names, name)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return names
			}
		}
	}
	if diff := cmp.Diff([]string{"/ecs/a", "/ecs/b 7", "other"}, describe(logs.DescribeLogGroupsInput{Limit: ptr(int32(2))})); diff != "" {
		t.Errorf("all:\n%s", diff)
	}
	if _, err := s.DeleteRetentionPolicy(ctx, &logs.DeleteRetentionPolicyInput{LogGroupName: ptr("/ecs/b")}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/ecs/a", "/ecs/b"}, describe(logs.DescribeLogGroupsInput{LogGroupNamePrefix: ptr("/ecs/")})); diff != "" {
		t.Errorf("by prefix:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"other"}, describe(logs.DescribeLogGroupsInput{LogGroupNamePattern: ptr("th")})); diff != "" {
		t.Errorf("by pattern:\n%s", diff)
	}
	other, err := s.DescribeLogGroups(as("333333333333"), &logs.DescribeLogGroupsInput{})
	if err != nil || len(other.LogGroups) != 0 {
		t.Errorf("another account sees %+v, %v", other, err)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	create(ctx, t, s, "g")
	arn := ptr("arn:aws:logs:eu-west-1:222222222222:log-group:g")
	if _, err := s.TagResource(ctx, &logs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.UntagResource(ctx, &logs.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	out, err := s.ListTagsForResource(ctx, &logs.ListTagsForResourceInput{ResourceArn: arn})
	if err != nil || !cmp.Equal(out.Tags, map[string]string{"b": "2"}) {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestFilterLogEventsMergesStreams(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	create(ctx, t, s, "g")
	for _, stream := range []string{"a/1", "a/2", "b/1"} {
		fmt.Fprintf(s.Writer(ctx, "g", stream), "from %s\n", stream)
	}
	out, err := s.FilterLogEvents(ctx, &logs.FilterLogEventsInput{LogGroupName: ptr("g"), LogStreamNamePrefix: ptr("a/")})
	if err != nil || len(out.Events) != 2 || *out.Events[0].LogStreamName != "a/1" || *out.Events[1].Message != "from a/2" {
		t.Errorf("got %+v, %v", out, err)
	}
	streams, err := s.DescribeLogStreams(ctx, &logs.DescribeLogStreamsInput{LogGroupIdentifier: ptr("arn:aws:logs:eu-west-1:222222222222:log-group:g"), Descending: ptr(true)})
	if err != nil || len(streams.LogStreams) != 3 || *streams.LogStreams[0].LogStreamName != "b/1" || *streams.LogStreams[0].StoredBytes != 8 {
		t.Errorf("streams: %+v, %v", streams, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t, "logs:DescribeLogGroups")
	create(ctx, t, s, "g")
	group := func(in logs.CreateLogGroupInput) error {
		_, err := s.CreateLogGroup(ctx, &in)
		return err
	}
	events := func(in logs.GetLogEventsInput) error {
		_, err := s.GetLogEvents(ctx, &in)
		return err
	}
	s.Writer(ctx, "g", "s")
	_, retention := s.PutRetentionPolicy(ctx, &logs.PutRetentionPolicyInput{LogGroupName: ptr("g"), RetentionInDays: ptr(int32(8))})
	_, missing := s.DeleteLogGroup(ctx, &logs.DeleteLogGroupInput{LogGroupName: ptr("h")})
	_, denied := s.DescribeLogGroups(ctx, &logs.DescribeLogGroupsInput{})
	_, stream := s.CreateLogStream(ctx, &logs.CreateLogStreamInput{LogGroupName: ptr("g"), LogStreamName: ptr("a:b")})
	for _, test := range []struct {
		name string
		err  error
		code string
	}{
		{"name taken", group(logs.CreateLogGroupInput{LogGroupName: ptr("g")}), "ResourceAlreadyExistsException"},
		{"odd name", group(logs.CreateLogGroupInput{LogGroupName: ptr("a b")}), "InvalidParameterException"},
		{"other class", group(logs.CreateLogGroupInput{LogGroupName: ptr("x"), LogGroupClass: "INFREQUENT_ACCESS"}), "NotModelled"},
		{"odd retention", retention, "InvalidParameterException"},
		{"unknown group", missing, "ResourceNotFoundException"},
		{"not allowed", denied, "AccessDenied"},
		{"odd stream name", stream, "InvalidParameterException"},
		{"unknown stream", events(logs.GetLogEventsInput{LogGroupName: ptr("g"), LogStreamName: ptr("x")}), "ResourceNotFoundException"},
		{"odd token", events(logs.GetLogEventsInput{LogGroupName: ptr("g"), LogStreamName: ptr("s"), NextToken: ptr("x/1")}), "InvalidParameterException"},
		{"no group", events(logs.GetLogEventsInput{LogStreamName: ptr("s")}), "InvalidParameterException"},
	} {
		if code(test.err) != test.code {
			t.Errorf("%s: got %v, want %s", test.name, test.err, test.code)
		}
	}
}
