// Package template reads CloudFormation templates, in YAML and JSON, into a
// tree that keeps positions; it changes single values in their text, finds the
// faults that the blue/green hook refuses, and compares two templates.
//
// It is pure: no I/O, no AWS client. It doesn't resolve functions.
package template

// Format is the syntax of a template's source.
type Format int

// The formats.
const (
	YAML Format = iota + 1
	JSON
)

// Template is a parsed template. Its methods give views of Root; changing Root
// changes them.
type Template struct {
	Root   *Node // a map
	Format Format
	Size   int // bytes of the source; 0 of a template that was made, not read
}

// Parameter is a member of the Parameters section.
type Parameter struct {
	Name  string
	Entry Entry
	Node  *Node  // the whole declaration, a map: Type, Default, AllowedPattern …
	Type  string // "String", "AWS::EC2::VPC::Id", "List<Number>" …
}

// Resource is a member of the Resources section.
type Resource struct {
	ID    string // logical id
	Entry Entry
	Node  *Node // the whole declaration, a map
	Type  string

	Properties *Node    // a map or a function; nil when absent
	DependsOn  []string // logical ids
	Condition  string   // name of a condition, "" for none

	DeletionPolicy      string // "" when absent
	UpdateReplacePolicy string // "" when absent
	Metadata            *Node  // nil when absent
	UpdatePolicy        *Node
	CreationPolicy      *Node
}

// Output is a member of the Outputs section.
type Output struct {
	Name      string
	Entry     Entry
	Node      *Node // the whole declaration, a map
	Value     *Node
	Condition string // name of a condition, "" for none
	Export    *Node  // the name it is exported under; nil when it is not
}

// Hook is a member of the Hooks section.
type Hook struct {
	ID         string // logical id
	Entry      Entry
	Node       *Node // the whole declaration, a map
	Type       string
	Properties *Node // nil when absent
}

// Section returns a top-level section ("Mappings", "Hooks"), or nil.
func (t *Template) Section(name string) *Node { return t.Root.Get(name) }

// Description returns the template's description, "" for none.
func (t *Template) Description() string { return t.Section("Description").Str() }

// JSON returns the whole template as compact JSON.
func (t *Template) JSON() []byte { return t.Root.JSON() }

// Clone returns a deep copy.
func (t *Template) Clone() *Template {
	return &Template{Root: t.Root.Clone(), Format: t.Format}
}

// Transforms returns the names in the Transform section in their order. A
// member that is a map counts by its Name.
func (t *Template) Transforms() []string {
	section := t.Section("Transform")
	if section == nil {
		return nil
	}
	members := []*Node{section}
	if section.Kind == List {
		members = section.Items
	}
	var names []string
	for _, m := range members {
		if m.Is(Map) {
			m = m.Get("Name")
		}
		names = append(names, m.Str())
	}
	return names
}

// Parameters returns the declared parameters in their order.
func (t *Template) Parameters() []Parameter {
	var list []Parameter
	for _, e := range t.members("Parameters") {
		list = append(list, Parameter{Name: e.Key, Entry: e, Node: e.Value, Type: e.Value.Get("Type").Str()})
	}
	return list
}

// Resources returns the resources in their order.
func (t *Template) Resources() []Resource {
	var list []Resource
	for _, e := range t.members("Resources") {
		list = append(list, newResource(e))
	}
	return list
}

// Resource returns the resource with a logical id.
func (t *Template) Resource(id string) (Resource, bool) {
	e := t.Section("Resources").Entry(id)
	if e == nil {
		return Resource{}, false
	}
	return newResource(*e), true
}

func newResource(e Entry) Resource {
	n := e.Value
	r := Resource{
		ID: e.Key, Entry: e, Node: n, Type: n.Get("Type").Str(),
		Properties: n.Get("Properties"), Condition: n.Get("Condition").Str(),
		DeletionPolicy: n.Get("DeletionPolicy").Str(), UpdateReplacePolicy: n.Get("UpdateReplacePolicy").Str(),
		Metadata: n.Get("Metadata"), UpdatePolicy: n.Get("UpdatePolicy"), CreationPolicy: n.Get("CreationPolicy"),
	}
	switch on := n.Get("DependsOn"); {
	case on.Is(Scalar):
		r.DependsOn = []string{on.Text}
	case on.Is(List):
		for _, item := range on.Items {
			r.DependsOn = append(r.DependsOn, item.Str())
		}
	}
	return r
}

// Outputs returns the declared outputs in their order.
func (t *Template) Outputs() []Output {
	var list []Output
	for _, e := range t.members("Outputs") {
		list = append(list, Output{
			Name: e.Key, Entry: e, Node: e.Value, Value: e.Value.Get("Value"),
			Condition: e.Value.Get("Condition").Str(), Export: e.Value.Find("Export", "Name"),
		})
	}
	return list
}

// Hooks returns the declared hooks in their order.
func (t *Template) Hooks() []Hook {
	var list []Hook
	for _, e := range t.members("Hooks") {
		list = append(list, Hook{
			ID: e.Key, Entry: e, Node: e.Value, Type: e.Value.Get("Type").Str(), Properties: e.Value.Get("Properties"),
		})
	}
	return list
}

func (t *Template) members(section string) []Entry {
	if n := t.Section(section); n.Is(Map) {
		return n.Entries
	}
	return nil
}
