package resource

import (
	"orgship/sandbox/cloudformation/document"
	"orgship/template"
)

// Catalogue is resource types by name.
type Catalogue map[string]*Type

// NewCatalogue returns the catalogue of types.
func NewCatalogue(types ...*Type) Catalogue {
	c := Catalogue{}
	for _, t := range types {
		c[t.Name] = t
	}
	return c
}

// HasType reports whether there is a type of this name.
func (c Catalogue) HasType(name string) bool { return c[name] != nil }

// HasAttribute reports whether Fn::GetAtt of the type gives an attribute.
func (c Catalogue) HasAttribute(typeName, attribute string) bool {
	return c[typeName] != nil && c[typeName].HasAttribute(attribute)
}

// Unmodelled finds the properties and values that the sandbox doesn't model.
func (c Catalogue) Unmodelled(typeName string, properties *template.Node) []document.Gap {
	return c[typeName].Unmodelled(properties)
}

// tagList describes the property Tags.
func tagList() Property {
	return objects(Object{"Key": text().need(), "Value": text().need()})
}

// looseTagList is a list of tags of which CloudFormation wants less: the service says
// what is wrong with them.
func looseTagList() Property { return objects(Object{"Key": text(), "Value": text()}) }

// labelList is a list of tags that need no value.
func labelList() Property { return objects(Object{"Key": text().need(), "Value": text()}) }
