// Package sandbox is AWS on loopback: one HTTP endpoint that behaves like the
// services a release touches, with an Organization of accounts, real tasks, a
// real registry and real load balancers. It refuses by name what it doesn't
// model; README.md says what it does.
//
//	box, err := sandbox.New(sandbox.Options{Speed: 60})
//	…
//	defer box.Close(ctx)
//	err = box.Listen("127.0.0.1:0")
//	dev := box.Account("dev-1")
//	// point an SDK client at box.Endpoint() with dev's access key
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	"orgship/policy"
	"orgship/sandbox/clock"
	"orgship/sandbox/codedeploy"
	"orgship/sandbox/github"
	"orgship/sandbox/iam"
	"orgship/sandbox/organizations"
	"orgship/sandbox/task"
	"orgship/sandbox/wire"
)

// DefaultRegion is the region of a sandbox that isn't told another.
const DefaultRegion = "eu-west-1"

// Options of a sandbox; the zero value is fine.
type Options struct {
	Speed        float64                     // waits are divided by it; 0 means 1, real time
	Region       string                      // the one region it has; "" means DefaultRegion
	Organization *organizations.Organization // nil means organizations.Default()
	// Secrets are secret access keys by account id. The others are made up, anew
	// in each run.
	Secrets map[string]string
	// Key is the access key of the management account's administrator; nil: its
	// id is the same in every run, and its secret is made up.
	Key *Key
	// Runtime runs the tasks; nil means the machine's own namespaces. A program
	// that leaves it nil calls task.Init first thing in main, and in TestMain.
	Runtime task.Runtime
	// InContainer lets Listen take all addresses of the machine: for a container
	// that its engine alone reaches.
	InContainer bool
	// Sources are local folders by source location, such as
	// "https://github.com/acme/app.git": what CodeBuild's projects build. The
	// commands of their buildspecs run on this machine, as whoever runs this program.
	// Without any, no build is started.
	Sources map[string]string
	// Images are files of images that tasks can run besides ECR's, by name ("httpd"): OCI
	// layouts, archives of them, or what docker save writes.
	Images map[string]string
	// PullThrough are the URLs of registries from which tasks pull the images of another
	// one, by its host ("docker.io", "public.ecr.aws"). They are asked without a login.
	PullThrough map[string]string
	// Hooks are the answers of Lambda functions that lifecycle events of the hook name, by
	// the function's name: the sandbox runs none.
	Hooks map[string]codedeploy.Answer
	// Decided, when set, is told every decision of IAM's, also those that a stack's
	// resources come to: which permissions are in use. It is called from many
	// goroutines at once and must not change what it is given.
	Decided func(policy.Request, policy.Decision)
	Log     *slog.Logger // what goes wrong in the sandbox itself; nil drops it
}

// Sandbox is a running sandbox. It is safe for concurrent use.
type Sandbox struct {
	inContainer  bool
	region       string
	organization *organizations.Organization // as it began
	tree         *organizations.Tree         // as it is
	log          *slog.Logger
	handler      *wire.Handler
	rooms        rooms
	runtime      *lazyRuntime // nil when the caller gave one

	mu       sync.Mutex
	accounts []Account // org paths as they began
	endpoint string    // host:port, once listening
	server   *http.Server
	closing  sync.Once
	closeErr error
}

// New returns a sandbox with its Organization, in which nothing else is. It
// answers nobody before Listen. Close it to end what it runs.
func New(o Options) (*Sandbox, error) {
	c, err := clock.New(cmp.Or(o.Speed, 1))
	if err != nil {
		return nil, fmt.Errorf("making sandbox: %w", err)
	}
	s := &Sandbox{inContainer: o.InContainer, region: cmp.Or(o.Region, DefaultRegion), organization: o.Organization, log: o.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.organization == nil {
		s.organization = organizations.Default()
	}
	if err := s.organization.Validate(); err != nil {
		return nil, err
	}
	s.tree = organizations.NewTree(s.organization)
	if o.Runtime == nil {
		s.runtime = &lazyRuntime{}
		o.Runtime = s.runtime
	}
	if o.Sources, err = checkSources(o.Sources); err != nil {
		return nil, fmt.Errorf("making sandbox: %w", err)
	}
	if err := s.open(c, o); err != nil {
		return nil, fmt.Errorf("making sandbox: %w", err)
	}
	for function, answer := range o.Hooks {
		if _, err := codedeploy.ParseAnswer(string(answer)); err != nil {
			return nil, fmt.Errorf("making sandbox: hook %q: %w", function, err)
		}
		s.AnswerHook(function, answer)
	}
	if err := s.addAccounts(o.Secrets, o.Key); err != nil {
		return nil, err
	}
	s.handler, err = wire.New(wire.Config{
		Region: s.region, Keys: s.rooms.iam, Caller: caller, Registry: s.rooms.ecr.Registry(), Log: s.log,
	}, s.rooms.wire()...)
	if err != nil {
		return nil, fmt.Errorf("making sandbox: %w", err)
	}
	return s, nil
}

func caller(ctx context.Context) (account, arn string) {
	p := iam.Caller(ctx)
	return p.Account, p.ARN
}

// ServeHTTP answers requests as the listener does: those of AWS's APIs, of the
// registry below /v2/, of runners for GitHub's tokens, and as an HTTP proxy those for its own load balancers
// and itself, whose URL is absolute (GET http://127.45.6.7/ HTTP/1.1), and CONNECT to
// their HTTPS listeners.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		s.tunnel(w, r)
	case r.URL.Host != "":
		s.forward(w, r)
	default:
		s.reply(w, r)
	}
}

// reply answers a request that isn't for a proxy.
func (s *Sandbox) reply(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == github.Path:
		s.rooms.github.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, codedeploy.FunctionsPath):
		s.serveHooks(w, r)
	default:
		s.handler.ServeHTTP(w, r)
	}
}

// Close ends everything that the sandbox started: stack operations, tasks, load
// balancers, the listener. Whatever hasn't ended when ctx does is broken off.
// Closing again returns the same.
func (s *Sandbox) Close(ctx context.Context) error {
	s.closing.Do(func() { s.closeErr = s.end(ctx) })
	return s.closeErr
}

func (s *Sandbox) end(ctx context.Context) error {
	var errs []error
	note := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("closing sandbox: %s: %w", what, err))
		}
	}
	for _, svc := range slices.Backward(s.rooms.services()) {
		if c, ok := svc.room.(interface{ Close(context.Context) error }); ok {
			note(svc.room.Wire().Name, c.Close(ctx))
		}
	}
	if s.runtime != nil {
		note("tasks", s.runtime.Close())
	}
	note("images", s.rooms.images.Close(ctx))
	note("listener", s.stopListening(ctx))
	note("ECR", s.rooms.ecr.Close()) // once nobody pulls or pushes any more
	return errors.Join(errs...)
}
