package stackset_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/clock"
	"orgship/sandbox/cloudformation/stackset"
	"orgship/sandbox/iam"
	"orgship/sandbox/organizations"
	"orgship/sandbox/wire"
)

const (
	management = "999999999999"
	devUnit    = "ou-sbox-dev00001"
	teamUnit   = "ou-sbox-teama001"
	prodUnit   = "ou-sbox-prod0001"
	region     = "eu-west-1"
)

// everybody may do everything.
type everybody struct{}

func (everybody) Authorize(context.Context, string, string) error { return nil }
func (everybody) AuthorizeWith(context.Context, string, string, map[string][]string) error {
	return nil
}

// stacks plays the stacks of all accounts. An operation begins with a word on
// began, if that is there, and ends once ended gives one.
type stacks struct {
	mu    sync.Mutex
	fails map[string]types.StackStatus // how the next operation in an account ends
	calls []string
	began chan string
	ended chan struct{}
}

func (s *stacks) note(ctx context.Context, what string) {
	account := iam.Caller(ctx).Account
	s.mu.Lock()
	s.calls = append(s.calls, what+" "+account)
	s.mu.Unlock()
	if s.began != nil {
		s.began <- what + " " + account
		<-s.ended
	}
}

func (s *stacks) Check(_ context.Context, in *cfn.CreateStackInput) error {
	if aws.ToString(in.TemplateBody) == "" {
		return wire.Errorf("ValidationError", "no template")
	}
	return nil
}

func (s *stacks) CreateStack(ctx context.Context, _ *cfn.CreateStackInput) (*cfn.CreateStackOutput, error) {
	s.note(ctx, "create")
	return &cfn.CreateStackOutput{StackId: aws.String(iam.Caller(ctx).Account + "/create")}, nil
}

func (s *stacks) UpdateStack(ctx context.Context, _ *cfn.UpdateStackInput) (*cfn.UpdateStackOutput, error) {
	s.note(ctx, "update")
	return &cfn.UpdateStackOutput{}, nil
}

func (s *stacks) DeleteStack(ctx context.Context, _ *cfn.DeleteStackInput) (*cfn.DeleteStackOutput, error) {
	s.note(ctx, "delete")
	return &cfn.DeleteStackOutput{}, nil
}

func (s *stacks) DescribeStackEvents(context.Context, *cfn.DescribeStackEventsInput) (*cfn.DescribeStackEventsOutput, error) {
	return &cfn.DescribeStackEventsOutput{}, nil
}

// Settled ends the account's last operation, as it is to.
func (s *stacks) Settled(ctx context.Context, _ string) (types.Stack, error) {
	account := iam.Caller(ctx).Account
	s.mu.Lock()
	defer s.mu.Unlock()
	status := map[string]types.StackStatus{
		"create": types.StackStatusCreateComplete, "update": types.StackStatusUpdateComplete, "delete": types.StackStatusDeleteComplete,
	}
	for _, call := range slices.Backward(s.calls) {
		if what, where, _ := strings.Cut(call, " "); where == account {
			end := status[what]
			if fails, ok := s.fails[account]; ok {
				end = fails
				delete(s.fails, account)
			}
			return types.Stack{StackStatus: end, StackStatusReason: aws.String("as told")}, nil
		}
	}
	return types.Stack{}, errors.New("no operation")
}

// world is the service on stacks that the test steers.
type world struct {
	*stackset.Service
	t      *testing.T
	ctx    context.Context // of the management account
	tree   *organizations.Organization
	stacks *stacks
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, ctx: iam.WithPrincipal(context.Background(), iam.Principal{Account: management, ARN: "arn:aws:iam::999999999999:user/admin"}),
		tree: organizations.Default(), stacks: &stacks{fails: map[string]types.StackStatus{}},
	}
	return w
}

// open makes the service, with trusted access and a stack set "roles".
func (w *world) open(edit func(*cfn.CreateStackSetInput)) *world {
	w.t.Helper()
	org := organizations.New(organizations.Config{Tree: organizations.NewTree(w.tree), Auth: everybody{}, Clock: clock.Clock{}})
	w.Service = stackset.New(stackset.Config{Clock: clock.Clock{}, Region: region, Auth: everybody{}, Organization: org, Stacks: w.stacks})
	w.t.Cleanup(w.Close)
	if _, err := w.ActivateOrganizationsAccess(w.ctx, nil); err != nil {
		w.t.Fatal(err)
	}
	in := request()
	if edit != nil {
		edit(in)
	}
	if _, err := w.CreateStackSet(w.ctx, in); err != nil {
		w.t.Fatal(err)
	}
	return w
}

// request is one for a stack set that can be made.
func request() *cfn.CreateStackSetInput {
	return &cfn.CreateStackSetInput{
		StackSetName: aws.String("roles"), PermissionModel: types.PermissionModelsServiceManaged, TemplateBody: aws.String("{}"),
		AutoDeployment: &types.AutoDeployment{Enabled: aws.Bool(true)},
	}
}

// allAtOnce works in all accounts at a time; all may fail.
func allAtOnce() *types.StackSetOperationPreferences {
	return &types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(100), FailureTolerancePercentage: aws.Int32(100)}
}

// deploy begins the set's deployment to units.
func (w *world) deploy(p *types.StackSetOperationPreferences, units ...string) (string, error) {
	out, err := w.CreateStackInstances(w.ctx, &cfn.CreateStackInstancesInput{
		StackSetName: aws.String("roles"), Regions: []string{region}, OperationPreferences: p,
		DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: units},
	})
	if err != nil {
		return "", err
	}
	return *out.OperationId, nil
}

func (w *world) withdraw(p *types.StackSetOperationPreferences, retain bool, units ...string) (string, error) {
	out, err := w.DeleteStackInstances(w.ctx, &cfn.DeleteStackInstancesInput{
		StackSetName: aws.String("roles"), Regions: []string{region}, OperationPreferences: p, RetainStacks: &retain,
		DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: units},
	})
	if err != nil {
		return "", err
	}
	return *out.OperationId, nil
}

// done waits for an operation that was begun, and returns it.
func (w *world) done(id string, err error) *types.StackSetOperation {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		out, err := w.DescribeStackSetOperation(w.ctx, &cfn.DescribeStackSetOperationInput{StackSetName: aws.String("roles"), OperationId: &id})
		if err != nil {
			w.t.Fatal(err)
		}
		if out.StackSetOperation.EndTimestamp != nil {
			return out.StackSetOperation
		}
		if time.Now().After(deadline) {
			w.t.Fatal("waited too long")
		}
		time.Sleep(time.Millisecond)
	}
}

// status returns an operation's status now.
func (w *world) status(id string) types.StackSetOperationStatus {
	w.t.Helper()
	out, err := w.DescribeStackSetOperation(w.ctx, &cfn.DescribeStackSetOperationInput{StackSetName: aws.String("roles"), OperationId: &id})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.StackSetOperation.Status
}

// instances are the set's, as account, state and reason.
func (w *world) instances() []string {
	w.t.Helper()
	out, err := w.ListStackInstances(w.ctx, &cfn.ListStackInstancesInput{StackSetName: aws.String("roles")})
	if err != nil {
		w.t.Fatal(err)
	}
	rows := []string{}
	for _, i := range out.Summaries {
		rows = append(rows, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", (*i.Account)[:3], i.Status, i.StackInstanceStatus.DetailedStatus, aws.ToString(i.StatusReason))))
	}
	return rows
}

// results are those of an operation, by account.
func (w *world) results(id string) []string {
	w.t.Helper()
	out, err := w.ListStackSetOperationResults(w.ctx, &cfn.ListStackSetOperationResultsInput{StackSetName: aws.String("roles"), OperationId: &id})
	if err != nil {
		w.t.Fatal(err)
	}
	var rows []string
	for _, r := range out.Summaries {
		rows = append(rows, (*r.Account)[:3]+" "+string(r.Status))
	}
	return rows
}

func code(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}
