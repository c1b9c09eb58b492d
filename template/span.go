package template

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// span is a value as it stands in the source: bytes start to end, its tag
// included. It mirrors the source, not the meaning: a function in its long form
// is a map here.
type span struct {
	start, end int
	kind       Kind // Scalar, List or Map
	flow       bool // a list or map in brackets
	style      byte // of a scalar: 0 plain, or its first character: " ' | >
	empty      bool // a scalar that isn't there: the value of "Key:"
	members    []member
	items      []*span
}

// member is one key of a map and its value.
type member struct {
	key              string
	keyStart, keyEnd int
	value            *span
}

func (s *span) find(key string) *member {
	for i := range s.members {
		if s.members[i].key == key {
			return &s.members[i]
		}
	}
	return nil
}

// spans returns the tree of a source that Parse has accepted.
func spans(src []byte, format Format) (*span, error) {
	if format == JSON {
		s := &jsonSpans{src: src}
		s.pos = len(src) - len(bytes.TrimPrefix(src, []byte("\ufeff")))
		return s.value(), nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal(src, &document); err != nil {
		return nil, notWellFormed(err)
	}
	y := &yamlSpans{src: src, lines: yamlLines(src)}
	return y.value(document.Content[0]), nil
}

// jsonSpans scans JSON that is known to be well-formed.
type jsonSpans struct {
	src []byte
	pos int
}

// next skips white space, commas and colons and returns the byte there.
func (s *jsonSpans) next() byte {
	for bytes.IndexByte([]byte(" \t\r\n,:"), s.src[s.pos]) >= 0 {
		s.pos++
	}
	return s.src[s.pos]
}

func (s *jsonSpans) value() *span {
	first := s.next()
	v := &span{start: s.pos, kind: Scalar}
	switch first {
	case '{':
		v.kind, v.flow = Map, true
		for s.pos++; s.next() != '}'; {
			key := s.value()
			m := member{keyStart: key.start, keyEnd: key.end}
			_ = json.Unmarshal(s.src[key.start:key.end], &m.key) // well-formed
			m.value = s.value()
			v.members = append(v.members, m)
		}
		s.pos++
	case '[':
		v.kind, v.flow = List, true
		for s.pos++; s.next() != ']'; {
			v.items = append(v.items, s.value())
		}
		s.pos++
	case '"':
		v.style = '"'
		s.pos = quoteEnd(s.src, s.pos)
	default:
		for s.pos < len(s.src) && bytes.IndexByte([]byte(" \t\r\n,]}"), s.src[s.pos]) < 0 {
			s.pos++
		}
	}
	v.end = s.pos
	return v
}

// quoteEnd returns the offset after the string in double quotes that begins at pos.
func quoteEnd(src []byte, pos int) int {
	for pos++; src[pos] != '"'; pos++ {
		if src[pos] == '\\' {
			pos++
		}
	}
	return pos + 1
}

// yamlSpans finds the ends of YAML's values; the parser tells where they begin.
type yamlSpans struct {
	src   []byte
	lines []int // byte offset of each line
}

// yamlLines returns where lines start: YAML 1.1 has five line breaks.
func yamlLines(src []byte) []int {
	text := string(src)
	lines := []int{len(text) - len(strings.TrimPrefix(text, "\ufeff"))}
	for i, r := range text {
		switch r {
		case '\r':
			if strings.HasPrefix(text[i+1:], "\n") {
				continue
			}
		case '\n', '\u0085', '\u2028', '\u2029':
		default:
			continue
		}
		lines = append(lines, i+utf8.RuneLen(r))
	}
	return lines
}

func (y *yamlSpans) offset(n *yaml.Node) int {
	pos := y.lines[min(n.Line, len(y.lines))-1]
	for range n.Column - 1 {
		if pos >= len(y.src) {
			break
		}
		_, size := utf8.DecodeRune(y.src[pos:])
		pos += size
	}
	return pos
}

func (y *yamlSpans) value(n *yaml.Node) *span {
	v := &span{start: y.offset(n), flow: n.Style&yaml.FlowStyle != 0}
	pos := y.skipTag(v.start)
	switch n.Kind {
	case yaml.MappingNode:
		v.kind = Map
		pos++ // the bracket of a flow map; a block map's children tell its end
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := y.value(n.Content[i]), y.value(n.Content[i+1])
			v.members = append(v.members, member{key: n.Content[i].Value, keyStart: key.start, keyEnd: key.end, value: value})
			pos = max(value.end, key.end)
		}
	case yaml.SequenceNode:
		v.kind = List
		pos++
		for _, item := range n.Content {
			v.items = append(v.items, y.value(item))
			pos = v.items[len(v.items)-1].end
		}
	default:
		v.kind = Scalar
		y.scalar(v, pos, n)
		return v
	}
	if v.flow {
		pos = y.closing(pos)
	}
	v.end = pos
	return v
}

// skipTag returns where the value itself begins, after its tag and anchor: no
// untagged value begins with their characters.
func (y *yamlSpans) skipTag(pos int) int {
	for pos < len(y.src) && (y.src[pos] == '!' || y.src[pos] == '&') {
		for pos < len(y.src) && !isBlank(y.src[pos]) && bytes.IndexByte([]byte(",]}"), y.src[pos]) < 0 {
			pos++
		}
		pos = y.skipBlank(pos)
	}
	return pos
}

// skipBlank skips white space, line breaks and comments.
func (y *yamlSpans) skipBlank(pos int) int {
	for pos < len(y.src) {
		switch {
		case isBlank(y.src[pos]):
			pos++
		case y.src[pos] == '#' && pos > 0 && isBlank(y.src[pos-1]):
			for pos < len(y.src) && y.src[pos] != '\n' && y.src[pos] != '\r' {
				pos++
			}
		default:
			return pos
		}
	}
	return pos
}

// closing returns the offset after the bracket that closes a flow collection.
func (y *yamlSpans) closing(pos int) int {
	for pos = y.skipBlank(pos); pos < len(y.src) && (y.src[pos] == ',' || y.src[pos] == ':'); {
		pos = y.skipBlank(pos + 1)
	}
	return min(pos+1, len(y.src))
}

func (y *yamlSpans) scalar(v *span, pos int, n *yaml.Node) {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		v.style = '"'
		v.end = quoteEnd(y.src, pos)
	case n.Style&yaml.SingleQuotedStyle != 0:
		v.style = '\''
		for pos++; y.src[pos] != '\'' || pos+1 < len(y.src) && y.src[pos+1] == '\''; pos++ {
			if y.src[pos] == '\'' {
				pos++
			}
		}
		v.end = pos + 1
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		v.style = y.src[pos]
		v.end = y.blockEnd(pos)
	case n.Value == "":
		v.empty = true
		v.end = v.start
		if pos != v.start {
			v.end = len(bytes.TrimRight(y.src[:pos], " \t\r\n"))
		}
	default:
		v.end = y.plainEnd(pos, n.Value)
	}
}

// plainEnd follows a plain scalar's value through the source, where line
// breaks may stand for its spaces.
func (y *yamlSpans) plainEnd(pos int, value string) int {
	for i := 0; i < len(value) && pos < len(y.src); {
		if value[i] == y.src[pos] && !isBreak(y.src[pos]) {
			i, pos = i+1, pos+1
			continue
		}
		for pos < len(y.src) && isBlank(y.src[pos]) {
			pos++
		}
		for i < len(value) && (value[i] == ' ' || value[i] == '\n' || value[i] == '\t') {
			i++
		}
		if pos < len(y.src) && i < len(value) && value[i] != y.src[pos] {
			break // can't happen; a wrong end is caught by the check after an edit
		}
	}
	return pos
}

// blockEnd returns the end of the last line of a literal or folded scalar:
// the lines that are deeper than the line of its key, and blank ones between.
func (y *yamlSpans) blockEnd(pos int) int {
	line := lineOf(y.lines, pos)
	end := y.lineEnd(line)
	content := -1 // the indentation of the first line that isn't blank
	for line++; line < len(y.lines); line++ {
		text := y.src[y.lines[line]:y.lineEnd(line)]
		indent := len(text) - len(bytes.TrimLeft(text, " "))
		switch {
		case len(bytes.TrimSpace(text)) == 0 && (content < 0 || indent < content):
			continue
		case content < 0:
			content = indent
			if indent <= y.keyIndent(pos) {
				return end
			}
		case indent < content:
			return end
		}
		end = y.lineEnd(line)
	}
	return end
}

// keyIndent returns the indentation of the line at pos, where the dashes of
// list items count as indentation.
func (y *yamlSpans) keyIndent(pos int) int {
	line := y.src[y.lines[lineOf(y.lines, pos)]:pos]
	indent := 0
	for indent < len(line) && (line[indent] == ' ' || line[indent] == '-' && indent+1 < len(line) && line[indent+1] == ' ') {
		indent++
	}
	if indent == len(line) { // a list item's own scalar: "- |"
		return bytes.LastIndexByte(line, '-')
	}
	return indent
}

func (y *yamlSpans) lineEnd(line int) int {
	end := len(y.src)
	if line+1 < len(y.lines) {
		end = y.lines[line+1]
	}
	start := y.lines[line]
	return start + len(bytes.TrimRight(y.src[start:end], "\r\n"))
}

func isBreak(b byte) bool { return b == '\n' || b == '\r' }

func isBlank(b byte) bool { return b == ' ' || b == '\t' || isBreak(b) }
