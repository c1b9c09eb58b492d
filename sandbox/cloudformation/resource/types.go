package resource

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

// tagList describes the property Tags.
func tagList() Property {
	return objects(Object{"Key": text().need(), "Value": text().need()})
}

// looseTagList is a list of tags of which CloudFormation wants less: the service says
// what is wrong with them.
func looseTagList() Property { return objects(Object{"Key": text(), "Value": text()}) }

// labelList is a list of tags that need no value.
func labelList() Property { return objects(Object{"Key": text().need(), "Value": text()}) }
