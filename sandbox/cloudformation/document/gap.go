package document

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"orgship/sandbox/wire"
	"orgship/template"
)

// Gap is something in a template that AWS has and the sandbox doesn't model.
type Gap struct {
	Line, Column int    // 1-based
	What         string // "the property Foo of AWS::ECS::Service (resource Web)"
	Condition    string // of the resource that it is in, "" for none
}

func (g Gap) String() string { return fmt.Sprintf("%s (line %d)", g.What, g.Line) }

// Gaps finds all that the sandbox doesn't model, in the order of the source. What is in a
// resource with a condition counts where the condition holds.
func Gaps(t *template.Template, c Catalogue) []Gap {
	g := gaps{catalogue: c}
	g.transforms(t)
	for _, p := range t.Parameters() {
		if stored, _ := storedType(p); parameterGap(stored) {
			g.add(p.Node.Get("Type"), "the parameter type %s (parameter %s)", p.Type, p.Name)
		}
	}
	t.Section("Rules").Walk(func(n *template.Node) bool {
		if n.Is(template.Function) && n.Name == "Fn::If" {
			// Documented, and refused: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/921
			g.add(n, "the function Fn::If in Rules")
		}
		return true
	})
	g.functions(t.Section("Conditions"))
	for _, r := range t.Resources() {
		g.resource(r)
	}
	for _, o := range t.Outputs() {
		g.condition = o.Condition
		g.functions(o.Node)
		g.dynamic(o)
	}
	return g.sorted()
}

// Gaps finds all that the sandbox doesn't model of the resources whose condition holds,
// with the values that parameters, conditions and mappings give.
func (r *Resolver) Gaps(c Catalogue) []Gap {
	g := gaps{catalogue: c}
	for _, res := range r.Resources() {
		if res.Properties != nil {
			res.Properties = r.evaluated(res.Properties)
		}
		res.Condition = ""
		g.resource(res)
	}
	return g.sorted()
}

// Certain returns the gaps that are there whatever conditions hold.
func Certain(all []Gap) []Gap {
	return slices.DeleteFunc(slices.Clone(all), func(g Gap) bool { return g.Condition != "" })
}

// Refuse returns an error that names all gaps, nil for none.
func Refuse(all ...Gap) error {
	sort(all)
	var said []string
	for _, g := range all {
		said = append(said, g.String())
	}
	if said = slices.Compact(said); len(said) > 0 {
		return wire.NotModelled("%s", strings.Join(said, "; "))
	}
	return nil
}

// gaps collects.
type gaps struct {
	catalogue Catalogue
	condition string
	found     []Gap
}

func (g *gaps) add(at *template.Node, format string, args ...any) {
	found := Gap{What: fmt.Sprintf(format, args...), Condition: g.condition}
	if at != nil {
		found.Line, found.Column = at.Line, at.Column
	}
	g.found = append(g.found, found)
}

func (g *gaps) sorted() []Gap {
	sort(g.found)
	return g.found
}

func sort(all []Gap) {
	slices.SortStableFunc(all, func(a, b Gap) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
}

func (g *gaps) transforms(t *template.Template) {
	for _, name := range t.Transforms() {
		if name != "AWS::CodeDeployBlueGreen" {
			g.add(t.Section("Transform"), "the transform %s", name)
		}
	}
}

func (g *gaps) resource(r template.Resource) {
	g.condition = r.Condition
	if !g.catalogue.HasType(r.Type) {
		if strings.Contains(r.Type, "::") { // else no type of AWS's: see resourceTypes
			g.add(r.Node.Get("Type"), "the resource type %s (resource %s)", r.Type, r.ID)
		}
		return
	}
	for name, value := range map[string]string{"DeletionPolicy": r.DeletionPolicy, "UpdateReplacePolicy": r.UpdateReplacePolicy} {
		if value == "Snapshot" {
			g.add(r.Node.Get(name), "the %s %s (resource %s)", name, value, r.ID)
		}
	}
	for name, policy := range map[string]*template.Node{"UpdatePolicy": r.UpdatePolicy, "CreationPolicy": r.CreationPolicy} {
		if policy != nil {
			g.add(policy, "the %s of a resource (resource %s)", name, r.ID)
		}
	}
	if r.Properties == nil {
		return
	}
	g.functions(r.Properties)
	for _, found := range g.catalogue.Unmodelled(r.Type, r.Properties) {
		found.What, found.Condition = fmt.Sprintf("%s (resource %s)", found.What, r.ID), r.Condition
		found.Line = cmp.Or(found.Line, r.Entry.Line)
		g.found = append(g.found, found)
	}
}

// functions finds functions that the sandbox doesn't evaluate.
func (g *gaps) functions(section *template.Node) {
	section.Walk(func(n *template.Node) bool {
		switch {
		case !n.Is(template.Function):
		case slices.Contains([]string{"Fn::Transform", "Fn::ForEach", "Fn::Length", "Fn::ToJsonString"}, n.Name):
			g.add(n, "the function %s", n.Name)
		case n.Name == "Fn::FindInMap" && n.Arg.Is(template.List) && len(n.Arg.Items) == 4:
			g.add(n, "the DefaultValue of Fn::FindInMap")
		}
		return true
	})
}

func (g *gaps) dynamic(o template.Output) {
	o.Value.Walk(func(n *template.Node) bool {
		if n.Is(template.Scalar) && strings.Contains(n.Text, "{{resolve:ssm:") {
			g.add(n, "dynamic references in Outputs (%s)", o.Name)
		}
		return true
	})
}

// evaluated returns a node with the values of its functions in their places. A function
// whose value isn't known yet, or that can't be evaluated, stays.
func (r *Resolver) evaluated(n *template.Node) *template.Node {
	switch {
	case n.Is(template.List):
		out := *n
		out.Items = nil
		for _, item := range n.Items {
			if v := r.evaluated(item); v != nil {
				out.Items = append(out.Items, v)
			}
		}
		return &out
	case n.Is(template.Map):
		out := *n
		out.Entries = nil
		for _, e := range n.Entries {
			if e.Value = r.evaluated(e.Value); e.Value != nil {
				out.Entries = append(out.Entries, e)
			}
		}
		return &out
	case n.Is(template.Function):
		if n.Name == "Fn::If" && n.Arg.Is(template.List) && len(n.Arg.Items) == 3 { // its branches have places of their own
			return r.evaluated(n.Arg.Items[map[bool]int{true: 1, false: 2}[r.Active(n.Arg.Items[0].Str())]])
		}
		if v, err := r.Value(n); err == nil {
			return literal(v, n)
		}
	}
	return n
}

// literal writes a value as a node in the place of another; nil for no value.
func literal(v any, at *template.Node) *template.Node {
	out := &template.Node{Line: at.Line, Column: at.Column}
	switch v := v.(type) {
	case noValue:
		return nil
	case []any:
		out.Kind = template.List
		for _, item := range v {
			out.Items = append(out.Items, literal(item, at))
		}
		return out
	case map[string]any:
		out.Kind = template.Map
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out.Entries = append(out.Entries, template.Entry{Key: key, Line: at.Line, Column: at.Column, Value: literal(v[key], at)})
		}
		return out
	}
	said, ok := text(v)
	if !ok {
		return at
	}
	out.Kind, out.Type, out.Text = template.Scalar, template.StringType, said
	return out
}
