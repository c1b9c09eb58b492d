package resource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"orgship/sandbox/wire"
)

// Unstable says that a resource was made or changed but did not become steady.
type Unstable struct{ Reason string }

func (e *Unstable) Error() string { return e.Reason }

// until asks done again and again, every so often on the clock, until it says
// so or fails; after limit it gives up with *Unstable.
func (r *Request) until(ctx context.Context, every, limit time.Duration, done func() (bool, error)) error {
	for waited := time.Duration(0); ; waited += every {
		if ok, err := done(); ok || err != nil {
			return err
		}
		if waited >= limit {
			return &Unstable{Reason: "Exceeded attempts to wait"}
		}
		if err := r.Clock.Sleep(ctx, every); err != nil {
			return err
		}
	}
}

// retry repeats a deletion while the resource is still in use elsewhere.
func (r *Request) retry(ctx context.Context, delete func() error) error {
	var last error
	err := r.until(ctx, 5*time.Second, 5*time.Minute, func() (bool, error) {
		last = delete()
		if inUse(last) {
			return false, nil
		}
		return true, gone(last)
	})
	var unstable *Unstable
	if errors.As(err, &unstable) {
		return last
	}
	return err
}

func inUse(err error) bool {
	switch code(err) {
	case "DependencyViolation", "ResourceInUse", "ResourceInUseException", "DeleteConflict", "ClusterContainsServicesException", "ClusterContainsTasksException",
		"OperationInProgressException":
		return true
	}
	return false
}

// gone makes nil of an error that says there is no such resource.
func gone(err error) error {
	c := code(err)
	if strings.HasSuffix(c, "NotFound") || strings.HasSuffix(c, "NotFoundException") || strings.HasSuffix(c, "NotActiveException") || c == "NoSuchEntity" {
		return nil
	}
	return err
}

// code returns the AWS error code of err, or "".
func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Reason says why an operation failed as CloudFormation's events do: what the
// resource handler returned and its error code. The token is the request's.
// https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html
func Reason(err error, service, token string) string {
	message := err.Error()
	var e *wire.Error
	if errors.As(err, &e) {
		message = fmt.Sprintf("%s (Service: %s, Status Code: %d, Request ID: %s)", e.Message, service, e.HTTPStatus(), token)
	}
	return fmt.Sprintf("Resource handler returned message: \"%s\" (RequestToken: %s, HandlerErrorCode: %s)", message, token, handlerCode(err))
}

func handlerCode(err error) string {
	var unstable *Unstable
	if errors.As(err, &unstable) {
		return "NotStabilized"
	}
	c := code(err)
	switch {
	case strings.HasPrefix(c, "AccessDenied") || c == "UnauthorizedOperation":
		return "AccessDenied"
	case c == "Throttling" || c == "ThrottlingException":
		return "Throttling"
	case strings.Contains(c, "AlreadyExist") || strings.Contains(c, "Duplicate") || c == "EntityAlreadyExists":
		return "AlreadyExists"
	case strings.Contains(c, "LimitExceeded"):
		return "ServiceLimitExceeded"
	case strings.Contains(c, "NotFound") || c == "NoSuchEntity":
		return "NotFound"
	case strings.Contains(c, "Invalid") || strings.Contains(c, "Validation") || c == "ClientException" || c == "MalformedPolicyDocument" || c == "NotModelled":
		return "InvalidRequest"
	}
	return "GeneralServiceException"
}
