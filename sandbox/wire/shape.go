package wire

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// kind is what a Go type is on the wire.
type kind int

const (
	text kind = iota // string and enums
	boolean
	integer
	float
	timestamp
	blob
	list
	dictionary // string keys
	structure
	union // an interface of the SDK's; no operation that is modelled needs one
)

// shape is what reflection found out about a Go type, once.
type shape struct {
	kind    kind
	enum    []string // of a text: all that it can be; nil: anything
	elem    *shape   // of a list or dictionary
	elemPtr bool
	members []member
	byName  map[string]*member // structure: by name in a request
}

// member is a field of a structure.
type member struct {
	field   string // Go name
	index   int
	pointer bool
	request string // name on the wire, in a request
	answer  string // and in an answer
	shape   *shape
}

// shapes holds the shapes of all types that a service's operations mention. It
// is filled before the first request and only read from then on.
type shapes struct {
	spell  func(field, tag string) (request, answer string)
	names  map[string]string // of single members, by "Type.Field"
	byType map[reflect.Type]*shape
}

func newShapes(s Service) *shapes {
	spell := func(field, tag string) (request, answer string) { return s.Protocol.spell(&s, field, tag) }
	return &shapes{spell: spell, names: s.Spelled, byType: map[reflect.Type]*shape{}}
}

func lowerFirst(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToLower(s[:n]) + s[n:]
}

func upperFirst(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}

// of returns the shape of t, which may be a type that contains itself.
func (s *shapes) of(t reflect.Type) (*shape, error) {
	if known := s.byType[t]; known != nil {
		return known, nil
	}
	sh := &shape{}
	s.byType[t] = sh
	return sh, s.fill(sh, t)
}

func (s *shapes) fill(sh *shape, t reflect.Type) error {
	switch {
	case t == reflect.TypeFor[time.Time]():
		sh.kind = timestamp
	case t == reflect.TypeFor[[]byte]():
		sh.kind = blob
	case t.Kind() == reflect.Slice:
		sh.kind = list
		return s.fillElem(sh, t.Elem())
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		sh.kind = dictionary
		return s.fillElem(sh, t.Elem())
	case t.Kind() == reflect.Struct:
		sh.kind = structure
		return s.fillMembers(sh, t)
	default:
		k, ok := scalars[t.Kind()]
		if !ok {
			return fmt.Errorf("type %v has no form on the wire", t)
		}
		sh.kind = k
		if k == text {
			sh.enum = values(t)
		}
	}
	return nil
}

var scalars = map[reflect.Kind]kind{
	reflect.String:    text,
	reflect.Bool:      boolean,
	reflect.Int:       integer,
	reflect.Int32:     integer,
	reflect.Int64:     integer,
	reflect.Float32:   float,
	reflect.Float64:   float,
	reflect.Interface: union,
}

func (s *shapes) fillElem(sh *shape, t reflect.Type) (err error) {
	if t.Kind() == reflect.Pointer {
		sh.elemPtr, t = true, t.Elem()
	}
	sh.elem, err = s.of(t)
	return err
}

func (s *shapes) fillMembers(sh *shape, t reflect.Type) error {
	sh.byName = map[string]*member{}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		m := member{field: f.Name, index: i}
		m.request, m.answer = s.spell(f.Name, f.Tag.Get("wire"))
		if name, ok := s.names[t.Name()+"."+f.Name]; ok {
			m.request, m.answer = name, name
		}
		ft := f.Type
		if ft.Kind() == reflect.Pointer {
			m.pointer, ft = true, ft.Elem()
		}
		var err error
		if m.shape, err = s.of(ft); err != nil {
			return fmt.Errorf("field %s of %v: %w", f.Name, t, err)
		}
		sh.members = append(sh.members, m)
	}
	for i := range sh.members {
		sh.byName[sh.members[i].request] = &sh.members[i]
	}
	return nil
}

func (sh *shape) member(field string) *member {
	for i := range sh.members {
		if sh.members[i].field == field {
			return &sh.members[i]
		}
	}
	return nil
}

// set says whether a request gave the member of v a value.
func (m *member) set(v reflect.Value) bool { return !v.Field(m.index).IsZero() }

// target returns where to store the member's value in v, a settable structure.
func (m *member) target(v reflect.Value) reflect.Value {
	f := v.Field(m.index)
	if !m.pointer {
		return f
	}
	f.Set(reflect.New(f.Type().Elem()))
	return f.Elem()
}

// newElem returns a new, settable element of a list or dictionary of type t,
// and the same as the element type has it (a pointer, where it is one).
func (sh *shape) newElem(t reflect.Type) (target, elem reflect.Value) {
	if sh.elemPtr {
		p := reflect.New(t.Elem().Elem())
		return p.Elem(), p
	}
	v := reflect.New(t.Elem()).Elem()
	return v, v
}
