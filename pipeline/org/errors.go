package org

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"
)

// UnknownOUError says that there is no such organizational unit.
type UnknownOUError struct {
	Reference string // what was asked for
	Known     []Unit // what there is, as far as it could be listed
}

func (e *UnknownOUError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("there is no organizational unit %q", e.Reference)
	}
	return fmt.Sprintf("there is no organizational unit %q; there are: %s", e.Reference, names(e.Known))
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *UnknownOUError) Refusal() bool { return true }

// Hint says what to do.
func (e *UnknownOUError) Hint() string {
	if len(e.Known) == 0 {
		return "see what there is: aws organizations list-organizational-units-for-parent --parent-id <root or OU id>"
	}
	return fmt.Sprintf("name one by id, name or path, e.g. %s", e.Known[0].NamePath)
}

// AmbiguousOUError says that several organizational units have a name.
type AmbiguousOUError struct {
	Reference  string
	Candidates []Unit
}

func (e *AmbiguousOUError) Error() string {
	return fmt.Sprintf("%d organizational units are named %q: %s", len(e.Candidates), e.Reference, names(e.Candidates))
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *AmbiguousOUError) Refusal() bool { return true }

// Hint says what to do.
func (e *AmbiguousOUError) Hint() string {
	first := e.Candidates[0]
	if !strings.Contains(first.NamePath, "/") {
		return fmt.Sprintf("name one by its id or path: %s or /%s", first.ID, first.NamePath)
	}
	return fmt.Sprintf("name one by its id or path: %s or %s", first.ID, first.NamePath)
}

// shown is how many units an error lists.
const shown = 20

func names(units []Unit) string {
	var texts []string
	for i, u := range units {
		if i == shown {
			texts = append(texts, fmt.Sprintf("and %d more", len(units)-shown))
			break
		}
		texts = append(texts, fmt.Sprintf("%s (%s)", u.NamePath, u.ID))
	}
	return strings.Join(texts, ", ")
}

// hinted is an error with what helps against it.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return plain(h.err) }
func (h *hinted) Unwrap() error { return h.err }

// plain leaves off the SDK's wrapping (operation, status, request id) of what
// AWS answered: code and message say it all.
func plain(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// Hint says what to do.
func (h *hinted) Hint() string { return h.hint }

// explain adds a hint to the errors that people run into.
func explain(err error) error {
	var denied *types.AccessDeniedException
	var none *types.AWSOrganizationsNotInUseException
	var account *types.AccountNotFoundException
	var child *types.ChildNotFoundException
	var clear interface { // somebody has explained it
		error
		Hint() string
	}
	switch {
	case errors.As(err, &clear):
		return clear
	case errors.As(err, &denied):
		return &hinted{err, "AWS Organizations answers the management account and delegated administrators only, and their policies must allow organizations:Describe* and organizations:List*"}
	case errors.As(err, &none):
		return &hinted{err, "the credentials are of an account outside any organization: use those of a member account"}
	case errors.As(err, &account), errors.As(err, &child):
		return &hinted{err, "is it an account of this organization? see: aws organizations list-accounts"}
	}
	return err
}
