package wire_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/wire"
)

// everything has a member of each kind that the codec knows, and contains itself.
type everything struct {
	Text    *string
	Enum    string
	Yes     *bool
	Small   *int32
	Big     int64
	Real    *float64
	At      *time.Time
	Raw     []byte
	Texts   []string
	Nested  *everything
	Many    []everything
	Named   map[string]string
	Objects map[string]everything
	Other   any
}

func codec(t testing.TB, p wire.Protocol) *wire.Codec[everything] {
	t.Helper()
	c, err := wire.NewCodec[everything](wire.Service{Protocol: p})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// FuzzJSON decodes any document: no panic, every error in AWS's form or naming
// a member, and what was understood is the same after encoding and decoding it.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"text":"a","enum":"B","yes":false,"small":-1,"big":9007199254740993,"real":1e-7,"at":1772600767.89,"raw":"AAH/"}`,
		`{"texts":["",null],"nested":{"many":[{},{"text":"x"}]},"named":{"":"b"},"objects":{"k":{"nested":{}}}}`,
		`{"at":"2026-03-04T05:06:07Z"}`, `{"other":{}}`, `{"nested":[]}`, `[]`, `{"big":1e400}`, `{"at":1e300}`, `{} {}`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		c := codec(t, wire.JSON11)
		v, err := c.DecodeJSON(doc)
		if err != nil {
			understandable(t, err)
			return
		}
		encoded, err := c.EncodeJSON(v)
		if err != nil {
			t.Fatalf("encoding %+v: %v", v, err)
		}
		if !json.Valid(encoded) {
			t.Fatalf("not JSON: %s", encoded)
		}
		again, err := c.DecodeJSON(encoded)
		if err != nil {
			t.Fatalf("decoding %s: %v", encoded, err)
		}
		// The empty enum is the same as none, the empty list is not.
		if diff := cmp.Diff(v, again); diff != "" {
			t.Errorf("%s (-decoded +after a round trip):\n%s", encoded, diff)
		}
	})
}

// FuzzForm does the same for forms. What was understood must survive as XML
// that holds every text of it.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"Text=a&Yes=true&Small=-1&Real=1.5&At=2026-03-04T05:06:07Z&Raw=AAH%2F",
		"Texts.member.2=b&Texts.member.1=a&Nested.Nested.Enum=X&Many.member.1.Text=y",
		"Named.entry.1.key=k&Named.entry.1.value=v&Objects.entry.1.key=o&Objects.entry.1.value.Text=t",
		"Texts=", "Texts=x", "Texts.1=a", "Text.member.1=a", "Many.member.0=", "Many.member.99999999999=", "A.B.C=1", "Other=1", ".=.", "Text=%00%ff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		form, err := url.ParseQuery(query)
		if err != nil {
			t.Skip()
		}
		for _, p := range []wire.Protocol{wire.Query, wire.EC2Query} {
			c := codec(t, p)
			v, err := c.DecodeForm(form)
			if err != nil {
				understandable(t, err)
				continue
			}
			doc, err := c.EncodeXML(v)
			if err != nil {
				t.Fatalf("encoding %+v: %v", v, err)
			}
			got := chardata(t, doc)
			if v.Text != nil && utf8.ValidString(*v.Text) && !strings.ContainsFunc(*v.Text, outsideXML) && !strings.Contains(got, *v.Text) {
				t.Errorf("%q is not in %s", *v.Text, doc)
			}
		}
	})
}

func outsideXML(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError
}

func chardata(t *testing.T, doc []byte) string {
	t.Helper()
	var all strings.Builder
	dec := xml.NewDecoder(strings.NewReader(string(doc)))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return all.String()
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, doc)
		}
		if data, ok := token.(xml.CharData); ok {
			all.Write(data)
		}
	}
}

// understandable fails for an error that isn't meant for the client.
func understandable(t *testing.T, err error) {
	t.Helper()
	var known *wire.Error
	if !errors.As(err, &known) && !strings.HasPrefix(err.Error(), "unknown member ") {
		t.Errorf("got %v", fmt.Sprintf("%T %v", err, err))
	}
}
