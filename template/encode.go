package template

import (
	"bytes"
	"encoding/json"
)

// JSON returns n as compact JSON: functions in their long form, maps in their
// order. The processed form of a template is JSON whatever the original was.
func (n *Node) JSON() []byte {
	var b bytes.Buffer
	n.encode(&b)
	return b.Bytes()
}

func (n *Node) encode(b *bytes.Buffer) {
	switch {
	case n == nil:
		b.WriteString("null")
	case n.Kind == Scalar:
		n.encodeScalar(b)
	case n.Kind == List:
		b.WriteByte('[')
		for i, item := range n.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.encode(b)
		}
		b.WriteByte(']')
	case n.Kind == Function:
		encodeEntries(b, []Entry{{Key: n.Name, Value: n.Arg}})
	default:
		encodeEntries(b, n.Entries)
	}
}

func encodeEntries(b *bytes.Buffer, entries []Entry) {
	b.WriteByte('{')
	for i, e := range entries {
		if i > 0 {
			b.WriteByte(',')
		}
		encodeString(b, e.Key)
		b.WriteByte(':')
		e.Value.encode(b)
	}
	b.WriteByte('}')
}

func (n *Node) encodeScalar(b *bytes.Buffer) {
	switch n.Type {
	case NumberType:
		b.WriteString(decimal(n.Text))
	case BoolType:
		b.WriteString(n.Text)
	case NullType:
		b.WriteString("null")
	default:
		encodeString(b, n.Text)
	}
}

func encodeString(b *bytes.Buffer, text string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text)      // a string always encodes, and a Buffer always takes it
	b.Truncate(b.Len() - 1) // the encoder's newline
}
