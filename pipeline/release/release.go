// Package release brings one image into one account and proves it: push,
// access, plan, apply, verify, decide, report.
//
// The decision falls while blue still lives: a wrong answer cancels the stack's
// update, which takes all traffic back to blue at once; right answers in a row
// let it run to its end. A release that went back is never a success.
//
// It puts the rooms of the pipeline in order, and asks each for a few methods only;
// how a service gets its new version is for its strategy to know.
package release

import (
	"context"
	"errors"
	"net/http"

	"orgship/pipeline/access"
	"orgship/pipeline/registry"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy"
	"orgship/pipeline/verify"
	"orgship/template"
)

// stacks is what a release asks of the stacks of its account.
type stacks interface {
	Describe(ctx context.Context, nameOrID string) (stack.Stack, error)
	Template(ctx context.Context, nameOrID string) ([]byte, error)
	Proposed(ctx context.Context, stackID string) (stack.Proposed, error)
	PhysicalID(ctx context.Context, nameOrID, logicalID string) (string, error)
	Plan(ctx context.Context, req stack.Request) (stack.Plan, error)
	Operation(ctx context.Context, s stack.Stack) (token string, err error)
	Discard(ctx context.Context, p stack.Plan)
	Begin(ctx context.Context, p stack.Plan) (stack.Applied, error)
	Watch(ctx context.Context, from stack.From, each func(stack.Event)) (stack.End, error)
	Cancel(ctx context.Context, stackID string, each func(stack.Event)) (stack.End, error)
	Delete(ctx context.Context, nameOrID string, each func(stack.Event)) (stack.End, error)
}

// images is what a release asks of the registry.
type images interface {
	Push(ctx context.Context, p registry.Push) (registry.Pushed, error)
	Find(ctx context.Context, reference string) (registry.Image, error)
}

// Access answers for an image (repository@sha256:…) who may pull it: at least
// for the account of the release.
type Access func(ctx context.Context, image string) ([]report.Access, error)

// Config is what lasts: the account and the rooms at work in it.
type Config struct {
	Account report.Account
	Stacks  stacks // *stack.Client of the workload account
	Images  images // *registry.Client that may push, or at least read the image
	// Access asks before the deployment whether the account may pull; nil skips that.
	Access Access
	// Repository is where an image is, and Role reads the policies of a role of the
	// account; nil doesn't ask whether the role that pulls may.
	Repository func(image string) (access.Repository, error)
	Role       func(ctx context.Context, arn string) (access.Role, error)
	// Strategy makes the strategy by which a template's service gets new versions.
	Strategy strategy.Maker
	// Records are AWS's own of what serves; nil does without.
	Records records
	// Speed is how much faster than AWS the endpoint's time runs: the
	// sandbox's speed. 0 is 1.
	Speed float64
	// Command renders a command to type, with the flags that say who asks and
	// where; nil leaves them out.
	Command func(words ...string) string
	// Origin is who starts the runs; the zero value: nobody says.
	Origin report.Origin
	// Version of the program, for reports.
	Version string
	// Watch is called with the recorder of a run before its first event, to
	// show what happens; it may be nil.
	Watch func(*report.Recorder)

	// Transport is what the checks and the probe ask with, unless the request's
	// Check has one of its own; verify.Through makes one for a proxy. nil is a new
	// connection for every check. Whether another transport opens one for every
	// request is its maker's business: one that is kept alive keeps asking whoever
	// answered first.
	Transport http.RoundTripper

	// Ask and Probe are verify.Run for a single attempt and verify.Start when nil.
	Ask   func(context.Context, verify.Check) (verify.Attempt, error)
	Probe func(context.Context, verify.Probe) (Prober, error)
}

// Prober is a probe at work; *verify.Running is one.
type Prober interface {
	Snapshot() report.Probe
	Stop() report.Probe
}

// Releaser does releases in one account.
type Releaser struct{ cfg Config }

// New returns a releaser.
func New(cfg Config) *Releaser {
	if cfg.Speed <= 0 {
		cfg.Speed = 1
	}
	if cfg.Ask == nil {
		cfg.Ask = askOnce
	}
	if cfg.Probe == nil {
		cfg.Probe = func(ctx context.Context, p verify.Probe) (Prober, error) { return verify.Start(ctx, p) }
	}
	return &Releaser{cfg: cfg}
}

// Request is what to release, where, and what the right answer is.
type Request struct {
	Stack string
	// Template of the stack; nil takes the one that the stack has.
	Template []byte
	// Bucket is where a template above 51,200 bytes is put first, of the stack's account
	// and region; "": there is none.
	Bucket string
	// Image is repository:tag or repository@sha256:…; the release uses the
	// digest. "" with Push, which is pushed first.
	Image string
	Push  *registry.Push
	// Change is what else to write into the template; its Image is not used.
	Change       template.Changes
	Parameters   map[string]string
	Tags         map[string]string
	Capabilities []string // nil: CAPABILITY_IAM
	RoleARN      string
	Check        Check
	// RollbackOnInterrupt cancels the update when ctx ends before the answers have
	// decided; else it goes on by itself.
	RollbackOnInterrupt bool
	// DryRun stops after the plan, and takes its change set away again.
	DryRun bool
}

// Check is how to find out whether the new version is right.
type Check struct {
	// Check is what to ask and what the right answer is. Its URL may be empty:
	// then it is made of Output and Path. Its Revision may be empty: then it is
	// the image's own label. Its Deadline bounds the verification after the
	// deployment (2 min when zero); its Interval is 500 ms
	// of the endpoint's time when zero, but at least 50 ms; its Consecutive is 3.
	verify.Check
	// Output is the stack's output with the service's address, a name or a URL; "" is
	// LoadBalancerDNSName if there is one, else the production listener's own address.
	Output string
	Path   string // "": /
	// TestURL is where the test listener answers; "" finds it in the template,
	// if its hook has a TestTrafficRoute.
	TestURL string
	// AnyRevision doesn't ask for the image's revision in the answer.
	AnyRevision bool
	// Rate is how many requests a second the probe sends through the whole
	// release; 0: 10, negative: no probe.
	Rate float64
	// Proof is what has to show that the new image serves.
	Proof Proof
	// MaxLost is the share of requests, 0 to 1, by which the success rate may fall
	// below what it was before the release goes back; 0: 1 %.
	MaxLost float64
	// IgnoreBaseline goes on although the version that serves now can't be reached:
	// to mend a service that is down.
	IgnoreBaseline bool
	// Skip releases without asking.
	Skip bool
}

// askOnce makes one attempt of a check.
func askOnce(ctx context.Context, c verify.Check) (verify.Attempt, error) {
	c.Attempts, c.Consecutive, c.Observe = 1, 1, nil
	result, err := verify.Run(ctx, c)
	if err != nil {
		return verify.Attempt{}, err
	}
	return result.Last[len(result.Last)-1], nil
}

// Releasable reports whether there is a stack of a name whose own template can be
// released with: one that was created, or whose creation failed.
func (r *Releaser) Releasable(ctx context.Context, name string) (bool, error) {
	s, err := r.cfg.Stacks.Describe(ctx, name)
	var none *stack.NotFoundError
	if errors.As(err, &none) {
		return false, nil
	}
	if err != nil || s.Status != "REVIEW_IN_PROGRESS" {
		return err == nil && (!unborn(s.Status) || s.Status == "ROLLBACK_COMPLETE"), err
	}
	proposed, err := r.cfg.Stacks.Proposed(ctx, s.ID)
	return proposed.Template != nil, err
}
