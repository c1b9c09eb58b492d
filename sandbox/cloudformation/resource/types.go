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
