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

// CreateTags tags resources.
func (s *Service) CreateTags(ctx context.Context, in *CreateTagsInput) (*CreateTagsOutput, error) {
	err := s.onTags(ctx, "CreateTags", in.Resources, in.DryRun, func(have *[]Tag) {
		tags := make(map[string]Tag, len(*have)+len(in.Tags))
		for _, t := range append(slices.Clone(*have), in.Tags...) {
			tags[value(t.Key)] = t
		}
		*have = nil
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			*have = append(*have, tags[key])
		}
	})
	return &CreateTagsOutput{}, err
}

// DeleteTags takes tags from resources; one that isn't there is no error.
func (s *Service) DeleteTags(ctx context.Context, in *DeleteTagsInput) (*DeleteTagsOutput, error) {
	err := s.onTags(ctx, "DeleteTags", in.Resources, in.DryRun, func(tags *[]Tag) {
		*tags = slices.DeleteFunc(slices.Clone(*tags), func(have Tag) bool {
			return slices.ContainsFunc(in.Tags, func(t Tag) bool {
				return value(t.Key) == value(have.Key) && (t.Value == nil || *t.Value == value(have.Value))
			})
		})
	})
	return &DeleteTagsOutput{}, err
}

// onTags does something to the tags of resources: all of them, or none if one isn't
// there.
func (s *Service) onTags(ctx context.Context, operation string, ids []string, dryRun *bool, do func(*[]Tag)) error {
	for _, id := range ids {
		if err := s.begin(ctx, operation, s.arn(ctx, kindOf(id)+"/"+id), dryRun); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*[]Tag
	for _, id := range ids {
		tags, err := s.network(ctx).tagsOf(id)
		if err != nil {
			return err
		}
		all = append(all, tags)
	}
	for _, tags := range all {
		do(tags)
	}
	return nil
}

// kinds are the resource types in ARNs, by what ids begin with.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-resources-for-iam-policies
var kinds = map[string]string{
	"sg": "security-group", "vpc": "vpc", "subnet": "subnet", "igw": "internet-gateway", "rtb": "route-table", "eipalloc": "elastic-ip", "nat": "natgateway", "vpce": "vpc-endpoint",
}

func kindOf(id string) string {
	prefix, _, _ := strings.Cut(id, "-")
	return kinds[prefix]
}

// tagsOf finds the tags of a resource.
func (n *network) tagsOf(id string) (*[]Tag, error) {
	switch kindOf(id) {
	case "security-group":
		g, err := n.group(id)
		if err != nil {
			return nil, err
		}
		return &g.tags, nil
	case "vpc":
		v, err := n.vpcOrDefault(id)
		if err != nil {
			return nil, err
		}
		return &v.tags, nil
	case "subnet":
		sub := n.subnet(id)
		if sub == nil {
			return nil, subnetNotFound(id)
		}
		return &sub.tags, nil
	case "internet-gateway":
		return labelsOf(n.gateways, id)
	case "route-table":
		return labelsOf(n.tables, id)
	case "elastic-ip":
		return labelsOf(n.addresses, id)
	case "natgateway":
		return labelsOf(n.nats, id)
	case "vpc-endpoint":
		return labelsOf(n.endpoints, id)
	}
	return nil, wire.NotModelled("tags of %s", id)
}
