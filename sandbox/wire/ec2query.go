package wire

import "reflect"

// EC2Query is EC2's dialect of Query: flat lists in, <item> lists out.
// https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
var EC2Query Protocol = ec2Query{}

type ec2Query struct{}

func (ec2Query) spell(_ *Service, field, tag string) (string, string) {
	name, _ := given(field, tag)
	return upperFirst(name), lowerFirst(name)
}

func (ec2Query) decode(x *exchange, v reflect.Value) error { return decodeForm(x, v, true) }

const (
	xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	xmlUTF8   = "text/xml;charset=UTF-8"
)

func (ec2Query) encode(x *exchange, v reflect.Value) (document, error) {
	e := &xmlEncoder{item: "item"}
	e.WriteString(xmlHeader)
	e.WriteString(`<` + x.op.Name + `Response xmlns="` + x.room.Namespace + `">`)
	e.text("requestId", x.id)
	err := e.members(x.op.out, v, true)
	e.close(x.op.Name + "Response")
	return document{xmlUTF8, e.Bytes()}, err
}

func (ec2Query) encodeError(x *exchange, e *Error) document {
	var b xmlEncoder
	b.WriteString(xmlHeader + "<Response><Errors><Error>")
	b.text("Code", e.Code)
	b.text("Message", e.Message)
	b.WriteString("</Error></Errors>")
	b.text("RequestID", x.id)
	b.WriteString("</Response>")
	return document{xmlUTF8, b.Bytes()}
}

func (ec2Query) translate(e *Error) *Error { return renamed(e, ec2Errors) }

// ec2Errors: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
var ec2Errors = map[string]Error{
	"AccessDenied":               {Code: "UnauthorizedOperation", Status: 403},
	"InvalidClientTokenId":       {Code: "AuthFailure", Status: 401},
	"SignatureDoesNotMatch":      {Code: "AuthFailure", Status: 401},
	"MissingAuthenticationToken": {Code: "MissingAuthenticationToken", Status: 403},
	"ExpiredToken":               {Code: "RequestExpired", Status: 400},
	"MalformedInput":             {Code: "InvalidParameterValue", Status: 400},
}

func (ec2Query) throttled() *Error {
	return &Error{Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Status: 503}
}
