package template

import "fmt"

// Error is a fault of a template at a place in its source.
type Error struct {
	Line, Column int // 1-based; 0 when the place is not known
	// Message says what is wrong, in CloudFormation's words where they are
	// known and without its prefix "Template format error: ".
	Message string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

func errorAt(n *Node, format string, args ...any) *Error {
	e := &Error{Message: fmt.Sprintf(format, args...)}
	if n != nil {
		e.Line, e.Column = n.Line, n.Column
	}
	return e
}
