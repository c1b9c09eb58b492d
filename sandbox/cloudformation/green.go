package cloudformation

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	deploytypes "github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"orgship/sandbox/cloudformation/bluegreen"
	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/codedeploy"
)

// green runs a green deployment: it makes the other colour's task definition
// and task set, has CodeDeploy move the traffic there, and takes over what
// CodeDeploy changed. It returns the resources that stay as they are, and why it
// failed ("" if it didn't): by then traffic is back where it was.
func (o *operation) green(g document.Graph) (carried []*resourceState, reason string) {
	h := o.goal.hook
	var live bluegreen.Colour
	o.locked(func() { live = h.Live(o.stack.resourceIDs()) })
	if failed := o.makeGreen(g, live.Other()); failed != "" {
		if errors.Is(context.Cause(o.work), errByUser) {
			return nil, byUser
		}
		return nil, sentence("create", []string{failed})
	}
	carried, moved, err := o.afterShift(g)
	if err != nil {
		return nil, reasonOf(err)
	}
	hook := &resourceState{id: h.ID, typeName: bluegreen.HookType}
	err = o.service.cfg.Deployer.Run(o.work, o.deployment(live), func(e codedeploy.Event) { o.hookEvent(hook, e) })
	if err != nil {
		if o.closing() {
			return nil, ""
		}
		if errors.Is(err, errByUser) || errors.Is(context.Cause(o.work), errByUser) {
			o.progress(hook, types.ResourceStatusUpdateFailed, "Resource update cancelled")
			return nil, byUser
		}
		o.progress(hook, types.ResourceStatusUpdateFailed, reasonOf(err))
		return nil, h.Failed(reasonOf(err))
	}
	o.locked(func() { o.stack.cancel = nil }) // too late to go back
	o.progress(hook, types.ResourceStatusUpdateComplete, "")
	for _, r := range moved {
		o.locked(func() { o.stack.put(r) })
		o.progress(r, types.ResourceStatusUpdateInProgress, "")
		o.progress(r, types.ResourceStatusUpdateComplete, "")
	}
	return carried, ""
}

// makeGreen makes the new task definition and the new task set, which CodeDeploy
// waits for to become steady. It returns the id of what failed.
func (o *operation) makeGreen(g document.Graph, c bluegreen.Colour) (failed string) {
	for _, id := range o.goal.hook.Initiators(c) {
		r, err := o.resolved(id)
		if r == nil {
			r = &resourceState{id: id, typeName: o.typeOf(id)}
		}
		r.needs = g[id]
		o.note(entry{after: r})
		if err := o.make(o.work, id, r, err, true); err != nil {
			return id
		}
	}
	return ""
}

// afterShift resolves all other resources as they will be: those that stay the
// same, and those that CodeDeploy changes (the primary task set, listeners, rules).
func (o *operation) afterShift(g document.Graph) (carried, moved []*resourceState, err error) {
	for _, id := range g.Order() {
		r, err := o.resolved(id)
		if err != nil {
			return nil, nil, err
		}
		r.needs = g[id]
		var was *resourceState
		o.locked(func() { was = o.stack.resource(id) })
		if was == nil {
			return nil, nil, invalid("Resource %s does not exist", id)
		}
		if len(changedProperties(was.properties, r.properties)) == 0 {
			carried = append(carried, r)
			continue
		}
		r.physical, r.attributes, r.exists = was.physical, was.attributes, true
		moved = append(moved, r)
	}
	return carried, moved, nil
}

// deployment describes the deployment from the live colour to the other.
func (o *operation) deployment(live bluegreen.Colour) codedeploy.Spec {
	h, next := o.goal.hook, live.Other()
	o.service.mu.Lock()
	defer o.service.mu.Unlock()
	physical := func(id string) string {
		if r := o.stack.resource(id); r != nil {
			return r.physical
		}
		return ""
	}
	set, before := o.stack.resource(h.TaskSets[next]), o.stack.resource(h.TaskSets[live])
	cluster, _ := set.properties["Cluster"].(string)
	return codedeploy.Spec{
		ExternalID: o.stack.id, Cluster: cluster, Service: physical(h.Service),
		BlueTaskSet: before.attributes["Id"], GreenTaskSet: set.attributes["Id"],
		ProdListener: physical(h.ProdListener), TestListener: physical(h.TestListener),
		BlueTargetGroup: physical(h.TargetGroups[live]), GreenTargetGroup: physical(h.TargetGroups[next]),
		Routing: h.Routing, TerminationWait: h.TerminationWait, Functions: h.Functions,
	}
}

// hookEvent records a step of the deployment.
//
// Assumption A27: the events of a hook-driven update are documented to exist and
// nowhere shown. Here the hook has rows of its own, under its logical id and
// type, with the deployment's id as physical id and the step in the reason.
func (o *operation) hookEvent(hook *resourceState, e codedeploy.Event) {
	hook.physical = e.DeploymentID
	if e.Status == deploytypes.LifecycleEventStatusPending {
		return
	}
	reason := fmt.Sprintf("%s: %s", e.Lifecycle, e.Status)
	if e.Message != "" {
		reason += ". " + e.Message
	}
	o.progress(hook, types.ResourceStatusUpdateInProgress, reason)
}
