package document

import (
	"maps"
	"slices"
	"strings"

	"orgship/template"
)

// Types of parameters whose value is the name of one in the Parameter Store.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
const (
	storedName  = "AWS::SSM::Parameter::Name"
	storedValue = "AWS::SSM::Parameter::Value<"
)

// inner returns the type of what the store has for a declared type:
// "CommaDelimitedList" for "AWS::SSM::Parameter::Value<List<String>>".
func inner(declared string) (string, bool) {
	if declared == storedName {
		return "String", true
	}
	of, ok := strings.CutPrefix(declared, storedValue)
	if !ok || !strings.HasSuffix(of, ">") {
		return "", false
	}
	if of = strings.TrimSuffix(of, ">"); of == "List<String>" {
		of = "CommaDelimitedList"
	}
	return of, true
}

// storedType returns the declaration of what the store has, if p is one of a
// parameter there.
func storedType(p template.Parameter) (template.Parameter, bool) {
	of, ok := inner(p.Type)
	if ok {
		p.Type = of
	}
	return p, ok
}

// storedParameterType refuses types of stored parameters that AWS doesn't have, or
// whose values the sandbox doesn't model.
func storedParameterType(p, stored template.Parameter) error {
	if strings.Contains(stored.Type, "Number") || strings.Contains(stored.Type, "AWS::SSM::") {
		return invalid("Template format error: Unrecognized parameter type: %s", p.Type)
	}
	return parameterType(stored)
}

// effective returns the value that a template gets.
func (v Value) effective() Value {
	of, ok := inner(v.Type)
	if !ok {
		return v
	}
	text := v.Resolved
	if v.Type == storedName {
		text = v.Text
	}
	return Value{Type: of, Text: text}
}

// given returns the value as it was given: constraints are for the name of a
// stored parameter, which is a string, and not for what the store has.
func (v Value) given() Value {
	if _, ok := inner(v.Type); ok {
		v.Type = "String"
	}
	return v
}

// Stored returns the names in the Parameter Store that values stand for.
func (vs Values) Stored() []string {
	var names []string
	for _, v := range vs {
		if _, ok := inner(v.Type); ok {
			names = append(names, v.Text)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// WithStored returns the values with what the Parameter Store has by name.
func (vs Values) WithStored(has map[string]string) Values {
	resolved := maps.Clone(vs)
	for name, v := range vs {
		if strings.HasPrefix(v.Type, storedValue) {
			v.Resolved = has[v.Text]
			resolved[name] = v
		}
	}
	return resolved
}

// ShownResolved returns what the API shows as the resolved value, "" for a value
// that is given as it is.
func (v Value) ShownResolved() string {
	switch {
	case !strings.HasPrefix(v.Type, storedValue):
		return ""
	case v.NoEcho:
		return "****"
	}
	return v.Resolved
}

// Same reports whether a template sees the same value.
func (v Value) Same(other Value) bool { return v.Text == other.Text && v.Resolved == other.Resolved }

// Hidden returns what must not be shown of a value that is masked.
func (v Value) Hidden() []string {
	if !v.NoEcho {
		return nil
	}
	return slices.DeleteFunc([]string{v.Text, v.Resolved}, func(s string) bool { return s == "" })
}
