package stack

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// stackName is what CloudFormation takes for a name.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
var stackName = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)

// CheckName returns a *NameError unless a text is a stack's name or ARN.
// CloudFormation itself takes an empty name for "every stack" in some calls.
func CheckName(nameOrID string) error {
	name := nameOrID
	if strings.HasPrefix(nameOrID, "arn:") {
		id, err := arn.Parse(nameOrID)
		rest, found := strings.CutPrefix(id.Resource, "stack/")
		if err != nil || id.Service != "cloudformation" || !found {
			return &NameError{Name: nameOrID}
		}
		name, _, _ = strings.Cut(rest, "/")
	}
	if !stackName.MatchString(name) {
		return &NameError{Name: nameOrID}
	}
	return nil
}

// NameError says that a text names no stack.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	if e.Name == "" {
		return "the stack's name is empty"
	}
	return fmt.Sprintf("%q is no name of a stack", shorten(e.Name))
}

// Hint says what to do about it.
func (e *NameError) Hint() string {
	if e.Name == "" {
		return "name the stack; in a script, check that the variable is set"
	}
	return "a stack's name is a letter and up to 127 letters, digits and hyphens; or give its ARN"
}

// ExitCode is that of a command line that can't be meant.
func (e *NameError) ExitCode() int { return 2 }

// shorten cuts what is too long to be shown.
func shorten(text string) string {
	if runes := []rune(text); len(runes) > 140 {
		return string(runes[:140]) + "…"
	}
	return text
}

// nameOf returns the name in a stack's ARN
// (arn:aws:cloudformation:region:account:stack/name/uuid), or what it is given.
func nameOf(nameOrID string) string {
	id, err := arn.Parse(nameOrID)
	if err != nil {
		return nameOrID
	}
	if parts := strings.Split(id.Resource, "/"); len(parts) > 1 {
		return parts[1]
	}
	return nameOrID
}
