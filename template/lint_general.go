package template

import (
	"slices"
	"strings"
)

// maxSize is how many bytes of a template CloudFormation takes in a request.
const maxSize = 51200

// general looks for what CloudFormation refuses in any template.
func (l *linter) general() {
	l.parameters()
	l.names()
	l.conditions()
	l.circles()
	l.sizes()
	if l.t.Size > maxSize {
		l.report("OS213", l.t.Root, "the template has %d bytes, and CloudFormation takes at most %d in a request: it has to go by S3 (orgship release --template-bucket NAME)", l.t.Size, maxSize)
	}
	l.t.within(func(_ string, e Entry, n *Node) { l.value(e, n) })
}

func (l *linter) parameters() {
	for _, p := range l.t.Parameters() {
		if !knownParameterType(p.Type) {
			l.report("OS006", p.Node.Get("Type"), "Unrecognized parameter type: %s", p.Type)
		}
		for _, e := range p.Node.Entries {
			switch e.Key {
			case "Type", "Default", "NoEcho", "AllowedValues", "AllowedPattern", "ConstraintDescription", "Description",
				"MaxLength", "MaxValue", "MinLength", "MinValue":
			default:
				l.report("OS007", key(e), "Invalid template parameter property '%s'", e.Key)
			}
		}
	}
}

// knownParameterType knows the types of parameters. Those that are looked up in
// SSM or EC2 are known by their form only.
func knownParameterType(name string) bool {
	if name == "List<String>" {
		return false
	}
	if inner, ok := strings.CutPrefix(name, "AWS::SSM::Parameter::Value<"); ok {
		inner, ok = strings.CutSuffix(inner, ">")
		return ok && (inner == "List<String>" || knownParameterType(inner))
	}
	if inner, ok := strings.CutPrefix(name, "List<"); ok {
		inner, ok = strings.CutSuffix(inner, ">")
		return ok && (inner == "Number" || strings.HasPrefix(inner, "AWS::") && knownParameterType(inner))
	}
	switch name {
	case "String", "Number", "CommaDelimitedList", "AWS::EC2::AvailabilityZone::Name", "AWS::EC2::Image::Id", "AWS::EC2::Instance::Id",
		"AWS::EC2::KeyPair::KeyName", "AWS::EC2::SecurityGroup::GroupName", "AWS::EC2::SecurityGroup::Id", "AWS::EC2::Subnet::Id",
		"AWS::EC2::Volume::Id", "AWS::EC2::VPC::Id", "AWS::Route53::HostedZone::Id", "AWS::SSM::Parameter::Name":
		return true
	}
	return false
}

// names looks for references and DependsOn that lead nowhere.
func (l *linter) names() {
	resource, parameter := l.t.Section("Resources"), l.t.Section("Parameters")
	for _, section := range []string{"Resources", "Outputs"} {
		for _, r := range References(l.t.Section(section)) {
			switch {
			case r.Attribute == "" && (isPseudo(r.Target) || parameter.Entry(r.Target) != nil), resource.Entry(r.Target) != nil:
			default:
				l.report("OS001", r.Node, "Unresolved resource dependencies [%s] in the %s block of the template", r.Target, section)
			}
		}
	}
	for _, r := range l.t.Resources() {
		for _, on := range r.DependsOn {
			if resource.Entry(on) == nil {
				l.report("OS001", r.Node.Get("DependsOn"), "Unresolved resource dependencies [%s] in the Resources block of the template", on)
			}
		}
	}
	for _, r := range References(l.t.Section("Conditions")) {
		if r.Attribute != "" || !isPseudo(r.Target) && parameter.Entry(r.Target) == nil {
			l.report("OS002", r.Node, "Unresolved dependencies [%s]. Cannot reference resources in the Conditions block of the template", r.Target)
		}
	}
}

// conditions looks for names of conditions that lead nowhere.
func (l *linter) conditions() {
	declared := l.t.Section("Conditions")
	missing := func(name string, at *Node, section string) {
		if name != "" && declared.Entry(name) == nil {
			l.report("OS003", at, "Unresolved condition dependency %s in the %s block of the template", name, section)
		}
	}
	for _, r := range l.t.Resources() {
		missing(r.Condition, r.Node.Get("Condition"), "Resources")
	}
	for _, o := range l.t.Outputs() {
		missing(o.Condition, o.Node.Get("Condition"), "Outputs")
	}
	l.t.within(func(section string, _ Entry, n *Node) {
		switch {
		case n.Kind != Function:
		case n.Name == "Condition":
			missing(n.Arg.Str(), n, section)
		case n.Name == "Fn::If" && n.Arg.Is(List) && len(n.Arg.Items) > 0:
			missing(n.Arg.Items[0].Str(), n, section)
		}
	})
}

// circles looks for resources that need each other in a circle.
func (l *linter) circles() {
	needs := map[string][]string{}
	resources := l.t.Resources()
	for _, r := range resources {
		list := slices.Clone(r.DependsOn)
		for _, ref := range References(r.Properties) {
			list = append(list, ref.Target)
		}
		needs[r.ID] = list
	}
	done := map[string]bool{} // needs nothing, or only what is done
	for again := true; again; {
		again = false
		for _, r := range resources {
			ready := !slices.ContainsFunc(needs[r.ID], func(id string) bool { _, is := needs[id]; return is && !done[id] })
			if ready && !done[r.ID] {
				done[r.ID], again = true, true
			}
		}
	}
	var circle []string
	var first *Node
	for _, r := range resources {
		if !done[r.ID] {
			circle = append(circle, r.ID)
			if first == nil {
				first = key(r.Entry)
			}
		}
	}
	if len(circle) > 0 {
		slices.Sort(circle)
		l.report("OS005", first, "Circular dependency between resources: [%s]", strings.Join(circle, ", "))
	}
}

// value looks at one value of a resource, an output or a condition.
func (l *linter) value(e Entry, n *Node) {
	switch {
	case n.Kind == Scalar && n.Type == NullType:
		l.report("OS008", n, "[%s] 'null' values are not allowed in templates", e.Key)
	case n.Kind != Function:
	case !l.knownFunction(n.Name):
		l.report("OS009", n, "%s is not a function of CloudFormation (%s, %s and %s need the transform AWS::LanguageExtensions)", n.Name, "Fn::ForEach", "Fn::Length", "Fn::ToJsonString")
	case n.Name == "Fn::Sub":
		l.substitution(n)
	case n.Name == "Fn::FindInMap" && n.Arg.Is(List) && len(n.Arg.Items) > 0:
		if name := n.Arg.Items[0].Str(); name != "" && l.t.Section("Mappings").Entry(name) == nil {
			l.report("OS004", n, "Mapping named '%s' is not present in the 'Mappings' section of template.", name)
		}
	}
}

func (l *linter) knownFunction(name string) bool {
	switch strings.TrimPrefix(name, "Fn::") {
	case "Ref", "Condition", "And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join",
		"Not", "Or", "Select", "Split", "Sub", "Transform":
		return true
	case "ForEach", "Length", "ToJsonString":
		return slices.Contains(l.t.Transforms(), "AWS::LanguageExtensions")
	}
	return false
}

func (l *linter) substitution(n *Node) {
	text := n.Arg
	if text.Is(List) && len(text.Items) > 0 {
		text = text.Items[0]
	}
	if _, err := SubParts(text.Str()); err != nil {
		l.report("OS010", n, "%s", strings.TrimPrefix(err.Error(), "Template error: "))
	}
}
