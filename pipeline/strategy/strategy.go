// Package strategy is the seam between a release and the ways in which a service
// gets its new version. Which one a stack has is read from its template, never
// asked of the user.
//
// A new way is a folder here and a line where the session lists them: release,
// analysis and report don't know any by name.
package strategy

import (
	"context"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/template"
)

// Strategy is how the service of one template gets its new version.
type Strategy interface {
	// Name is the strategy's word in reports: hook, rolling.
	Name() string
	stack.Classifier
	// Follow tells how the traffic of an update moves, until ctx is done. An error
	// says that nobody can tell any more: the release goes on without.
	Follow(ctx context.Context, u Update, o Observer) error
	// GoBack asks for the version from before to get all traffic again, and returns
	// at once. *stack.TooLateError says that the update can't be taken back any more.
	GoBack(ctx context.Context, stackID string) error
	// Window is how long going back is cheap once the new version has all traffic; 0
	// where the update ends with that.
	Window() time.Duration
	// TestPort is where the new version alone answers before it gets production
	// traffic; "" without such a port.
	TestPort() string
	// TestScheme is by what to ask there: http or https.
	TestScheme() string
	// Caveat is what is worth knowing before an update; "" for nothing.
	Caveat() string
}

// Update is an update of a stack that is under way.
type Update struct {
	StackID string
	Since   time.Time // when it began
	Resumed bool      // an earlier run began it: the traffic may have moved
	// Weight reads what percentage of production traffic the new version gets by AWS's
	// own records: by the image that the tasks behind healthy targets run. Known is
	// false while no target is healthy. A nil Weight says that nobody can tell.
	Weight func(context.Context) (percent float64, known bool, err error)
}

// Observer is told what a strategy sees. Its methods are called one at a time.
type Observer interface {
	// Weight is told whenever the production traffic is shared out another way.
	Weight(report.Traffic)
	Event(report.Event)
	// Stuck is told why the new version isn't going to come up: waiting longer helps
	// nobody.
	Stuck(reason string)
	// Advise is told why something can't be seen; following goes on another way.
	Advise(error)
}

// Maker makes the strategy of a template with these parameters, nil when its
// service gets new versions in another way.
type Maker func(t *template.Template, parameters map[string]string) Strategy

// First asks several makers in their order.
func First(makers ...Maker) Maker {
	return func(t *template.Template, parameters map[string]string) Strategy {
		for _, makes := range makers {
			if s := makes(t, parameters); s != nil {
				return s
			}
		}
		return nil
	}
}
