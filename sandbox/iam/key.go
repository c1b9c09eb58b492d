package iam

import (
	"context"
	"net/http"

	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// Secret finds the secret key of an access key id, for checking a signature,
// and returns a context in which its owner is the caller. sessionToken is the
// value of X-Amz-Security-Token, empty for a user's key. Errors are *wire.Error
// with status 403 as the Query services answer them: InvalidClientTokenId,
// ExpiredToken. (JSON 1.1 services call these UnrecognizedClientException and
// ExpiredTokenException and answer 400: package wire turns them.)
func (s *Service) Secret(ctx context.Context, accessKeyID, sessionToken string) (string, context.Context, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[accessKeyID]
	if k == nil || k.token != sessionToken {
		return "", nil, &wire.Error{
			Code:    "InvalidClientTokenId",
			Message: "The security token included in the request is invalid.",
			Status:  http.StatusForbidden,
		}
	}
	if !k.expires.IsZero() && !s.config.Clock.Now().Before(k.expires) {
		return "", nil, &wire.Error{
			Code:    "ExpiredToken",
			Message: "The security token included in the request is expired",
			Status:  http.StatusForbidden,
		}
	}
	return k.secret, WithPrincipal(ctx, k.principal), nil
}

// newID returns a unique id with one of IAM's prefixes and 21 characters in all:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func newID(prefix string) string { return prefix + id.Of(id.Base32, 17) }
