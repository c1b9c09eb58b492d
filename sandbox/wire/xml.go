package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// isoMillis is how the XML protocols write times.
const isoMillis = "2006-01-02T15:04:05.000Z"

// xmlEncoder writes answers of Query and EC2Query services.
type xmlEncoder struct {
	bytes.Buffer
	item string // "member", or "item" for EC2
}

func (e *xmlEncoder) open(name string)  { e.WriteString("<" + name + ">") }
func (e *xmlEncoder) close(name string) { e.WriteString("</" + name + ">") }

func (e *xmlEncoder) text(name, value string) {
	e.open(name)
	e.escape(value)
	e.close(name)
}

// escape writes character data; what XML can't hold becomes U+FFFD.
func (e *xmlEncoder) escape(value string) {
	if err := xml.EscapeText(&e.Buffer, []byte(value)); err != nil {
		panic("wire: internal error: writing to memory: " + err.Error()) // can't happen
	}
}

// members writes the members of a structure.
func (e *xmlEncoder) members(sh *shape, v reflect.Value, top bool) error {
	for i := range sh.members {
		m := &sh.members[i]
		f, ok := m.value(v, top)
		if !ok {
			continue
		}
		e.open(m.answer)
		if err := e.value(m.shape, f); err != nil {
			return fmt.Errorf("encoding %s: %w", m.field, err)
		}
		e.close(m.answer)
	}
	return nil
}

func (e *xmlEncoder) value(sh *shape, v reflect.Value) error {
	switch sh.kind {
	case structure:
		return e.members(sh, v, false)
	case list:
		return e.list(sh, v)
	case dictionary:
		return e.dictionary(sh, v)
	case text:
		e.escape(v.String())
	case boolean:
		e.WriteString(strconv.FormatBool(v.Bool()))
	case integer:
		e.WriteString(strconv.FormatInt(v.Int(), 10))
	case float:
		e.WriteString(strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()))
	case timestamp:
		e.WriteString(v.Interface().(time.Time).UTC().Format(isoMillis))
	case blob:
		e.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
	default:
		return fmt.Errorf("type %v: unions are not modelled", v.Type())
	}
	return nil
}

func (e *xmlEncoder) list(sh *shape, v reflect.Value) error {
	for i := range v.Len() {
		e.open(e.item)
		if err := e.value(sh.elem, sh.deref(v.Index(i))); err != nil {
			return err
		}
		e.close(e.item)
	}
	return nil
}

func (e *xmlEncoder) dictionary(sh *shape, v reflect.Value) error {
	for _, key := range dictionaryKeys(v) {
		e.open("entry")
		e.text("key", key.String())
		e.open("value")
		if err := e.value(sh.elem, sh.deref(v.MapIndex(key))); err != nil {
			return err
		}
		e.close("value")
		e.close("entry")
	}
	return nil
}
