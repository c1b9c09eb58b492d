package document

import (
	"slices"
	"strings"

	"orgship/template"
)

// Catalogue answers what resource types there are.
type Catalogue interface {
	// HasType reports whether the sandbox models a resource type.
	HasType(name string) bool
	// HasAttribute reports whether Fn::GetAtt of the type gives an attribute.
	HasAttribute(typeName, attribute string) bool
	// Unmodelled finds the properties and values that the sandbox doesn't model.
	Unmodelled(typeName string, properties *template.Node) []Gap
}

// Limits of a template.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const (
	MaxBody       = 51_200    // bytes of a template in a request
	MaxStored     = 1_000_000 // bytes of a template in S3
	maxParameters = 200
	maxOutputs    = 200
	maxMappings   = 200
	maxResources  = 500
)

// Check refuses what AWS refuses without any values: unknown types, names that lead
// nowhere, cycles.
func Check(t *template.Template, c Catalogue) error {
	for _, check := range []func(*template.Template, Catalogue) error{
		limits, outputShapes, parameterShapes, ruleShapes, resourceTypes, references, conditionNames, attributes, cycles,
	} {
		if err := check(t, c); err != nil {
			return err
		}
	}
	return nil
}

func limits(t *template.Template, _ Catalogue) error {
	for _, l := range []struct {
		section string
		most    int
	}{{"Parameters", maxParameters}, {"Outputs", maxOutputs}, {"Mappings", maxMappings}, {"Resources", maxResources}} {
		if n := len(t.Section(l.section).Keys()); n > l.most {
			return invalid("Template format error: Number of %s, %d, is greater than maximum allowed, %d", strings.ToLower(l.section), n, l.most)
		}
	}
	return nil
}

func outputShapes(t *template.Template, _ Catalogue) error {
	for _, o := range t.Outputs() {
		for _, key := range o.Node.Keys() {
			if !slices.Contains([]string{"Value", "Description", "Condition", "Export"}, key) {
				return invalid("Template format error: Invalid template output property '%s'", key)
			}
		}
	}
	return nil
}

func parameterShapes(t *template.Template, _ Catalogue) error {
	for _, p := range t.Parameters() {
		if err := parameterType(p); err != nil {
			return err
		}
		for _, key := range p.Node.Keys() {
			switch key {
			case "Type", "Default", "NoEcho", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength", "MinValue", "MaxValue", "Description", "ConstraintDescription":
			default:
				return invalid("Template format error: Invalid template parameter property '%s'", key)
			}
		}
	}
	return nil
}

func resourceTypes(t *template.Template, c Catalogue) error {
	var unrecognized []string
	for _, r := range t.Resources() {
		if !c.HasType(r.Type) && strings.Count(r.Type, "::") < 1 {
			unrecognized = append(unrecognized, r.Type)
		}
	}
	if len(unrecognized) > 0 {
		return invalid("Template format error: Unrecognized resource types: %s", quoted(unrecognized))
	}
	for _, r := range t.Resources() {
		if err := resourceAttributes(r); err != nil {
			return err
		}
	}
	return nil
}

func resourceAttributes(r template.Resource) error {
	for name, value := range map[string]string{"DeletionPolicy": r.DeletionPolicy, "UpdateReplacePolicy": r.UpdateReplacePolicy} {
		switch {
		case value == "" || value == "Delete" || value == "Retain" || value == "Snapshot" || value == "RetainExceptOnCreate" && name == "DeletionPolicy":
		default:
			return invalid("Template format error: Unrecognized %s %s for resource %s", name, value, r.ID)
		}
	}
	return nil
}

// references refuses names that are neither parameters, resources nor pseudo parameters.
func references(t *template.Template, _ Catalogue) error {
	for _, section := range []string{"Resources", "Outputs"} {
		var unresolved []string
		for _, ref := range template.References(t.Section(section)) {
			if !isPseudo(ref.Target) && t.Section("Resources").Get(ref.Target) == nil && (ref.Attribute != "" || t.Section("Parameters").Get(ref.Target) == nil) {
				unresolved = append(unresolved, ref.Target)
			}
		}
		if section == "Resources" {
			for _, r := range t.Resources() {
				for _, on := range r.DependsOn {
					if t.Section("Resources").Get(on) == nil {
						unresolved = append(unresolved, on)
					}
				}
			}
		}
		if len(unresolved) > 0 {
			slices.Sort(unresolved)
			return invalid("Template format error: Unresolved resource dependencies %s in the %s block of the template", quoted(slices.Compact(unresolved)), section)
		}
	}
	for _, ref := range template.References(t.Section("Conditions")) {
		if !isPseudo(ref.Target) && t.Section("Parameters").Get(ref.Target) == nil {
			return invalid("Template format error: Unresolved dependencies [%s]. Cannot reference resources in the Conditions block of the template", ref.Target)
		}
	}
	return nil
}

func conditionNames(t *template.Template, _ Catalogue) error {
	declared := t.Section("Conditions").Keys()
	for _, r := range t.Resources() {
		if r.Condition != "" && !slices.Contains(declared, r.Condition) {
			return invalid("Template format error: Unresolved condition dependency %s in the Resources block of the template", r.Condition)
		}
	}
	for _, o := range t.Outputs() {
		if o.Condition != "" && !slices.Contains(declared, o.Condition) {
			return invalid("Template format error: Unresolved condition dependency %s in the Outputs block of the template", o.Condition)
		}
	}
	return nil
}

// attributes refuses attributes that a resource's type doesn't have.
func attributes(t *template.Template, c Catalogue) error {
	for _, section := range []string{"Resources", "Outputs"} {
		for _, ref := range template.References(t.Section(section)) {
			r, ok := t.Resource(ref.Target)
			if ref.Attribute == "" || !ok || !c.HasType(r.Type) || c.HasAttribute(r.Type, ref.Attribute) {
				continue
			}
			return invalid("Template error: resource %s does not support attribute type %s in Fn::GetAtt", ref.Target, ref.Attribute)
		}
	}
	return nil
}

func cycles(t *template.Template, _ Catalogue) error {
	_, err := NewGraph(t.Resources())
	return err
}
