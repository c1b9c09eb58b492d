// Package rolling releases a service that CloudFormation updates in place: ECS
// starts tasks of the new version, and ends those of the old one as the new ones
// are healthy. For a while both answer, and going back takes another such update.
//
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
package rolling

import (
	"context"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy"
	"orgship/template"
)

// stacks is what the strategy asks of the stacks of its account.
type stacks interface {
	PhysicalID(ctx context.Context, nameOrID, logicalID string) (string, error)
	RequestCancel(ctx context.Context, stackID string) error
}

// New makes the strategy of every template: it is the one for services that no
// other strategy releases. Services shows the tasks of each version, looked at at
// the given pace.
func New(stacks stacks, services services, pace stack.Pace) strategy.Maker {
	return func(t *template.Template, _ map[string]string) strategy.Strategy {
		u := &update{stacks: stacks, services: services, pace: pace, service: t.Serving().Service}
		u.other = other(t, u.service)
		return u
	}
}

// other returns by what else than rolling updates a service gets its new versions,
// "" for nothing.
func other(t *template.Template, service string) string {
	r, _ := t.Resource(service)
	if controller := r.Properties.Find("DeploymentController", "Type").Str(); controller != "" && controller != "ECS" {
		return "the deployment controller " + controller
	}
	if strategy := r.Properties.Find("DeploymentConfiguration", "Strategy").Str(); strategy != "" && strategy != "ROLLING" {
		return "the deployment strategy " + strategy
	}
	return ""
}

// update is the strategy of one template.
type update struct {
	stacks   stacks
	services services
	pace     stack.Pace
	service  string // logical id; "": the template has none with a load balancer
	other    string // by what the service gets its new versions, if not by rolling updates
}

func (u *update) Name() string { return "rolling" }

// Window is none: with the last old task the update ends.
func (u *update) Window() time.Duration { return 0 }

func (u *update) TestPort() string { return "" }

func (u *update) TestScheme() string { return "" }

func (u *update) Caveat() string {
	if u.other != "" {
		return "the service gets its new versions by " + u.other + ", which orgship doesn't follow: how its traffic moves isn't seen, and going back is whatever cancelling the stack's update does"
	}
	return "the service is updated in place, without a blue/green hook: both versions answer for a while, and going back takes another update of minutes, not one call"
}

// GoBack cancels the update: CloudFormation takes the service back by a rolling
// update of its own.
func (u *update) GoBack(ctx context.Context, stackID string) error {
	return u.stacks.RequestCancel(ctx, stackID)
}

// Compare finds nothing: all changes can go together.
func (u *update) Compare(_, _ *template.Template) (released, others []report.Change) {
	return nil, nil
}

// Classify tells an update of the service's tasks from one of anything else.
func (u *update) Classify(changes []report.Change) (class report.Class, released, others []report.Change) {
	for _, c := range changes {
		if c.Type == "AWS::ECS::TaskDefinition" && (c.Action != "Modify" || c.Replacement != "False") {
			released = append(released, c)
		} else {
			others = append(others, c)
		}
	}
	switch {
	case len(changes) == 0:
		class = report.NothingToDo
	case len(released) > 0:
		class = report.RollingUpdate
	default:
		class = report.InfrastructureOnly
	}
	return class, released, others
}
