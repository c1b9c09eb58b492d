package wire

import (
	"net/url"
	"reflect"
)

// Codec is a service's codec for values of type T, for tests.
type Codec[T any] struct {
	service Service
	shape   *shape
}

// NewCodec returns the codec of a service's protocol for T.
func NewCodec[T any](s Service) (*Codec[T], error) {
	sh, err := newShapes(s).of(reflect.TypeFor[T]())
	return &Codec[T]{s, sh}, err
}

// EncodeJSON returns the JSON form of v.
func (c *Codec[T]) EncodeJSON(v *T) ([]byte, error) {
	return appendJSON(nil, c.shape, reflect.ValueOf(v).Elem(), false)
}

// DecodeJSON reads a JSON document.
func (c *Codec[T]) DecodeJSON(doc []byte) (*T, error) {
	v := new(T)
	return v, decodeJSON(doc, c.shape, reflect.ValueOf(v).Elem())
}

// DecodeForm reads the parameters of a query.
func (c *Codec[T]) DecodeForm(form url.Values) (*T, error) {
	v := new(T)
	x := &exchange{form: form, op: &operation{in: c.shape}}
	return v, c.service.Protocol.decode(x, reflect.ValueOf(v).Elem())
}

// EncodeXML returns the XML form of v inside an element <x>.
func (c *Codec[T]) EncodeXML(v *T) ([]byte, error) {
	e := &xmlEncoder{item: "member"}
	e.open("x")
	err := e.members(c.shape, reflect.ValueOf(v).Elem(), false)
	e.close("x")
	return e.Bytes(), err
}
