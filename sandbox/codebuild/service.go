// Package codebuild runs builds: the source is copied into a fresh folder, the
// commands of its buildspec run on this machine with the credentials of the
// project's service role, what they print goes to CloudWatch Logs, and JUnit
// files become reports.
//
// API: https://docs.aws.amazon.com/codebuild/latest/APIReference/Welcome.html
package codebuild

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/logs"
)

// Roles lets CodeBuild act as service roles, and hands their credentials to builds.
type Roles interface {
	ServiceSession(ctx context.Context, roleARN, service, sessionName string) (context.Context, error)
	ServiceCredentials(ctx context.Context, roleARN, service, sessionName string, duration time.Duration) (iam.Session, error)
}

// Logs takes what builds print.
type Logs interface {
	CreateLogGroup(ctx context.Context, in *logs.CreateLogGroupInput) (*logs.CreateLogGroupOutput, error)
	CreateLogStream(ctx context.Context, in *logs.CreateLogStreamInput) (*logs.CreateLogStreamOutput, error)
	Writer(ctx context.Context, group, stream string) io.WriteCloser
}

// Config is what the room needs.
type Config struct {
	Clock  clock.Clock
	Region string
	Auth   iam.Authorizer
	Roles  Roles
	Logs   Logs
	// Endpoint returns the URL of the sandbox, which builds find in AWS_ENDPOINT_URL.
	Endpoint func() string
	// Sources are local folders by the location of a project's source. Without any,
	// nobody allowed commands to run on this machine, and no build is started.
	Sources map[string]string
	// Getenv reads this machine's environment, of which builds get HOME and PATH.
	Getenv func(name string) string
	// Minute is how long a minute of a build's timeout lasts; 0 means a minute.
	Minute time.Duration
}

// Service is AWS CodeBuild.
type Service struct {
	cfg Config

	ctx   context.Context // done when the service closes
	close context.CancelCauseFunc
	work  sync.WaitGroup // builds

	mu       sync.Mutex
	accounts map[string]*account
	server   *http.Server // of credentials; nil before the first build
	address  string       // of the server, host:port
	closed   bool
}

type account struct {
	projects map[string]*project // by name
	builds   []*build            // oldest first
	groups   map[string]*group   // of reports, by name
}

// project is a build project; its types.Project is replaced, never changed.
type project struct {
	types.Project
	builds int64 // how many were started
}

// New returns CodeBuild with nothing in it.
func New(c Config) *Service {
	if c.Minute == 0 {
		c.Minute = time.Minute
	}
	s := &Service{cfg: c, accounts: map[string]*account{}}
	s.ctx, s.close = context.WithCancelCause(context.Background())
	return s
}

// account returns the state of an account, which begins empty. The caller
// holds s.mu.
func (s *Service) account(id string) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{projects: map[string]*project{}, groups: map[string]*group{}}
		s.accounts[id] = a
	}
	return a
}

// Close stops every build, kills what its commands started, and returns when
// nothing runs any more.
func (s *Service) Close(context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.close(errStopped) // with the lock held: nothing begins any more
	server := s.server
	s.mu.Unlock()
	s.work.Wait()
	if server == nil {
		return nil
	}
	return server.Close()
}

// arn names something of an account: arn("222222222222", "project/app").
func (s *Service) arn(account, resource string) string {
	return strings.Join([]string{"arn:aws:codebuild", s.cfg.Region, account, resource}, ":")
}

// projectARN names a project of the caller's account.
func (s *Service) projectARN(ctx context.Context, name string) string {
	return s.arn(iam.Caller(ctx).Account, "project/"+name)
}

// value returns what p points to, or nothing.
func value[T any](p *T) T {
	if p == nil {
		var none T
		return none
	}
	return *p
}
