package ecs_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/images"
	"orgship/sandbox/task"
	"orgship/sandbox/wire"
)

// auth allows what it isn't told to deny.
type auth struct {
	mu    sync.Mutex
	deny  []string // actions
	asked []string // "action resource", and the conditions
}

func (a *auth) Authorize(ctx context.Context, action, resource string) error {
	return a.AuthorizeWith(ctx, action, resource, nil)
}

func (a *auth) AuthorizeWith(ctx context.Context, action, resource string, conditions map[string][]string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	question := action + " " + resource
	for name, values := range conditions {
		question += fmt.Sprint(" ", name, values)
	}
	a.asked = append(a.asked, question)
	if slices.Contains(a.deny, action) {
		return wire.Errorf("AccessDenied", "User: %s is not authorized to perform: %s on resource: %s", iam.Caller(ctx).ARN, action, resource)
	}
	return nil
}

func (a *auth) refuse(actions ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deny = actions
}

// roles trusts ECS with every role but those it is told not to.
type roles struct {
	mu      sync.Mutex
	distant []string
}

func (r *roles) ServiceSession(ctx context.Context, arn, service, name string) (context.Context, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.distant, arn) || service != "ecs-tasks.amazonaws.com" {
		return nil, wire.Errorf("AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", service, arn)
	}
	return iam.WithPrincipal(ctx, iam.Principal{Account: account, ARN: "arn:aws:sts::" + account + ":assumed-role/execution/" + name, RoleARN: arn}), nil
}

// logins logs in to the account's registry, and knows its references.
type logins struct {
	mu   sync.Mutex
	deny error
}

func (i *logins) GetAuthorizationToken(ctx context.Context, _ *ecr.GetAuthorizationTokenInput) (*ecr.GetAuthorizationTokenOutput, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.deny != nil {
		return nil, i.deny
	}
	token := base64.StdEncoding.EncodeToString([]byte("AWS:of " + iam.Caller(ctx).RoleARN))
	return &ecr.GetAuthorizationTokenOutput{AuthorizationData: []ecrtypes.AuthorizationData{{AuthorizationToken: &token}}}, nil
}

func (i *logins) Check(ref string) (bool, error) {
	if strings.HasPrefix(ref, "public/") {
		return false, nil
	}
	if !strings.HasPrefix(ref, registry) {
		return false, wire.NotModelled("pulling %q", ref)
	}
	return true, nil
}

func (i *logins) Resolve(_ context.Context, ref string) (images.Image, error) {
	ecr, err := i.Check(ref)
	if err != nil {
		return images.Image{}, err
	}
	return images.Image{Reference: "127.0.0.1:1/" + account + "/" + strings.TrimPrefix(strings.TrimPrefix(ref, registry), "public/"), ECR: ecr}, nil
}

// targets is a load balancer that says of targets what the test tells it.
type targets struct {
	mu     sync.Mutex
	groups map[string]*group
}

type group struct {
	kind   elbtypes.TargetTypeEnum
	states map[string]elbtypes.TargetHealth // by "ip:port"
	first  elbtypes.TargetHealth            // that a new target gets
	behind []string                         // load balancers
	drains bool                             // deregistered targets stay until the test takes them away
}

func (t *targets) group(arn *string) (*group, error) {
	g := t.groups[*arn]
	if g == nil {
		return nil, wire.Errorf("TargetGroupNotFound", "One or more target groups not found")
	}
	if g.states == nil {
		g.states = map[string]elbtypes.TargetHealth{}
	}
	return g, nil
}

func key(d elbtypes.TargetDescription) string { return fmt.Sprintf("%s:%d", *d.Id, *d.Port) }

func (t *targets) RegisterTargets(_ context.Context, in *elb.RegisterTargetsInput) (*elb.RegisterTargetsOutput, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, err := t.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, d := range in.Targets {
		g.states[key(d)] = g.first
		if g.first.State == "" {
			g.states[key(d)] = elbtypes.TargetHealth{State: "healthy"}
		}
	}
	return &elb.RegisterTargetsOutput{}, nil
}

func (t *targets) DeregisterTargets(_ context.Context, in *elb.DeregisterTargetsInput) (*elb.DeregisterTargetsOutput, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, err := t.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, d := range in.Targets {
		if g.drains {
			g.states[key(d)] = elbtypes.TargetHealth{State: "draining"}
			continue
		}
		delete(g.states, key(d))
	}
	return &elb.DeregisterTargetsOutput{}, nil
}

func (t *targets) DescribeTargetHealth(_ context.Context, in *elb.DescribeTargetHealthInput) (*elb.DescribeTargetHealthOutput, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, err := t.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	out := &elb.DescribeTargetHealthOutput{}
	for at, state := range g.states {
		ip, port, _ := strings.Cut(at, ":")
		var n int32
		if _, err := fmt.Sscan(port, &n); err != nil {
			return nil, err
		}
		d := elbtypes.TargetDescription{Id: &ip, Port: &n}
		if len(in.Targets) == 0 || key(in.Targets[0]) == at {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, elbtypes.TargetHealthDescription{Target: &d, TargetHealth: &state})
		}
	}
	return out, nil
}

func (t *targets) DescribeTargetGroups(_ context.Context, in *elb.DescribeTargetGroupsInput) (*elb.DescribeTargetGroupsOutput, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, err := t.group(&in.TargetGroupArns[0])
	if err != nil {
		return nil, err
	}
	return &elb.DescribeTargetGroupsOutput{TargetGroups: []elbtypes.TargetGroup{{TargetType: g.kind, LoadBalancerArns: g.behind}}}, nil
}

// set changes a group, or the states of all its targets.
func (t *targets) set(do func(*group)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, err := t.group(new(blueTG))
	if err == nil {
		do(g)
	}
}

// heal makes all targets of the group healthy.
func (t *targets) heal() {
	t.set(func(g *group) {
		for at := range g.states {
			g.states[at] = elbtypes.TargetHealth{State: "healthy"}
		}
	})
}

func (t *targets) addresses() []string {
	var all []string
	t.set(func(g *group) {
		for at := range g.states {
			all = append(all, at)
		}
	})
	return all
}

// runtime runs nothing. What a task does depends on its image's name.
type runtime struct {
	mu    sync.Mutex
	fail  func(task.Spec) error
	block bool // starting goes on until it is given up
	tasks map[string]*fake
	begun []*fake         // in their order
	sick  map[string]bool // images whose health checks fail
	shut  int             // groups
}

// Share implements task.Sharer: nothing is shared.
func (r *runtime) Share(context.Context, task.Shared) (task.Group, error) { return shared{r}, nil }

type shared struct{ *runtime }

func (s shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut++
	return nil
}

// running returns the container of the newest task that runs an image.
func (r *runtime) running(image string) *fake {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range slices.Backward(r.begun) {
		if strings.HasSuffix(f.spec.Image, "/"+image) {
			return f
		}
	}
	return nil
}

func (r *runtime) Start(ctx context.Context, spec task.Spec) (task.Task, error) {
	r.mu.Lock()
	fail, block := r.fail, r.block
	r.mu.Unlock()
	if block {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if fail != nil {
		if err := fail(spec); err != nil {
			return nil, err
		}
	}
	f := &fake{runtime: r, spec: spec, done: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks[spec.ID] = f
	r.begun = append(r.begun, f)
	return f, nil
}

func (r *runtime) failing(fail func(task.Spec) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = fail
}

func (r *runtime) of(id string) *fake {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tasks[id]
}

func (r *runtime) allGone(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, f := range r.tasks {
		select {
		case <-f.done:
		default:
			t.Errorf("task %s still runs", id)
		}
	}
}

// fake is a task that ends when it is told to.
type fake struct {
	runtime *runtime
	spec    task.Spec
	mu      sync.Mutex
	code    int
	grace   time.Duration
	ended   bool
	done    chan struct{}
}

func (f *fake) Digest() string        { return "sha256:" + strings.Repeat("ab", 32) }
func (f *fake) Done() <-chan struct{} { return f.done }

// Exec implements task.Execer for health checks.
func (f *fake) Exec(context.Context, []string) (int, error) {
	f.runtime.mu.Lock()
	defer f.runtime.mu.Unlock()
	for image, sick := range f.runtime.sick {
		if sick && strings.HasSuffix(f.spec.Image, "/"+image) {
			return 1, nil
		}
	}
	return 0, nil
}

func (f *fake) Dial(context.Context, int) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

func (f *fake) Exit() (int, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.code, ""
}

func (f *fake) Stop(_ context.Context, grace time.Duration) error {
	f.mu.Lock()
	f.grace = grace
	f.mu.Unlock()
	f.exit(143)
	return nil
}

// exit ends the task.
func (f *fake) exit(code int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended {
		f.ended, f.code = true, code
		close(f.done)
	}
}

func (f *fake) say(text string) {
	_, _ = io.WriteString(f.spec.Stdout, text)
}
