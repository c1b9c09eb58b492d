package resource

import (
	"crypto/rand"
	"strings"
)

// name makes the name of a resource whose template gives none, as
// CloudFormation does: stack, logical id and twelve random characters, at most
// limit characters long.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
func (r *Request) name(limit int) string {
	suffix := Random("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 12)
	stack, id := r.Scope.StackName, r.LogicalID
	room := limit - len(suffix) - 2
	if len(stack)+len(id) > room {
		stack = stack[:min(len(stack), max(room-len(id), room/2))]
		id = id[:min(len(id), room-len(stack))]
	}
	return strings.TrimLeft(stack, "-") + "-" + id + "-" + suffix
}

// given returns a property, or a made-up name when it is absent.
func (r *Request) given(property string, limit int) string {
	if n := str(r.Properties, property); n != "" {
		return n
	}
	return r.name(limit)
}

// Random returns n characters of an alphabet of at most 256.
func Random(alphabet string, n int) string {
	bytes := make([]byte, n)
	_, _ = rand.Read(bytes) // never fails: https://pkg.go.dev/crypto/rand#Read
	for i, b := range bytes {
		bytes[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(bytes)
}

func lower(s string) string { return strings.ToLower(s) }
