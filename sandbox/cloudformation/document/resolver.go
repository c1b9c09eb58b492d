package document

import (
	"orgship/template"
)

// Lookup gives the value of a resource: an attribute, or what Ref gives when
// attribute is "". It answers Unknown while that isn't known.
type Lookup func(id, attribute string) (any, error)

// Resolver evaluates what a template says.
type Resolver struct {
	template    *template.Template
	environment Environment
	parameters  Values
	conditions  map[string]bool
	lookup      Lookup
}

// NewResolver returns a resolver for a template with its parameters' values.
// It evaluates the conditions; errors are theirs.
func NewResolver(t *template.Template, e Environment, parameters Values, lookup Lookup) (*Resolver, error) {
	r := &Resolver{template: t, environment: e, parameters: parameters, lookup: lookup}
	return r, r.evaluateConditions()
}

// With returns a resolver that asks another lookup.
func (r *Resolver) With(lookup Lookup) *Resolver {
	c := *r
	c.lookup = lookup
	return &c
}

// Active reports whether the named condition holds; "" always does.
func (r *Resolver) Active(condition string) bool {
	return condition == "" || r.conditions[condition]
}

// Resources returns the resources whose condition holds, in their order.
func (r *Resolver) Resources() []template.Resource {
	var active []template.Resource
	for _, res := range r.template.Resources() {
		if r.Active(res.Condition) {
			active = append(active, res)
		}
	}
	return active
}

// Properties resolves the properties of a resource.
func (r *Resolver) Properties(id string) (map[string]any, error) {
	res, ok := r.template.Resource(id)
	if !ok {
		return nil, invalid("Resource %s does not exist in the template", id)
	}
	if res.Properties == nil {
		return map[string]any{}, nil
	}
	value, err := r.Value(res.Properties)
	if err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case map[string]any:
		return v, nil
	case noValue:
		return map[string]any{}, nil
	}
	return nil, invalid("Template format error: [/Resources/%s/Properties] Properties must be an object", id)
}

// Output is a resolved output. Export is the name it is exported under, "" for none.
type Output struct{ Name, Value, Description, Export string }

// Outputs resolves the outputs whose condition holds.
func (r *Resolver) Outputs() ([]Output, error) {
	var all []Output
	for _, o := range r.template.Outputs() {
		if !r.Active(o.Condition) {
			continue
		}
		value, err := r.Value(o.Value)
		if err != nil {
			return nil, err
		}
		if _, unknown := value.(Unknown); unknown {
			value = ""
		}
		s, ok := text(value)
		if !ok {
			return nil, invalid("Template format error: The Value field of every Outputs member must evaluate to a String.")
		}
		export, err := r.exportName(o, s)
		if err != nil {
			return nil, err
		}
		all = append(all, Output{Name: o.Name, Value: s, Description: o.Node.Get("Description").Str(), Export: export})
	}
	return all, distinct(all)
}

// Value resolves a node: functions are called, AWS::NoValue leaves things out.
func (r *Resolver) Value(n *template.Node) (any, error) {
	switch {
	case n.IsNull():
		return nil, invalid("Template format error: 'null' values are not allowed in templates")
	case n.Is(template.Scalar):
		return scalar(n), nil // a dynamic reference stays as it is: see Replace
	case n.Is(template.List):
		return r.list(n)
	case n.Is(template.Map):
		return r.object(n)
	}
	return r.call(n)
}

func (r *Resolver) list(n *template.Node) (any, error) {
	items := make([]any, 0, len(n.Items))
	for _, item := range n.Items {
		v, err := r.Value(item)
		if err != nil {
			return nil, err
		}
		if _, out := v.(noValue); !out {
			items = append(items, v)
		}
	}
	return items, nil
}

func (r *Resolver) object(n *template.Node) (any, error) {
	m := make(map[string]any, len(n.Entries))
	for _, e := range n.Entries {
		v, err := r.Value(e.Value)
		if err != nil {
			return nil, err
		}
		if _, out := v.(noValue); !out {
			m[e.Key] = v
		}
	}
	return m, nil
}

// reference resolves a name: a pseudo parameter, a parameter or a resource.
func (r *Resolver) reference(name string) (any, error) {
	if v, ok := r.environment.pseudo(name); ok {
		return v, nil
	}
	if v, ok := r.parameters[name]; ok {
		return v.value(), nil
	}
	return r.resource(name, "")
}

func (r *Resolver) resource(id, attribute string) (any, error) {
	res, ok := r.template.Resource(id)
	if !ok || !r.Active(res.Condition) {
		return nil, invalid("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", id)
	}
	return r.lookup(id, attribute)
}
