package template

import "strings"

// longName returns the long form of a short one: "Fn::Sub" of the YAML tag !Sub.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
func longName(tag string) (string, bool) {
	switch name := strings.TrimPrefix(tag, "!"); name {
	case "Ref", "Condition":
		return name, true
	case "And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "ForEach", "GetAtt", "GetAZs", "If",
		"ImportValue", "Join", "Length", "Not", "Or", "RefAll", "Select", "Split", "Sub", "ToJsonString", "Transform", "ValueOf", "ValueOfAll":
		return "Fn::" + name, true
	}
	return "", false
}

// place says where in the template a value stands, which decides what is a
// function: {"Condition": "X"} is one only where a condition is expected.
type place struct {
	section   string // the top-level section
	depth     int    // 0: the template, 1: a section, 2: a member of a section
	condition bool   // below Fn::And, Fn::Or, Fn::Not
}

func (p place) below(key string) place {
	if p.depth == 0 {
		p.section = key
	}
	p.depth++
	switch key {
	case "Fn::And", "Fn::Or", "Fn::Not":
		p.condition = true
	default:
		if !strings.HasPrefix(key, "Fn::") && key != "" {
			p.condition = false
		}
	}
	return p
}

// normalise turns a map of one key into the function that the key names, and
// brings the argument of Fn::GetAtt into its list form.
func (n *Node) normalise(at place) *Node {
	if n.Kind != Map || len(n.Entries) != 1 || at.depth < 2 || at.section == "Mappings" {
		return n
	}
	key, arg := n.Entries[0].Key, n.Entries[0].Value
	switch {
	case key == "Ref", strings.HasPrefix(key, "Fn::"):
	case key == "Condition" && arg.Is(Scalar) && (at.condition || at.section == "Conditions"):
	default:
		return n
	}
	return (&Node{Kind: Function, Name: key, Arg: arg, Line: n.Line, Column: n.Column}).attribute()
}

func (n *Node) attribute() *Node {
	if n.Name != "Fn::GetAtt" || !n.Arg.Is(Scalar) {
		return n
	}
	id, attribute, found := strings.Cut(n.Arg.Text, ".")
	if !found {
		return n
	}
	half := func(text string) *Node {
		return &Node{Kind: Scalar, Type: StringType, Text: text, Line: n.Arg.Line, Column: n.Arg.Column}
	}
	n.Arg = &Node{Kind: List, Line: n.Arg.Line, Column: n.Arg.Column, Items: []*Node{half(id), half(attribute)}}
	return n
}
