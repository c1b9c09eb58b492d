package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decodeJSON reads a JSON document into v, a settable structure of shape sh.
func decodeJSON(body []byte, sh *shape, v reflect.Value) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return Errorf("SerializationException", "The body is not JSON: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Errorf("SerializationException", "The body goes on after the end of its JSON document")
	}
	return setJSON(doc, sh, v, "")
}

func setJSON(doc any, sh *shape, v reflect.Value, path string) error {
	switch doc := doc.(type) {
	case nil:
		return nil
	case map[string]any:
		switch sh.kind {
		case structure:
			return setJSONStructure(doc, sh, v, path)
		case dictionary:
			return setJSONDictionary(doc, sh, v, path)
		}
	case []any:
		if sh.kind == list {
			return setJSONList(doc, sh, v, path)
		}
	case bool:
		if sh.kind == boolean {
			v.SetBool(doc)
			return nil
		}
	case string:
		if sh.kind == text || sh.kind == blob || sh.kind == timestamp {
			return setText(sh, v, doc, path)
		}
	case json.Number:
		return setJSONNumber(doc, sh, v, path)
	}
	if sh.kind == union {
		return NotModelled("the union %s", path)
	}
	return Errorf("SerializationException", "%s: %s can not be converted to %s", path, jsonType(doc), sh.kind)
}

func setJSONStructure(doc map[string]any, sh *shape, v reflect.Value, path string) error {
	for _, name := range sortedKeys(doc) {
		if doc[name] == nil {
			continue
		}
		m := sh.byName[name]
		if m == nil {
			return unknownMember(join(path, name))
		}
		if err := setJSON(doc[name], m.shape, m.target(v), join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func setJSONDictionary(doc map[string]any, sh *shape, v reflect.Value, path string) error {
	made := reflect.MakeMapWithSize(v.Type(), len(doc))
	for _, name := range sortedKeys(doc) {
		target, elem := sh.newElem(v.Type())
		if err := setJSON(doc[name], sh.elem, target, join(path, name)); err != nil {
			return err
		}
		made.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), elem)
	}
	v.Set(made)
	return nil
}

func setJSONList(doc []any, sh *shape, v reflect.Value, path string) error {
	made := reflect.MakeSlice(v.Type(), 0, len(doc))
	for i, item := range doc {
		target, elem := sh.newElem(v.Type())
		if err := setJSON(item, sh.elem, target, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
		made = reflect.Append(made, elem)
	}
	v.Set(made)
	return nil
}

func setJSONNumber(n json.Number, sh *shape, v reflect.Value, path string) error {
	switch sh.kind {
	case integer:
		i, err := strconv.ParseInt(n.String(), 10, v.Type().Bits())
		if err != nil {
			return Errorf("SerializationException", "%s: %s is not an integer of %d bits", path, n, v.Type().Bits())
		}
		v.SetInt(i)
		return nil
	case float:
		f, err := strconv.ParseFloat(n.String(), v.Type().Bits())
		if err != nil {
			return Errorf("SerializationException", "%s: %s is not a number of %d bits", path, n, v.Type().Bits())
		}
		v.SetFloat(f)
		return nil
	case timestamp:
		seconds, err := n.Float64()
		if err != nil {
			return Errorf("SerializationException", "%s: %s is not a time", path, n)
		}
		t, err := epoch(seconds)
		if err != nil {
			return Errorf("SerializationException", "%s: %v", path, err)
		}
		v.Set(reflect.ValueOf(t))
		return nil
	case union:
		return NotModelled("the union %s", path)
	}
	return Errorf("SerializationException", "%s: NUMBER_VALUE can not be converted to %s", path, sh.kind)
}

// epoch turns seconds since 1970 into a time of millisecond precision, which is
// what the protocol carries. Only years that can be written again are accepted.
func epoch(seconds float64) (time.Time, error) {
	if math.IsNaN(seconds) || seconds < -62135596800 || seconds >= 253402300800 {
		return time.Time{}, fmt.Errorf("%v is not a time in the years 1 to 9999", seconds)
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), nil
}

func jsonType(doc any) string {
	switch doc.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case bool:
		return "a boolean"
	case string:
		return "STRING_VALUE"
	}
	return "a value"
}

func (k kind) String() string {
	return [...]string{"a String", "a Boolean", "an Integer", "a Number", "a Timestamp", "a Blob", "a List", "a Map", "a Structure", "a Union"}[k]
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// appendJSON appends the JSON form of v, of shape sh.
func appendJSON(b []byte, sh *shape, v reflect.Value, top bool) ([]byte, error) {
	switch sh.kind {
	case structure:
		return appendJSONStructure(b, sh, v, top)
	case list:
		return appendJSONList(b, sh, v)
	case dictionary:
		return appendJSONDictionary(b, sh, v)
	case text:
		return appendJSONString(b, v.String()), nil
	case boolean:
		return strconv.AppendBool(b, v.Bool()), nil
	case integer:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case float:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, v.Type().Bits()), nil
	case timestamp:
		return appendEpoch(b, v.Interface().(time.Time)), nil
	case blob:
		return appendJSONString(b, base64.StdEncoding.EncodeToString(v.Bytes())), nil
	}
	return nil, fmt.Errorf("encoding %v: unions are not modelled", v.Type())
}

// appendEpoch writes seconds with up to three decimals, exactly.
func appendEpoch(b []byte, t time.Time) []byte {
	ms := t.UnixMilli()
	if ms < 0 {
		b, ms = append(b, '-'), -ms
	}
	b = strconv.AppendInt(b, ms/1000, 10)
	if rest := ms % 1000; rest != 0 {
		b = append(b, strings.TrimRight(fmt.Sprintf(".%03d", rest), "0")...)
	}
	return b
}

func appendJSONString(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("wire: internal error: a string that is not JSON: " + err.Error()) // can't happen
	}
	return append(b, quoted...)
}

func appendJSONStructure(b []byte, sh *shape, v reflect.Value, top bool) ([]byte, error) {
	b = append(b, '{')
	first := true
	for i := range sh.members {
		m := &sh.members[i]
		f, ok := m.value(v, top)
		if !ok {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendJSONString(b, m.answer), ':')
		var err error
		if b, err = appendJSON(b, m.shape, f, false); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// value returns the member's value in v, and false when it is left out: unset
// pointers, lists, maps, and enums. Lists of the answer itself (top) are there
// even when empty, as clients expect them.
func (m *member) value(v reflect.Value, top bool) (reflect.Value, bool) {
	f := v.Field(m.index)
	if m.pointer {
		return f.Elem(), !f.IsNil()
	}
	switch m.shape.kind {
	case text:
		return f, f.Len() > 0
	case list:
		return f, top || !f.IsNil()
	case dictionary, blob, union:
		return f, !f.IsNil()
	case timestamp:
		return f, !f.IsZero()
	}
	return f, true
}

func appendJSONList(b []byte, sh *shape, v reflect.Value) ([]byte, error) {
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendJSON(b, sh.elem, sh.deref(v.Index(i)), false); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// deref returns the element itself where a list or map holds pointers.
func (sh *shape) deref(elem reflect.Value) reflect.Value {
	if !sh.elemPtr {
		return elem
	}
	if elem.IsNil() {
		return reflect.Zero(elem.Type().Elem())
	}
	return elem.Elem()
}

func appendJSONDictionary(b []byte, sh *shape, v reflect.Value) ([]byte, error) {
	b = append(b, '{')
	for i, key := range dictionaryKeys(v) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, key.String()), ':')
		var err error
		if b, err = appendJSON(b, sh.elem, sh.deref(v.MapIndex(key)), false); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func dictionaryKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
