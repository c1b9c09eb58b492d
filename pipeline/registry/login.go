package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// renewBefore is how long before its end a token is no longer used.
const renewBefore = 10 * time.Minute

// login holds the authorization token of a caller. Tokens are good for 12 hours
// and for every repository that the caller may use, whichever account owns it.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
type login struct {
	api API

	mu      sync.Mutex
	current *authn.AuthConfig
	expires time.Time
	proxy   *url.URL // where ECR says its registry is, if not at its usual hosts
}

// Authorization is AuthorizationContext for callers without a context.
func (l *login) Authorization() (*authn.AuthConfig, error) {
	return l.AuthorizationContext(context.Background())
}

// AuthorizationContext returns the token at hand, or a new one. It is asked
// for every request, so that a renewed token is used at once.
func (l *login) AuthorizationContext(ctx context.Context) (*authn.AuthConfig, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil && time.Until(l.expires) > renewBefore {
		return l.current, nil
	}
	out, err := l.api.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return nil, loginError(err)
	}
	if len(out.AuthorizationData) == 0 {
		return nil, errors.New("logging in to ECR: it returned no token")
	}
	data := out.AuthorizationData[0]
	text, err := base64.StdEncoding.DecodeString(aws.ToString(data.AuthorizationToken))
	username, password, ok := strings.Cut(string(text), ":")
	if err != nil || !ok {
		return nil, errors.New("logging in to ECR: the token is not of the form that ECR documents") // the token stays out of the error
	}
	if l.proxy, err = url.Parse(aws.ToString(data.ProxyEndpoint)); err != nil || ecrHost.MatchString(l.proxy.Host) {
		l.proxy = nil
	}
	l.current, l.expires = &authn.AuthConfig{Username: username, Password: password}, aws.ToTime(data.ExpiresAt)
	return l.current, nil
}

// direct sends a request for a usual host of ECR's to where ECR says its registry is:
// in the sandbox, to the sandbox's form of the same repository. Templates that were
// written for AWS name the usual host there too.
func (l *login) direct(r *http.Request) (*http.Request, error) {
	m := ecrHost.FindStringSubmatch(r.URL.Host)
	if m == nil {
		return r, nil
	}
	if _, err := l.AuthorizationContext(r.Context()); err != nil {
		return nil, err
	}
	l.mu.Lock()
	proxy := l.proxy
	l.mu.Unlock()
	if proxy == nil || proxy.Host == "" {
		return r, nil
	}
	moved := r.Clone(r.Context())
	moved.URL.Scheme, moved.URL.Host, moved.Host = proxy.Scheme, proxy.Host, ""
	if name := strings.TrimPrefix(r.URL.Path, "/v2/"); name != "" {
		moved.URL.Path, moved.URL.RawPath = "/v2/"+m[1]+"/"+name, ""
	}
	return moved, nil
}

// restore has an answer name the host that was asked where it names the one that the
// request was sent to: what goes on there, goes on with the same login.
func (l *login) restore(asked, sent *http.Request, res *http.Response) {
	to, err := sent.URL.Parse(res.Header.Get("Location"))
	m := ecrHost.FindStringSubmatch(asked.URL.Host)
	if asked == sent || m == nil || err != nil || res.Header.Get("Location") == "" || to.Host != sent.URL.Host {
		return
	}
	to.Scheme, to.Host = asked.URL.Scheme, asked.URL.Host
	to.Path = strings.Replace(to.Path, "/v2/"+m[1]+"/", "/v2/", 1)
	res.Header.Set("Location", to.String())
}

// forget makes the next request log in anew.
func (l *login) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = nil
}

func loginError(err error) error {
	var network *net.OpError
	if errors.As(err, &network) {
		return err // explained by the caller
	}
	var clear explained
	if errors.As(err, &clear) {
		return &hinted{fmt.Errorf("logging in to ECR: %w", clear), clear.Hint()}
	}
	return &hinted{
		fmt.Errorf("logging in to ECR: %w", plain(err)),
		"the caller needs ecr:GetAuthorizationToken on resource *; check with: aws ecr get-login-password",
	}
}

// needsLogin tells whether the registry refused the token rather than its
// bearer. ECR answers 401 to a token it doesn't know, and 403 with a text to one
// that has expired, but an answer to HEAD has no text: any 403 without one
// counts, for logging in once too often does no harm.
func needsLogin(err error) bool {
	var e *transport.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.StatusCode {
	case http.StatusUnauthorized:
		return true
	case http.StatusForbidden:
		return len(e.Errors) == 0 || strings.Contains(e.Error(), "authorization token has expired")
	}
	return false
}
