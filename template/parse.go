package template

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// Parse reads a template in YAML or JSON. A source whose first character is
// "{" is JSON, as for CloudFormation.
//
// Parse checks the syntax and the shape that every template has: the known
// sections, a Type for every resource and parameter. Whether references lead
// somewhere is for Lint. A fault is an *Error.
func Parse(src []byte) (*Template, error) {
	if at := invalidUTF8(src); at != nil {
		return nil, at
	}
	text := bytes.TrimPrefix(src, []byte("\ufeff"))
	read, format := parseYAML, YAML
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) {
		read, format = parseJSON, JSON
	}
	root, err := read(text)
	if err != nil {
		return nil, err
	}
	t := &Template{Root: root, Format: format, Size: len(src)}
	if err := t.shape(); err != nil {
		return nil, err
	}
	return t, nil
}

func invalidUTF8(src []byte) error {
	if utf8.Valid(src) {
		return nil
	}
	line, start := 1, 0
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 {
			return &Error{Line: line, Column: utf8.RuneCount(src[start:i]) + 1, Message: "not UTF-8"}
		}
		if r == '\n' {
			line, start = line+1, i+1
		}
		i += size
	}
	return nil
}

// lineOf returns the 0-based line of a byte offset, given where lines start.
func lineOf(starts []int, offset int) int {
	return sort.SearchInts(starts, offset+1) - 1
}
