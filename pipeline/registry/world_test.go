package registry_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"orgship/sandbox/ecr"
	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

const (
	owner = "111111111111"
	dev   = "222222222222"
)

// world is the sandbox's IAM and ECR behind one endpoint, asked by real clients.
type world struct {
	t    *testing.T
	ecr  *ecr.Service
	host string

	// swallow answers a request in place of the registry; nil: none.
	swallow func(http.ResponseWriter, *http.Request) bool

	mu    sync.Mutex
	calls []string // method and path of registry requests
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	users := iam.New(iam.Config{Region: "eu-west-1"})
	const all = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	const pull = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage","ecr:DescribeImages"],"Resource":"*"}]}`
	const push = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage"],"Resource":"*"}]}`
	const read = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:Describe*","Resource":"*"}]}`
	for name, policy := range map[string]string{"admin": all, "puller": pull, "pusher": push, "reader": read} {
		for _, account := range []string{owner, dev} {
			if err := users.AddUser(account, name, keyOf(account, name), "secret-"+name, policy); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.ecr = ecr.New(ecr.Config{Region: "eu-west-1", Auth: users, Dir: t.TempDir(), Endpoint: func() string { return w.host }})
	handler, err := wire.New(wire.Config{Region: "eu-west-1", Keys: users, Registry: w.note(w.ecr.Registry())}, w.ecr.Wire())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	w.host = server.Listener.Addr().String()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := w.ecr.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func keyOf(account, name string) string {
	return fmt.Sprintf("AKIA%s%s", account, strings.ToUpper(name))
}

// note keeps what the registry is asked.
func (w *world) note(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.calls = append(w.calls, r.Method+" "+r.URL.Path)
		w.mu.Unlock()
		if w.swallow == nil || !w.swallow(rw, r) {
			next.ServeHTTP(rw, r)
		}
	})
}

// count returns how many registry requests there were with a method and a part
// of the path.
func (w *world) count(method, part string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.calls {
		if strings.HasPrefix(c, method+" ") && strings.Contains(c, part) {
			n++
		}
	}
	return n
}

// client returns the SDK's client with the credentials of a user.
func (w *world) client(account, user string) *awsecr.Client {
	return awsecr.New(awsecr.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://" + w.host), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(keyOf(account, user), "secret-"+user, ""),
	})
}

// create makes a repository of the owner and returns its URI.
func (w *world) create(name string, mutability types.ImageTagMutability) string {
	w.t.Helper()
	out, err := w.client(owner, "admin").CreateRepository(context.Background(), &awsecr.CreateRepositoryInput{RepositoryName: &name, ImageTagMutability: mutability})
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.Repository.RepositoryUri
}

// counting is an API that counts logins.
type counting struct {
	*awsecr.Client
	mu     sync.Mutex
	logins int
}

func (c *counting) GetAuthorizationToken(ctx context.Context, in *awsecr.GetAuthorizationTokenInput, o ...func(*awsecr.Options)) (*awsecr.GetAuthorizationTokenOutput, error) {
	c.mu.Lock()
	c.logins++
	c.mu.Unlock()
	return c.Client.GetAuthorizationToken(ctx, in, o...)
}
