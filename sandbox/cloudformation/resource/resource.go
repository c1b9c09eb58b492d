// Package resource knows the resource types that the sandbox's CloudFormation
// models: their properties, which of them replace a resource, what Ref and
// Fn::GetAtt give, and how a resource is made, changed and removed by calling
// the service it belongs to.
package resource

import (
	"context"
	"slices"

	"orgship/sandbox/clock"
	"orgship/template"
)

// Type is a resource type.
type Type struct {
	Name       string // AWS::ECS::Cluster
	Properties Object
	Attributes []string // that Fn::GetAtt gives
	Handler    Handler
	Tagged     bool   // has Tags, and gets those of the stack as well
	NamedIAM   string // property whose use needs CAPABILITY_NAMED_IAM
	IAM        bool   // needs CAPABILITY_IAM
	// NameProperty is the property that gives a resource its name; one that is
	// named can't be replaced.
	NameProperty string
	// Note is what the event says once a resource is made; "" for nothing.
	Note string
	// lacks finds what the sandbox doesn't model besides properties and their values, in
	// a map that may hold functions; nil for nothing.
	lacks func(properties *template.Node, gap func(at *template.Node, format string, args ...any))
}

// HasAttribute reports whether Fn::GetAtt knows the attribute.
func (t *Type) HasAttribute(name string) bool { return slices.Contains(t.Attributes, name) }

// Handler makes, changes and removes the resources of a type. Errors are those
// of the service it asks, or *Unstable.
type Handler interface {
	// Create makes the resource, tells r.Initiated as soon as it exists, and
	// returns once it is steady.
	Create(ctx context.Context, r *Request) error
	// Update changes the resource r.ID from r.Previous to r.Properties, which
	// differ in no property that replaces it, and returns once it is steady.
	Update(ctx context.Context, r *Request) error
	// Delete removes the resource r.ID and returns once it is gone. A resource
	// that isn't there any more is no error.
	Delete(ctx context.Context, r *Request) error
}

// Scope is the stack that a resource belongs to.
type Scope struct {
	StackID, StackName, Account, Region string
}

// State is what a resource is known by.
type State struct {
	ID         string            // physical id; what Ref gives
	Attributes map[string]string // what Fn::GetAtt gives
}

// Request is one operation on a resource.
type Request struct {
	Scope        Scope
	LogicalID    string
	Properties   map[string]any    // as Object.Check returned them
	Previous     map[string]any    // Update: those it has now
	ID           string            // Update, Delete: the physical id
	Tags         map[string]string // of the stack
	PreviousTags map[string]string // Update: those the stack had
	Clock        clock.Clock

	// Initiated is told the new resource's state (Create), or its new attributes (Update).
	Initiated func(State)
	// Unsteady lets Create return before the resource is steady, because
	// somebody else waits for it: CodeDeploy waits for a green task set.
	Unsteady bool
}
