// Package session knows who asks where: it finds accounts of the Organization,
// gets into them by their roles, and puts together what a release needs there.
package session

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"orgship/pipeline/access"
	"orgship/pipeline/account"
	"orgship/pipeline/objects"
	"orgship/pipeline/org"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/serving"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy"
	"orgship/pipeline/strategy/hook"
	"orgship/pipeline/strategy/rolling"
)

// Session asks the stacks of the workload account, the images and policies of the
// accounts that own the repositories, and the Organization with the credentials as
// they came. It is safe for concurrent use.
type Session struct {
	accounts     *account.Accounts
	organization *org.Organization
	speed        float64
}

// New returns a session for accounts. Speed is how much faster than AWS the
// endpoint's time runs (the sandbox's --speed); 0 is 1.
func New(accounts *account.Accounts, speed float64) *Session {
	return &Session{
		accounts: accounts, organization: org.New(organizations.NewFromConfig(accounts.Base())),
		speed: max(speed, 1),
	}
}

// Organization answers questions about the Organization.
func (s *Session) Organization() *org.Organization { return s.organization }

// twelve tells an account's id from its name.
var twelve = regexp.MustCompile(`^[0-9]{12}$`)

// Account returns the id of an account that is given by its id or name, "" being
// the credentials' own. Only for a name is the Organization asked.
func (s *Session) Account(ctx context.Context, idOrName string) (string, error) {
	if idOrName == "" {
		self, err := s.accounts.Self(ctx)
		return self.Account, err
	}
	if twelve.MatchString(idOrName) {
		return idOrName, nil
	}
	all, err := s.below(ctx, "")
	if err != nil {
		return "", fmt.Errorf("finding account %q: %w", idOrName, err)
	}
	found := ""
	for _, a := range all {
		switch {
		case a.Name != idOrName:
		case found != "":
			return "", &UnknownAccountError{Name: idOrName, Several: true}
		default:
			found = a.ID
		}
	}
	if found == "" {
		return "", &UnknownAccountError{Name: idOrName}
	}
	return found, nil
}

// UnknownAccountError says that no account has a name, or that several have.
type UnknownAccountError struct {
	Name    string
	Several bool
}

func (e *UnknownAccountError) Error() string {
	if e.Several {
		return fmt.Sprintf("several accounts of the Organization are named %q", e.Name)
	}
	return fmt.Sprintf("no account of the Organization is named %q", e.Name)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *UnknownAccountError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *UnknownAccountError) Hint() string {
	return "name it by its id (12 digits): aws organizations list-accounts shows them"
}

// Within returns an *OutsideError unless an account (id or name, "" being the
// credentials' own) is in a unit or below it.
func (s *Session) Within(ctx context.Context, idOrName, unit string) error {
	id, err := s.Account(ctx, idOrName)
	if err != nil {
		return err
	}
	u, err := s.organization.OU(ctx, unit)
	if err != nil {
		return err
	}
	path, err := s.organization.Path(ctx, id)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(path, u.Path) {
		return &OutsideError{Account: id, Path: path, Unit: u}
	}
	return nil
}

// OutsideError says that an account isn't in a unit.
type OutsideError struct {
	Account string
	Path    string // its org path
	Unit    org.Unit
}

func (e *OutsideError) Error() string {
	return fmt.Sprintf("account %s is not in %s: its org path is %s", e.Account, e.Unit, e.Path)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *OutsideError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *OutsideError) Hint() string {
	return "name an account of the unit, or the unit of the account"
}

// Configure returns what a releaser for an account (id or name, "" being the
// credentials' own) needs.
func (s *Session) Configure(ctx context.Context, idOrName string) (release.Config, error) {
	id, err := s.Account(ctx, idOrName)
	if err != nil {
		return release.Config{}, err
	}
	cfg, err := s.accounts.For(ctx, id)
	if err != nil {
		return release.Config{}, err
	}
	where := report.Account{ID: id, Region: cfg.Region, Endpoint: aws.ToString(cfg.BaseEndpoint)}
	if id != idOrName {
		where.Name = idOrName
	}
	self, err := s.accounts.Self(ctx)
	if err != nil {
		return release.Config{}, err
	}
	lib := &images{session: s, own: cfg, owners: map[string]owner{}}
	pace := stack.Pace{Every: s.pace()}
	stacks := stack.New(cloudformation.NewFromConfig(cfg), stack.WithPace(pace), stack.WithBuckets(objects.New(cfg)))
	return release.Config{
		Account:    where,
		Origin:     report.Origin{Principal: self.ARN},
		Stacks:     stacks,
		Images:     lib,
		Access:     lib.mayPull(where),
		Repository: func(image string) (access.Repository, error) { return repositoryOf(image, cfg.Region) },
		Role: func(ctx context.Context, arn string) (access.Role, error) {
			return access.ReadRole(ctx, iam.NewFromConfig(cfg), arn)
		},
		Strategy: Strategies(cfg, stacks, pace),
		Records:  serving.New(elasticloadbalancingv2.NewFromConfig(cfg), ecs.NewFromConfig(cfg), cloudwatchlogs.NewFromConfig(cfg)),
		Speed:    s.speed,
	}, nil
}

// Strategies are the ways in which services of an account get their new versions.
func Strategies(cfg aws.Config, stacks *stack.Client, pace stack.Pace) strategy.Maker {
	return strategy.First(
		hook.New(stacks, hook.NewDeployments(codedeploy.NewFromConfig(cfg), pace), elasticloadbalancingv2.NewFromConfig(cfg)),
		rolling.New(stacks, ecs.NewFromConfig(cfg), pace),
	)
}

// pace is how often stacks are looked at: where time runs faster, more often.
func (s *Session) pace() time.Duration {
	return max(time.Duration(float64(time.Second)/s.speed), 100*time.Millisecond)
}

// Owner is the account that owns the repository of an image, and where.
func (s *Session) Owner(image string) (report.Account, error) {
	base := s.accounts.Base()
	r, err := repositoryOf(image, base.Region)
	if err != nil {
		return report.Account{}, err
	}
	return report.Account{ID: r.Account, Region: r.Region, Endpoint: report.CleanURL(aws.ToString(base.BaseEndpoint))}, nil
}

// MayPull answers for every account below a unit ("" is the whole Organization)
// whether it may pull an image, given with or without tag and digest. Role is
// the one that pulls in each account, "" when it isn't known.
func (s *Session) MayPull(ctx context.Context, image, unit, role string) ([]report.Access, error) {
	repository, err := repositoryOf(image, s.accounts.Base().Region)
	if err != nil {
		return nil, err
	}
	cfg, err := s.accounts.For(ctx, repository.Account)
	if err != nil {
		return nil, err
	}
	members, err := s.below(ctx, unit)
	if err != nil {
		return nil, err
	}
	asked := make([]access.Account, len(members))
	for i, m := range members {
		asked[i] = access.Account{ID: m.ID, Name: m.Name, OrgPath: m.OrgPath, Suspended: m.Suspended}
	}
	return access.Check(ctx, ecr.NewFromConfig(cfg), access.Question{Repository: repository, Role: role}, asked)
}

// below returns the accounts of a unit, "" being the root.
func (s *Session) below(ctx context.Context, unit string) ([]org.Account, error) {
	var u org.Unit
	var err error
	if unit == "" {
		u, err = s.organization.Root(ctx)
	} else {
		u, err = s.organization.OU(ctx, unit)
	}
	if err != nil {
		return nil, err
	}
	return s.organization.Accounts(ctx, u)
}
