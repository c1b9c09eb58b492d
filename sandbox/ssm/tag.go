package ssm

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/sandbox/wire"
)

// AddTagsToResource sets tags of a parameter.
func (s *Service) AddTagsToResource(ctx context.Context, in *AddTagsToResourceInput) (*AddTagsToResourceOutput, error) {
	err := s.tagged(ctx, "AddTagsToResource", in.ResourceType, in.ResourceId, func(p *parameter) {
		if p.tags == nil {
			p.tags = map[string]string{}
		}
		maps.Copy(p.tags, tagMap(in.Tags))
	})
	return &AddTagsToResourceOutput{}, err
}

// RemoveTagsFromResource removes tags of a parameter.
func (s *Service) RemoveTagsFromResource(ctx context.Context, in *RemoveTagsFromResourceInput) (*RemoveTagsFromResourceOutput, error) {
	err := s.tagged(ctx, "RemoveTagsFromResource", in.ResourceType, in.ResourceId, func(p *parameter) {
		for _, key := range in.TagKeys {
			delete(p.tags, key)
		}
	})
	return &RemoveTagsFromResourceOutput{}, err
}

// ListTagsForResource lists the tags of a parameter by key.
func (s *Service) ListTagsForResource(ctx context.Context, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	out := &ListTagsForResourceOutput{}
	err := s.tagged(ctx, "ListTagsForResource", in.ResourceType, in.ResourceId, func(p *parameter) {
		for _, key := range slices.Sorted(maps.Keys(p.tags)) {
			out.TagList = append(out.TagList, Tag{Key: aws.String(key), Value: aws.String(p.tags[key])})
		}
	})
	return out, err
}

// tagged does something with the parameter that a request about tags names.
func (s *Service) tagged(ctx context.Context, action, kind string, name *string, do func(*parameter)) error {
	if err := s.authorize(ctx, action, aws.ToString(name)); err != nil {
		return err
	}
	if kind != "Parameter" {
		return wire.NotModelled("tags of the resource type %s", kind)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(ctx, aws.ToString(name))
	if p == nil {
		return wire.Errorf("InvalidResourceId", "The resource ID isn't valid. Verify that you entered the correct ID and try again.")
	}
	do(p)
	return nil
}

func tagMap(tags []Tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}
