package account

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// Error is an error in one clear line, with what helps against it. What it
// was made of can still be matched.
type Error struct {
	line    string
	hint    string
	err     error // may be nil
	expired bool  // see Expired
}

func (e *Error) Error() string { return e.line }

// Hint says what to do; it may be empty.
func (e *Error) Hint() string { return e.hint }

func (e *Error) Unwrap() error { return e.err }

// Expired tells whether an error, of a client of a configuration of this package,
// says that credentials have ended: no call with them will be answered any more.
func Expired(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.expired
}

// Explain turns what the SDK says about an endpoint that can't be reached and
// about credentials that are missing, expired or refused into an *Error: one
// line and a Hint. Other errors it returns as they are. Clients of a
// configuration of this package have their errors explained already.
func Explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var have *Error
	if errors.As(err, &have) {
		return err
	}
	for _, explain := range []func(error) *Error{explainRole, explainCode, explainMissing, explainNetwork} {
		if e := explain(err); e != nil {
			e.err = err
			return e
		}
	}
	return err
}

// explainErrors makes a client explain its errors.
func explainErrors(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("ExplainErrors",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			return out, metadata, Explain(err)
		}), middleware.Before)
}

// brief leaves off the SDK's wrapping of an error that is explained, or of one
// that AWS answered with: code and message say it all.
func brief(err error) error {
	var explained *Error
	if errors.As(Explain(err), &explained) {
		return explained
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return fmt.Errorf("%s: %s", api.ErrorCode(), api.ErrorMessage())
	}
	return err
}

// explainRole is for a role that could not be assumed on the way to something
// else.
func explainRole(err error) *Error {
	var api smithy.APIError
	if !during(err, "STS", "AssumeRole") || !errors.As(err, &api) || api.ErrorCode() != "AccessDenied" {
		return nil
	}
	return &Error{
		line: "assuming a role: " + api.ErrorMessage(),
		hint: "the role must exist, its trust policy must name the caller, and the caller's policies must allow sts:AssumeRole on it",
	}
}

// during tells whether an error passed through an operation of a service.
func during(err error, service, operation string) bool {
	for err != nil {
		if op, ok := err.(*smithy.OperationError); ok && op.ServiceID == service && (operation == "" || op.OperationName == operation) { //nolint:errorlint // every link is looked at
			return true
		}
		err = errors.Unwrap(err)
	}
	return false
}

// explainCode is for what AWS says about credentials. The codes are those of
// the protocols: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
func explainCode(err error) *Error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return nil
	}
	switch api.ErrorCode() {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return &Error{line: "the credentials have expired", hint: exportHint, expired: true}
	case "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId":
		return &Error{line: "AWS does not know these credentials (" + api.ErrorCode() + ")",
			hint: "they may be of another endpoint, region or partition, be deleted, or lack their session token; " + exportHint}
	case "SignatureDoesNotMatch", "InvalidSignatureException":
		return &Error{line: "AWS does not accept the signature (" + api.ErrorCode() + ")",
			hint: "the secret access key is not that of the access key id, or this machine's clock is wrong"}
	}
	return nil
}

// explainMissing is for a default chain that found nothing.
func explainMissing(err error) *Error {
	var sso *ssocreds.InvalidTokenError
	switch {
	case errors.As(err, &sso):
		return &Error{line: "the SSO session has ended", hint: "aws sso login", expired: true}
	case during(err, "ec2imds", ""), strings.Contains(err.Error(), "static credentials are empty"):
		return &Error{line: "no AWS credentials were found", hint: exportHint}
	}
	return nil
}

// explainNetwork is for an endpoint that can't be reached.
func explainNetwork(err error) *Error {
	var operation *net.OpError
	if !errors.As(err, &operation) || operation.Op != "dial" {
		return nil
	}
	where := ""
	var request *url.Error
	if errors.As(err, &request) {
		if u, err := url.Parse(request.URL); err == nil {
			where = u.Scheme + "://" + u.Host
		}
	}
	e := &Error{
		line: strings.TrimSpace(fmt.Sprintf("can't reach %s: %s", where, cause(operation))),
		hint: "is this machine online, and are region and endpoint right? (the endpoint is the one given, or AWS_ENDPOINT_URL)",
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		e.hint = "nobody listens there: is the sandbox still running, is AWS_ENDPOINT_URL right?"
	}
	return e
}

// cause is the last word of a dial that failed.
func cause(operation *net.OpError) string {
	var dns *net.DNSError
	var number syscall.Errno
	switch {
	case errors.As(operation, &dns):
		return fmt.Sprintf("host %q: %s", dns.Name, dns.Err)
	case errors.As(operation, &number):
		return number.Error()
	case operation.Timeout():
		return "no answer"
	}
	return operation.Err.Error()
}
