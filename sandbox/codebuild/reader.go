package codebuild

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader collects the faults of a buildspec.
type reader struct{ faults []string }

// fields read the values of a mapping by key.
type fields map[string]func(*yaml.Node)

func (r *reader) fault(n *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf("line %d: ", n.Line)+fmt.Sprintf(format, args...))
}

func (r *reader) unmodelled(what string) func(*yaml.Node) {
	return func(n *yaml.Node) { r.fault(n, "the orgship sandbox does not model %s", what) }
}

// keys reads a mapping whose keys are known, some of them required.
func (r *reader) keys(n *yaml.Node, of string, known fields, required ...string) {
	var found []string
	if !r.each(n, of, func(key, value *yaml.Node) {
		found = append(found, key.Value)
		if read := known[key.Value]; read != nil {
			read(value)
			return
		}
		r.fault(key, "unknown key %q in %s", key.Value, of)
	}) {
		return
	}
	for _, name := range required {
		if !slices.Contains(found, name) {
			r.fault(n, "%s lacks the key %q", of, name)
		}
	}
}

// each visits a mapping, and says whether it is one.
func (r *reader) each(n *yaml.Node, of string, visit func(key, value *yaml.Node)) bool {
	n = target(n)
	if n.Kind != yaml.MappingNode {
		r.fault(n, "%s must be a mapping", of)
		return false
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if seen[key.Value] {
			r.fault(key, "key %q is given twice in %s", key.Value, of)
		}
		seen[key.Value] = true
		visit(key, target(n.Content[i+1]))
	}
	return true
}

func (r *reader) text(n *yaml.Node) string {
	if n = target(n); n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.fault(n, "expected a string, found %s", kindOf(n))
		return ""
	}
	return n.Value
}

func (r *reader) scalar(n *yaml.Node) { r.text(n) }

// texts reads a list of strings. A command with ": " in it, not quoted, is a
// mapping to YAML: the fault that people meet most.
func (r *reader) texts(n *yaml.Node) []string {
	if n = target(n); n.Kind != yaml.SequenceNode {
		r.fault(n, "expected a list of strings, found %s", kindOf(n))
		return nil
	}
	var all []string
	for _, item := range n.Content {
		if item = target(item); item.Kind == yaml.MappingNode {
			r.fault(item, `expected a string, found subkeys: quote a text that has ": " in it`)
			continue
		}
		all = append(all, r.text(item))
	}
	return all
}

func (r *reader) textList(n *yaml.Node) { r.texts(n) }

func (r *reader) yesNo(n *yaml.Node) {
	if text := strings.ToLower(r.text(n)); !slices.Contains([]string{"yes", "no", "true", "false"}, text) {
		r.fault(n, "expected yes or no, found %q", text)
	}
}

func (r *reader) oneOf(n *yaml.Node, key string, values ...string) string {
	text := r.text(n)
	if !slices.Contains(values, text) {
		r.fault(n, "%s is %q, must be one of %s", key, text, strings.Join(values, ", "))
	}
	return text
}

// target follows an alias.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	}
	return "a string"
}
