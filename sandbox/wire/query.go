package wire

import (
	"net/url"
	"reflect"
	"strings"
)

// Query is the protocol of CloudFormation, STS, ELBv2 and IAM: a form in, XML out.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
var Query Protocol = query{}

type query struct{}

func (query) spell(_ *Service, field, tag string) (string, string) { return given(field, tag) }

// given is a member's name, in requests and in answers.
func given(field, tag string) (string, string) {
	if tag == "" {
		tag = field
	}
	return tag, tag
}

func (query) decode(x *exchange, v reflect.Value) error { return decodeForm(x, v, false) }

// decodeForm reads the parameters of a request that aren't the protocol's own.
func decodeForm(x *exchange, v reflect.Value, flat bool) error {
	params := url.Values{}
	for name, values := range x.form {
		if name != "Action" && name != "Version" && !strings.HasPrefix(name, "X-Amz-") {
			params[name] = values
		}
	}
	tree, err := formTree(params)
	if err != nil {
		return err
	}
	return formDecoder{flat: flat}.decode(tree, x.op.in, v, "")
}

func (query) encode(x *exchange, v reflect.Value) (document, error) {
	e := &xmlEncoder{item: "member"}
	e.WriteString(`<` + x.op.Name + `Response xmlns="` + x.room.Namespace + `">`)
	e.open(x.op.Name + "Result")
	err := e.members(x.op.out, v, true)
	e.close(x.op.Name + "Result")
	e.open("ResponseMetadata")
	e.text("RequestId", x.id)
	e.close("ResponseMetadata")
	e.close(x.op.Name + "Response")
	return document{"text/xml", e.Bytes()}, err
}

func (query) encodeError(x *exchange, e *Error) document {
	var b xmlEncoder
	b.WriteString(`<ErrorResponse`)
	if x.room != nil {
		b.WriteString(` xmlns="` + x.room.Namespace + `"`)
	}
	b.WriteString("><Error>")
	b.text("Type", faultSide(e))
	b.text("Code", e.Code)
	b.text("Message", e.Message)
	b.WriteString("</Error>")
	b.text("RequestId", x.id)
	b.WriteString("</ErrorResponse>")
	return document{"text/xml", b.Bytes()}
}

func faultSide(e *Error) string {
	if e.HTTPStatus() >= 500 {
		return "Receiver"
	}
	return "Sender"
}

// translate: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
func (query) translate(e *Error) *Error { return e }

func (query) throttled() *Error { return Errorf("Throttling", "Rate exceeded") }
