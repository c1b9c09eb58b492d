package secretsmanager

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// TagResource sets tags of a secret.
func (s *Service) TagResource(ctx context.Context, in *TagResourceInput) (*TagResourceOutput, error) {
	x, err := s.usable(ctx, "TagResource", aws.ToString(in.SecretId))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(x.tags, tagMap(in.Tags))
	return &TagResourceOutput{}, nil
}

// UntagResource removes tags of a secret.
func (s *Service) UntagResource(ctx context.Context, in *UntagResourceInput) (*UntagResourceOutput, error) {
	x, err := s.usable(ctx, "UntagResource", aws.ToString(in.SecretId))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range in.TagKeys {
		delete(x.tags, key)
	}
	return &UntagResourceOutput{}, nil
}

func tagMap(tags []Tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}

// tagList lists the tags by key.
func (x *secret) tagList() []Tag {
	var all []Tag
	for _, key := range slices.Sorted(maps.Keys(x.tags)) {
		all = append(all, Tag{Key: aws.String(key), Value: aws.String(x.tags[key])})
	}
	return all
}
