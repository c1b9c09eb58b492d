package wire

import "reflect"

// JSON11 is the protocol of ECS, ECR, CodeDeploy, Organizations and Logs: JSON in
// and out, the operation in the header X-Amz-Target.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
var JSON11 Protocol = json11{}

type json11 struct{}

func (json11) spell(s *Service, field, tag string) (string, string) {
	if tag == "" && !s.Pascal {
		tag = lowerFirst(field)
	}
	return given(field, tag)
}

func (json11) decode(x *exchange, v reflect.Value) error { return decodeJSON(x.body, x.op.in, v) }

const jsonContent = "application/x-amz-json-1.1"

func (json11) encode(x *exchange, v reflect.Value) (document, error) {
	body, err := appendJSON(nil, x.op.out, v, true)
	return document{jsonContent, body}, err
}

func (json11) encodeError(x *exchange, e *Error) document {
	x.w.Header().Set("X-Amzn-Errortype", e.Code)
	b := appendJSONString([]byte(`{"__type":`), e.Code)
	b = appendJSONString(append(b, `,"message":`...), e.Message)
	return document{jsonContent, append(b, '}')}
}

func (json11) translate(e *Error) *Error { return renamed(e, jsonErrors) }

// jsonErrors: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
var jsonErrors = map[string]Error{
	"AccessDenied":               {Code: "AccessDeniedException", Status: 400},
	"InvalidClientTokenId":       {Code: "UnrecognizedClientException", Status: 400},
	"ExpiredToken":               {Code: "ExpiredTokenException", Status: 400},
	"SignatureDoesNotMatch":      {Code: "InvalidSignatureException", Status: 400},
	"IncompleteSignature":        {Code: "IncompleteSignatureException", Status: 400},
	"MissingAuthenticationToken": {Code: "MissingAuthenticationTokenException", Status: 400},
	"MalformedInput":             {Code: "SerializationException", Status: 400},
	"MissingAction":              {Code: "UnknownOperationException", Status: 400},
}

func (json11) throttled() *Error { return Errorf("ThrottlingException", "Rate exceeded") }
