package cloudformation

import (
	"fmt"
	"strings"

	"orgship/sandbox/wire"
	"orgship/template"
)

// catalogue shows the resource types to package document.
type catalogue struct{ *Service }

func (c catalogue) HasType(name string) bool { return c.types[name] != nil }

func (c catalogue) HasAttribute(typeName, attribute string) bool {
	t := c.types[typeName]
	return t != nil && t.HasAttribute(attribute)
}

func (c catalogue) Unmodelled(typeName string, properties *template.Node) error {
	t := c.types[typeName]
	if t == nil {
		return wire.NotModelled("the resource type %s", typeName)
	}
	return t.Properties.Unmodelled(typeName, properties)
}

// service returns a resource type's service as an error names it: "ECS".
func service(typeName string) string {
	if parts := strings.Split(typeName, "::"); len(parts) == 3 {
		return parts[1]
	}
	return typeName
}

// replaces reports whether an update of a property replaces a resource.
func (s *Service) replaces(typeName, property string) bool {
	t := s.types[typeName]
	return t != nil && t.Properties.Replaces(property)
}

func list(ids []string) string { return fmt.Sprintf("[%s]", strings.Join(ids, ", ")) }
