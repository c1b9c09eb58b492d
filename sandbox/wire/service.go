// Package wire speaks the AWS protocols: it finds out which operation a
// request asks for, who signed it, decodes the input, calls one typed Go
// function and encodes what it returns.
//
// The shapes are the AWS SDK's own input and output types (or structs of ours
// with the same field names), read and written by reflection. A member is
// called on the wire what its field is called, in the service's casing; a
// struct tag `wire:"name"` names it otherwise.
package wire

import (
	"context"
	"reflect"
)

// Service is a room as clients see it.
type Service struct {
	Name         string // signing name: "cloudformation", "ecs", "ecr", "elasticloadbalancing"
	Protocol     Protocol
	REST         REST   // in the place of a Protocol, with the operations' names alone
	Namespace    string // Query, EC2Query: XML namespace of answers
	Version      string // Query, EC2Query: value of the Version parameter, e.g. "2010-05-15"
	TargetPrefix string // JSON11: "AmazonEC2ContainerServiceV20141113"
	// Pascal says that a JSON11 service spells members as Go does
	// ("AccountId"): Organizations. The others begin them with a small letter.
	Pascal bool
	// Spelled gives the names of members that a service spells otherwise than
	// its other ones, by Go type and field: "Tag.Key" is "Key" in ECR.
	Spelled map[string]string
	// Global says that clients may sign for us-east-1, whatever their region:
	// IAM, Organizations, STS.
	Global     bool
	Words      Words
	Operations []Operation
}

// Operation is one typed function behind a name.
type Operation struct {
	Name     string
	required []string
	optional []string
	unsigned bool
	bounds   []bound
	in, out  reflect.Type
	call     func(ctx context.Context, decode func(any) error) (any, error)
}

// Member names input members that an operation models, or says what else is
// particular to it.
type Member func(*Operation)

// Required lists input members (Go field names) that must be set.
func Required(members ...string) Member {
	return func(o *Operation) { o.required = append(o.required, members...) }
}

// Optional lists input members (Go field names) that may be set. A member that
// is neither required nor optional is refused by name when a request sets it.
func Optional(members ...string) Member {
	return func(o *Operation) { o.optional = append(o.optional, members...) }
}

// Unsigned says that an operation takes no signature, and no notice of one: what
// the request brings with it says who asks. Its function has no caller. Not for
// JSON11.
func Unsigned() Member {
	return func(o *Operation) { o.unsigned = true }
}

// Op makes an operation of a typed function.
func Op[I, O any](name string, f func(context.Context, *I) (*O, error), members ...Member) Operation {
	op := Operation{Name: name, in: reflect.TypeFor[I](), out: reflect.TypeFor[O]()}
	for _, m := range members {
		m(&op)
	}
	op.call = func(ctx context.Context, decode func(any) error) (any, error) {
		in := new(I)
		if err := decode(in); err != nil {
			return nil, err
		}
		return f(ctx, in)
	}
	return op
}
