package wire

import (
	"fmt"
	"strings"
)

// dialect turns errors that every service has, which rooms write as the Query
// services call them, into what the protocol calls them.
//
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html (Query)
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html (JSON)
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (EC2)
func dialect(p Protocol, e *Error) *Error {
	var names map[string]Error
	switch p {
	case JSON11:
		names = jsonErrors
	case EC2Query:
		names = ec2Errors
	}
	other, ok := names[e.Code]
	if !ok {
		return e
	}
	return &Error{Code: other.Code, Status: other.Status, Message: e.Message}
}

var jsonErrors = map[string]Error{
	"AccessDenied":               {Code: "AccessDeniedException", Status: 400},
	"InvalidClientTokenId":       {Code: "UnrecognizedClientException", Status: 400},
	"ExpiredToken":               {Code: "ExpiredTokenException", Status: 400},
	"SignatureDoesNotMatch":      {Code: "InvalidSignatureException", Status: 400},
	"IncompleteSignature":        {Code: "IncompleteSignatureException", Status: 400},
	"MissingAuthenticationToken": {Code: "MissingAuthenticationTokenException", Status: 400},
	"MalformedInput":             {Code: "SerializationException", Status: 400},
	"MissingAction":              {Code: "UnknownOperationException", Status: 400},
}

var ec2Errors = map[string]Error{
	"AccessDenied":               {Code: "UnauthorizedOperation", Status: 403},
	"InvalidClientTokenId":       {Code: "AuthFailure", Status: 401},
	"SignatureDoesNotMatch":      {Code: "AuthFailure", Status: 401},
	"MissingAuthenticationToken": {Code: "MissingAuthenticationToken", Status: 403},
	"ExpiredToken":               {Code: "RequestExpired", Status: 400},
	"MalformedInput":             {Code: "InvalidParameterValue", Status: 400},
}

// missingMembers is how a service answers a request without members that it
// needs, given by their names on the wire.
//
// Assumption A1: a service's error for a missing member is the one its
// reference names for invalid input, with the text that its peers write.
func missingMembers(service string, names []string) *Error {
	switch service {
	case "ec2":
		return Errorf("MissingParameter", "The request must contain the parameter %s", names[0])
	case "ecr":
		return Errorf("InvalidParameterException", "Invalid parameter at '%s' failed to satisfy constraint: 'must not be null'", names[0])
	case "ecs":
		return Errorf("InvalidParameterException", "%s can not be null.", upperFirst(names[0]))
	case "codedeploy":
		return Errorf(upperFirst(names[0])+"RequiredException", "%s must be specified.", names[0])
	case "organizations":
		return Errorf("InvalidInputException", "You specified an invalid value. (INPUT_REQUIRED: %s)", names[0])
	case "logs":
		return Errorf("InvalidParameterException", "%s", nullMembers(names))
	}
	return Errorf("ValidationError", "%s", nullMembers(names))
}

// nullMembers is the text that most services share.
func nullMembers(names []string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", lowerFirst(name))
	}
	noun := "error"
	if len(names) > 1 {
		noun = "errors"
	}
	return fmt.Sprintf("%d validation %s detected: %s", len(names), noun, strings.Join(parts, "; "))
}

// throttled is how a service says that it is asked too often.
func throttled(r *room) *Error {
	switch {
	case r.Name == "organizations":
		return Errorf("TooManyRequestsException", "You have sent too many requests in too short a period of time. "+
			"The quota helps protect against denial-of-service attacks. Try again later.")
	case r.Protocol == EC2Query:
		return &Error{Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Status: 503}
	case r.Protocol == JSON11:
		return Errorf("ThrottlingException", "Rate exceeded")
	}
	return Errorf("Throttling", "Rate exceeded")
}
