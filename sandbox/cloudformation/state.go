package cloudformation

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/cloudformation/bluegreen"
	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/iam"
	"orgship/template"
)

// account is what one account has.
type account struct {
	stacks []*stack // oldest first, deleted ones too
}

// goal is what an operation brings a stack to: a template with all that it needs.
type goal struct {
	original   string             // the body as submitted
	submitted  *template.Template // original, parsed
	processed  *template.Template // what is run; nil until it is decided
	hook       *bluegreen.Hook    // nil without
	parameters document.Values
	tags       []types.Tag
}

// stack is one stack. Service.mu guards it; an operation that runs holds its
// own copy of what it needs.
type stack struct {
	id, name     string
	created      time.Time
	updated      time.Time // zero = never
	deleted      time.Time
	status       types.StackStatus
	reason       string
	description  string
	capabilities []types.Capability
	roleARN      string
	keepFailed   bool // DisableRollback, OnFailure DO_NOTHING
	protected    bool

	current   *goal // what the stack is; nil while in review
	resources []*resourceState
	outputs   []document.Output
	imports   []string           // names of exports that it uses
	importing []string           // and that the running operation will use
	events    []types.StackEvent // oldest first

	changeSets  []*changeSet
	changeSetID string // the one that made the stack what it is

	cancel      context.CancelCauseFunc // ends the running operation; nil when it can't
	cancelToken string                  // ClientRequestToken of CancelUpdateStack
	done        <-chan struct{}         // closed once the last operation has ended
	failed      *rollback               // an update rollback that failed and can go on
}

// resourceState is one resource of a stack.
type resourceState struct {
	id, typeName string
	physical     string
	status       types.ResourceStatus
	reason       string
	changed      time.Time
	exists       bool // there is something to delete

	properties map[string]any
	shown      string // properties as events show them
	attributes map[string]string
	tags       map[string]string // of the stack, as the resource has them
	needs      []string          // logical ids it referred to when it was made
	// Assumption A31: these count as the stack has them, not as the template of
	// the update that removes or replaces the resource.
	deletionPolicy string
	replacePolicy  string
}

// copy returns a copy to look at without the lock.
func (s *stack) copy() *stack {
	c := *s
	c.resources = make([]*resourceState, 0, len(s.resources))
	for _, r := range s.resources {
		own := *r
		c.resources = append(c.resources, &own)
	}
	return &c
}

func (s *stack) resource(id string) *resourceState {
	for _, r := range s.resources {
		if r.id == id {
			return r
		}
	}
	return nil
}

// put adds a resource, or takes the place of the one with its logical id.
func (s *stack) put(r *resourceState) {
	if i := slices.IndexFunc(s.resources, func(o *resourceState) bool { return o.id == r.id }); i >= 0 {
		s.resources[i] = r
		return
	}
	s.resources = append(s.resources, r)
}

func (s *stack) drop(id string) {
	s.resources = slices.DeleteFunc(s.resources, func(r *resourceState) bool { return r.id == id })
}

func (s *stack) resourceIDs() []string {
	var ids []string
	for _, r := range s.resources {
		ids = append(ids, r.id)
	}
	return ids
}

// account returns the caller's account. Call it with s.mu held.
func (s *Service) account(ctx context.Context) *account {
	id := iam.Caller(ctx).Account
	a := s.accounts[id]
	if a == nil {
		a = &account{}
		s.accounts[id] = a
	}
	return a
}

// find returns the stack with a name or an id. A deleted one is found by its
// id only. Call it with s.mu held.
func (s *Service) find(ctx context.Context, nameOrID string) *stack {
	for _, st := range slices.Backward(s.account(ctx).stacks) {
		if st.id == nameOrID || st.name == nameOrID && st.status != types.StackStatusDeleteComplete {
			return st
		}
	}
	return nil
}

// stackTags returns tags as a map.
func stackTags(tags []types.Tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m[*t.Key] = *t.Value
	}
	return m
}
