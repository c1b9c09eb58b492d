package iam

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"orgship/sandbox/wire"
)

// TagRoleInput adds tags to a role, or changes their values.
type TagRoleInput struct {
	RoleName *string
	Tags     []Tag
}

// TagRoleOutput is empty.
type TagRoleOutput struct{}

// UntagRoleInput removes tags of a role.
type UntagRoleInput struct {
	RoleName *string
	TagKeys  []string
}

// UntagRoleOutput is empty.
type UntagRoleOutput struct{}

// ListRoleTagsInput names a role.
type ListRoleTagsInput struct{ RoleName *string }

// ListRoleTagsOutput shows all its tags: a role has 50 at most.
type ListRoleTagsOutput struct {
	IsTruncated bool
	Tags        []Tag
}

// TagRole adds tags to a role, or changes their values.
func (s *Service) TagRole(ctx context.Context, in *TagRoleInput) (*TagRoleOutput, error) {
	return &TagRoleOutput{}, s.withRole(ctx, "iam:TagRole", in.RoleName, func(r *role) error {
		tags, err := mergeTags(r.tags, in.Tags)
		if err == nil {
			r.tags = tags
		}
		return err
	})
}

// UntagRole removes tags; a key that the role does not have is no error.
func (s *Service) UntagRole(ctx context.Context, in *UntagRoleInput) (*UntagRoleOutput, error) {
	return &UntagRoleOutput{}, s.withRole(ctx, "iam:UntagRole", in.RoleName, func(r *role) error {
		r.tags = removeTags(r.tags, in.TagKeys)
		return nil
	})
}

// removeTags returns a copy of tags without those of the keys.
func removeTags(tags []Tag, keys []string) []Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t Tag) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, *t.Key) })
	})
}

// ListRoleTags shows the tags of a role.
func (s *Service) ListRoleTags(ctx context.Context, in *ListRoleTagsInput) (*ListRoleTagsOutput, error) {
	out := &ListRoleTagsOutput{}
	err := s.withRole(ctx, "iam:ListRoleTags", in.RoleName, func(r *role) error {
		out.Tags = slices.Clone(r.tags)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// mergeTags returns a copy of old with fresh added; keys are unique whatever
// their case, and a role or provider has 50 tags at most.
func mergeTags(old, fresh []Tag) ([]Tag, error) {
	tags := slices.Clone(old)
	for _, t := range fresh {
		if value(t.Key) == "" || t.Value == nil {
			return nil, wire.Errorf("ValidationError", "a tag needs a Key and a Value")
		}
		i := slices.IndexFunc(tags, func(have Tag) bool { return strings.EqualFold(*have.Key, *t.Key) })
		if i >= 0 {
			tags[i] = t
			continue
		}
		tags = append(tags, t)
	}
	if len(tags) > 50 {
		return nil, &wire.Error{
			Code:    "LimitExceeded",
			Message: "The number of tags has reached the maximum limit (50).",
			Status:  http.StatusConflict,
		}
	}
	return tags, nil
}
