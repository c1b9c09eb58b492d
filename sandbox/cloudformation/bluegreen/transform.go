package bluegreen

import (
	"slices"
	"strings"

	"orgship/template"
)

// Transform reads the hook of a template that names the transform and checks
// the resources it refers to. Active says which resources' conditions hold.
func Transform(t *template.Template, active func(condition string) bool) (*Hook, error) {
	h, err := Read(t)
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, schemaError() // a transform without a hook has nothing to do
	}
	if err := companions(t); err != nil {
		return nil, err
	}
	want := []struct{ id, typeName string }{
		{h.Service, ecsService}, {h.TaskDefinitions[Blue], ecsDefinition}, {h.TaskSets[Blue], ecsTaskSet},
		{h.ProdListener, elbListener}, {h.TargetGroups[Blue], elbGroup}, {h.TargetGroups[Green], elbGroup},
	}
	if h.TestListener != "" {
		want = append(want, struct{ id, typeName string }{h.TestListener, elbListener})
	}
	for _, w := range want {
		r, ok := t.Resource(w.id)
		if !ok || r.Type != w.typeName || !active(r.Condition) {
			return nil, resourceError(w.id)
		}
	}
	// The green names belong to the transform: they stand in Hooks only.
	for _, id := range []string{h.TaskDefinitions[Green], h.TaskSets[Green]} {
		if _, taken := t.Resource(id); taken {
			return nil, resourceError(id)
		}
	}
	return h, nil
}

// Processed returns the template as CloudFormation runs it with a colour live:
// without the transform, the task definition and the task set under that
// colour's names, and the task set, the hook's listeners and their rules
// referring to that colour's target group where t refers to blue's.
//
// Assumption A23: nothing is documented of the processed template but that the
// names alternate.
func (h *Hook) Processed(t *template.Template, live Colour) *template.Template {
	p := t.Clone()
	p.Root.Delete("Transform")
	if live == Blue {
		return p
	}
	names := map[string]string{
		h.TaskDefinitions[Blue]: h.TaskDefinitions[Green],
		h.TaskSets[Blue]:        h.TaskSets[Green],
	}
	resources := p.Section("Resources")
	for i, e := range resources.Entries {
		if to, ok := names[e.Key]; ok {
			resources.Entries[i].Key = to
		}
	}
	for _, section := range []string{"Resources", "Outputs"} {
		rename(p.Section(section), names)
	}
	for _, r := range p.Resources() {
		renameDependsOn(r.Node, names)
		if r.ID == h.TaskSets[Green] || h.routes(r) {
			rename(r.Node, map[string]string{
				h.TargetGroups[Blue]: h.TargetGroups[Green], h.TargetGroups[Green]: h.TargetGroups[Blue],
			})
		}
	}
	return p
}

// routes reports whether a resource is one of the hook's listeners or a rule of one.
func (h *Hook) routes(r template.Resource) bool {
	switch r.Type {
	case elbListener:
		return r.ID == h.ProdListener || r.ID == h.TestListener
	case elbRule:
		for _, ref := range template.References(r.Properties.Get("ListenerArn")) {
			if ref.Target == h.ProdListener || ref.Target == h.TestListener {
				return true
			}
		}
	}
	return false
}

// rename changes the names that functions below n refer to.
func rename(n *template.Node, names map[string]string) {
	n.Walk(func(f *template.Node) bool {
		if f.Kind != template.Function {
			return true
		}
		switch f.Name {
		case "Ref":
			renameText(f.Arg, names)
		case "Fn::GetAtt":
			if f.Arg.Is(template.List) && len(f.Arg.Items) > 0 {
				renameText(f.Arg.Items[0], names)
			}
		case "Fn::Sub":
			renameSub(f.Arg, names)
		}
		return true
	})
}

func renameText(n *template.Node, names map[string]string) {
	if to, ok := names[n.Str()]; ok {
		n.Text = to
	}
}

// renameSub writes the text of a Fn::Sub anew where it has one of the names.
func renameSub(arg *template.Node, names map[string]string) {
	text, own := arg, (*template.Node)(nil)
	if arg.Is(template.List) && len(arg.Items) == 2 {
		text, own = arg.Items[0], arg.Items[1]
	}
	parts, err := template.SubParts(text.Str())
	if err != nil || !text.Is(template.Scalar) {
		return
	}
	var b strings.Builder
	for _, p := range parts {
		if p.Name == "" {
			b.WriteString(strings.ReplaceAll(p.Text, "${", "${!"))
			continue
		}
		id, attribute, dotted := strings.Cut(p.Name, ".")
		if to, ok := names[id]; ok && own.Get(p.Name) == nil {
			id = to
		}
		if dotted {
			id += "." + attribute
		}
		b.WriteString("${" + id + "}")
	}
	text.Text = b.String()
}

func renameDependsOn(resource *template.Node, names map[string]string) {
	on := resource.Get("DependsOn")
	if on.Is(template.Scalar) {
		renameText(on, names)
	}
	if on.Is(template.List) {
		for _, item := range on.Items {
			renameText(item, names)
		}
	}
}

// Live returns the colour whose task definition is among the resources.
func (h *Hook) Live(resources []string) Colour {
	if slices.Contains(resources, h.TaskDefinitions[Green]) {
		return Green
	}
	return Blue
}

// Initiators returns the resources of a colour whose replacement is a green deployment.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/about-blue-green-deployments.html
func (h *Hook) Initiators(c Colour) []string {
	return []string{h.TaskDefinitions[c], h.TaskSets[c]}
}
