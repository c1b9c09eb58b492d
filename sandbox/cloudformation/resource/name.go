package resource

import (
	"strings"

	"orgship/sandbox/id"
)

// name makes the name of a resource whose template gives none, as
// CloudFormation does: stack, logical id and twelve random characters, at most
// limit characters long.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
func (r *Request) name(limit int) string {
	suffix := id.Of(id.Capitals, 12)
	stack, logical := r.Scope.StackName, r.LogicalID
	room := limit - len(suffix) - 2
	if len(stack)+len(logical) > room {
		stack = stack[:min(len(stack), max(room-len(logical), room/2))]
		logical = logical[:min(len(logical), room-len(stack))]
	}
	return strings.TrimLeft(stack, "-") + "-" + logical + "-" + suffix
}

// given returns a property, or a made-up name when it is absent.
func (r *Request) given(property string, limit int) string {
	if n := str(r.Properties, property); n != "" {
		return n
	}
	return r.name(limit)
}

func lower(s string) string { return strings.ToLower(s) }
