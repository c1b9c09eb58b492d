package logs

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"orgship/sandbox/iam"
	"orgship/sandbox/page"
	"orgship/sandbox/wire"
)

// CreateLogGroupInput names the new group.
type CreateLogGroupInput struct {
	LogGroupClass string // STANDARD
	LogGroupName  *string
	Tags          map[string]string
}

// CreateLogGroupOutput is empty.
type CreateLogGroupOutput struct{}

// nameShape: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
const nameShape = `[\.\-_/#A-Za-z0-9]+`

// CreateLogGroup makes a group that keeps its events for ever.
func (s *Service) CreateLogGroup(ctx context.Context, in *CreateLogGroupInput) (*CreateLogGroupOutput, error) {
	name := value(in.LogGroupName)
	if err := s.begin(ctx, "CreateLogGroup", name); err != nil {
		return nil, err
	}
	if err := checkName("logGroupName", name, nameShape); err != nil {
		return nil, err
	}
	if in.LogGroupClass != "" && in.LogGroupClass != "STANDARD" {
		return nil, wire.NotModelled("log group class %q", in.LogGroupClass)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := groupKey{iam.Caller(ctx).Account, name}
	if s.groups[key] != nil {
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log group already exists")
	}
	s.groups[key] = &group{
		name: name, arn: s.groupARN(ctx, name), class: "STANDARD", created: s.clock.Now(),
		tags: maps.Clone(in.Tags), streams: map[string]*stream{},
	}
	return &CreateLogGroupOutput{}, nil
}

func checkName(member, name, shape string) error {
	if len(name) > 512 {
		return wire.Errorf("InvalidParameterException",
			"1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to 512", name, member)
	}
	if !regexp.MustCompile(`^` + shape + `$`).MatchString(name) {
		return wire.Errorf("InvalidParameterException",
			"1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", name, member, shape)
	}
	return nil
}

// DeleteLogGroupInput names the group.
type DeleteLogGroupInput struct {
	LogGroupName *string
}

// DeleteLogGroupOutput is empty.
type DeleteLogGroupOutput struct{}

// DeleteLogGroup deletes a group with all its streams. Writers into it fail
// from then on.
func (s *Service) DeleteLogGroup(ctx context.Context, in *DeleteLogGroupInput) (*DeleteLogGroupOutput, error) {
	if err := s.begin(ctx, "DeleteLogGroup", value(in.LogGroupName)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.group(ctx, value(in.LogGroupName)); err != nil {
		return nil, err
	}
	delete(s.groups, groupKey{iam.Caller(ctx).Account, value(in.LogGroupName)})
	return &DeleteLogGroupOutput{}, nil
}

// PutRetentionPolicyInput sets how long a group keeps its events.
type PutRetentionPolicyInput struct {
	LogGroupName    *string
	RetentionInDays *int32
}

// PutRetentionPolicyOutput is empty.
type PutRetentionPolicyOutput struct{}

// retentions: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
func retentions() []int32 {
	return []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
}

// PutRetentionPolicy sets how long a group keeps its events. Nothing expires in
// the sandbox, which doesn't live for a day.
func (s *Service) PutRetentionPolicy(ctx context.Context, in *PutRetentionPolicyInput) (*PutRetentionPolicyOutput, error) {
	if err := s.begin(ctx, "PutRetentionPolicy", value(in.LogGroupName)); err != nil {
		return nil, err
	}
	days := value(in.RetentionInDays)
	if !slices.Contains(retentions(), days) {
		return nil, wire.Errorf("InvalidParameterException",
			"1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: %v", days, retentions())
	}
	return &PutRetentionPolicyOutput{}, s.retain(ctx, value(in.LogGroupName), days)
}

// DeleteRetentionPolicyInput names the group.
type DeleteRetentionPolicyInput struct {
	LogGroupName *string
}

// DeleteRetentionPolicyOutput is empty.
type DeleteRetentionPolicyOutput struct{}

// DeleteRetentionPolicy makes a group keep its events for ever.
func (s *Service) DeleteRetentionPolicy(ctx context.Context, in *DeleteRetentionPolicyInput) (*DeleteRetentionPolicyOutput, error) {
	if err := s.begin(ctx, "DeleteRetentionPolicy", value(in.LogGroupName)); err != nil {
		return nil, err
	}
	return &DeleteRetentionPolicyOutput{}, s.retain(ctx, value(in.LogGroupName), 0)
}

func (s *Service) retain(ctx context.Context, name string, days int32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(ctx, name)
	if err == nil {
		g.retention = days
	}
	return err
}

// DescribeLogGroupsInput asks for groups by the beginning of their names, or by
// a part of them.
type DescribeLogGroupsInput struct {
	Limit               *int32
	LogGroupClass       string
	LogGroupNamePattern *string
	LogGroupNamePrefix  *string
	NextToken           *string
}

// DescribeLogGroupsOutput lists groups by name.
type DescribeLogGroupsOutput struct {
	LogGroups []LogGroup
	NextToken *string
}

// LogGroup is a group.
type LogGroup struct {
	Arn               *string // with the ":*" that covers its streams
	CreationTime      *int64  // milliseconds
	LogGroupArn       *string // without
	LogGroupClass     string
	LogGroupName      *string
	MetricFilterCount *int32
	RetentionInDays   *int32
	StoredBytes       *int64
}

// DescribeLogGroups lists groups, by name.
func (s *Service) DescribeLogGroups(ctx context.Context, in *DescribeLogGroupsInput) (*DescribeLogGroupsOutput, error) {
	if err := s.begin(ctx, "DescribeLogGroups", ""); err != nil {
		return nil, err
	}
	if in.LogGroupNamePattern != nil && in.LogGroupNamePrefix != nil {
		return nil, wire.Errorf("InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []LogGroup{}
	for key, g := range s.groups {
		if key.account == iam.Caller(ctx).Account && strings.HasPrefix(g.name, value(in.LogGroupNamePrefix)) &&
			strings.Contains(g.name, value(in.LogGroupNamePattern)) && (in.LogGroupClass == "" || in.LogGroupClass == g.class) {
			all = append(all, g.describe())
		}
	}
	slices.SortFunc(all, func(a, b LogGroup) int { return strings.Compare(*a.LogGroupName, *b.LogGroupName) })
	some, next, err := cut(page.List[LogGroup]{Name: "DescribeLogGroups", Key: func(g LogGroup) string { return *g.LogGroupName }, Max: 50}, all, in.Limit, in.NextToken)
	return &DescribeLogGroupsOutput{LogGroups: some, NextToken: next}, err
}

func (g *group) describe() LogGroup {
	d := LogGroup{
		Arn: ptr(g.arn + ":*"), LogGroupArn: &g.arn, LogGroupName: &g.name, LogGroupClass: g.class,
		CreationTime: ptr(g.created.UnixMilli()), MetricFilterCount: ptr(int32(0)), StoredBytes: ptr(int64(0)),
	}
	if g.retention != 0 {
		d.RetentionInDays = ptr(g.retention)
	}
	for _, st := range g.streams {
		*d.StoredBytes += st.stored
	}
	return d
}

// TagResourceInput adds tags to a group.
type TagResourceInput struct {
	ResourceArn *string
	Tags        map[string]string
}

// TagResourceOutput is empty.
type TagResourceOutput struct{}

// TagResource adds tags to a group.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	err := s.onTags(ctx, "TagResource", value(in.ResourceArn), func(g *group) {
		if g.tags == nil {
			g.tags = map[string]string{}
		}
		maps.Copy(g.tags, in.Tags)
	})
	return &TagResourceOutput{}, err
}

// UntagResourceInput removes tags from a group.
type UntagResourceInput struct {
	ResourceArn *string
	TagKeys     []string
}

// UntagResourceOutput is empty.
type UntagResourceOutput struct{}

// UntagResource removes tags from a group.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	err := s.onTags(ctx, "UntagResource", value(in.ResourceArn), func(g *group) {
		maps.DeleteFunc(g.tags, func(key, _ string) bool { return slices.Contains(in.TagKeys, key) })
	})
	return &UntagResourceOutput{}, err
}

// ListTagsForResourceInput names a group.
type ListTagsForResourceInput struct {
	ResourceArn *string
}

// ListTagsForResourceOutput has the group's tags.
type ListTagsForResourceOutput struct {
	Tags map[string]string
}

// ListTagsForResource returns a group's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{Tags: map[string]string{}}
	err := s.onTags(ctx, "ListTagsForResource", value(in.ResourceArn), func(g *group) { maps.Copy(out.Tags, g.tags) })
	return out, err
}

// onTags runs an authorized action on the group that an ARN names.
func (s *Service) onTags(ctx context.Context, operation, arn string, action func(*group)) error {
	name, ok := strings.CutPrefix(strings.TrimSuffix(arn, ":*"), s.groupARN(ctx, ""))
	if !ok {
		return wire.Errorf("InvalidParameterException", "Invalid resource arn: %s", arn)
	}
	if err := s.begin(ctx, operation, name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(ctx, name)
	if err == nil {
		action(g)
	}
	return err
}
