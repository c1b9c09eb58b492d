package ec2

import (
	"context"
	"maps"
	"slices"
	"strings"

	"orgship/sandbox/wire"
)

// CreateTagsInput gives tags to resources; a tag of the same key is changed.
type CreateTagsInput struct {
	DryRun    *bool
	Resources []string `wire:"ResourceId"`
	Tags      []Tag    `wire:"Tag"`
}

// CreateTagsOutput is empty.
type CreateTagsOutput struct{}

// DeleteTagsInput takes tags from resources: those of a key or, where a value is
// given too, of that key and value.
type DeleteTagsInput struct {
	DryRun    *bool
	Resources []string `wire:"ResourceId"`
	Tags      []Tag    `wire:"Tag"`
}

// DeleteTagsOutput is empty.
type DeleteTagsOutput struct{}

// CreateTags tags security groups.
func (s *Service) CreateTags(ctx context.Context, in *CreateTagsInput) (*CreateTagsOutput, error) {
	err := s.onTags(ctx, "CreateTags", in.Resources, in.DryRun, func(g *group) {
		tags := make(map[string]Tag, len(g.tags)+len(in.Tags))
		for _, t := range append(slices.Clone(g.tags), in.Tags...) {
			tags[value(t.Key)] = t
		}
		g.tags = nil
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			g.tags = append(g.tags, tags[key])
		}
	})
	return &CreateTagsOutput{}, err
}

// DeleteTags takes tags from security groups; one that isn't there is no error.
func (s *Service) DeleteTags(ctx context.Context, in *DeleteTagsInput) (*DeleteTagsOutput, error) {
	err := s.onTags(ctx, "DeleteTags", in.Resources, in.DryRun, func(g *group) {
		g.tags = slices.DeleteFunc(slices.Clone(g.tags), func(have Tag) bool {
			return slices.ContainsFunc(in.Tags, func(t Tag) bool {
				return value(t.Key) == value(have.Key) && (t.Value == nil || *t.Value == value(have.Value))
			})
		})
	})
	return &DeleteTagsOutput{}, err
}

// onTags does something to the tags of security groups: all of them, or none if
// one isn't there.
func (s *Service) onTags(ctx context.Context, operation string, ids []string, dryRun *bool, do func(*group)) error {
	for _, id := range ids {
		if err := s.begin(ctx, operation, s.arn(ctx, "security-group/"+id), dryRun); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var groups []*group
	for _, id := range ids {
		if !strings.HasPrefix(id, "sg-") {
			return wire.NotModelled("tags of %s: only security groups have any", id)
		}
		g, err := s.network(ctx).group(id)
		if err != nil {
			return err
		}
		groups = append(groups, g)
	}
	for _, g := range groups {
		do(g)
	}
	return nil
}
