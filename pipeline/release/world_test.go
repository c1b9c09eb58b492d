package release

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"orgship/cfn"
	"orgship/pipeline/registry"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy"
	"orgship/pipeline/strategy/hook"
	"orgship/pipeline/strategy/rolling"
	"orgship/pipeline/verify"
	"orgship/template"
)

const (
	repo     = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/app"
	theStack = "arn:aws:cloudformation:eu-west-1:222222222222:stack/demo/1"
)

func digestOf(letter string) string { return repo + "@sha256:" + strings.Repeat(letter, 64) }

// world is a stack, its traffic and its service, in the fake time of synctest.
// The story of an update runs when Begin is called: each act after a while.
type world struct {
	mu       sync.Mutex
	stack    *stack.Stack // nil: none yet
	body     []byte
	bodyErr  error
	class    report.Class
	over     chan struct{} // the test is over
	events   chan stack.Event
	lost     chan error // ends the watch
	shares   chan hook.Deployment
	answer   func() verify.Attempt
	story    []act
	request  Request // what is released
	losing   int     // percent of the probe's requests that are answered; 0: no requests
	began    bool
	token    string // of the operation under way
	canceled bool
	cancel   func() error // what CancelUpdateStack comes to; nil: the stack goes back
	proposed stack.Proposed
	planErr  error
	beginErr error
	watchErr error
	traffic  error // what Follow comes to
	planned  []stack.Request
	dropped  int
	pushed   int
}

// act is what happens after a while.
type act struct {
	after time.Duration
	do    func(w *world)
}

func event(status string) act {
	return act{0, func(w *world) { w.emit(status) }}
}

func (w *world) emit(status string) {
	w.mu.Lock()
	w.stack.Status = status
	w.mu.Unlock()
	w.send(stack.Event{ID: status, StackID: theStack, PhysicalID: theStack, LogicalID: "demo", Type: "AWS::CloudFormation::Stack", Status: status, Time: time.Now()})
}

func (w *world) send(e stack.Event) {
	select {
	case w.events <- e:
	case <-w.over:
	}
}

func moves(percent float64) act {
	return act{0, func(w *world) {
		select {
		case w.shares <- hook.Deployment{ID: "d-1", Status: "InProgress", Percent: percent, Seen: time.Now()}:
		default: // nobody follows any more
		}
	}}
}

func says(a verify.Attempt) act {
	return act{0, func(w *world) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.answer = func() verify.Attempt { return a }
	}}
}

func later(d time.Duration, a act) act { return act{d, a.do} }

var (
	blueSays  = verify.Attempt{Outcome: verify.Stale, Status: 200, Revision: "rev-a", Version: "1.0", Reason: "revision rev-a answers, not rev-b"}
	greenSays = verify.Attempt{Outcome: verify.Passed, Status: 200, Revision: "rev-b", Version: "2.0"}
	greenErrs = verify.Attempt{Outcome: verify.Wrong, Status: 200, Revision: "rev-b", Version: "2.0", Reason: "body lacks \"Green\""}
	nobody    = verify.Attempt{Outcome: verify.Unreachable, Reason: "connection refused"}
)

// bubble runs a test in fake time, with a world whose stack runs image a.
func bubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := living()
		defer close(w.over)
		test(t, w)
	})
}

// living is a world whose stack runs image a.
func living() *world {
	body, err := template.Render(cfn.BlueGreen(), template.Changes{Image: digestOf("a")})
	if err != nil {
		panic(err)
	}
	return &world{
		stack: &stack.Stack{ID: theStack, Name: "demo", Status: "UPDATE_COMPLETE", Outputs: map[string]string{"LoadBalancerDNSName": "demo.example"}},
		body:  body, class: report.GreenDeployment,
		over: make(chan struct{}), events: make(chan stack.Event), lost: make(chan error, 1), shares: make(chan hook.Deployment),
		answer:  func() verify.Attempt { return blueSays },
		request: request(),
	}
}

// set changes who answers.
func (w *world) set(answer func() verify.Attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

// clock is an app whose body differs at every answer.
func (w *world) clock(name string, outcome verify.Outcome) func() verify.Attempt {
	return func() verify.Attempt {
		a := verify.Attempt{Outcome: outcome, Status: 200, Body: name + " at " + time.Now().Format(time.RFC3339Nano)}
		if outcome == verify.Wrong {
			a.Reason = "body lacks \"shop 6\""
		}
		return a
	}
}

func (w *world) Describe(context.Context, string) (stack.Stack, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stack == nil {
		return stack.Stack{}, &stack.NotFoundError{Name: "demo"}
	}
	return *w.stack, nil
}

func (w *world) Template(context.Context, string) ([]byte, error) { return w.body, w.bodyErr }

func (w *world) Proposed(context.Context, string) (stack.Proposed, error) { return w.proposed, nil }

func (w *world) PhysicalID(context.Context, string, string) (string, error) { return "arn:x", nil }

func (w *world) Plan(_ context.Context, req stack.Request) (stack.Plan, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.planned = append(w.planned, req)
	return stack.Plan{Class: w.class, Name: req.Name, StackID: theStack}, w.planErr
}

func (w *world) Operation(context.Context, stack.Stack) (string, error) { return w.token, nil }

func (w *world) Discard(context.Context, stack.Plan) { w.dropped++ }

func (w *world) Begin(context.Context, stack.Plan) (stack.Applied, error) {
	if w.beginErr != nil {
		return stack.Applied{}, w.beginErr
	}
	w.mu.Lock()
	w.began = true
	if w.stack == nil {
		w.stack = &stack.Stack{ID: theStack, Name: "demo", Outputs: map[string]string{"LoadBalancerDNSName": "demo.example"}}
	}
	w.mu.Unlock()
	go w.tell(w.story)
	return stack.Applied{StackID: theStack, From: stack.From{StackID: theStack}}, nil
}

func (w *world) tell(story []act) {
	for _, a := range story {
		select {
		case <-time.After(a.after):
		case <-w.over:
			return
		}
		w.mu.Lock()
		over := w.canceled
		w.mu.Unlock()
		if over {
			return
		}
		a.do(w)
	}
}

func (w *world) Watch(ctx context.Context, _ stack.From, each func(stack.Event)) (stack.End, error) {
	if w.watchErr != nil {
		return stack.End{}, w.watchErr
	}
	for {
		select {
		case e := <-w.events:
			each(e)
			if e.Ends() {
				end := stack.End{StackID: theStack, Status: e.Status, Time: e.Time}
				if !stack.Succeeded(e.Status) {
					end.Cause = &e
					return end, &stack.RolledBackError{Name: "demo", End: end}
				}
				return end, nil
			}
		case err := <-w.lost:
			return stack.End{}, err
		case <-ctx.Done():
			return stack.End{}, context.Cause(ctx)
		}
	}
}

func (w *world) lose(err error) { w.lost <- err }

func (w *world) Follow(ctx context.Context, _ string, _ time.Time, each func(hook.Deployment)) error {
	if w.traffic != nil {
		return w.traffic
	}
	for {
		select {
		case t := <-w.shares:
			each(t)
		case <-ctx.Done():
			return nil
		}
	}
}

func (w *world) RequestCancel(context.Context, string) error {
	if w.cancel != nil {
		return w.cancel()
	}
	w.mu.Lock()
	w.canceled = true
	w.answer = func() verify.Attempt { return blueSays }
	w.mu.Unlock()
	go func() {
		w.emit("UPDATE_ROLLBACK_IN_PROGRESS")
		select {
		case <-time.After(time.Second):
		case <-w.over:
		}
		w.emit("UPDATE_ROLLBACK_COMPLETE")
	}()
	return nil
}

func (w *world) Cancel(context.Context, string, func(stack.Event)) (stack.End, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.canceled, w.stack.Status = true, "UPDATE_ROLLBACK_COMPLETE"
	return stack.End{StackID: theStack, Status: w.stack.Status}, nil
}

func (w *world) Delete(context.Context, string, func(stack.Event)) (stack.End, error) {
	return stack.End{StackID: theStack, Status: "DELETE_COMPLETE"}, nil
}

func (w *world) Push(_ context.Context, p registry.Push) (registry.Pushed, error) {
	w.pushed++
	return registry.Pushed{Reference: digestOf("b"), Tag: p.Tag}, nil
}

func (w *world) Find(_ context.Context, reference string) (registry.Image, error) {
	letter := reference[len(reference)-1:]
	return registry.Image{Reference: reference, Digest: reference[len(repo)+1:], Revision: "rev-" + letter}, nil
}

// ask answers at once, as the service would now.
func (w *world) ask(ctx context.Context, _ verify.Check) (verify.Attempt, error) {
	if ctx.Err() != nil {
		return verify.Attempt{}, context.Cause(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.answer()
	a.At = time.Now()
	return a, nil
}

// probe asks ten times a second, of which the world answers some.
type probe struct {
	world          *world
	latest         time.Time
	answered, lost float64
}

func (p *probe) Snapshot() report.Probe {
	p.world.mu.Lock()
	defer p.world.mu.Unlock()
	if n := time.Since(p.latest).Seconds() * 10; p.world.losing > 0 {
		well := n * float64(p.world.losing) / 100
		p.answered, p.lost = p.answered+well, p.lost+n-well
	}
	p.latest = time.Now()
	return report.Probe{Sent: int(p.answered + p.lost), Answered: int(p.answered), Lost: int(p.lost)}
}

func (p *probe) Stop() report.Probe { return p.Snapshot() }

func (w *world) releaser(edit ...func(*Config)) *Releaser {
	c := Config{
		Account: report.Account{ID: "222222222222", Name: "dev-1", Region: "eu-west-1"}, Stacks: w, Images: w, Ask: w.ask,
		Strategy: strategy.First(hook.New(w, w, nil), rolling.New(w, nil, stack.Pace{})),
		Probe:    func(context.Context, verify.Probe) (Prober, error) { return &probe{world: w, latest: time.Now()}, nil },
	}
	for _, f := range edit {
		f(&c)
	}
	return New(c)
}

// request releases image b.
func request() Request {
	return Request{
		Stack: "demo", Template: cfn.BlueGreen(), Image: digestOf("b"),
		Change: template.Changes{TerminationWaitMinutes: aws.Int(5)},
	}
}

func wantReport(t *testing.T, r report.Report, err error, verdict report.Verdict, outcome report.Outcome) {
	t.Helper()
	if r.Verdict != verdict || r.Outcome != outcome || (err == nil) != (verdict == report.Successful) {
		t.Errorf("%s, %s: %s (error %v), want %s, %s", r.Verdict, r.Outcome, r.Summary, err, verdict, outcome)
	}
	if r.Ended.IsZero() || r.Summary == "" {
		t.Errorf("the report isn't closed: %+v", r)
	}
}
