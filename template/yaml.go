package template

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const maxDepth = 500 // no template is that deep; keeps hostile input from growing the stack

func parseYAML(src []byte) (*Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &Error{Line: 1, Column: 1, Message: "unsupported structure."}
		}
		return nil, notWellFormed(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, notWellFormed(err)
		}
		return nil, &Error{Message: "a template is one YAML document; found more than one"}
	}
	return fromYAML(document.Content[0], place{})
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// notWellFormed puts the parser's message into CloudFormation's frame.
func notWellFormed(err error) *Error {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &Error{}
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		message = strings.TrimPrefix(message, m[0])
		e.Line, _ = strconv.Atoi(m[1])
		e.Column = 1
	}
	e.Message = "YAML not well-formed. (" + message + ")"
	return e
}

func fromYAML(y *yaml.Node, at place) (*Node, error) {
	n := &Node{Line: y.Line, Column: y.Column}
	if at.depth > maxDepth {
		return nil, errorAt(n, "nested deeper than %d levels", maxDepth)
	}
	if y.Kind == yaml.AliasNode {
		return nil, errorAt(n, "YAML aliases are not allowed in CloudFormation templates")
	}
	if y.Style&yaml.TaggedStyle == 0 {
		return untagged(n, y, at)
	}
	name, known := longName(y.Tag)
	if !known {
		return typed(n, y, at)
	}
	arg, err := untagged(&Node{Line: y.Line, Column: y.Column}, y, at.below(name))
	if err != nil {
		return nil, err
	}
	n.Kind, n.Name, n.Arg = Function, name, arg
	return n.attribute(), nil
}

// typed reads a value with a YAML type tag such as !!str.
func typed(n *Node, y *yaml.Node, at place) (*Node, error) {
	switch y.ShortTag() {
	case "!!str":
		quoted := *y
		quoted.Style |= yaml.DoubleQuotedStyle
		return untagged(n, &quoted, at)
	case "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq":
		return untagged(n, y, at)
	}
	return nil, errorAt(n, "the YAML tag %s is neither an intrinsic function nor a type that CloudFormation supports", y.Tag)
}

func untagged(n *Node, y *yaml.Node, at place) (*Node, error) {
	switch y.Kind {
	case yaml.ScalarNode:
		n.Kind = Scalar
		if y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			n.Text, n.Type, n.Quoted = y.Value, StringType, true
		} else {
			n.plain(y.Value)
		}
		return n, nil
	case yaml.SequenceNode:
		n.Kind = List
		for _, item := range y.Content {
			value, err := fromYAML(item, at.below(""))
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, value)
		}
		return n, nil
	}
	n.Kind = Map
	return mapping(n, y, at)
}

func mapping(n *Node, y *yaml.Node, at place) (*Node, error) {
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		e := Entry{Key: key.Value, Line: key.Line, Column: key.Column}
		keyNode := &Node{Line: key.Line, Column: key.Column}
		switch {
		case key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0:
			return nil, errorAt(keyNode, "a key must be a plain string")
		case key.Value == "<<" && key.Style == 0:
			return nil, errorAt(keyNode, "YAML merge keys (<<) are not supported in CloudFormation templates")
		}
		if err := n.add(e, keyNode); err != nil {
			return nil, err
		}
		value, err := fromYAML(y.Content[i+1], at.below(key.Value))
		if err != nil {
			return nil, err
		}
		n.Entries[len(n.Entries)-1].Value = value
	}
	return n.normalise(at), nil
}

// add appends an entry, unless its key is there already.
func (n *Node) add(e Entry, at *Node) error {
	if first := n.Entry(e.Key); first != nil {
		return errorAt(at, "duplicate key %q (first on line %d)", e.Key, first.Line)
	}
	n.Entries = append(n.Entries, e)
	return nil
}
