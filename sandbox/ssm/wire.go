package ssm

import (
	"strings"

	"orgship/sandbox/wire"
)

// Wire returns the room as clients see it.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name: "ssm", Protocol: wire.JSON11, TargetPrefix: "AmazonSSM", Pascal: true,
		Words: wire.Words{Missing: func(names []string) *wire.Error {
			return wire.Errorf("ValidationException", "%s", wire.NullMembers(names))
		}},
		Operations: []wire.Operation{
			wire.Op("PutParameter", s.PutParameter, wire.Required("Name", "Value"),
				wire.Optional("AllowedPattern", "DataType", "Description", "KeyId", "Overwrite", "Tags", "Tier", "Type")),
			wire.Op("GetParameter", s.GetParameter, wire.Required("Name"), wire.Optional("WithDecryption")),
			wire.Op("GetParameters", s.GetParameters, wire.Required("Names"), wire.Optional("WithDecryption")),
			wire.Op("GetParametersByPath", s.GetParametersByPath, wire.Required("Path"),
				wire.Optional("Recursive", "ParameterFilters", "WithDecryption", "MaxResults", "NextToken")),
			wire.Op("GetParameterHistory", s.GetParameterHistory, wire.Required("Name"), wire.Optional("WithDecryption", "MaxResults", "NextToken")),
			wire.Op("DescribeParameters", s.DescribeParameters, wire.Optional("ParameterFilters", "MaxResults", "NextToken")),
			wire.Op("DeleteParameter", s.DeleteParameter, wire.Required("Name")),
			wire.Op("DeleteParameters", s.DeleteParameters, wire.Required("Names")),
			wire.Op("AddTagsToResource", s.AddTagsToResource, wire.Required("ResourceType", "ResourceId", "Tags")),
			wire.Op("RemoveTagsFromResource", s.RemoveTagsFromResource, wire.Required("ResourceType", "ResourceId", "TagKeys")),
			wire.Op("ListTagsForResource", s.ListTagsForResource, wire.Required("ResourceType", "ResourceId")),
		},
	}
}

// oneOf reports whether a text is one of those separated by spaces.
func oneOf(text, list string) bool { return strings.Contains(" "+list+" ", " "+text+" ") && text != "" }
