package resource

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"orgship/sandbox/cloudformation/document"
	"orgship/template"
)

// kind is the type of a property's value.
type kind int

const (
	aString kind = iota + 1
	anInteger
	aNumber
	aBoolean
	aList
	anObject
	aMap      // free keys, values of one kind
	aDocument // any JSON: a policy document
)

func (k kind) String() string {
	return [...]string{"", "String", "Integer", "Number", "Boolean", "JSONArray", "JSONObject", "JSONObject", "JSONObject"}[k]
}

// Property is one property of a resource type or of an object below it.
type Property struct {
	kind     kind
	of       *Property // element of a list, value of a map
	object   Object    // fields of an object
	required bool
	replaces bool     // an update replaces the resource
	enum     []string // allowed values of a string
	only     []string // of enum or of AWS's values, those that the sandbox models; empty = all
	missing  bool     // AWS has it, the sandbox does not model it
	limited  bool     // the two bounds count
	low      float64
	high     float64
}

// Object describes the properties of a resource type, or the fields of an
// object below it, by name.
type Object map[string]Property

func text() Property                { return Property{kind: aString} }
func integer() Property             { return Property{kind: anInteger} }
func number() Property              { return Property{kind: aNumber} }
func boolean() Property             { return Property{kind: aBoolean} }
func list(of Property) Property     { return Property{kind: aList, of: &of} }
func texts() Property               { return list(text()) }
func object(fields Object) Property { return Property{kind: anObject, object: fields} }
func objects(fields Object) Property {
	return list(object(fields))
}
func mapOf(of Property) Property { return Property{kind: aMap, of: &of} }
func jsonValue() Property        { return Property{kind: aDocument} }
func oneOf(values ...string) Property {
	return Property{kind: aString, enum: values}
}

// need makes a property required.
func (p Property) need() Property { p.required = true; return p }

// replace makes an update of a property replace the resource.
func (p Property) replace() Property { p.replaces = true; return p }

// between limits a number, both ends included.
func (p Property) between(low, high float64) Property {
	p.limited, p.low, p.high = true, low, high
	return p
}

// models limits the values that the sandbox models.
func (p Property) models(values ...string) Property { p.only = values; return p }

// lacking adds properties that AWS has and the sandbox does not model.
func (o Object) lacking(names ...string) Object {
	for _, n := range names {
		o[n] = Property{missing: true}
	}
	return o
}

// Replaces reports whether an update of the top-level property replaces the resource.
func (o Object) Replaces(name string) bool { return o[name].replaces }

// Unmodelled finds the properties and values in n, a map that may hold functions, that
// AWS has and the sandbox does not.
func (t *Type) Unmodelled(n *template.Node) []document.Gap {
	w := gapWalk{of: t.Name}
	w.walk(Property{kind: anObject, object: t.Properties}, "", n)
	if t.lacks != nil {
		t.lacks(n, w.add)
	}
	return w.found
}

// gapWalk walks through the properties of a resource.
type gapWalk struct {
	of    string // the resource's type
	found []document.Gap
}

func (w *gapWalk) add(at *template.Node, format string, args ...any) {
	g := document.Gap{What: fmt.Sprintf(format, args...)}
	if at != nil {
		g.Line, g.Column = at.Line, at.Column
	}
	w.found = append(w.found, g)
}

func (w *gapWalk) walk(p Property, at string, n *template.Node) {
	switch {
	case p.missing && mayBeAbsent(n):
		// It counts where it's there after all.
	case p.missing:
		w.add(n, "property %s of %s", at, w.of)
	case n.Is(template.Function) && n.Name == "Fn::If" && n.Arg.Is(template.List) && len(n.Arg.Items) == 3:
		w.walk(p, at, n.Arg.Items[1])
		w.walk(p, at, n.Arg.Items[2])
	case n.Is(template.List) && p.kind == aList:
		for _, item := range n.Items {
			w.walk(*p.of, at, item)
		}
	case n.Is(template.Map) && p.kind == anObject:
		for _, e := range n.Entries {
			if below, known := p.object[e.Key]; known { // Check names what AWS doesn't have either
				w.walk(below, strings.TrimPrefix(at+"."+e.Key, "."), e.Value)
			}
		}
	case n.Is(template.Scalar) && p.lacksValue(n.Text):
		w.add(n, "the value %s of property %s of %s", n.Text, at, w.of)
	}
}

// lacksValue reports whether AWS has a value that the sandbox doesn't model.
func (p Property) lacksValue(s string) bool {
	return len(p.only) > 0 && !slices.Contains(p.only, s) && (len(p.enum) == 0 || slices.Contains(p.enum, s))
}

// mayBeAbsent reports whether a value is, under some condition, AWS::NoValue.
func mayBeAbsent(n *template.Node) bool {
	return n.Is(template.Function) && n.Name == "Fn::If" && n.Arg.Is(template.List) && slices.ContainsFunc(n.Arg.Items, func(item *template.Node) bool {
		return item.Is(template.Function) && item.Name == "Ref" && item.Arg.Str() == "AWS::NoValue"
	})
}

// Check returns properties with every scalar in the type that the resource
// type wants ("80" and 80 are the same to CloudFormation), or an error with
// CloudFormation's words, one line a fault.
// https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
func (o Object) Check(properties map[string]any) (map[string]any, error) {
	c := &checker{}
	checked := c.object("#", o, properties)
	if len(c.faults) > 0 {
		return nil, errors.New(strings.Join(c.faults, "\n"))
	}
	return checked, nil
}

// checker collects the faults of one resource's properties.
type checker struct{ faults []string }

func (c *checker) fault(at, format string, args ...any) any {
	c.faults = append(c.faults, at+": "+fmt.Sprintf(format, args...))
	return nil
}

func (c *checker) object(at string, o Object, values map[string]any) map[string]any {
	result := make(map[string]any, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		p, known := o[name]
		switch {
		case !known:
			c.fault(at, "extraneous key [%s] is not permitted", name)
		case p.missing:
			c.fault(at, "the orgship sandbox does not model the property %s", name)
		default:
			result[name] = c.value(at+"/"+name, p, values[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if _, there := values[name]; o[name].required && !there {
			c.fault(at, "required key [%s] not found", name)
		}
	}
	return result
}

func (c *checker) value(at string, p Property, v any) any {
	if _, unknown := v.(document.Unknown); unknown {
		return v // nothing to check before the resource it comes from is made
	}
	switch p.kind {
	case aList:
		return c.list(at, p, v)
	case anObject:
		if m, ok := v.(map[string]any); ok {
			return c.object(at, p.object, m)
		}
	case aMap:
		if m, ok := v.(map[string]any); ok {
			result := make(map[string]any, len(m))
			for key, value := range m {
				result[key] = c.value(at+"/"+key, *p.of, value)
			}
			return result
		}
	case aDocument:
		return v
	default:
		return c.scalar(at, p, v)
	}
	return c.fault(at, "expected type: %s, found: %s", p.kind, found(v))
}

func (c *checker) list(at string, p Property, v any) any {
	items, ok := v.([]any)
	if !ok {
		// CloudFormation takes one value for a list of one.
		if _, isString := v.(string); !isString || p.of.kind != aString {
			return c.fault(at, "expected type: JSONArray, found: %s", found(v))
		}
		items = []any{v}
	}
	result := make([]any, 0, len(items))
	for i, item := range items {
		result = append(result, c.value(at+"/"+strconv.Itoa(i), *p.of, item))
	}
	return result
}

func (c *checker) scalar(at string, p Property, v any) any {
	switch p.kind {
	case aString:
		if s, ok := scalarText(v); ok {
			return c.text(at, p, s)
		}
	case aBoolean:
		switch s, _ := scalarText(v); strings.ToLower(s) {
		case "true":
			return true
		case "false":
			return false
		}
	case anInteger:
		if s, ok := scalarText(v); ok {
			if i, err := strconv.ParseInt(s, 10, 64); err == nil {
				return c.bounds(at, p, float64(i), i)
			}
		}
	case aNumber:
		if s, ok := scalarText(v); ok {
			if f, err := strconv.ParseFloat(s, 64); err == nil && f-f == 0 {
				return c.bounds(at, p, f, f)
			}
		}
	}
	return c.fault(at, "expected type: %s, found: %s", p.kind, found(v))
}

func (c *checker) bounds(at string, p Property, value float64, result any) any {
	switch {
	case p.limited && value < p.low:
		return c.fault(at, "%v is not greater or equal to %v", result, p.low)
	case p.limited && value > p.high:
		return c.fault(at, "%v is not less or equal to %v", result, p.high)
	}
	return result
}

func (c *checker) text(at string, p Property, s string) any {
	if len(p.enum) > 0 && !slices.Contains(p.enum, s) {
		return c.fault(at, "%s is not a valid enum value", s)
	}
	if p.lacksValue(s) {
		return c.fault(at, "the orgship sandbox does not model the value %s", s)
	}
	return s
}

// scalarText returns a scalar as CloudFormation writes it.
func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}

func found(v any) string {
	switch v.(type) {
	case string:
		return "String"
	case bool:
		return "Boolean"
	case int64:
		return "Integer"
	case float64:
		return "Number"
	case []any:
		return "JSONArray"
	case map[string]any:
		return "JSONObject"
	}
	return "null"
}
