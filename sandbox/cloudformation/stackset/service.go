// Package stackset is CloudFormation's StackSets with service-managed
// permissions: one template as a stack in every account of organizational units,
// also in those that join later. The stacks are made in the name of the
// service-linked role that StackSets has in each account.
//
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/what-is-cfnstacksets.html
package stackset

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	awsorg "github.com/aws/aws-sdk-go-v2/service/organizations"

	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/organizations"
	"orgship/sandbox/wire"
)

// Organization is the organization whose accounts get stacks.
type Organization interface {
	// Management returns the id of the management account.
	Management() string
	// Below returns the accounts below a root or OU, those of the OUs in it too;
	// false when there is no such root or OU.
	Below(parent string) ([]organizations.Account, bool)
	ListDelegatedAdministrators(context.Context, *awsorg.ListDelegatedAdministratorsInput) (*awsorg.ListDelegatedAdministratorsOutput, error)
	EnableAWSServiceAccess(context.Context, *awsorg.EnableAWSServiceAccessInput) (*awsorg.EnableAWSServiceAccessOutput, error)
	DisableAWSServiceAccess(context.Context, *awsorg.DisableAWSServiceAccessInput) (*awsorg.DisableAWSServiceAccessOutput, error)
}

// Stacks are the stacks of each account, that of the caller in ctx.
type Stacks interface {
	// Check refuses what CreateStack would refuse at once.
	Check(ctx context.Context, in *cfn.CreateStackInput) error
	CreateStack(context.Context, *cfn.CreateStackInput) (*cfn.CreateStackOutput, error)
	UpdateStack(context.Context, *cfn.UpdateStackInput) (*cfn.UpdateStackOutput, error)
	DeleteStack(context.Context, *cfn.DeleteStackInput) (*cfn.DeleteStackOutput, error)
	DescribeStackEvents(context.Context, *cfn.DescribeStackEventsInput) (*cfn.DescribeStackEventsOutput, error)
	// Settled waits until nothing works on a stack any more and returns it.
	Settled(ctx context.Context, stackID string) (types.Stack, error)
}

// Config is what the service needs.
type Config struct {
	Clock        clock.Clock
	Region       string // the one that there is
	Auth         iam.Authorizer
	Organization Organization // nil: nobody is in one
	Stacks       Stacks
}

// Service is StackSets of one organization.
type Service struct {
	cfg  Config
	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup // operations that run

	mu     sync.Mutex
	active bool   // trusted access is activated
	sets   []*set // oldest first, deleted ones too
}

// New returns a service without stack sets. Close ends what it runs.
func New(cfg Config) *Service {
	ctx, stop := context.WithCancel(context.Background())
	return &Service{cfg: cfg, ctx: ctx, stop: stop}
}

// Close ends every operation where it stands and waits for them.
func (s *Service) Close() {
	s.mu.Lock()
	s.stop() // with the lock: nothing begins after it
	s.mu.Unlock()
	s.work.Wait()
}

func (s *Service) now() time.Time { return s.cfg.Clock.Now().UTC().Truncate(time.Millisecond) }

// The forms of names and ids.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeploymentTargets.html
var (
	setName     = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)
	unitPattern = regexp.MustCompile(`^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$`)
	idPattern   = regexp.MustCompile(`^[a-zA-Z0-9][-a-zA-Z0-9]{0,127}$`)
)

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}

// constraint refuses a member as AWS does before it looks at anything else.
func constraint(value, member, rule string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

// matches refuses a member that doesn't have its form.
func matches(form *regexp.Regexp, value, member string) error {
	if form.MatchString(value) {
		return nil
	}
	return constraint(value, member, "Member must satisfy regular expression pattern: "+form.String())
}

func notFound(code, format string, args ...any) error {
	return &wire.Error{Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusNotFound}
}

func conflict(code, format string, args ...any) error {
	return &wire.Error{Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusConflict}
}
