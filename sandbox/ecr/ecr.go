// Package ecr is Amazon ECR: the control plane (repositories, their policies
// and settings, images) and the registry itself, which speaks the OCI
// distribution protocol at http://<host:port>/v2/<account>/<repository>/.
//
// Both sides work on one state: an image pushed with skopeo is described by
// DescribeImages, an image deleted with BatchDeleteImage can no longer be
// pulled. Every request, on either side, is authorized as the caller, with the
// repository's policy when the caller is of another account.
package ecr

import (
	"context"
	"net/http"
	"sync"

	"orgship/sandbox/clock"
)

// Authorizer decides whether the caller of ctx may do something; a refusal is
// a *wire.Error in AWS's words.
type Authorizer interface {
	Authorize(ctx context.Context, action, resource string) error
	AuthorizeWithPolicy(ctx context.Context, action, resource, resourcePolicy string) error
}

// Config is what the room needs of the others.
type Config struct {
	Clock    clock.Clock
	Region   string
	Auth     Authorizer
	Endpoint func() string // host:port clients reach the sandbox at; part of repository URIs
	Dir      string        // where layers are kept; empty: a temporary directory, removed by Close
}

// Service is Amazon ECR.
type Service struct {
	cfg Config

	mu sync.Mutex
}

// New returns an ECR without repositories. Call Close to remove its layers.
func New(cfg Config) *Service {
	return &Service{cfg: cfg}
}

// Close removes the layers from disk. The service is of no use afterwards.
func (s *Service) Close() error { return nil }

// ExpireTokens ends, at once, every authorization token handed out so far, as
// their twelve hours do: the registry answers 403 "Your authorization token has
// expired" to them. It is a fault on order for tests.
func (s *Service) ExpireTokens() {}

// Registry returns the handler of /v2/, to be mounted at the sandbox's endpoint.
// It authenticates by itself (Basic, with a token of GetAuthorizationToken).
func (s *Service) Registry() http.Handler { return http.NotFoundHandler() }

// Resolve turns an image reference into the form in which this sandbox serves
// it. It takes ECR's own form, <account>.dkr.ecr.<region>.amazonaws.com/repo,
// and the sandbox's, <host:port>/<account>/repo, each with :tag, @digest or
// both; anything else is refused, for tasks pull from the sandbox's ECR only.
func (s *Service) Resolve(ref string) (string, error) { return ref, nil }
