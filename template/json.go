package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// jsonReader builds nodes from JSON and knows where each token begins.
type jsonReader struct {
	src     []byte
	decoder *json.Decoder
	starts  []int // byte offset of each line
}

func parseJSON(src []byte) (*Node, error) {
	r := &jsonReader{src: src, decoder: json.NewDecoder(bytes.NewReader(src)), starts: []int{0}}
	r.decoder.UseNumber()
	for i, b := range src {
		if b == '\n' {
			r.starts = append(r.starts, i+1)
		}
	}
	root, err := r.value(place{})
	if err != nil {
		return nil, err
	}
	rest := r.position(int(r.decoder.InputOffset()))
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errorAt(rest, "JSON not well-formed. (more after the end of the template)")
	}
	return root, nil
}

// token returns the next token and a node at its position.
func (r *jsonReader) token() (json.Token, *Node, error) {
	at := r.position(int(r.decoder.InputOffset()))
	token, err := r.decoder.Token()
	if err == nil {
		return token, at, nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = r.position(int(syntax.Offset) - 1)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("unexpected end")
	}
	return nil, nil, errorAt(at, "JSON not well-formed. (%v)", err)
}

// position finds the next token's line and column at or after offset.
func (r *jsonReader) position(offset int) *Node {
	for offset < len(r.src) && bytes.IndexByte([]byte(" \t\r\n,:"), r.src[offset]) >= 0 {
		offset++
	}
	offset = max(0, min(offset, len(r.src)))
	line := lineOf(r.starts, offset)
	return &Node{Line: line + 1, Column: utf8.RuneCount(r.src[r.starts[line]:offset]) + 1}
}

func (r *jsonReader) value(at place) (*Node, error) {
	token, n, err := r.token()
	if err != nil {
		return nil, err
	}
	if at.depth > maxDepth {
		return nil, errorAt(n, "nested deeper than %d levels", maxDepth)
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return r.object(n, at)
		}
		return r.array(n, at)
	case string:
		n.Kind, n.Type, n.Text, n.Quoted = Scalar, StringType, v, true
	case json.Number:
		n.Kind, n.Type, n.Text = Scalar, NumberType, v.String()
	case bool:
		n.Kind, n.Type, n.Text = Scalar, BoolType, fmt.Sprint(v)
	default:
		n.Kind, n.Type = Scalar, NullType
	}
	return n, nil
}

func (r *jsonReader) array(n *Node, at place) (*Node, error) {
	n.Kind = List
	for r.decoder.More() {
		item, err := r.value(at.below(""))
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, item)
	}
	_, _, err := r.token()
	return n, err
}

func (r *jsonReader) object(n *Node, at place) (*Node, error) {
	n.Kind = Map
	for r.decoder.More() {
		token, pos, err := r.token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string) // the decoder allows nothing else as a key
		if err := n.add(Entry{Key: key, Line: pos.Line, Column: pos.Column}, pos); err != nil {
			return nil, err
		}
		value, err := r.value(at.below(key))
		if err != nil {
			return nil, err
		}
		n.Entries[len(n.Entries)-1].Value = value
	}
	if _, _, err := r.token(); err != nil {
		return nil, err
	}
	return n.normalise(at), nil
}
