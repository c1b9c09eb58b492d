package template

import (
	"regexp"
	"slices"
	"strings"
)

// companions looks at what a template with the hook must not have.
func (l *linter) companions() {
	for _, r := range l.t.Resources() {
		at := r.Node.Get("Type")
		switch {
		case r.Type == "AWS::CloudFormation::Stack":
			l.report("OS119", at, "a template with the blue/green hook can't have nested stacks (%s)", r.ID)
		case strings.HasSuffix(r.Type, "::MODULE"):
			l.report("OS122", at, "the blue/green transform can't read modules (%s)", r.ID)
		case r.Type == "AWS::ElasticLoadBalancingV2::LoadBalancer":
			l.networkLoadBalancer(r)
		}
	}
	l.t.within(func(_ string, _ Entry, n *Node) {
		if n.Is(Function) && n.Name == "Fn::ImportValue" {
			l.report("OS120", n, "a template with the blue/green hook can't import values; pass it as a parameter")
		}
	})
	for _, o := range l.t.Outputs() {
		if e := o.Node.Entry("Export"); e != nil {
			l.report("OS121", key(*e), "a template with the blue/green hook can't export outputs (%s); a plain output is fine", o.Name)
		}
	}
	if !l.hasVPC() {
		l.report("OS212", l.t.Root, `with no parameter Vpc of type AWS::EC2::VPC::Id a release was seen to fail with "Template parameters modified by transform"`)
	}
}

func (l *linter) hasVPC() bool {
	for _, p := range l.t.Parameters() {
		if p.Type == "AWS::EC2::VPC::Id" {
			return true
		}
	}
	return false
}

func (l *linter) networkLoadBalancer(r Resource) {
	config := l.t.Hooks()[0].Properties.Get("TrafficRoutingConfig")
	if r.Properties.Get("Type").Str() == "network" && config.Get("Type").Str() != AllAtOnce {
		l.report("OS123", r.Properties.Get("Type"), "traffic of a network load balancer (%s) moves %s only", r.ID, AllAtOnce)
	}
}

// release looks at the resources that the hook releases.
func (l *linter) release() {
	hook, _ := l.t.BlueGreen()
	service, ok := l.t.Resource(hook.Service)
	if ok && service.Type == "AWS::ECS::Service" {
		controller := service.Properties.Find("DeploymentController", "Type")
		if controller == nil || controller.Is(Scalar) && controller.Text != "EXTERNAL" {
			l.report("OS116", key(service.Entry), "service %s needs DeploymentController: {Type: EXTERNAL}", service.ID)
		}
	}
	hidden := l.hidden()
	for _, ids := range [][]string{hook.TaskDefinitions, hook.TaskSets} {
		if len(ids) == 0 {
			continue
		}
		if r, ok := l.t.Resource(ids[0]); ok {
			l.released(r, hidden)
		}
	}
	for name, e := range hidden {
		l.report("OS211", key(e), "the parameter %s is hidden (NoEcho, or a dynamic reference): a release can't change a resource that uses it", name)
	}
	l.primary()
	l.listenerRules()
}

// hidden returns the parameters whose values CloudFormation hides.
func (l *linter) hidden() map[string]Entry {
	found := map[string]Entry{}
	for _, p := range l.t.Parameters() {
		if p.Node.Get("NoEcho").Str() == "true" || strings.Contains(p.Node.Get("Default").Str(), "{{resolve:") {
			found[p.Name] = p.Entry
		}
	}
	return found
}

// released looks at a task definition or a task set.
func (l *linter) released(r Resource, hidden map[string]Entry) {
	for _, ref := range References(r.Properties) {
		e, is := hidden[ref.Target]
		if is && e.Value.Get("NoEcho").Str() == "true" {
			l.report("OS117", ref.Node, "%s uses the parameter %s, whose value is hidden by NoEcho: a release fails", r.ID, ref.Target)
			delete(hidden, ref.Target)
		}
	}
	r.Properties.Walk(func(n *Node) bool {
		if n.Is(Scalar) && strings.Contains(n.Text, "{{resolve:") {
			l.report("OS118", n, "%s uses a dynamic reference, which a release can't resolve", r.ID)
		}
		return true
	})
	switch r.Type {
	case "AWS::ECS::TaskDefinition":
		l.images(r)
	case "AWS::ECS::TaskSet":
		l.taskSet(r)
	}
}

var digestForm = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)

func (l *linter) images(r Resource) {
	list := r.Properties.Get("ContainerDefinitions")
	if !list.Is(List) {
		return
	}
	for _, c := range list.Items {
		image := c.Get("Image")
		switch {
		case image.Is(Function):
			l.report("OS202", image, "the image comes from %s: a change that isn't in the template's text doesn't reliably start a green deployment; write repository@sha256:… here", image.Name)
		case !image.Is(Scalar):
		case strings.HasSuffix(image.Text, "@sha256:"+strings.Repeat("0", 64)):
			l.report("OS204", image, "this image is a placeholder: put the reference of an image that exists here")
		case !digestForm.MatchString(image.Text):
			l.report("OS203", image, "the image %q isn't pinned by its digest, so what runs may change without a release; write repository@sha256:…", image.Text)
		}
	}
}

func (l *linter) taskSet(r Resource) {
	scale := r.Properties.Get("Scale")
	if value := scale.Get("Value"); value.Is(Scalar) && value.Text != "100" && scale.Get("Unit").Str() == "PERCENT" {
		l.report("OS205", value, "the task set runs %s percent of the service's tasks; 100 is meant in nearly all cases", value.Text)
	}
	switch version := r.Properties.Get("PlatformVersion"); version.Str() {
	case "1.0.0", "1.1.0", "1.2.0", "1.3.0":
		l.report("OS206", version, "platform version %s is retired, Fargate launches no new tasks on it; write 1.4.0 or LATEST", version.Text)
	}
}

func (l *linter) primary() {
	for _, r := range l.t.Resources() {
		if r.Type == "AWS::ECS::PrimaryTaskSet" {
			return
		}
	}
	l.report("OS207", l.t.Section("Resources"), "the template has no AWS::ECS::PrimaryTaskSet: the service has no primary task set to go from")
}

// listenerRules looks for rules that send to one of the two target groups.
func (l *linter) listenerRules() {
	hook, _ := l.t.BlueGreen()
	for _, r := range l.t.Resources() {
		if r.Type != "AWS::ElasticLoadBalancingV2::ListenerRule" {
			continue
		}
		for _, ref := range References(r.Properties.Get("Actions")) {
			if slices.Contains(hook.TargetGroups, ref.Target) {
				l.report("OS209", ref.Node, "rule %s forwards to %s; whether the hook moves rules with the listener isn't documented", r.ID, ref.Target)
			}
		}
	}
}
