package template

import (
	"fmt"
	"strings"
)

// Reference is a place where a template refers to a parameter, a resource or a
// pseudo parameter by Ref, Fn::GetAtt or Fn::Sub.
type Reference struct {
	Target    string // logical id or parameter name: "Vpc", "AWS::Region"
	Attribute string // Fn::GetAtt and ${Id.Attribute}; "" otherwise
	Node      *Node  // the function
}

// References returns the references in n, in the order of the source. Names
// that a Fn::Sub defines itself are none. A malformed ${…} is left out: see SubParts.
func References(n *Node) []Reference {
	var found []Reference
	n.Walk(func(f *Node) bool {
		if f.Kind != Function {
			return true
		}
		switch f.Name {
		case "Ref":
			found = append(found, Reference{Target: f.Arg.Str(), Node: f})
		case "Fn::GetAtt":
			if r, ok := getAtt(f); ok {
				found = append(found, r)
			}
		case "Fn::Sub":
			found = append(found, subReferences(f)...)
		}
		return true
	})
	return found
}

func getAtt(f *Node) (Reference, bool) {
	if !f.Arg.Is(List) || len(f.Arg.Items) < 2 {
		return Reference{}, false
	}
	return Reference{Target: f.Arg.Items[0].Str(), Attribute: f.Arg.Items[1].Str(), Node: f}, true
}

func subReferences(f *Node) []Reference {
	text, own := f.Arg, (*Node)(nil)
	if text.Is(List) && len(text.Items) == 2 {
		text, own = text.Items[0], f.Arg.Items[1]
	}
	parts, err := SubParts(text.Str())
	if err != nil {
		return nil
	}
	var found []Reference
	for _, p := range parts {
		if p.Name == "" || own.Get(p.Name) != nil {
			continue
		}
		r := Reference{Target: p.Name, Node: f}
		if id, attribute, dotted := strings.Cut(p.Name, "."); dotted {
			r.Target, r.Attribute = id, attribute
		}
		found = append(found, r)
	}
	return found
}

// SubPart is a piece of a Fn::Sub text: literal Text, or the Name in ${Name}.
type SubPart struct {
	Text string
	Name string
}

// SubParts takes the text of a Fn::Sub apart: "a-${B}-${!C}" is "a-", B and
// "-${C}".
func SubParts(text string) ([]SubPart, error) {
	var parts []SubPart
	literal := ""
	for text != "" {
		before, rest, found := strings.Cut(text, "${")
		literal += before
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("Template error: unclosed ${ in Fn::Sub text %q", text)
		}
		if escaped, ok := strings.CutPrefix(name, "!"); ok {
			literal += "${" + escaped + "}"
		} else {
			if literal != "" {
				parts = append(parts, SubPart{Text: literal})
			}
			literal = ""
			parts = append(parts, SubPart{Name: strings.TrimSpace(name)})
		}
		text = after
	}
	if literal != "" || len(parts) == 0 {
		parts = append(parts, SubPart{Text: literal})
	}
	return parts, nil
}
