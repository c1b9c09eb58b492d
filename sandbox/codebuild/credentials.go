package codebuild

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"time"

	"orgship/sandbox/iam"
)

// sessionLength is how long the credentials of a build last; whoever asks again
// gets new ones.
const sessionLength = time.Hour

// credentials is where the commands of a build find those of its service role.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
type credentials struct{ url, token string }

// offer makes the endpoint for a build's credentials; it answers on loopback
// while the build runs.
func (s *Service) offer(b *build) (credentials, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return credentials{}, err
		}
		s.address = listener.Addr().String()
		s.server = &http.Server{Handler: http.HandlerFunc(s.serveCredentials), ReadHeaderTimeout: 10 * time.Second}
		go func(server *http.Server) { _ = server.Serve(listener) }(s.server) // until Close
	}
	b.token = rand.Text()
	return credentials{url: "http://" + s.address + "/v2/credentials/" + b.uuid, token: b.token}, nil
}

// serveCredentials answers a build that shows its token with a new session of
// its service role.
func (s *Service) serveCredentials(w http.ResponseWriter, r *http.Request) {
	b := s.holder(r)
	if b == nil {
		http.Error(w, `{"code":"AccessDenied","message":"the authorization token is not that of a running build"}`, http.StatusForbidden)
		return
	}
	session, err := s.cfg.Roles.ServiceCredentials(s.actingFor(r.Context(), b), *b.ServiceRole, principal, b.session(), sessionLength)
	if err != nil {
		http.Error(w, `{"code":"AccessDenied","message":"the service role can't be assumed any more"}`, http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{ // a client that went away
		"RoleArn": *b.ServiceRole, "AccessKeyId": session.AccessKeyID, "SecretAccessKey": session.SecretAccessKey,
		"Token": session.SessionToken, "Expiration": session.Expires.UTC().Format(time.RFC3339),
	})
}

// holder returns the running build whose path and token a request has, or nil.
func (s *Service) holder(r *http.Request) *build {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		for _, b := range a.builds {
			if !b.BuildComplete && b.token != "" && r.URL.Path == "/v2/credentials/"+b.uuid &&
				subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(b.token)) == 1 {
				return b
			}
		}
	}
	return nil
}

// assumed returns a context in which the build's service role is the caller.
func (s *Service) assumed(ctx context.Context, b *build) (context.Context, error) {
	return s.cfg.Roles.ServiceSession(s.actingFor(ctx, b), *b.ServiceRole, principal, b.session())
}

// actingFor returns a context in which CodeBuild acts for the build's project.
// https://docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html
func (s *Service) actingFor(ctx context.Context, b *build) context.Context {
	return iam.ForResource(ctx, s.arn(b.account, "project/"+*b.ProjectName))
}
