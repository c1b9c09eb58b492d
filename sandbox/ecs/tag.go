package ecs

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"orgship/sandbox/iam"
)

// maxTags is how many tags a resource may have.
const maxTags = 50

// TagResource adds tags, or changes those of the same key.
func (s *Service) TagResource(ctx context.Context, in *ecs.TagResourceInput) (*ecs.TagResourceOutput, error) {
	err := s.onTags(ctx, "ecs:TagResource", value(in.ResourceArn), func(tags *[]types.Tag) error {
		merged := slices.Clone(*tags)
		for _, tag := range in.Tags {
			i := slices.IndexFunc(merged, func(t types.Tag) bool { return value(t.Key) == value(tag.Key) })
			if i >= 0 {
				merged[i] = tag
				continue
			}
			merged = append(merged, tag)
		}
		if err := checkTags(merged); err != nil {
			return err
		}
		*tags = merged
		return nil
	})
	return &ecs.TagResourceOutput{}, err
}

// UntagResource takes tags away.
func (s *Service) UntagResource(ctx context.Context, in *ecs.UntagResourceInput) (*ecs.UntagResourceOutput, error) {
	err := s.onTags(ctx, "ecs:UntagResource", value(in.ResourceArn), func(tags *[]types.Tag) error {
		*tags = slices.DeleteFunc(slices.Clone(*tags), func(t types.Tag) bool { return slices.Contains(in.TagKeys, value(t.Key)) })
		return nil
	})
	return &ecs.UntagResourceOutput{}, err
}

// ListTagsForResource lists the tags of a cluster, service, task set, task or
// task definition.
func (s *Service) ListTagsForResource(ctx context.Context, in *ecs.ListTagsForResourceInput) (*ecs.ListTagsForResourceOutput, error) {
	out := &ecs.ListTagsForResourceOutput{}
	err := s.onTags(ctx, "ecs:ListTagsForResource", value(in.ResourceArn), func(tags *[]types.Tag) error {
		out.Tags = slices.Clone(*tags)
		return nil
	})
	return out, err
}

func (s *Service) onTags(ctx context.Context, action, arn string, do func(*[]types.Tag) error) error {
	if err := s.cfg.Auth.Authorize(ctx, action, arn); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tags := s.tagsOf(ctx, arn)
	if tags == nil {
		return invalid("The specified resource is not found: %s", arn)
	}
	return do(tags)
}

// tagsOf finds the tags of what an ARN of the caller's account names, or nil.
func (s *Service) tagsOf(ctx context.Context, arn string) *[]types.Tag {
	kind, path := s.resource(ctx, arn)
	if kind == "task-definition" {
		if d := s.definition(ctx, arn); d != nil {
			return &d.tags
		}
		return nil
	}
	name, rest, _ := strings.Cut(path, "/")
	c := s.account(iam.Caller(ctx).Account).clusters[name]
	if c == nil {
		return nil
	}
	switch kind {
	case "cluster":
		return &c.tags
	case "service":
		if svc := c.services[rest]; svc != nil {
			return &svc.tags
		}
	case "task-set":
		if set := s.sets[taskSetID(arn)]; set != nil && set.arn == arn {
			return &set.tags
		}
	case "task":
		if r := c.task(rest); r != nil {
			return &r.tags
		}
	}
	return nil
}

func checkTags(tags []types.Tag) error {
	if len(tags) > maxTags {
		return invalid("The number of tags exceeds the limit of %d.", maxTags)
	}
	for _, t := range tags {
		switch key := value(t.Key); {
		case key == "" || len(key) > 128:
			return invalid("Tag key %q must have 1 to 128 characters.", key)
		case len(value(t.Value)) > 256:
			return invalid("The value of tag %q must have at most 256 characters.", key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalid("Tag key %q must not begin with aws:.", key)
		}
	}
	return nil
}

// value returns what p points to, or nothing.
func value[T any](p *T) T {
	if p == nil {
		var none T
		return none
	}
	return *p
}
