// Package document evaluates CloudFormation templates: parameters, conditions,
// mappings, intrinsic functions, and the order that references put resources in.
// It makes no resources and asks no service.
//
// Errors are in CloudFormation's words and are all *wire.Error.
package document

import (
	"fmt"
	"strings"

	"orgship/sandbox/wire"
	"orgship/template"
)

// Environment is what pseudo parameters stand for.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
type Environment struct {
	Account, Region    string
	StackName, StackID string
	NotificationARNs   []string
	Zones              []string // availability zones, for Fn::GetAZs
	// Import gives what another stack exports under a name.
	Import func(name string) (any, error)
}

func (e Environment) pseudo(name string) (any, bool) {
	switch name {
	case "AWS::AccountId":
		return e.Account, true
	case "AWS::Region":
		return e.Region, true
	case "AWS::StackName":
		return e.StackName, true
	case "AWS::StackId":
		return e.StackID, true
	case "AWS::Partition":
		return "aws", true
	case "AWS::URLSuffix":
		return "amazonaws.com", true
	case "AWS::NoValue":
		return noValue{}, true
	case "AWS::NotificationARNs":
		list := make([]any, 0, len(e.NotificationARNs))
		for _, arn := range e.NotificationARNs {
			list = append(list, arn)
		}
		return list, true
	}
	return nil, false
}

func isPseudo(name string) bool {
	_, ok := Environment{}.pseudo(name)
	return ok
}

// Parse reads a template body. A fault is a ValidationError that gives its
// place where it is known.
func Parse(body string) (*template.Template, error) {
	t, err := template.Parse([]byte(body))
	if err != nil {
		return nil, invalid("Template format error: %s", err)
	}
	return t, nil
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}

// noValue is what Ref AWS::NoValue gives: the property is left out.
type noValue struct{}

// Unknown stands for a value that will be known once a resource is made.
type Unknown struct {
	Resource  string // logical id
	Attribute string // "" = Ref
}

func (u Unknown) String() string {
	return fmt.Sprintf("{{changeSet:KNOWN_AFTER_APPLY}} %s.%s", u.Resource, u.Attribute)
}

// Known reports whether nothing in a value is Unknown.
func Known(v any) bool {
	switch v := v.(type) {
	case Unknown:
		return false
	case []any:
		for _, item := range v {
			if !Known(item) {
				return false
			}
		}
	case map[string]any:
		for _, item := range v {
			if !Known(item) {
				return false
			}
		}
	}
	return true
}

// quoted lists names as CloudFormation does: "[A, B]".
func quoted(names []string) string { return "[" + strings.Join(names, ", ") + "]" }
