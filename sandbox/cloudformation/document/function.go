package document

import (
	"encoding/base64"
	"strconv"
	"strings"

	"orgship/sandbox/wire"
	"orgship/template"
)

// call evaluates an intrinsic function.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
func (r *Resolver) call(n *template.Node) (any, error) {
	switch n.Name {
	case "Ref":
		if !n.Arg.Is(template.Scalar) || n.Arg.Text == "" {
			return nil, invalid("Template format error: All Ref expressions must have a non-empty string value")
		}
		return r.reference(n.Arg.Text)
	case "Fn::GetAtt":
		return r.getAtt(n.Arg)
	case "Fn::Sub":
		return r.sub(n.Arg)
	case "Fn::Join":
		return r.join(n.Arg)
	case "Fn::Split":
		return r.split(n.Arg)
	case "Fn::Select":
		return r.choose(n.Arg)
	case "Fn::If":
		return r.branch(n.Arg)
	case "Fn::FindInMap":
		return r.findInMap(n.Arg)
	case "Fn::Base64":
		return r.base64(n.Arg)
	case "Fn::GetAZs":
		return r.zones(n.Arg)
	case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition":
		return r.condition(n, nil)
	case "Fn::ImportValue":
		return r.importValue(n.Arg)
	case "Fn::Cidr":
		return r.cidr(n.Arg)
	case "Fn::Transform", "Fn::ForEach", "Fn::Length", "Fn::ToJsonString":
		return nil, wire.NotModelled("the function %s", n.Name)
	}
	return nil, invalid("Template error: %s is not a function of CloudFormation", n.Name)
}

func (r *Resolver) getAtt(arg *template.Node) (any, error) {
	if !arg.Is(template.List) || len(arg.Items) != 2 || arg.Items[0].Str() == "" {
		return nil, invalid("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")
	}
	attribute, err := r.Value(arg.Items[1])
	if err != nil {
		return nil, err
	}
	name, ok := attribute.(string)
	if !ok || name == "" {
		return nil, invalid("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")
	}
	return r.resource(arg.Items[0].Str(), name)
}

func (r *Resolver) sub(arg *template.Node) (any, error) {
	source, own := arg, map[string]any{}
	if arg.Is(template.List) && len(arg.Items) == 2 && arg.Items[1].Is(template.Map) {
		value, err := r.object(arg.Items[1])
		if err != nil {
			return nil, err
		}
		source, own = arg.Items[0], value.(map[string]any)
	}
	if !source.Is(template.Scalar) {
		return nil, invalid("Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string")
	}
	pieces, err := template.SubParts(source.Text)
	if err != nil {
		return nil, invalid("%s", err)
	}
	var b strings.Builder
	for _, p := range pieces {
		if p.Name == "" {
			b.WriteString(p.Text)
			continue
		}
		v, err := r.variable(p.Name, own)
		if err != nil {
			return nil, err
		}
		if unknown, ok := v.(Unknown); ok {
			return unknown, nil
		}
		s, ok := text(v)
		if !ok {
			return nil, invalid("Template error: variable %s in Fn::Sub expression does not resolve to a string", p.Name)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func (r *Resolver) variable(name string, own map[string]any) (any, error) {
	if v, ok := own[name]; ok {
		return v, nil
	}
	if id, attribute, dotted := strings.Cut(name, "."); dotted {
		return r.resource(id, attribute)
	}
	return r.reference(name)
}

func (r *Resolver) join(arg *template.Node) (any, error) {
	wrong := invalid("Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.")
	if !arg.Is(template.List) || len(arg.Items) != 2 || !arg.Items[0].Is(template.Scalar) {
		return nil, wrong
	}
	value, err := r.Value(arg.Items[1])
	if err != nil {
		return nil, err
	}
	if unknown, ok := firstUnknown(value); ok {
		return unknown, nil
	}
	items, ok := value.([]any)
	if !ok {
		return nil, wrong
	}
	texts := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := text(item)
		if !ok {
			return nil, wrong
		}
		texts = append(texts, s)
	}
	return strings.Join(texts, arg.Items[0].Text), nil
}

func firstUnknown(v any) (Unknown, bool) {
	switch v := v.(type) {
	case Unknown:
		return v, true
	case []any:
		for _, item := range v {
			if u, ok := item.(Unknown); ok {
				return u, true
			}
		}
	}
	return Unknown{}, false
}

func (r *Resolver) split(arg *template.Node) (any, error) {
	wrong := invalid("Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.")
	if !arg.Is(template.List) || len(arg.Items) != 2 || arg.Items[0].Str() == "" {
		return nil, wrong
	}
	value, err := r.Value(arg.Items[1])
	if err != nil {
		return nil, err
	}
	if _, unknown := value.(Unknown); unknown {
		return value, nil
	}
	s, ok := text(value)
	if !ok {
		return nil, wrong
	}
	var items []any
	for _, part := range strings.Split(s, arg.Items[0].Text) {
		items = append(items, part)
	}
	return items, nil
}

func (r *Resolver) choose(arg *template.Node) (any, error) {
	wrong := invalid("Template error: Fn::Select requires a list argument with two elements: an integer index and a list")
	if !arg.Is(template.List) || len(arg.Items) != 2 {
		return nil, wrong
	}
	at, err := r.Value(arg.Items[0])
	if err != nil {
		return nil, err
	}
	value, err := r.Value(arg.Items[1])
	if err != nil {
		return nil, err
	}
	if _, unknown := value.(Unknown); unknown {
		return value, nil
	}
	items, ok := value.([]any)
	s, isScalar := text(at)
	index, err := strconv.Atoi(s)
	if !ok || !isScalar || err != nil {
		return nil, wrong
	}
	if index < 0 || index >= len(items) {
		return nil, invalid("Template error: Fn::Select cannot select nonexistent value at index %d", index)
	}
	return items[index], nil
}

func (r *Resolver) branch(arg *template.Node) (any, error) {
	if !arg.Is(template.List) || len(arg.Items) != 3 || arg.Items[0].Str() == "" {
		return nil, invalid("Template error: Fn::If requires a list argument with the first element being a condition")
	}
	holds, ok := r.conditions[arg.Items[0].Str()]
	if !ok {
		return nil, invalid("Template error: unresolved condition dependency %s in Fn::If", arg.Items[0].Str())
	}
	if holds {
		return r.Value(arg.Items[1])
	}
	return r.Value(arg.Items[2])
}

func (r *Resolver) findInMap(arg *template.Node) (any, error) {
	if arg.Is(template.List) && len(arg.Items) == 4 {
		return nil, wire.NotModelled("the DefaultValue of Fn::FindInMap")
	}
	if !arg.Is(template.List) || len(arg.Items) != 3 {
		return nil, invalid("Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value")
	}
	var keys [3]string
	for i, item := range arg.Items {
		v, err := r.Value(item)
		if err != nil {
			return nil, err
		}
		s, ok := text(v)
		if !ok {
			return nil, invalid("Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value")
		}
		keys[i] = s
	}
	if r.template.Section("Mappings").Get(keys[0]) == nil {
		return nil, invalid("Template error: Mapping named '%s' is not present in the 'Mappings' section of template.", keys[0])
	}
	found := r.template.Section("Mappings").Find(keys[:]...)
	if found == nil {
		return nil, invalid("Template error: Unable to get mapping for %s::%s::%s", keys[0], keys[1], keys[2])
	}
	return r.Value(found)
}

func (r *Resolver) base64(arg *template.Node) (any, error) {
	value, err := r.Value(arg)
	if err != nil {
		return nil, err
	}
	if _, unknown := value.(Unknown); unknown {
		return value, nil
	}
	s, ok := text(value)
	if !ok {
		return nil, invalid("Template error: every Fn::Base64 object must have a String-typed value.")
	}
	return base64.StdEncoding.EncodeToString([]byte(s)), nil
}

func (r *Resolver) zones(arg *template.Node) (any, error) {
	value, err := r.Value(arg)
	if err != nil {
		return nil, err
	}
	region, ok := text(value)
	if !ok {
		return nil, invalid("Template error: every Fn::GetAZs object must have a String-typed value.")
	}
	if region != "" && region != r.environment.Region {
		return nil, wire.NotModelled("availability zones of another region (%s)", region)
	}
	zones := make([]any, 0, len(r.environment.Zones))
	for _, z := range r.environment.Zones {
		zones = append(zones, z)
	}
	return zones, nil
}
