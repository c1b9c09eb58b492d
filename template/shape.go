package template

import (
	"slices"
	"strings"
)

// sections are the top-level sections of a template.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
func isSection(name string) bool {
	switch name {
	case "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings",
		"Conditions", "Transform", "Resources", "Outputs", "Hooks":
		return true
	}
	return false
}

// shape refuses what is no template at all, in CloudFormation's words.
func (t *Template) shape() error {
	if !t.Root.Is(Map) {
		return errorAt(t.Root, "unsupported structure.")
	}
	var unknown []string
	var first *Node
	for _, e := range t.Root.Entries {
		if !isSection(e.Key) {
			unknown = append(unknown, e.Key)
			if first == nil {
				first = &Node{Line: e.Line, Column: e.Column}
			}
		}
	}
	if len(unknown) > 0 {
		return errorAt(first, "Invalid template property or properties [%s]", strings.Join(unknown, ", "))
	}
	for _, check := range []func() error{t.versionShape, t.sectionShapes, t.resourceShapes, t.parameterShapes, t.mappingShapes, t.outputShapes} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (t *Template) versionShape() error {
	version := t.Section("AWSTemplateFormatVersion")
	if version == nil || version.Str() == "2010-09-09" {
		return nil
	}
	return errorAt(version, "Template format version %s is not supported; the only one is 2010-09-09", version.Str())
}

func (t *Template) sectionShapes() error {
	for _, e := range t.Root.Entries {
		switch e.Key {
		case "AWSTemplateFormatVersion", "Transform":
		case "Description":
			if !e.Value.Is(Scalar) || e.Value.Type != StringType {
				return errorAt(e.Value, "every Description member must be a string.")
			}
		default:
			if !e.Value.Is(Map) {
				return errorAt(e.Value, "%s must be a map of members", e.Key)
			}
			for _, m := range e.Value.Entries {
				if e.Key != "Metadata" && m.Value.IsNull() {
					return errorAt(m.Value, "[/%s/%s] 'null' values are not allowed in templates", e.Key, m.Key)
				}
			}
		}
	}
	if len(t.members("Resources")) == 0 {
		return errorAt(t.Root, "At least one Resources member must be defined.")
	}
	return nil
}

func (t *Template) resourceShapes() error {
	for _, e := range t.members("Resources") {
		switch {
		case !alphanumeric(e.Key):
			return errorAt(&Node{Line: e.Line, Column: e.Column}, "Resource name %s is non alphanumeric.", e.Key)
		case !e.Value.Is(Map):
			return errorAt(e.Value, "[/Resources/%s] resource definition is malformed", e.Key)
		case e.Value.Get("Type").Str() == "":
			return errorAt(e.Value, "[/Resources/%s] Every Resources object must contain a Type member.", e.Key)
		}
		for _, a := range e.Value.Entries {
			if err := attributeShape(e.Key, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// attributeShape checks one attribute of a resource.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-product-attribute-reference.html
func attributeShape(id string, a Entry) error {
	ok := false
	switch a.Key {
	case "Type", "Condition", "DeletionPolicy", "UpdateReplacePolicy":
		ok = a.Value.Is(Scalar)
	case "Properties", "Metadata", "UpdatePolicy", "CreationPolicy":
		ok = a.Value.Is(Map) || a.Value.Is(Function)
	case "DependsOn":
		ok = a.Value.Is(Scalar) || a.Value.Is(List) && !slices.ContainsFunc(a.Value.Items, func(i *Node) bool { return !i.Is(Scalar) })
	default:
		return errorAt(&Node{Line: a.Line, Column: a.Column}, "Invalid template resource property '%s'", a.Key)
	}
	if !ok || a.Value.IsNull() {
		return errorAt(a.Value, "[/Resources/%s/%s] has the wrong shape: a %s", id, a.Key, a.Value.Kind)
	}
	return nil
}

func (t *Template) parameterShapes() error {
	for _, e := range t.members("Parameters") {
		switch {
		case !alphanumeric(e.Key):
			return errorAt(&Node{Line: e.Line, Column: e.Column}, "Parameter name %s is non alphanumeric.", e.Key)
		case !e.Value.Is(Map):
			return errorAt(e.Value, "[/Parameters/%s] parameter definition is malformed", e.Key)
		case e.Value.Get("Type").Str() == "":
			return errorAt(e.Value, "Every Parameters object must contain a Type member.")
		}
		if d := e.Value.Get("Default"); d != nil && (!d.Is(Scalar) || d.IsNull()) {
			return errorAt(d, "Every Default member must be a string.")
		}
	}
	return nil
}

func (t *Template) mappingShapes() error {
	for _, m := range t.members("Mappings") {
		if !m.Value.Is(Map) {
			return errorAt(m.Value, "Every Mappings member %s must be a map", m.Key)
		}
		for _, top := range m.Value.Entries {
			if !top.Value.Is(Map) {
				return errorAt(top.Value, "Every Mappings member %s must be a map", m.Key)
			}
			for _, second := range top.Value.Entries {
				if !second.Value.Is(Scalar) && !second.Value.Is(List) {
					return errorAt(second.Value, "Every Mappings attribute must be a String or a List.")
				}
			}
		}
	}
	return nil
}

func (t *Template) outputShapes() error {
	for _, section := range []string{"Outputs", "Hooks"} {
		for _, e := range t.members(section) {
			if !e.Value.Is(Map) {
				return errorAt(e.Value, "[/%s/%s] must be a map", section, e.Key)
			}
		}
	}
	for _, o := range t.Outputs() {
		if o.Value.IsNull() {
			return errorAt(o.Node, "Output %s must contain a Value member", o.Name)
		}
	}
	return nil
}

func alphanumeric(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
