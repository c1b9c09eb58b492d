package document

import (
	"slices"
	"strings"

	"orgship/template"
)

// evaluateConditions evaluates the Conditions section, in which conditions may
// name each other in any order.
func (r *Resolver) evaluateConditions() error {
	section := r.template.Section("Conditions")
	r.conditions = make(map[string]bool, len(section.Keys()))
	for _, name := range section.Keys() {
		if _, err := r.named(name, nil); err != nil {
			return err
		}
	}
	return nil
}

// named evaluates a condition by name; path are those that led to it.
func (r *Resolver) named(name string, path []string) (bool, error) {
	if holds, done := r.conditions[name]; done {
		return holds, nil
	}
	n := r.template.Section("Conditions").Get(name)
	if n == nil {
		return false, invalid("Template format error: Unresolved condition dependency [%s] in the Conditions block of the template", name)
	}
	if slices.Contains(path, name) {
		return false, invalid("Template error: Circular dependency between conditions: [%s]", strings.Join(path, ", "))
	}
	if !n.Is(template.Function) {
		return false, invalid("Template format error: Every Conditions member must contain an intrinsic function: %s", name)
	}
	holds, err := r.condition(n, append(slices.Clone(path), name))
	if err == nil {
		r.conditions[name] = holds
	}
	return holds, err
}

func (r *Resolver) condition(n *template.Node, path []string) (bool, error) {
	if !n.Is(template.Function) {
		return false, invalid("Template error: a condition must be one of Fn::And, Fn::Equals, Fn::Not, Fn::Or and Condition")
	}
	switch n.Name {
	case "Condition":
		return r.named(n.Arg.Str(), path)
	case "Fn::Equals":
		return r.equals(n.Arg)
	case "Fn::Not":
		if !n.Arg.Is(template.List) || len(n.Arg.Items) != 1 {
			return false, invalid("Template error: every Fn::Not object requires one boolean parameter.")
		}
		holds, err := r.condition(n.Arg.Items[0], path)
		return !holds, err
	case "Fn::And", "Fn::Or":
		return r.combine(n, path)
	}
	return false, invalid("Template error: %s is not a condition function", n.Name)
}

func (r *Resolver) combine(n *template.Node, path []string) (bool, error) {
	if !n.Arg.Is(template.List) || len(n.Arg.Items) < 2 || len(n.Arg.Items) > 10 {
		return false, invalid("Template error: every %s object requires a list of at least 2 and at most 10 boolean parameters.", n.Name)
	}
	result := n.Name == "Fn::And"
	for _, item := range n.Arg.Items {
		holds, err := r.condition(item, path)
		if err != nil {
			return false, err
		}
		if n.Name == "Fn::And" {
			result = result && holds
		} else {
			result = result || holds
		}
	}
	return result, nil
}

func (r *Resolver) equals(arg *template.Node) (bool, error) {
	wrong := invalid("Template error: every Fn::Equals object requires a list of 2 string parameters.")
	if !arg.Is(template.List) || len(arg.Items) != 2 {
		return false, wrong
	}
	var sides [2]string
	for i, item := range arg.Items {
		v, err := r.Value(item)
		if err != nil {
			return false, err
		}
		if items, isList := v.([]any); isList {
			if v, isList = joined(items); !isList {
				return false, wrong
			}
		}
		s, ok := text(v)
		if !ok {
			return false, wrong
		}
		sides[i] = s
	}
	return sides[0] == sides[1], nil
}

// joined makes one text of a list parameter.
func joined(items []any) (string, bool) {
	texts := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := text(item)
		if !ok {
			return "", false
		}
		texts = append(texts, s)
	}
	return strings.Join(texts, ","), true
}
