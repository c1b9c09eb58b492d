package registry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// What callers may match with errors.Is.
var (
	ErrRepositoryNotFound = refusal("no such repository")
	ErrImageNotFound      = refusal("no such image")
	ErrDenied             = refusal("not allowed")
)

// TagTakenError says that a tag names another image and cannot be moved.
type TagTakenError struct {
	Repository string // URI
	Tag        string
	Have       string // the digest that the tag names
	Want       string // the digest that was pushed
}

func (e *TagTakenError) Error() string {
	return fmt.Sprintf("tag %q of %s already names %s and can't be made to name %s: the repository's tags are immutable",
		e.Tag, e.Repository, e.Have, e.Want)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *TagTakenError) Refusal() bool { return true }

// Hint returns what to do.
func (e *TagTakenError) Hint() string {
	return fmt.Sprintf("push under a tag of its own (a new version, the revision), or release what is there: %s@%s", e.Repository, e.Have)
}

// hinted is an error with what helps against it.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// Hint returns what to do.
func (h *hinted) Hint() string { return h.hint }

// explain turns an error of the registry or of ECR's API about a repository
// into one line, with a hint where there is one to give.
func (p Reference) explain(err error) error {
	var ours *hinted
	var network *net.OpError
	var repository *types.RepositoryNotFoundException
	var image *types.ImageNotFoundException
	switch code, status := registryCode(err); {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &network):
		return &hinted{fmt.Errorf("can't be reached: %w", network), "are the region, and AWS_ENDPOINT_URL if it is set, right, and is the network up?"}
	case errors.As(err, &repository), code == transport.NameUnknownErrorCode:
		return p.noRepository()
	case errors.As(err, &image), code == transport.ManifestUnknownErrorCode, status == http.StatusNotFound && code == "":
		return p.noImage()
	case status == http.StatusUnauthorized:
		return &hinted{fmt.Errorf("%s does not accept the login: %w", p.repository.RegistryStr(), plain(err)),
			"a token is good in the region it was asked for only: is the region right?"}
	case status == http.StatusForbidden, denied(err):
		return p.denied(err)
	}
	return plain(err)
}

func (p Reference) noRepository() error {
	return &hinted{
		fmt.Errorf("%w: %q does not exist in the registry of account %s", ErrRepositoryNotFound, p.Name, p.Account),
		fmt.Sprintf("create it with the stack of cfn/ecr-repository.yaml, or: aws ecr create-repository --repository-name %s --image-tag-mutability IMMUTABLE", p.Name),
	}
}

func (p Reference) noImage() error {
	return &hinted{
		fmt.Errorf("%w: %s is not in the repository", ErrImageNotFound, p),
		fmt.Sprintf("see what is there: aws ecr describe-images --registry-id %s --repository-name %s", p.Account, p.Name),
	}
}

func (p Reference) denied(err error) error {
	why := plain(err)
	var e *transport.Error
	if errors.As(err, &e) && e.Request != nil && e.Request.Method == http.MethodHead {
		why = fmt.Errorf("the registry refuses HEAD %s and gives no reason: it needs %s", e.Request.URL.Path, needed(e.Request.URL.Path))
	}
	return &hinted{
		fmt.Errorf("%w: %w", ErrDenied, why),
		fmt.Sprintf("the caller's own policies have to allow it, and for another account's caller the policy of repository %s too", p.Name),
	}
}

// needed returns the action that ECR wants allowed for HEAD of a path.
func needed(path string) string {
	if strings.Contains(path, "/blobs/") {
		return "ecr:BatchCheckLayerAvailability"
	}
	return "ecr:BatchGetImage"
}

// registryCode returns the error code and the HTTP status of the registry's
// answer, if the registry answered.
func registryCode(err error) (transport.ErrorCode, int) {
	var e *transport.Error
	if !errors.As(err, &e) {
		return "", 0
	}
	if len(e.Errors) == 0 {
		return "", e.StatusCode
	}
	return e.Errors[0].Code, e.StatusCode
}

func denied(err error) bool {
	var e smithy.APIError
	return errors.As(err, &e) && strings.HasPrefix(e.ErrorCode(), "AccessDenied")
}

// explained is an error that somebody has made one clear line of.
type explained interface {
	error
	Hint() string
}

// plain leaves the SDK's wrapping (operation, status, request id) off an error
// that AWS answered with: code and message say it all, or who explained it.
func plain(err error) error {
	var clear explained
	if errors.As(err, &clear) {
		return clear
	}
	var e smithy.APIError
	if errors.As(err, &e) {
		return fmt.Errorf("%s: %s", e.ErrorCode(), e.ErrorMessage())
	}
	return err
}

// refusal is an error that says no: the registry could be asked.
type refusal string

func (e refusal) Error() string { return string(e) }

// Refusal says that it is a refusal, not work that could not be done.
func (e refusal) Refusal() bool { return true }
