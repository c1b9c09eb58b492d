// Package ecr is Amazon ECR: the control plane (repositories, their policies
// and settings, images) and the registry itself, which speaks the OCI
// distribution protocol at http://<host:port>/v2/<account>/<repository>/.
//
// Both sides work on one state: an image pushed with skopeo is described by
// DescribeImages, an image deleted with BatchDeleteImage can no longer be
// pulled. Every request, on either side, is authorized as the caller, with the
// repository's policy.
package ecr

import (
	"context"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
)

// Authorizer decides by a repository's policy as well.
type Authorizer interface {
	iam.Authorizer
	AuthorizeWithPolicy(ctx context.Context, action, resource, resourcePolicy string) error
	// MissingPrincipal returns a user or role that a policy names and that doesn't
	// exist, or "".
	MissingPrincipal(resourcePolicy string) string
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
	cfg    Config
	series atomic.Int64 // of the tokens that have not expired
	blobs  *blobs

	mu           sync.Mutex
	key          []byte // signs authorization tokens
	repositories map[repositoryKey]*repository
	uploads      map[string]*upload // under way, by id
}

// New returns an ECR without repositories. Call Close to remove its layers.
func New(cfg Config) *Service {
	if cfg.Dir == "" {
		sweep(os.TempDir())
	}
	return &Service{
		cfg: cfg, key: newKey(), blobs: &blobs{dir: cfg.Dir},
		repositories: map[repositoryKey]*repository{},
		uploads:      map[string]*upload{},
	}
}

// Close removes the layers from disk. The service is of no use afterwards.
func (s *Service) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, u := range s.uploads {
		u.discard()
		delete(s.uploads, id)
	}
	for _, r := range s.repositories {
		clear(r.layers)
	}
	return s.blobs.close()
}

// Registry returns the handler of /v2/, to be mounted at the sandbox's endpoint.
// It authenticates by itself (Basic, with a token of GetAuthorizationToken).
func (s *Service) Registry() http.Handler { return http.HandlerFunc(s.serveRegistry) }
