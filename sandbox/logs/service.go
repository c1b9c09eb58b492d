// Package logs is CloudWatch Logs as far as container output needs it: groups
// with a retention, streams, and reading events back.
package logs

import (
	"context"
	"strings"
	"sync"
	"time"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// Config is what the room needs.
type Config struct {
	Clock  clock.Clock
	Region string
	Auth   iam.Authorizer
}

// Service holds the log groups of all accounts.
type Service struct {
	clock  clock.Clock
	region string
	auth   iam.Authorizer

	mu     sync.Mutex
	groups map[groupKey]*group
}

type groupKey struct{ account, name string }

type group struct {
	name      string
	arn       string // without the ":*" that covers its streams
	class     string
	created   time.Time
	retention int32 // days; 0 means for ever
	tags      map[string]string
	streams   map[string]*stream
}

// New returns a service without any group.
func New(c Config) *Service {
	return &Service{clock: c.Clock, region: c.Region, auth: c.Auth, groups: map[groupKey]*group{}}
}

// Wire returns the room as clients see it.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:         "logs",
		Protocol:     wire.JSON11,
		TargetPrefix: "Logs_20140328",
		Words:        wire.Words{Missing: absent, Outside: "InvalidParameterException"},
		Operations: []wire.Operation{
			wire.Op("CreateLogGroup", s.CreateLogGroup, wire.Required("LogGroupName"), wire.Optional("LogGroupClass", "Tags")),
			wire.Op("DeleteLogGroup", s.DeleteLogGroup, wire.Required("LogGroupName")),
			wire.Op("DescribeLogGroups", s.DescribeLogGroups, wire.Optional("LogGroupNamePrefix", "LogGroupNamePattern", "LogGroupClass", "Limit", "NextToken"),
				wire.Range("Limit", 1, 50), wire.Length("LogGroupNamePrefix", 1, 512), wire.Pattern("LogGroupNamePrefix", `[\.\-_/#A-Za-z0-9]+`),
				wire.Length("LogGroupNamePattern", 0, 512), wire.Pattern("LogGroupNamePattern", `[\.\-_/#A-Za-z0-9]*`),
				wire.OneOf("LogGroupClass", "STANDARD", "INFREQUENT_ACCESS", "DELIVERY")),
			wire.Op("PutRetentionPolicy", s.PutRetentionPolicy, wire.Required("LogGroupName", "RetentionInDays")),
			wire.Op("DeleteRetentionPolicy", s.DeleteRetentionPolicy, wire.Required("LogGroupName")),
			wire.Op("TagResource", s.TagResource, wire.Required("ResourceArn", "Tags")),
			wire.Op("UntagResource", s.UntagResource, wire.Required("ResourceArn", "TagKeys")),
			wire.Op("ListTagsForResource", s.ListTagsForResource, wire.Required("ResourceArn")),
			wire.Op("CreateLogStream", s.CreateLogStream, wire.Required("LogGroupName", "LogStreamName")),
			wire.Op("DescribeLogStreams", s.DescribeLogStreams,
				wire.Optional("LogGroupName", "LogGroupIdentifier", "LogStreamNamePrefix", "OrderBy", "Descending", "Limit", "NextToken")),
			wire.Op("GetLogEvents", s.GetLogEvents, wire.Required("LogStreamName"),
				wire.Optional("LogGroupName", "LogGroupIdentifier", "StartTime", "EndTime", "Limit", "NextToken", "StartFromHead")),
			wire.Op("FilterLogEvents", s.FilterLogEvents,
				wire.Optional("LogGroupName", "LogGroupIdentifier", "LogStreamNames", "LogStreamNamePrefix", "StartTime", "EndTime", "Limit", "NextToken", "Interleaved")),
		},
	}
}

// groupARN names a group of the caller's account.
func (s *Service) groupARN(ctx context.Context, name string) string {
	return strings.Join([]string{"arn:aws:logs", s.region, iam.Caller(ctx).Account, "log-group", name}, ":")
}

// begin authorizes an operation on a group of the caller's account.
func (s *Service) begin(ctx context.Context, operation, group string) error {
	return s.auth.Authorize(ctx, "logs:"+operation, s.groupARN(ctx, group)+":*")
}

// group finds a group of the caller's account. The caller holds s.mu.
func (s *Service) group(ctx context.Context, name string) (*group, error) {
	if g := s.groups[groupKey{iam.Caller(ctx).Account, name}]; g != nil {
		return g, nil
	}
	return nil, wire.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
}

// absent refuses a request without members that it needs.
func absent(names []string) *wire.Error {
	return wire.Errorf("InvalidParameterException", "%s", wire.NullMembers(names))
}
