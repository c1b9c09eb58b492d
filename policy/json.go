package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDepth is far more than a policy document needs.
const maxDepth = 16

// member is one name and value of a JSON object, in document order.
type member struct {
	name  string
	value any // object, []any, string, json.Number, bool or nil
}

// object is a JSON object in document order and without duplicate names:
// encoding/json would silently keep the last of two equal names, and the
// grammar of policies forbids them.
type object []member

// decode reads one JSON document whole.
func decode(source []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(source))
	d.UseNumber()
	value, err := decodeValue(d, 0)
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("is not complete JSON")
		}
		return nil, fmt.Errorf("is not JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("has more after its end")
	}
	return value, nil
}

func decodeValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return decodeObject(d, depth)
	case json.Delim('['):
		return decodeList(d, depth)
	}
	return token, nil
}

func decodeObject(d *json.Decoder, depth int) (any, error) {
	o := object{}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // the decoder takes nothing else here
		if seen[name] {
			return nil, fmt.Errorf("%q is there twice in one block", name)
		}
		seen[name] = true
		value, err := decodeValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name, value})
	}
	_, err := d.Token() // the closing brace
	return o, err
}

func decodeList(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		value, err := decodeValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := d.Token() // the closing bracket
	return list, err
}
