package bluegreen

import (
	"fmt"
	"strings"

	"orgship/template"
)

// companions refuses what a template with the hook can't have beside it.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-considerations.html
//
// Assumption A176: the documentation says that these aren't supported, not with which
// words. Outputs that aren't exported are taken: AWS's own samples have them.
func companions(t *template.Template) error {
	for _, r := range t.Resources() {
		if r.Type == "AWS::CloudFormation::Stack" {
			return companionError("nested stacks", r.ID)
		}
	}
	for _, o := range t.Outputs() {
		if o.Node.Get("Export") != nil {
			return companionError("exported outputs", o.Name)
		}
	}
	imports := false
	t.Root.Walk(func(n *template.Node) bool {
		imports = imports || n.Is(template.Function) && n.Name == "Fn::ImportValue"
		return !imports
	})
	if imports {
		return companionError("imported values", "Fn::ImportValue")
	}
	return nil
}

func companionError(what, where string) error {
	return transformError(fmt.Sprintf("A template with the hook %s does not support %s (%s).", HookType, what, where))
}

// dynamic reports whether a text has a dynamic reference.
func dynamic(text string) bool { return strings.Contains(text, "{{resolve:") }

// DynamicReference returns a dynamic reference that an initiator of the colour has,
// by itself or by a parameter with the value that parameter gives; "" for none.
func (h *Hook) DynamicReference(t *template.Template, c Colour, parameter func(name string) string) string {
	found := ""
	for _, id := range h.Initiators(c) {
		r, _ := t.Resource(id)
		r.Properties.Walk(func(n *template.Node) bool {
			if n.Is(template.Scalar) && dynamic(n.Text) {
				found = n.Text
			}
			return found == ""
		})
		for _, ref := range template.References(r.Properties) {
			if value := parameter(ref.Target); found == "" && ref.Attribute == "" && dynamic(value) {
				found = value
			}
		}
	}
	return found
}

// Dynamic refuses a green deployment of resources with a dynamic reference (A24).
func (h *Hook) Dynamic(reference string) error {
	return h.hookError(fmt.Sprintf("The dynamic reference %s can't be resolved, CodeDeploy can't perform BlueGreen style update properly", reference))
}
