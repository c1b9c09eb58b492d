package template

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// FuzzSpans holds each scalar's bytes in the source against the value that the
// parser read from them.
func FuzzSpans(f *testing.F) {
	for _, seed := range sources(f) {
		f.Add(seed)
	}
	for _, v := range []string{
		`"a\"b"`, "'it''s'", "|\n      two\n       lines\n\n", ">-\n      folded\n      text", "plain\n      on two lines", "!Ref A", "!GetAtt\n    A.B",
		"!Sub 'x'", "{a: [1, {b: c}], d: !Ref E}", "[\n  a, # note\n  b\n]", "é: ü", "", "~", "!!str 5", "&x y", "|2\n        two",
	} {
		f.Add("Resources:\n  A:\n    Type: T\n    Properties:\n      P: " + v + "\n      Q: 1 # q\n")
	}
	f.Add("\ufeff{\"Resources\": {\"A\": {\"Type\": \"T\\u0041\", \"Properties\": {\"a\": [1, true, null, \"]}\"], \"b\": {}}}}}")
	f.Add("Resources:\r\n  A:\r\n    Type: T\r\n    Properties: {P: |-}\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		src := []byte(text)
		parsed, err := Parse(src)
		if err != nil {
			return
		}
		root, err := spans(src, parsed.Format)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, src, root, parsed.Root, false)
	})
}

func compare(t *testing.T, src []byte, s *span, n *Node, flow bool) {
	t.Helper()
	if n.Kind == Function || s.kind != n.Kind {
		return // a function's source and its meaning differ in shape
	}
	switch n.Kind {
	case List:
		for i, item := range s.items {
			compare(t, src, item, n.Items[i], flow || s.flow)
		}
	case Map:
		for i, m := range s.members {
			if m.key != n.Entries[i].Key {
				t.Errorf("key %q, the parser says %q", m.key, n.Entries[i].Key)
			}
			compare(t, src, m.value, n.Entries[i].Value, flow || s.flow)
		}
	case Scalar:
		if s.style == '|' || s.style == '>' {
			return // out of its place it means something else
		}
		written := string(src[s.start:s.end])
		got, err := alone(written, flow)
		if err != nil || got.Kind != Scalar || got.Text != n.Text || got.Type != n.Type {
			t.Errorf("line %d: %q in the source reads %+v, %v; the parser read %+v", n.Line, written, got, err, n)
		}
	}
}

// sources returns the templates that are at hand.
func sources(tb testing.TB) map[string]string {
	tb.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"../cfn/*.yaml", "testdata/*/*.yaml", "testdata/*/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			tb.Fatalf("no files match %s: %v", pattern, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				tb.Fatal(err)
			}
			found[file] = string(content)
		}
	}
	return found
}

// alone reads a scalar as it would be read in a list.
func alone(written string, flow bool) (*Node, error) {
	if flow {
		written = "[" + written + "]"
	}
	var y yaml.Node
	// A line break inside needs indentation.
	if err := yaml.Unmarshal([]byte("- "+strings.NewReplacer("\n", "\n ", "\r\n", "\n ").Replace(written)), &y); err != nil {
		return nil, err
	}
	n, err := fromYAML(y.Content[0], place{depth: 3})
	if err != nil {
		return nil, err
	}
	if n = n.Items[0]; flow && n.Is(List) && len(n.Items) == 1 {
		n = n.Items[0]
	} else if flow && n.Is(List) { // [] is the empty scalar here
		n = &Node{Kind: Scalar, Type: NullType}
	}
	return n, nil
}
