package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/pipeline/report"
)

// Request says how a stack is to be.
type Request struct {
	Name string
	// StackID is the stack that was looked at before, "" for none known. A plan
	// for another one, or for a new one in its place, is a *ReplacedError.
	StackID  string
	Template []byte // YAML or JSON, at most 51,200 bytes without a Bucket
	// Bucket is where a longer template is put first, of the stack's account and region;
	// "": there is none, and it is a *TooLargeError.
	Bucket string
	// Identity is what of the template tells this operation from others, where that
	// isn't all of it: notes in comments, which a later run of the same may write
	// otherwise. nil: the template.
	Identity []byte
	// Parameters that the template declares and that are not given here keep
	// the stack's value, or take the template's default in a new stack.
	Parameters map[string]string
	// Unused is the value for parameters that have none and that nothing in the
	// template refers to, as one whose use an image replaced; "": they need one.
	// A parameter that doesn't take it needs a value all the same. Plan.Why names
	// those that got it.
	Unused string
	// Tags of the stack, which CloudFormation hands on to its resources; nil
	// keeps those it has. Changed tags change resources, so they can't go
	// together with a green deployment.
	Tags map[string]string
	// Capabilities that the template needs, e.g. CAPABILITY_IAM.
	Capabilities []string
	// Rollback marks the operation's token as that of a rollback: whoever finds it
	// under way follows it, and doesn't take it back again.
	Rollback bool
	// Classifier says what changes amount to; nil: they are an ordinary update.
	Classifier Classifier
	// RoleARN is a role for CloudFormation to work with. It keeps using it for
	// every later operation on the stack. "": the caller's own rights.
	RoleARN string
}

// Plan is what applying a request would do. Until it is applied or discarded
// its change set stays on the stack.
type Plan struct {
	Class    report.Class
	Why      string // one line for people: what decided the class
	Changes  []report.Change
	Warnings []Finding // of the linter; refusals are a *LintError instead
	Name     string
	StackID  string // "" while there is no stack and no change set for it
	// Recreate says that applying first removes the empty remains of a stack
	// whose creation failed (ROLLBACK_COMPLETE). There is no change set then.
	Recreate bool

	request    Request
	parameters []types.Parameter
	kind       types.ChangeSetType
	fresh      bool // there was no stack before the change set
	changeSet  string
	token      string
}

// Plan finds out what a request would do, by the linter first and a change set
// then; apart from that change set nothing is touched.
//
// Errors to match: *LintError, *MixedError, *ChangeSetError, *StateError,
// *InProgressError (with the running operation's token: see SameOperation).
func (c *Client) Plan(ctx context.Context, req Request) (Plan, error) {
	if err := CheckName(req.Name); err != nil {
		return Plan{Name: req.Name}, err
	}
	d, err := newDraft(req)
	if err != nil {
		return Plan{Name: req.Name}, err
	}
	before, err := c.existing(ctx, req.Name)
	if err != nil {
		return Plan{Name: req.Name, Warnings: d.warnings}, err
	}
	switch {
	case req.StackID != "" && (before == nil || before.ID != req.StackID):
		return Plan{Name: req.Name, Warnings: d.warnings}, &ReplacedError{Name: req.Name}
	case before == nil, before.Status == string(types.StackStatusReviewInProgress):
		return c.planCreate(ctx, d, before)
	case before.Status == string(types.StackStatusRollbackComplete):
		return d.recreate(*before)
	}
	return c.planUpdate(ctx, d, *before)
}

// existing returns the stack, or nil if there is none. It waits for a clean-up to
// end; any other running operation is an *InProgressError, a deletion a *StateError.
func (c *Client) existing(ctx context.Context, name string) (*Stack, error) {
	s, err := c.Describe(ctx, name)
	var none *NotFoundError
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch types.StackStatus(s.Status) {
	case types.StackStatusDeleteInProgress: // whoever deletes it doesn't want it back
		return nil, &StateError{Name: s.Name, Status: s.Status, Reason: "it is being deleted"}
	case types.StackStatusUpdateCompleteCleanupInProgress, types.StackStatusUpdateRollbackCompleteCleanupInProgress:
		if err := c.settle(ctx, s.ID, nil); err != nil {
			return nil, err
		}
		s, err = c.Describe(ctx, s.ID)
		return &s, err
	case types.StackStatusUpdateRollbackFailed, types.StackStatusCreateFailed,
		types.StackStatusRollbackFailed, types.StackStatusDeleteFailed:
		return nil, &StateError{Name: s.Name, Status: s.Status, Reason: s.Reason}
	}
	if !Settled(s.Status) {
		return nil, c.busy(ctx, s)
	}
	return &s, nil
}

// busy describes the operation that runs in a stack.
func (c *Client) busy(ctx context.Context, s Stack) error {
	busy := &InProgressError{Name: s.Name, StackID: s.ID, Status: s.Status}
	w := &watcher{client: c, from: From{StackID: s.ID}, poll: newImpatient(c.pace), seen: map[string]bool{}}
	events, err := w.fresh(ctx)
	if err != nil {
		return fmt.Errorf("looking at what runs in stack %q: %w", s.Name, err)
	}
	for _, e := range events {
		if busy.Token == "" {
			busy.Token = e.Token
		}
		if e.OfStack() && starts(e.Status) {
			busy.Since = e.Time
		}
	}
	return busy
}

const (
	tokenMark    = "orgship-"
	rollbackMark = "rollback-"
)

func (r Request) purpose() string {
	if r.Rollback {
		return rollbackMark
	}
	return ""
}

// Operation returns the token of the operation that runs in a stack, or that
// ran last; "" if it had none.
func (c *Client) Operation(ctx context.Context, s Stack) (token string, err error) {
	w := &watcher{client: c, from: From{StackID: s.ID}, poll: newImpatient(c.pace)}
	err = w.pages(ctx, func(page []Event) bool {
		for _, e := range page { // the latest first
			if token = e.Token; token != "" {
				break
			}
		}
		return false
	})
	if err != nil {
		return "", fmt.Errorf("looking at what ran in stack %q: %w", s.Name, err)
	}
	return token, nil
}

// IsRollback reports whether an operation's token is that of a rollback.
func IsRollback(token string) bool { return strings.HasPrefix(token, tokenMark+rollbackMark) }

// SameOperation reports whether the running operation of an *InProgressError
// was begun by Apply for the same request, here or in an earlier run.
func SameOperation(busy *InProgressError, req Request) bool {
	d, err := newDraft(req)
	return err == nil && strings.HasPrefix(busy.Token, d.tokenPrefix())
}

// planCreate plans a new stack. One that only holds change sets counts as new.
func (c *Client) planCreate(ctx context.Context, d *draft, review *Stack) (Plan, error) {
	p := d.plan()
	p.kind, p.fresh = types.ChangeSetTypeCreate, review == nil
	var err error
	if p.parameters, err = d.parameters(nil, nil); err != nil {
		return p, err
	}
	set, err := c.prepare(ctx, p)
	if err != nil {
		return p, err
	}
	p.take(set)
	if set.status == types.ChangeSetStatusFailed {
		c.Discard(ctx, p)
		return p, &ChangeSetError{Name: d.req.Name, Reason: set.reason}
	}
	p.Class, p.Why = report.Create, "there is no stack yet"+d.filledIn()
	return p, nil
}

// recreate plans a new stack in the place of one whose creation failed, which
// CloudFormation leaves behind, empty.
func (d *draft) recreate(before Stack) (Plan, error) {
	p := d.plan()
	p.kind, p.StackID = types.ChangeSetTypeCreate, before.ID
	p.Recreate = true
	p.Class, p.Why = report.Create, "its creation failed before (ROLLBACK_COMPLETE): the empty stack is removed first"
	if p.request.Tags == nil {
		p.request.Tags = before.Tags
	}
	var err error
	p.parameters, err = d.parameters(nil, before.Parameters)
	for _, r := range d.parsed.Resources() {
		p.Changes = append(p.Changes, report.Change{LogicalID: r.ID, Type: r.Type, Action: string(types.ChangeActionAdd)})
	}
	return p, err
}

// planUpdate plans a change of a stack that lives.
func (c *Client) planUpdate(ctx context.Context, d *draft, before Stack) (Plan, error) {
	p := d.plan()
	p.kind, p.StackID = types.ChangeSetTypeUpdate, before.ID
	var err error
	if p.parameters, err = d.parameters(before.Parameters, nil); err != nil {
		return p, err
	}
	if err := c.compare(ctx, d, before, &p); err != nil {
		return p, err
	}
	if p.request.Tags == nil {
		p.request.Tags = before.Tags
	}
	set, err := c.prepare(ctx, p)
	if err != nil {
		return p, err
	}
	p.take(set)
	if set.stackID != before.ID {
		c.Discard(ctx, p)
		return p, &ReplacedError{Name: p.Name}
	}
	return p, c.weigh(ctx, d, set, &p)
}

// weigh says what a computed change set of an update amounts to.
func (c *Client) weigh(ctx context.Context, d *draft, set changeSet, p *Plan) error {
	if set.empty() {
		c.Discard(ctx, *p)
		p.Class, p.Why, p.changeSet = report.NothingToDo, "the stack is as it should be", ""
		return nil
	}
	var refusal error
	class, green, others := d.req.classify(set.changes)
	switch {
	case set.status == types.ChangeSetStatusFailed && strings.Contains(set.reason, "Additional resource diff"):
		class, refusal = report.Mixed, &MixedError{Name: p.Name, Green: green, Others: others, Reason: set.reason}
	case set.status == types.ChangeSetStatusFailed:
		refusal = &ChangeSetError{Name: p.Name, Reason: set.reason}
	case class == report.Mixed:
		refusal = &MixedError{Name: p.Name, Green: green, Others: others}
	}
	p.Class, p.Why = class, why(class, green, others)+d.filledIn()
	if refusal != nil {
		c.Discard(ctx, *p)
		p.changeSet = ""
	}
	return refusal
}

func why(class report.Class, green, others []report.Change) string {
	switch class {
	case report.RollingUpdate:
		return "replaces " + names(green) + " in place"
	case report.GreenDeployment:
		return "replaces " + names(green) + ", and nothing else changes"
	case report.InfrastructureOnly:
		return "changes " + names(others) + ", and no task definition or task set is replaced"
	case report.Mixed:
		return "replaces " + names(green) + " and changes " + names(others) + " too"
	}
	return ""
}

func names(changes []report.Change) string {
	ids := make([]string, 0, len(changes))
	for _, c := range changes {
		if !slices.Contains(ids, c.LogicalID) {
			ids = append(ids, c.LogicalID)
		}
	}
	if len(ids) == 0 {
		return "nothing that the change set names"
	}
	return strings.Join(ids, ", ")
}

// take notes what a change set says.
func (p *Plan) take(set changeSet) {
	p.changeSet, p.StackID, p.Changes = set.id, set.stackID, set.changes
}

// Discard removes the change set of a plan that won't be applied, and the
// empty stack that a plan for a new one made. It works after ctx has ended as
// well, and does what it can: a change set that stays behind harms nobody.
func (c *Client) Discard(ctx context.Context, p Plan) {
	if p.changeSet == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	_, err := c.cfn.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{ChangeSetName: &p.changeSet, StackName: &p.Name})
	if err != nil || !p.fresh {
		return
	}
	if s, err := c.Describe(ctx, p.Name); err == nil && s.Status == string(types.StackStatusReviewInProgress) {
		_, _ = c.cfn.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &s.ID})
		c.vanished(ctx, s.ID)
	}
}

// vanished waits until a stack without resources is gone, or ctx is done.
func (c *Client) vanished(ctx context.Context, stackID string) {
	poll := newComputing(c.pace)
	for {
		s, err := c.poll(ctx, poll, stackID)
		if err != nil || s.Status == string(types.StackStatusDeleteComplete) {
			return
		}
	}
}
