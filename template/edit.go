package template

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// editor changes single values of a source and leaves every other byte alone.
// Each change is checked: what the new source says must be what the old one
// said, but for the change.
type editor struct {
	src []byte
	t   *Template
}

// path leads from the root to a value: a string is a key of a map, an int an
// index into a list.
type path []any

func (p path) add(steps ...any) path { return append(slices.Clone(p), steps...) }

func (p path) String() string {
	var b strings.Builder
	for _, step := range p {
		if index, ok := step.(int); ok {
			fmt.Fprintf(&b, "[%d]", index)
		} else {
			fmt.Fprintf(&b, ".%s", step)
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}

func newEditor(src []byte) (*editor, error) {
	t, err := Parse(src)
	if err != nil {
		return nil, err
	}
	return &editor{src: src, t: t}, nil
}

// node returns the value at a path, or nil.
func (e *editor) node(p path) *Node { return at(e.t.Root, p) }

func at(n *Node, p path) *Node {
	for _, step := range p {
		switch step := step.(type) {
		case string:
			n = n.Get(step)
		case int:
			if !n.Is(List) || step >= len(n.Items) {
				return nil
			}
			n = n.Items[step]
		}
	}
	return n
}

func (e *editor) span(p path) (*span, error) {
	s, err := spans(e.src, e.t.Format)
	if err != nil {
		return nil, err
	}
	for _, step := range p {
		switch step := step.(type) {
		case string:
			m := s.find(step)
			if m == nil {
				return nil, fmt.Errorf("finding %s in the source", p) // can't happen: the tree has it
			}
			s = m.value
		case int:
			s = s.items[step]
		}
	}
	return s, nil
}

// put gives key in the map at p a scalar value: in its place, or as a new entry
// after the entry after (or at the end). A value that is there keeps its type
// and its quotes.
func (e *editor) put(p path, key string, value *Node, after string) error {
	old := e.node(p.add(key))
	switch {
	case old == nil:
		return e.insert(p, key, value, after)
	case old.Is(Scalar) && old.Type != NullType && old.Text == value.Text:
		return nil
	case old.IsNull():
		if err := e.remove(p, key); err != nil {
			return err
		}
		return e.insert(p, key, value, after)
	case old.Is(Scalar) && (old.Type == StringType || old.Type == NumberType):
		value = &Node{Kind: Scalar, Type: old.Type, Text: value.Text}
	}
	s, err := e.span(p.add(key))
	if err != nil {
		return err
	}
	expected := e.t.Root.Clone()
	at(expected, p).Set(key, value)
	return e.splice(s.start, s.end, e.scalarText(value, s.style), expected, p.add(key))
}

// insert adds an entry to the map at p.
func (e *editor) insert(p path, key string, value *Node, after string) error {
	s, err := e.span(p)
	if err != nil {
		return err
	}
	if s.kind != Map {
		return errorAt(e.node(p), "%s is not a map that %s can be added to", p, key)
	}
	expected := e.t.Root.Clone()
	at(expected, p).Set(key, value)
	pos, text := e.entry(s, key, value, after)
	return e.splice(pos, pos, text, expected, p.add(key))
}

// entry returns the text of a new entry and where it goes.
func (e *editor) entry(s *span, key string, value *Node, after string) (int, string) {
	if len(s.members) == 0 { // brackets with nothing between
		return s.end - 1, e.flowEntry(key, value)
	}
	last := s.members[len(s.members)-1]
	if m := s.find(after); m != nil {
		last = *m
	}
	end := max(last.value.end, last.keyEnd)
	if s.flow {
		start := e.lineStart(last.keyStart)
		if indent := e.src[start:last.keyStart]; len(bytes.TrimSpace(indent)) == 0 {
			return end, "," + e.newline() + string(indent) + e.flowEntry(key, value)
		}
		return end, ", " + e.flowEntry(key, value)
	}
	for end < len(e.src) && !isBreak(e.src[end]) { // a comment after the value stays there
		end++
	}
	indent := strings.Repeat(" ", e.column(last.keyStart))
	return end, e.newline() + blockEntry(key, value, indent, e.newline())
}

// remove deletes an entry from the map at p. In a block map its lines go with
// it; comments before and after them stay.
func (e *editor) remove(p path, key string) error {
	s, err := e.span(p)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.members, func(m member) bool { return m.key == key })
	m := s.members[i]
	start, end, text := m.keyStart, max(m.value.end, m.keyEnd), ""
	if m.value.empty && !s.flow {
		end = m.keyEnd + bytes.IndexByte(e.src[m.keyEnd:], ':') + 1
	}
	switch lineStart := e.lineStart(start); {
	case len(s.members) == 1 && !s.flow:
		text = "{}"
	case !s.flow && len(bytes.TrimSpace(e.src[lineStart:start])) == 0:
		start, end = lineStart, e.nextLine(end)
	case i+1 < len(s.members):
		end = s.members[i+1].keyStart
	case i > 0:
		start = s.members[i-1].value.end
	}
	expected := e.t.Root.Clone()
	at(expected, p).Delete(key)
	return e.splice(start, end, text, expected, p.add(key))
}

// splice replaces bytes of the source and checks the outcome.
func (e *editor) splice(start, end int, text string, expected *Node, p path) error {
	old := e.node(p)
	src := slices.Concat(e.src[:start], []byte(text), e.src[end:])
	t, err := Parse(src)
	if err != nil || !Equal(t.Root, expected) {
		return errorAt(old, "%s is written in a way that can't be changed in place; write it as a plain value", p)
	}
	e.src, e.t = src, t
	return nil
}

func (e *editor) lineStart(pos int) int {
	for pos > 0 && !isBreak(e.src[pos-1]) {
		pos--
	}
	return pos
}

// nextLine returns where the line after the one of pos begins.
func (e *editor) nextLine(pos int) int {
	for pos < len(e.src) && !isBreak(e.src[pos]) {
		pos++
	}
	if bytes.HasPrefix(e.src[pos:], []byte("\r\n")) {
		return pos + 2
	}
	return min(pos+1, len(e.src))
}

// column returns how many characters stand before pos on its line.
func (e *editor) column(pos int) int { return len([]rune(string(e.src[e.lineStart(pos):pos]))) }

// newline returns the source's line break.
func (e *editor) newline() string {
	if i := bytes.IndexByte(e.src, '\n'); i > 0 && e.src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// plainSafe are strings that mean themselves in YAML without quotes.
var plainSafe = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/@+-]*(:+[A-Za-z0-9._/@+-]+)*$`)

func isPlain(text string) bool {
	var n Node
	n.plain(text)
	return n.Type == StringType && plainSafe.MatchString(text)
}

// scalarText writes a scalar in the style of the one that it replaces.
func (e *editor) scalarText(value *Node, style byte) string {
	if value.Type != StringType {
		return value.Text
	}
	switch {
	case e.t.Format == JSON:
	case style == '\'' && !strings.ContainsAny(value.Text, "'\n"):
		return "'" + value.Text + "'"
	case style != '"' && isPlain(value.Text):
		return value.Text
	}
	return string(String(value.Text).JSON())
}

// flowEntry writes an entry as JSON, or as YAML between brackets.
func (e *editor) flowEntry(key string, value *Node) string {
	if e.t.Format == JSON {
		key = string(String(key).JSON())
	}
	if !value.Is(Map) {
		return key + ": " + e.scalarText(value, 0)
	}
	var members []string
	for _, m := range value.Entries {
		members = append(members, e.flowEntry(m.Key, m.Value))
	}
	return key + ": {" + strings.Join(members, ", ") + "}"
}

// blockEntry writes an entry in indented lines.
func blockEntry(key string, value *Node, indent, newline string) string {
	text := indent + key + ":"
	if !value.Is(Map) {
		written := value.Text
		if value.Type == StringType && !isPlain(written) {
			written = string(value.JSON())
		}
		return text + " " + written
	}
	for _, m := range value.Entries {
		text += newline + blockEntry(m.Key, m.Value, indent+"  ", newline)
	}
	return text
}
