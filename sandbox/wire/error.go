package wire

import "fmt"

// Error is an error as an AWS service answers it. Rooms return it (wrapped or
// not) and the protocol of the service writes its wire form.
type Error struct {
	Code    string // as on the wire, e.g. "ValidationError", "AccessDeniedException"
	Message string
	Status  int // HTTP status; 0 means 400
}

// Errorf returns an Error with the given wire code and HTTP status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// NotModelled refuses, by name, something that AWS has and the sandbox does
// not model: "cloudformation:CreateStackSet", "property Foo of AWS::ECS::Service".
func NotModelled(format string, args ...any) *Error {
	return Errorf("NotModelled", "the orgship sandbox does not model %s", fmt.Sprintf(format, args...))
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// HTTPStatus returns the status to answer with.
func (e *Error) HTTPStatus() int {
	if e.Status == 0 {
		return 400
	}
	return e.Status
}
