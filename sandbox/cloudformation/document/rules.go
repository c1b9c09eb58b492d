package document

import (
	"slices"
	"strings"

	"orgship/template"
)

// Places answers what there is in the account, for rules.
type Places interface {
	// All returns the ids of everything that a parameter type is for.
	All(parameterType string) ([]string, error)
	// Attribute returns an attribute of one of them, "" where it has none:
	// "VpcId", "Tags.Department".
	Attribute(parameterType, id, attribute string) (string, error)
}

// rule functions.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
const ruleFunctions = "Ref Fn::And Fn::Contains Fn::EachMemberEquals Fn::EachMemberIn Fn::Equals Fn::Not Fn::Or Fn::RefAll Fn::ValueOf Fn::ValueOfAll"

// ruleShapes refuses rules that are none, whatever the parameters are.
func ruleShapes(t *template.Template, _ Catalogue) error {
	section := t.Section("Rules")
	for _, name := range section.Keys() {
		if err := ruleShape(name, section.Get(name)); err != nil {
			return err
		}
	}
	var wrong error
	section.Walk(func(n *template.Node) bool {
		if n.Is(template.Function) && wrong == nil {
			wrong = ruleFunction(t, n)
		}
		return wrong == nil
	})
	return wrong
}

func ruleShape(name string, rule *template.Node) error {
	for _, key := range rule.Keys() {
		if key != "RuleCondition" && key != "Assertions" {
			return invalid("Template format error: Invalid template rule property '%s' (rule %s)", key, name)
		}
	}
	assertions := rule.Get("Assertions")
	if !assertions.Is(template.List) || len(assertions.Items) == 0 {
		return invalid("Template format error: Every Rules member must contain an Assertions list (rule %s)", name)
	}
	for _, a := range assertions.Items {
		if !a.Get("Assert").Is(template.Function) {
			return invalid("Template format error: Every Assertions member must contain an Assert function (rule %s)", name)
		}
	}
	return nil
}

func ruleFunction(t *template.Template, n *template.Node) error {
	switch {
	case n.Name == "Fn::If": // see Gaps
	case !slices.Contains(strings.Fields(ruleFunctions), n.Name):
		return invalid("Template format error: %s is not a function of Rules", n.Name)
	case n.Name == "Ref" && !isPseudo(n.Arg.Str()) && t.Section("Parameters").Get(n.Arg.Str()) == nil:
		return invalid("Template format error: Unresolved dependencies [%s]. Cannot reference resources in the Rules block of the template", n.Arg.Str())
	}
	return nil
}

// Rules refuses parameters that break one of the template's rules.
//
// Assumption A171: no source shows the words of the refusal. Here they are
// "Template validation error: " and the descriptions of the assertions that don't hold.
func (r *Resolver) Rules(places Places) error {
	section := r.template.Section("Rules")
	e := ruler{r, places}
	var broken []string
	for _, name := range section.Keys() {
		said, err := e.broken(name, section.Get(name))
		if err != nil {
			return err
		}
		broken = append(broken, said...)
	}
	if len(broken) > 0 {
		return invalid("Template validation error: %s", strings.Join(broken, "; "))
	}
	return nil
}

// ruler evaluates rules.
type ruler struct {
	*Resolver
	places Places
}

// broken describes the assertions of a rule that don't hold.
func (e ruler) broken(name string, rule *template.Node) (said []string, err error) {
	if condition := rule.Get("RuleCondition"); condition != nil {
		if applies, err := e.holds(condition); err != nil || !applies {
			return nil, err
		}
	}
	for _, a := range rule.Get("Assertions").Items {
		holds, err := e.holds(a.Get("Assert"))
		if err != nil {
			return nil, err
		}
		description := a.Get("AssertDescription").Str()
		if description == "" {
			description = "an assertion of the rule " + name + " doesn't hold"
		}
		if !holds {
			said = append(said, description)
		}
	}
	return said, nil
}

// holds evaluates a function that gives true or false.
func (e ruler) holds(n *template.Node) (bool, error) {
	if !n.Is(template.Function) || !n.Arg.Is(template.List) {
		return false, invalid("Template error: a rule's condition or assertion must be a function that is true or false")
	}
	args := n.Arg.Items
	switch n.Name {
	case "Fn::Not":
		if len(args) != 1 {
			return false, arity(n)
		}
		holds, err := e.holds(args[0])
		return !holds, err
	case "Fn::And", "Fn::Or":
		return e.every(n)
	}
	if len(args) != 2 {
		return false, arity(n)
	}
	first, err := e.texts(args[0])
	if err != nil {
		return false, err
	}
	second, err := e.texts(args[1])
	if err != nil {
		return false, err
	}
	return compare(n, first, second)
}

func arity(n *template.Node) error {
	return invalid("Template error: %s has the wrong number of parameters", n.Name)
}

// compare evaluates the functions that look at two values.
func compare(n *template.Node, first, second []string) (bool, error) {
	switch n.Name {
	case "Fn::Equals":
		return slices.Equal(first, second), nil
	case "Fn::Contains":
		return len(second) == 1 && slices.Contains(first, second[0]), nil
	case "Fn::EachMemberEquals":
		return len(second) == 1 && !slices.ContainsFunc(first, func(s string) bool { return s != second[0] }), nil
	case "Fn::EachMemberIn":
		return !slices.ContainsFunc(first, func(s string) bool { return !slices.Contains(second, s) }), nil
	}
	return false, invalid("Template error: %s is neither true nor false", n.Name)
}

func (e ruler) every(n *template.Node) (bool, error) {
	if len(n.Arg.Items) < 2 || len(n.Arg.Items) > 10 {
		return false, arity(n)
	}
	all := n.Name == "Fn::And"
	for _, item := range n.Arg.Items {
		holds, err := e.holds(item)
		if err != nil || holds != all {
			return !all, err
		}
	}
	return all, nil
}

// texts evaluates a value: one text, or the texts of a list.
func (e ruler) texts(n *template.Node) ([]string, error) {
	if n.Is(template.List) {
		var all []string
		for _, item := range n.Items {
			some, err := e.texts(item)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	}
	if n.Is(template.Function) {
		switch n.Name {
		case "Fn::RefAll":
			return e.places.All(n.Arg.Str())
		case "Fn::ValueOf", "Fn::ValueOfAll":
			return e.valueOf(n)
		}
	}
	v, err := e.Value(n)
	if err != nil {
		return nil, err
	}
	return listed(v)
}

func listed(v any) ([]string, error) {
	items, isList := v.([]any)
	if !isList {
		items = []any{v}
	}
	all := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := text(item)
		if !ok {
			return nil, invalid("Template error: a value in Rules must be a String or a list of Strings")
		}
		all = append(all, s)
	}
	return all, nil
}

// valueOf evaluates Fn::ValueOf of one parameter, and Fn::ValueOfAll of all of a type.
func (e ruler) valueOf(n *template.Node) ([]string, error) {
	if !n.Arg.Is(template.List) || len(n.Arg.Items) != 2 {
		return nil, arity(n)
	}
	name, attribute := n.Arg.Items[0].Str(), n.Arg.Items[1].Str()
	var all []string
	for _, p := range e.template.Parameters() {
		v := e.parameters[p.Name]
		if n.Name == "Fn::ValueOf" && p.Name != name || n.Name == "Fn::ValueOfAll" && v.Element() != name {
			continue
		}
		for _, id := range v.Items() {
			value, err := e.places.Attribute(v.Element(), id, attribute)
			if err != nil {
				return nil, err
			}
			all = append(all, value)
		}
	}
	return all, nil
}
