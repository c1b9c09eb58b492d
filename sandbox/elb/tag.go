package elb

import (
	"context"
	"slices"
	"strings"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

type tag = types.Tag

// authorizeCreate asks for the operation, and for AddTags when the request tags.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/tagging-resources-during-creation.html
func (s *Service) authorizeCreate(ctx context.Context, operation, arn string, tags []tag) error {
	if err := s.authorize(ctx, operation, arn); err != nil || len(tags) == 0 {
		return err
	}
	return s.authorize(ctx, "AddTags", arn)
}

// checkTags refuses a key that is given twice and more than 50 tags.
func checkTags(tags []tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		key := val(t.Key)
		if key == "" || len(key) > 128 || len(val(t.Value)) > 256 {
			return invalid("Tag key '%s' must have 1 to 128 and its value at most 256 characters", key)
		}
		if seen[key] {
			return wire.Errorf("DuplicateTagKeys", "Tag key '%s' was specified more than once", key)
		}
		seen[key] = true
	}
	if len(tags) > 50 {
		return wire.Errorf("TooManyTags", "The maximum number of tags per resource is 50")
	}
	return nil
}

// addTags sets tags of a resource; checkTags has passed them.
func (a *account) addTags(arn string, tags []tag) {
	kept := slices.Clone(a.tags[arn])
	for _, t := range tags {
		t.Value = new(val(t.Value))
		i := slices.IndexFunc(kept, func(o tag) bool { return *o.Key == *t.Key })
		if i < 0 {
			kept = append(kept, t)
		} else {
			kept[i] = t
		}
	}
	if len(kept) > 0 {
		a.tags[arn] = kept
	}
}

// has returns the error of a resource that does not exist.
func (a *account) has(arn string) error {
	kind, _, _ := strings.Cut(resourceOf(arn), "/")
	var err error
	switch kind {
	case "loadbalancer":
		_, err = a.balancer(arn)
	case "targetgroup":
		_, err = a.group(arn)
	case "listener":
		_, err = a.listener(arn)
	case "listener-rule":
		_, _, err = a.rule(arn)
	default:
		err = invalid("'%s' is not a valid ARN of a load balancer, target group, listener or rule", arn)
	}
	return err
}

// AddTags sets tags on load balancers, target groups, listeners and rules.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html
func (s *Service) AddTags(ctx context.Context, in *elbv2.AddTagsInput) (*elbv2.AddTagsOutput, error) {
	if err := s.authorize(ctx, "AddTags", in.ResourceArns...); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	for _, arn := range in.ResourceArns {
		if err := a.has(arn); err != nil {
			return nil, err
		}
	}
	for _, arn := range in.ResourceArns {
		a.addTags(arn, in.Tags)
	}
	return &elbv2.AddTagsOutput{}, nil
}

// RemoveTags removes tags by key; a key that is not there is no error.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RemoveTags.html
func (s *Service) RemoveTags(ctx context.Context, in *elbv2.RemoveTagsInput) (*elbv2.RemoveTagsOutput, error) {
	if err := s.authorize(ctx, "RemoveTags", in.ResourceArns...); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	for _, arn := range in.ResourceArns {
		if err := a.has(arn); err != nil {
			return nil, err
		}
	}
	for _, arn := range in.ResourceArns {
		a.tags[arn] = slices.DeleteFunc(slices.Clone(a.tags[arn]), func(t tag) bool { return slices.Contains(in.TagKeys, *t.Key) })
	}
	return &elbv2.RemoveTagsOutput{}, nil
}

// DescribeTags lists the tags of up to 20 resources.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
func (s *Service) DescribeTags(ctx context.Context, in *elbv2.DescribeTagsInput) (*elbv2.DescribeTagsOutput, error) {
	if err := s.authorize(ctx, "DescribeTags", "*"); err != nil {
		return nil, err
	}
	if n := len(in.ResourceArns); n < 1 || n > 20 {
		return nil, invalid("1 to 20 resource ARNs can be specified, not %d", n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	out := &elbv2.DescribeTagsOutput{TagDescriptions: []types.TagDescription{}}
	for _, arn := range in.ResourceArns {
		if err := a.has(arn); err != nil {
			return nil, err
		}
		out.TagDescriptions = append(out.TagDescriptions, types.TagDescription{ResourceArn: new(arn), Tags: append([]tag{}, a.tags[arn]...)})
	}
	return out, nil
}
