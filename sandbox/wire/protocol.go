package wire

import (
	"fmt"
	"reflect"
	"strings"
)

// Protocol is one of the AWS wire protocols that the sandbox speaks: how a
// request's input is read, and how an answer or an error is written. Each has a
// file of its own. https://smithy.io/2.0/aws/protocols/index.html
type Protocol interface {
	// spell returns how a service calls a member: its Go field's name, or the name that
	// a struct tag gives it.
	spell(s *Service, field, tag string) (request, answer string)
	decode(x *exchange, v reflect.Value) error
	encode(x *exchange, v reflect.Value) (document, error)
	encodeError(x *exchange, e *Error) document
	// translate turns an error that every service has, which rooms write as the Query
	// services call it, into what the protocol calls it.
	translate(e *Error) *Error
	throttled() *Error
}

// document is the body of an answer.
type document struct {
	contentType string
	body        []byte
}

// Words are a service's own for what every service refuses; nil means those of
// its protocol.
type Words struct {
	// Missing refuses a request without members that it needs, given by their names
	// on the wire.
	//
	// Assumption A1: a service's error for a missing member is the one its
	// reference names for invalid input, with the text that its peers write.
	Missing   func(names []string) *Error
	Throttled *Error
	// Outside is the code of an error about a value that AWS's model doesn't allow; ""
	// means ValidationError.
	Outside string
}

func (r *room) missing(names []string) *Error {
	if r.Words.Missing != nil {
		return r.Words.Missing(names)
	}
	return Errorf("ValidationError", "%s", NullMembers(names))
}

func (r *room) throttled() *Error {
	if r.Words.Throttled != nil {
		return r.Words.Throttled
	}
	return r.Protocol.throttled()
}

// NullMembers is the text about missing members that most services share.
func NullMembers(names []string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", lowerFirst(name))
	}
	noun := "error"
	if len(names) > 1 {
		noun = "errors"
	}
	return fmt.Sprintf("%d validation %s detected: %s", len(names), noun, strings.Join(parts, "; "))
}

// renamed returns e as names call it.
func renamed(e *Error, names map[string]Error) *Error {
	other, ok := names[e.Code]
	if !ok {
		return e
	}
	return &Error{Code: other.Code, Status: other.Status, Message: e.Message}
}
