package cloudformation

import (
	"fmt"
	"strings"
)

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
