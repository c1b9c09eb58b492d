package access

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"
)

// hinted is an error with what helps against it.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// Hint says what to do.
func (h *hinted) Hint() string { return h.hint }

// explain gives the errors of ECR in one line, with a hint.
func explain(err error, r Repository) error {
	var missing *types.RepositoryNotFoundException
	var api smithy.APIError
	var clear interface { // somebody has explained it
		error
		Hint() string
	}
	switch {
	case errors.As(err, &clear):
		return clear
	case errors.As(err, &missing):
		return &hinted{fmt.Errorf("there is no such repository in %s (%w)", r.Region, plain(missing)),
			"create it with the stack of cfn/ecr-repository.yaml; is the region right?"}
	case errors.As(err, &api) && strings.HasPrefix(api.ErrorCode(), "AccessDenied"):
		return &hinted{plain(api), fmt.Sprintf("ask with credentials of account %s that allow ecr:GetRepositoryPolicy", r.Account)}
	}
	return err
}

// said is AWS's answer without the SDK's wrapping.
type said struct{ smithy.APIError }

func (s said) Error() string { return s.ErrorCode() + ": " + s.ErrorMessage() }
func (s said) Unwrap() error { return s.APIError }

func plain(err smithy.APIError) error { return said{err} }
