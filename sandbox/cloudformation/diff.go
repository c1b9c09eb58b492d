package cloudformation

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"orgship/sandbox/cloudformation/document"
	"orgship/template"
)

// action is what an update does to a resource.
type action int

const (
	add action = iota + 1
	modify
	replace
	remove
)

// difference is what an update changes of one resource.
type difference struct {
	id, typeName string
	physical     string
	action       action
	properties   []propertyDifference
	tags         bool // the stack's tags changed, and the resource has them
	policy       string
}

// propertyDifference is one property that changes.
type propertyDifference struct {
	name     string
	dynamic  bool // known only once other resources are made
	replaces bool
	causes   []template.Reference // parameters and resources that it comes from
	text     bool                 // the template's text changed
}

// differences compares a stack with a goal's processed template.
func (s *Service) differences(ctx context.Context, st *stack, g *goal, t *template.Template) ([]difference, error) {
	c := &comparison{service: s, stack: st, goal: g, template: t, made: map[string]bool{}}
	c.plain = func(typeName string, properties map[string]any) (map[string]any, error) {
		return s.plain(ctx, typeName, properties)
	}
	var err error
	if c.resolver, err = s.resolver(ctx, g, t, st.id, st.name, c.lookup); err != nil {
		return nil, err
	}
	graph, err := document.NewGraph(c.resolver.Resources())
	if err != nil {
		return nil, err
	}
	var all []difference
	for _, id := range graph.Order() {
		d, err := c.compare(id)
		if err != nil {
			return nil, err
		}
		if d != nil {
			all = append(all, *d)
		}
	}
	for _, r := range st.resources {
		if _, stays := graph[r.id]; !stays && r.exists {
			all = append(all, difference{id: r.id, typeName: r.typeName, physical: r.physical, action: remove, policy: r.deletionPolicy})
		}
	}
	return all, nil
}

// comparison is the work of differences.
type comparison struct {
	service  *Service
	stack    *stack
	goal     *goal
	template *template.Template
	resolver *document.Resolver
	made     map[string]bool // resources that will be new
	plain    func(typeName string, properties map[string]any) (map[string]any, error)
}

func (c *comparison) lookup(id, attribute string) (any, error) {
	r := c.stack.resource(id)
	if r == nil || !r.exists || c.made[id] {
		return document.Unknown{Resource: id, Attribute: attribute}, nil
	}
	return r.value(attribute)
}

// value returns what Ref ("") or Fn::GetAtt gives of a resource.
func (r *resourceState) value(attribute string) (any, error) {
	if attribute == "" {
		return r.physical, nil
	}
	v, ok := r.attributes[attribute]
	if !ok {
		return nil, invalid("Template error: resource %s does not support attribute type %s in Fn::GetAtt", r.id, attribute)
	}
	return v, nil
}

func (c *comparison) compare(id string) (*difference, error) {
	res, _ := c.template.Resource(id)
	was := c.stack.resource(id)
	properties, err := c.resolver.Properties(id)
	if err == nil {
		properties, err = c.plain(res.Type, properties)
	}
	if err != nil {
		return nil, err
	}
	if was == nil || !was.exists {
		c.made[id] = true
		return &difference{id: id, typeName: res.Type, action: add}, nil
	}
	if was.typeName != res.Type {
		return nil, invalid("Update of resource type is not permitted. The new template modifies resource type of the following resources: [%s]", id)
	}
	typ := c.service.types[res.Type]
	veiled, _ := document.Veiled(properties).(map[string]any)
	if checked, err := typ.Properties.Check(veiled); err == nil {
		properties, _ = document.Unveil(checked).(map[string]any)
	}
	d := &difference{id: id, typeName: res.Type, physical: was.physical, action: modify, policy: was.replacePolicy}
	for _, name := range changedProperties(was.properties, properties) {
		p := c.property(res, name)
		p.dynamic, p.replaces = !document.Known(properties[name]), typ.Properties.Replaces(name)
		if p.replaces {
			d.action = replace
			c.made[id] = true
		}
		d.properties = append(d.properties, p)
	}
	d.tags = typ.Tagged && !maps.Equal(was.tags, stackTags(c.goal.tags))
	if len(d.properties) == 0 && !d.tags {
		return nil, nil
	}
	return d, nil
}

// property says where a changed property's value comes from.
func (c *comparison) property(res template.Resource, name string) propertyDifference {
	p := propertyDifference{name: name}
	node := res.Properties.Get(name)
	if before := c.stack.current; before != nil {
		was, _ := before.processed.Resource(res.ID)
		p.text = !template.Equal(was.Properties.Get(name), node)
	}
	for _, ref := range template.References(node) {
		v, isParameter := c.goal.parameters[ref.Target]
		changed := isParameter && c.stack.current != nil && !c.stack.current.parameters[ref.Target].Same(v)
		if changed || c.made[ref.Target] {
			p.causes = append(p.causes, ref)
		}
	}
	return p
}

// changedProperties returns the names of the properties that differ, sorted.
func changedProperties(before, after map[string]any) []string {
	var names []string
	for name, v := range after {
		if was, there := before[name]; !there || !reflect.DeepEqual(was, v) {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, there := after[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
