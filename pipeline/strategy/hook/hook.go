// Package hook releases by CloudFormation's blue/green hook
// (AWS::CodeDeploy::BlueGreen): it makes green beside blue, moves the production
// listener's traffic, keeps blue for a while, and goes back when the update is
// cancelled meanwhile.
//
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green.html
package hook

import (
	"context"
	"slices"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/strategy"
	"orgship/template"
)

// stacks is what the strategy asks of the stacks of its account.
type stacks interface {
	PhysicalID(ctx context.Context, nameOrID, logicalID string) (string, error)
	RequestCancel(ctx context.Context, stackID string) error
}

// deployments shows the hook's deployments; *Deployments does.
type deployments interface {
	Follow(ctx context.Context, stackID string, since time.Time, each func(Deployment)) error
}

// New makes the strategy of templates that have the hook. Balancer shows the
// traffic where CodeDeploy may not be read; nil does without.
func New(stacks stacks, deployments deployments, balancer balancer) strategy.Maker {
	return func(t *template.Template, parameters map[string]string) strategy.Strategy {
		b, ok := t.BlueGreen()
		if !ok {
			return nil
		}
		s := &blueGreen{
			stacks: stacks, deployments: deployments, balancer: balancer, hook: b,
			testPort: t.Port(b.TestListener, parameters), testScheme: t.Scheme(b.TestListener, parameters), routed: routed(t, b),
		}
		for _, p := range t.Parameters() {
			s.parameters = append(s.parameters, p.Name)
		}
		return s
	}
}

// blueGreen is the strategy of one template.
type blueGreen struct {
	stacks      stacks
	deployments deployments
	balancer    balancer
	hook        template.BlueGreen
	testPort    string
	testScheme  string
	routed      []string // logical ids that the hook changes itself when it moves traffic
	parameters  []string // their names
}

// routed returns the logical ids of the listeners that the hook changes, and of
// their rules.
func routed(t *template.Template, b template.BlueGreen) []string {
	listeners := slices.DeleteFunc([]string{b.ProductionListener, b.TestListener}, func(id string) bool { return id == "" })
	ids := listeners
	for _, r := range t.Resources() {
		if r.Type != ruleType {
			continue
		}
		for _, ref := range template.References(r.Properties.Get("ListenerArn")) {
			if slices.Contains(listeners, ref.Target) {
				ids = append(ids, r.ID)
			}
		}
	}
	return ids
}

func (s *blueGreen) Name() string { return "hook" }

// Window is the termination wait, in which going back costs one call.
func (s *blueGreen) Window() time.Duration { return s.hook.TerminationWait }

func (s *blueGreen) TestPort() string { return s.testPort }

func (s *blueGreen) TestScheme() string { return s.testScheme }

func (s *blueGreen) Caveat() string { return "" }

// GoBack cancels the update: as long as blue lives, all traffic goes back to it.
func (s *blueGreen) GoBack(ctx context.Context, stackID string) error {
	return s.stacks.RequestCancel(ctx, stackID)
}

// Follow shows CodeDeploy's deployment, or the listener where that may not be read.
func (s *blueGreen) Follow(ctx context.Context, u strategy.Update, o strategy.Observer) error {
	var shown Deployment
	err := s.deployments.Follow(ctx, u.StackID, u.Since, func(now Deployment) {
		for _, e := range now.changed(shown) {
			o.Event(e)
		}
		shown = now
		o.Weight(now.traffic())
	})
	if err == nil || ctx.Err() != nil || s.balancer == nil || u.Resumed {
		return err
	}
	o.Advise(err)
	return s.listen(ctx, u.StackID, o)
}

// traffic renders the deployment for the report. CloudFormation's own rollback
// deployment has the version from before as its target, so its weight counts the
// other way round.
func (d Deployment) traffic() report.Traffic {
	t := report.Traffic{At: d.Seen, Percent: d.Percent, Status: d.Status, Deployment: d.ID, Rollback: d.Rollback}
	if d.Rollback {
		t.Percent = 100 - d.Percent
	}
	return t
}

// changed renders what changed since before, but for the traffic.
func (d Deployment) changed(before Deployment) []report.Event {
	var events []report.Event
	for _, s := range d.Steps {
		was, _ := before.Step(s.Name)
		if was.Status == s.Status || s.Status == "Pending" || s.Status == "" {
			continue
		}
		e := report.Event{At: s.Start, Source: report.FromTraffic, Subject: s.Name, Status: s.Status, Message: s.Message, Bad: s.Status == "Failed"}
		if !s.End.IsZero() {
			e.At = s.End
		}
		events = append(events, e)
	}
	if d.Reason != "" && d.Reason != before.Reason {
		events = append(events, report.Event{Source: report.FromTraffic, Subject: d.ID, Status: d.Status, Message: d.Reason})
	}
	return events
}
