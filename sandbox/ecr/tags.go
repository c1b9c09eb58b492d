package ecr

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"orgship/sandbox/wire"
)

// TagResource adds tags to a repository or replaces their values.
func (s *Service) TagResource(ctx context.Context, in *ecr.TagResourceInput) (*ecr.TagResourceOutput, error) {
	err := s.byARN(ctx, "TagResource", in.ResourceArn, func(r *repository) error {
		labels := maps.Clone(r.labels)
		if err := setTags(labels, in.Tags); err != nil {
			return err
		}
		r.labels = labels
		return nil
	})
	return &ecr.TagResourceOutput{}, err
}

// UntagResource removes tags from a repository.
func (s *Service) UntagResource(ctx context.Context, in *ecr.UntagResourceInput) (*ecr.UntagResourceOutput, error) {
	err := s.byARN(ctx, "UntagResource", in.ResourceArn, func(r *repository) error {
		for _, key := range in.TagKeys {
			delete(r.labels, key)
		}
		return nil
	})
	return &ecr.UntagResourceOutput{}, err
}

// ListTagsForResource lists a repository's tags by key.
func (s *Service) ListTagsForResource(ctx context.Context, in *ecr.ListTagsForResourceInput) (*ecr.ListTagsForResourceOutput, error) {
	out := ecr.ListTagsForResourceOutput{Tags: []types.Tag{}}
	err := s.byARN(ctx, "ListTagsForResource", in.ResourceArn, func(r *repository) error {
		for _, key := range slices.Sorted(maps.Keys(r.labels)) {
			out.Tags = append(out.Tags, types.Tag{Key: aws.String(key), Value: aws.String(r.labels[key])})
		}
		return nil
	})
	return &out, err
}

func (s *Service) byARN(ctx context.Context, action string, arn *string, f func(*repository) error) error {
	account, name, err := s.parseARN(arn)
	if err != nil {
		return err
	}
	return s.in(ctx, action, &account, &name, f)
}

// setTags puts tags into labels, within the limits of
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-using-tags.html
func setTags(labels map[string]string, tags []types.Tag) error {
	for _, t := range tags {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		if n := len([]rune(key)); n < 1 || n > 128 || len([]rune(value)) > 256 {
			return wire.Errorf("InvalidTagParameterException", "Invalid parameter at 'tags' failed to satisfy constraint: 'tag keys have 1 to 128 characters, values at most 256'")
		}
		labels[key] = value
	}
	if len(labels) > 50 {
		return wire.Errorf("TooManyTagsException", "The list of tags on the repository is over the limit. The maximum number of tags that can be applied to a repository is 50.")
	}
	return nil
}
