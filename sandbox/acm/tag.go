package acm

import (
	"context"
	"slices"
	"strings"

	"orgship/sandbox/wire"
)

// AddTagsToCertificate sets tags.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_AddTagsToCertificate.html
func (s *Service) AddTagsToCertificate(ctx context.Context, in *AddTagsToCertificateInput) (*AddTagsToCertificateOutput, error) {
	err := s.on(ctx, "AddTagsToCertificate", in.CertificateArn, func(c *certificate) error {
		if err := checkTags(c.tags, in.Tags); err != nil {
			return err
		}
		c.tags = retagged(c.tags, in.Tags)
		return nil
	})
	return &AddTagsToCertificateOutput{}, err
}

// RemoveTagsFromCertificate removes tags: one with a value only if it has that.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_RemoveTagsFromCertificate.html
func (s *Service) RemoveTagsFromCertificate(ctx context.Context, in *RemoveTagsFromCertificateInput) (*RemoveTagsFromCertificateOutput, error) {
	err := s.on(ctx, "RemoveTagsFromCertificate", in.CertificateArn, func(c *certificate) error {
		c.tags = slices.DeleteFunc(slices.Clone(c.tags), func(has Tag) bool {
			return slices.ContainsFunc(in.Tags, func(t Tag) bool {
				return value(t.Key) == value(has.Key) && (t.Value == nil || *t.Value == value(has.Value))
			})
		})
		return nil
	})
	return &RemoveTagsFromCertificateOutput{}, err
}

// ListTagsForCertificate lists tags, by key.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_ListTagsForCertificate.html
func (s *Service) ListTagsForCertificate(ctx context.Context, in *ListTagsForCertificateInput) (*ListTagsForCertificateOutput, error) {
	out := &ListTagsForCertificateOutput{Tags: []Tag{}}
	err := s.on(ctx, "ListTagsForCertificate", in.CertificateArn, func(c *certificate) error {
		out.Tags = append(out.Tags, c.tags...)
		return nil
	})
	return out, err
}

// maxTags: https://docs.aws.amazon.com/acm/latest/userguide/tags-restrictions.html
const maxTags = 50

func checkTags(had, tags []Tag) error {
	for _, t := range tags {
		key := value(t.Key)
		switch {
		case key == "" || len(key) > 128 || len(value(t.Value)) > 256:
			return wire.Errorf("InvalidTagException", "The tag key '%s' must have 1 to 128 characters and its value at most 256.", key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return wire.Errorf("InvalidTagException", "The tag key '%s' begins with aws:, which is reserved.", key)
		}
	}
	if len(retagged(had, tags)) > maxTags {
		return wire.Errorf("TooManyTagsException", "A certificate can have at most %d tags.", maxTags)
	}
	return nil
}

// retagged returns tags with others set, by key.
func retagged(had, tags []Tag) []Tag {
	all := slices.Clone(had)
	for _, t := range tags {
		if i := slices.IndexFunc(all, func(o Tag) bool { return value(o.Key) == value(t.Key) }); i >= 0 {
			all[i] = t
		} else {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b Tag) int { return strings.Compare(value(a.Key), value(b.Key)) })
	return all
}
