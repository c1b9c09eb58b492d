package bluegreen

import (
	"fmt"

	"orgship/template"
)

// SameDefinition refuses an update in which the task definition is replaced but
// its logical id stays: the transform was forgotten or didn't see the change.
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/605
func (h *Hook) SameDefinition(id string) error {
	return h.hookError(fmt.Sprintf("The TaskDefinition logical Id [%s] is the same between initial and final template, CodeDeploy can't perform BlueGreen style update properly", id))
}

// Mixed refuses a green deployment that changes anything else.
// The template's own Metadata section is no resource: it may change too (Assumption A123).
// https://github.com/aws-samples/aws-reinvent-trivia-game/blob/a1dafe683f051183719dcd0019215348513f45ed/trivia-backend/infra/cdk/ecs-service-blue-green.ts
func (h *Hook) Mixed() error {
	return h.hookError("Additional resource diff other than ECS application related resource update is detected, CodeDeploy can't perform BlueGreen style update properly.")
}

// Obscured refuses a green deployment of resources that use a NoEcho parameter.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-considerations.html
//
// Assumption A24: the documentation says that such an update fails, not with
// which words.
func (h *Hook) Obscured(parameter string) error {
	return h.hookError(fmt.Sprintf("The parameter [%s] is obfuscated by NoEcho, CodeDeploy can't perform BlueGreen style update properly", parameter))
}

// Recognised reports whether the transform sees that an initiator changed: its
// text differs between two processed templates in a property that replaces it.
//
// Assumption A25: the transform compares texts. A change that comes through a
// parameter, a mapping or a condition alone isn't seen, and the update fails as
// with a forgotten transform:
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/823
func (h *Hook) Recognised(before, after *template.Template, c Colour, replaces func(typeName, property string) bool) bool {
	for _, id := range h.Initiators(c) {
		was, wasThere := before.Resource(id)
		is, isThere := after.Resource(id)
		if !wasThere || !isThere || differs(was, is, replaces) {
			return true
		}
	}
	return false
}

func differs(a, b template.Resource, replaces func(typeName, property string) bool) bool {
	if !a.Properties.Is(template.Map) || !b.Properties.Is(template.Map) {
		return !template.Equal(a.Properties, b.Properties)
	}
	for _, key := range append(a.Properties.Keys(), b.Properties.Keys()...) {
		if replaces(b.Type, key) && !template.Equal(a.Properties.Get(key), b.Properties.Get(key)) {
			return true
		}
	}
	return false
}

// ObscuredParameter returns a NoEcho parameter that an initiator of the colour
// refers to, "" for none.
func (h *Hook) ObscuredParameter(t *template.Template, c Colour, noEcho func(name string) bool) string {
	for _, id := range h.Initiators(c) {
		r, _ := t.Resource(id)
		for _, ref := range template.References(r.Properties) {
			if ref.Attribute == "" && noEcho(ref.Target) {
				return ref.Target
			}
		}
	}
	return ""
}
