package wire

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The limits of a form: far above what any request of AWS's needs.
const (
	maxFormDepth = 32
	maxListIndex = 100_000
)

// formNode is a parameter of a query request, "A.member.1.B=x" being x below B
// below 1 below member below A.
type formNode struct {
	value    string
	set      bool
	children map[string]*formNode
}

// formTree reads the dotted names of a form.
func formTree(form url.Values) (*formNode, error) {
	root := &formNode{}
	for name, values := range form {
		if len(values) != 1 {
			return nil, Errorf("MalformedQueryString", "The query parameter %q is given %d times", name, len(values))
		}
		parts := strings.Split(name, ".")
		if len(parts) > maxFormDepth {
			return nil, Errorf("MalformedQueryString", "The query parameter %.60q… is nested too deep", name)
		}
		at := root
		for _, part := range parts {
			at = at.child(part)
		}
		at.value, at.set = values[0], true
	}
	return root, nil
}

func (n *formNode) child(name string) *formNode {
	if n.children == nil {
		n.children = map[string]*formNode{}
	}
	c := n.children[name]
	if c == nil {
		c = &formNode{}
		n.children[name] = c
	}
	return c
}

// names returns the children's names in order, so that errors are stable.
func (n *formNode) names() []string {
	names := make([]string, 0, len(n.children))
	for name := range n.children {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// numbered returns the children of a list in order of their numbers.
func (n *formNode) numbered(path string) ([]*formNode, error) {
	type item struct {
		number int
		node   *formNode
	}
	items := make([]item, 0, len(n.children))
	for name, node := range n.children {
		number, err := strconv.Atoi(name)
		if err != nil || number < 1 || number > maxListIndex {
			return nil, Errorf("MalformedQueryString", "Key (%s.%s) is not a number of a list", path, name)
		}
		items = append(items, item{number, node})
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.number, b.number) })
	nodes := make([]*formNode, len(items))
	for i, it := range items {
		nodes[i] = it.node
	}
	return nodes, nil
}

// formDecoder reads the parameters of a Query or EC2Query request.
type formDecoder struct {
	flat bool // EC2: lists without ".member"
}

func (d formDecoder) decode(n *formNode, sh *shape, v reflect.Value, path string) error {
	switch sh.kind {
	case structure:
		return d.structure(n, sh, v, path)
	case list:
		return d.list(n, sh, v, path)
	case dictionary:
		return d.dictionary(n, sh, v, path)
	}
	if len(n.children) > 0 {
		return unknownMember(join(path, n.names()[0]))
	}
	return setText(sh, v, n.value, path)
}

func (d formDecoder) structure(n *formNode, sh *shape, v reflect.Value, path string) error {
	if n.value != "" {
		return Errorf("MalformedInput", "%s is a structure, not a value", path)
	}
	for _, name := range n.names() {
		m := sh.byName[name]
		if m == nil {
			return unknownMember(join(path, name))
		}
		if err := d.decode(n.children[name], m.shape, m.target(v), join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func (d formDecoder) list(n *formNode, sh *shape, v reflect.Value, path string) error {
	if !d.flat && len(n.children) > 0 {
		if len(n.children) != 1 || n.children["member"] == nil {
			return Errorf("MalformedInput", "%s is a list: its keys begin with %s.member.1", path, path)
		}
		n, path = n.children["member"], path+".member"
	}
	if n.value != "" {
		return Errorf("MalformedInput", "%s is a list, not a value", path)
	}
	items, err := n.numbered(path)
	if err != nil {
		return err
	}
	made := reflect.MakeSlice(v.Type(), 0, len(items))
	for i, item := range items {
		target, elem := sh.newElem(v.Type())
		if err := d.decode(item, sh.elem, target, join(path, strconv.Itoa(i+1))); err != nil {
			return err
		}
		made = reflect.Append(made, elem)
	}
	v.Set(made)
	return nil
}

func (d formDecoder) dictionary(n *formNode, sh *shape, v reflect.Value, path string) error {
	if entries := n.children["entry"]; entries != nil && !d.flat {
		n, path = entries, path+".entry"
	}
	if n.value != "" {
		return Errorf("MalformedInput", "%s is a map, not a value", path)
	}
	items, err := n.numbered(path)
	if err != nil {
		return err
	}
	made := reflect.MakeMapWithSize(v.Type(), len(items))
	for _, item := range items {
		key, val := item.children["key"], item.children["value"]
		if key == nil || val == nil || len(item.children) != 2 {
			return Errorf("MalformedInput", "%s needs a key and a value for each entry", path)
		}
		target, elem := sh.newElem(v.Type())
		if err := d.decode(val, sh.elem, target, join(path, key.value)); err != nil {
			return err
		}
		made.SetMapIndex(reflect.ValueOf(key.value).Convert(v.Type().Key()), elem)
	}
	v.Set(made)
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// unknownMemberError names an input member that the operation's type hasn't got.
type unknownMemberError struct{ path string }

func (e unknownMemberError) Error() string { return "unknown member " + e.path }

func unknownMember(path string) error { return unknownMemberError{path} }

// setText stores the text form of a scalar.
func setText(sh *shape, v reflect.Value, s, path string) error {
	switch sh.kind {
	case text:
		if sh.enum != nil && !slices.Contains(sh.enum, s) {
			return boundsError{path, clip(s), enumConstraint(sh.enum)}
		}
		v.SetString(s)
		return nil
	case boolean:
		b, err := parseBool(s)
		v.SetBool(b)
		return malformed(err, path, s, "a boolean")
	case integer:
		n, err := strconv.ParseInt(s, 10, v.Type().Bits())
		v.SetInt(n)
		return malformed(err, path, s, "an integer")
	case float:
		f, err := strconv.ParseFloat(s, v.Type().Bits())
		v.SetFloat(f)
		return malformed(err, path, s, "a number")
	case timestamp:
		t, err := parseTime(s)
		v.Set(reflect.ValueOf(t))
		return malformed(err, path, s, "a timestamp")
	case blob:
		b, err := base64.StdEncoding.DecodeString(s)
		v.SetBytes(b)
		return malformed(err, path, "…", "base64")
	}
	return NotModelled("the union %s", path)
}

func malformed(err error, path, value, what string) error {
	if err == nil {
		return nil
	}
	return Errorf("MalformedInput", "%s: %.80q is not %s", path, value, what)
}

func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("not a boolean")
}

func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("parsing timestamp %q: %w", s, err)
	}
	return epoch(seconds)
}
