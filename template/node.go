package template

import "slices"

// Kind says what a Node is.
type Kind int

// The kinds of nodes.
const (
	Scalar   Kind = iota + 1 // Text, Type and Quoted are set
	List                     // Items is set
	Map                      // Entries is set
	Function                 // Name and Arg are set
)

func (k Kind) String() string {
	switch k {
	case Scalar:
		return "scalar"
	case List:
		return "list"
	case Map:
		return "map"
	case Function:
		return "function"
	}
	return "nothing"
}

// Type is the type of a scalar as CloudFormation reads it.
type Type int

// The types of scalars.
const (
	StringType Type = iota + 1
	NumberType      // Text is the number as written: "80", "0.5", "0x1F"
	BoolType        // Text is "true" or "false", also for YAML 1.1's yes, no, on, off
	NullType        // Text is empty
)

// Node is one value of a template: a tree of maps, lists, scalars and
// intrinsic functions. A node that a program made has line and column 0.
type Node struct {
	Kind   Kind
	Line   int // 1-based; of the value, not of its key
	Column int // 1-based, in characters

	Text   string // Scalar: its value without quotes
	Type   Type   // Scalar
	Quoted bool   // Scalar: written in quotes or as a block, so a string for sure

	Items   []*Node // List
	Entries []Entry // Map, in the order of the source, each key once

	// Name is a function's long name: "Ref", "Condition", "Fn::Sub",
	// "Fn::GetAtt" … whether the source writes !Sub or Fn::Sub.
	Name string
	// Arg is a function's argument. That of Fn::GetAtt is always a list of
	// the logical id and the attribute, also when written as "Id.Attribute".
	Arg *Node
}

// Entry is one key of a map and its value.
type Entry struct {
	Key    string
	Line   int // of the key
	Column int
	Value  *Node
}

// String returns a string scalar.
func String(text string) *Node {
	return &Node{Kind: Scalar, Type: StringType, Text: text, Quoted: true}
}

// Number returns a number scalar; text is a number as JSON writes it.
func Number(text string) *Node { return &Node{Kind: Scalar, Type: NumberType, Text: text} }

// Bool returns a boolean scalar.
func Bool(value bool) *Node {
	text := "false"
	if value {
		text = "true"
	}
	return &Node{Kind: Scalar, Type: BoolType, Text: text}
}

// NewList returns a list of items.
func NewList(items ...*Node) *Node { return &Node{Kind: List, Items: items} }

// NewMap returns a map of entries.
func NewMap(entries ...Entry) *Node { return &Node{Kind: Map, Entries: entries} }

// NewFunction returns a call of the intrinsic function name ("Ref", "Fn::Sub").
func NewFunction(name string, arg *Node) *Node {
	return &Node{Kind: Function, Name: name, Arg: arg}
}

// Get returns the value of key in a map, or nil. A nil node has no keys.
func (n *Node) Get(key string) *Node {
	if e := n.Entry(key); e != nil {
		return e.Value
	}
	return nil
}

// Entry returns the entry of key in a map, or nil.
func (n *Node) Entry(key string) *Entry {
	if n == nil || n.Kind != Map {
		return nil
	}
	for i := range n.Entries {
		if n.Entries[i].Key == key {
			return &n.Entries[i]
		}
	}
	return nil
}

// Find follows keys down through maps and returns what is there, or nil.
func (n *Node) Find(keys ...string) *Node {
	for _, key := range keys {
		n = n.Get(key)
	}
	return n
}

// Set gives key a value in a map, in its place or at the end.
func (n *Node) Set(key string, value *Node) {
	if e := n.Entry(key); e != nil {
		e.Value = value
		return
	}
	n.Entries = append(n.Entries, Entry{Key: key, Value: value})
}

// Delete removes key from a map.
func (n *Node) Delete(key string) {
	n.Entries = slices.DeleteFunc(n.Entries, func(e Entry) bool { return e.Key == key })
}

// Keys returns the keys of a map in their order.
func (n *Node) Keys() []string {
	if n == nil {
		return nil
	}
	keys := make([]string, 0, len(n.Entries))
	for _, e := range n.Entries {
		keys = append(keys, e.Key)
	}
	return keys
}

// Str returns the text of a scalar, and "" for anything else.
func (n *Node) Str() string {
	if n == nil || n.Kind != Scalar {
		return ""
	}
	return n.Text
}

// Is reports whether n is of kind k. A nil node is of no kind.
func (n *Node) Is(k Kind) bool { return n != nil && n.Kind == k }

// IsNull reports whether n is the null scalar, which CloudFormation refuses
// in templates, or absent.
func (n *Node) IsNull() bool { return n == nil || n.Kind == Scalar && n.Type == NullType }

// Clone returns a deep copy of n, positions included.
func (n *Node) Clone() *Node {
	if n == nil {
		return nil
	}
	c := *n
	c.Arg = n.Arg.Clone()
	c.Items = slices.Clone(n.Items)
	for i, item := range c.Items {
		c.Items[i] = item.Clone()
	}
	c.Entries = slices.Clone(n.Entries)
	for i := range c.Entries {
		c.Entries[i].Value = c.Entries[i].Value.Clone()
	}
	return &c
}

// Equal reports whether a and b say the same: positions, quoting and the order
// of a map's keys don't count, the type of a scalar does.
func Equal(a, b *Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case Scalar:
		return a.Type == b.Type && a.Text == b.Text
	case List:
		return slices.EqualFunc(a.Items, b.Items, Equal)
	case Function:
		return a.Name == b.Name && Equal(a.Arg, b.Arg)
	}
	if len(a.Entries) != len(b.Entries) {
		return false
	}
	for _, e := range a.Entries {
		other := b.Entry(e.Key)
		if other == nil || !Equal(e.Value, other.Value) {
			return false
		}
	}
	return true
}

// Walk calls visit for n and everything below it, in the order of the source.
// Where visit returns false, what is below is left out.
func (n *Node) Walk(visit func(*Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	n.Arg.Walk(visit)
	for _, item := range n.Items {
		item.Walk(visit)
	}
	for _, e := range n.Entries {
		e.Value.Walk(visit)
	}
}
