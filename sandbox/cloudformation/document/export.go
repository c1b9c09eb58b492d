package document

import (
	"regexp"
	"slices"
	"strings"

	"orgship/sandbox/wire"
	"orgship/template"
)

var exportShape = regexp.MustCompile(`^[a-zA-Z0-9:\-]{1,255}$`)

// independent refuses resources where a name must be known before they are made.
func independent(name, _ string) (any, error) {
	return nil, invalid("Template error: the name of an export must not depend on any resources, imported values, or Fn::GetAZs (%s)", name)
}

// Importing returns a resolver that asks f for imported values.
func (r *Resolver) Importing(f func(name string) (any, error)) *Resolver {
	c := *r
	c.environment.Import = f
	return &c
}

// importValue evaluates Fn::ImportValue.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
func (r *Resolver) importValue(arg *template.Node) (any, error) {
	if r.environment.Import == nil {
		return nil, wire.NotModelled("the function Fn::ImportValue here")
	}
	name, err := r.nameOf(arg)
	if err != nil {
		return nil, err
	}
	return r.environment.Import(name)
}

// nameOf evaluates the name of an export, which mustn't depend on resources.
func (r *Resolver) nameOf(n *template.Node) (string, error) {
	value, err := r.With(independent).Importing(func(name string) (any, error) { return independent(name, "") }).Value(n)
	if err != nil {
		return "", err
	}
	name, ok := text(value)
	if !ok {
		return "", invalid("Template error: the name of an export must be a String")
	}
	return name, nil
}

// exportName returns the name that an output with a value is exported under, "" for none.
func (r *Resolver) exportName(o template.Output, value string) (string, error) {
	if strings.Contains(value, "{{resolve:ssm:") { // by a parameter: see Gaps
		return "", wire.NotModelled("dynamic references in Outputs (%s)", o.Name)
	}
	export := o.Node.Get("Export")
	if export == nil {
		return "", nil
	}
	malformed := invalid("Template format error: Output %s is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens.", o.Name)
	if !slices.Equal(export.Keys(), []string{"Name"}) {
		return "", malformed
	}
	name, err := r.nameOf(export.Get("Name"))
	if err == nil && !exportShape.MatchString(name) {
		err = malformed
	}
	return name, err
}

// distinct refuses two outputs that are exported under one name.
func distinct(all []Output) error {
	by := map[string]string{}
	for _, o := range all {
		if other, taken := by[o.Export]; taken && o.Export != "" {
			return invalid("Template format error: Outputs %s and %s have the same export name %s", other, o.Name, o.Export)
		}
		by[o.Export] = o.Name
	}
	return nil
}
