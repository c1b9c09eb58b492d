package ecr_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"orgship/sandbox/ecr"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

const (
	owner  = "111111111111"
	dev    = "222222222222"
	region = "eu-west-1"
)

// guard is an authorizer that allows all but what it is told to deny, and
// notes what it was asked.
type guard struct {
	mu     sync.Mutex
	denied map[string]bool // actions
	refuse string          // a policy under which nothing is allowed
	asked  []question
}

type question struct{ caller, action, resource, policy string }

func (g *guard) Authorize(ctx context.Context, action, resource string) error {
	return g.AuthorizeWithPolicy(ctx, action, resource, "")
}

func (g *guard) AuthorizeWith(ctx context.Context, action, arn string, _ map[string][]string) error {
	return g.Authorize(ctx, action, arn)
}

func (g *guard) AuthorizeWithPolicy(ctx context.Context, action, resource, policy string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	caller := iam.Caller(ctx).ARN
	g.asked = append(g.asked, question{caller, action, resource, policy})
	if caller == "" || g.denied[action] || (policy != "" && policy == g.refuse) {
		return &wire.Error{Code: "AccessDenied", Status: 403, Message: "User: " + caller + " is not authorized to perform: " + action + " on resource: " + resource}
	}
	return nil
}

// MissingPrincipal knows the users "admin" alone.
func (g *guard) MissingPrincipal(text string) string {
	for _, arn := range regexp.MustCompile(`arn:aws:iam::\d{12}:[^"]+`).FindAllString(text, -1) {
		if !strings.HasSuffix(arn, ":user/admin") {
			return arn
		}
	}
	return ""
}

func (g *guard) deny(actions ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.denied = map[string]bool{}
	for _, a := range actions {
		g.denied[a] = true
	}
}

// actions returns what was asked since the last call, each once, in order.
func (g *guard) actions() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []string
	seen := map[string]bool{}
	for _, q := range g.asked {
		if a := strings.TrimPrefix(q.action, "ecr:"); !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	g.asked = nil
	return out
}

// world is an ECR with its registry on a loopback port.
type world struct {
	*ecr.Service
	t     *testing.T
	guard *guard
	host  string // host:port
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, guard: &guard{}}
	w.Service = ecr.New(ecr.Config{
		Region: region, Auth: w.guard, Dir: t.TempDir(),
		Endpoint: func() string { return w.host },
	})
	server := httptest.NewUnstartedServer(w.Registry())
	w.host = server.Listener.Addr().String()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// as returns a context in which the admin of an account calls.
func as(account string) context.Context {
	return iam.WithPrincipal(context.Background(), iam.Principal{
		Account: account, ARN: "arn:aws:iam::" + account + ":user/admin", UserID: "AIDAADMIN",
	})
}

func (w *world) create(repository string, change ...func(*awsecr.CreateRepositoryInput)) {
	w.t.Helper()
	in := &awsecr.CreateRepositoryInput{RepositoryName: &repository}
	for _, f := range change {
		f(in)
	}
	if _, err := w.CreateRepository(as(owner), in); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) login(account string) authn.AuthConfig {
	w.t.Helper()
	return login(w.t, w.Service, account)
}

// login returns the token of an account's admin as registry clients use it.
func login(t *testing.T, s *ecr.Service, account string) authn.AuthConfig {
	t.Helper()
	out, err := s.GetAuthorizationToken(as(account), &awsecr.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		t.Fatal(err)
	}
	username, password, _ := strings.Cut(string(text), ":")
	return authn.AuthConfig{Username: username, Password: password}
}

func (w *world) auth(account string) remote.Option {
	return remote.WithAuth(authn.FromConfig(w.login(account)))
}

// ref parses "repo:tag" or "repo@digest" of the owner's registry.
func (w *world) ref(s string) name.Reference {
	w.t.Helper()
	ref, err := name.ParseReference(w.host+"/"+owner+"/"+s, name.Insecure)
	if err != nil {
		w.t.Fatal(err)
	}
	return ref
}

func (w *world) push(ref string, img v1.Image) {
	w.t.Helper()
	if err := remote.Write(w.ref(ref), img, w.auth(owner)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tagFor(repository string) name.Tag {
	return w.ref(repository + ":x").(name.Tag)
}

// reply is an answer of the registry.
type reply struct {
	StatusCode int
	Header     http.Header
	Length     int64
	Body       string
}

// do sends a request to the registry with an account's token ("" for none).
func (w *world) do(account, method, path, body string, headers ...string) reply {
	w.t.Helper()
	r, err := http.NewRequest(method, "http://"+w.host+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if account != "" {
		c := w.login(account)
		r.SetBasicAuth(c.Username, c.Password)
	}
	return w.send(r)
}

func (w *world) send(r *http.Request) reply {
	w.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, res.ContentLength, string(text)}
}

func randomImage(t *testing.T) v1.Image {
	t.Helper()
	img, err := random.Image(2048, 2)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func digestOf(t *testing.T, i interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	d, err := i.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}
