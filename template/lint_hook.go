package template

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// field is what the hook's schema says of one property.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-hook-syntax.html
type field struct {
	kind     Kind
	required bool
	fields   map[string]field // of a map
	item     *field           // of a list
}

func required(f field) field {
	f.required = true
	return f
}

func object(fields map[string]field) field { return field{kind: Map, fields: fields} }

// hookSchema returns the schema of the hook's Properties. Bounds, names and
// what belongs together have rules of their own.
func hookSchema() field {
	text := field{kind: Scalar}
	route := object(map[string]field{"Type": required(text), "LogicalID": required(text)})
	names := field{kind: List, required: true, item: &text}
	shift := object(map[string]field{"StepPercentage": text, "BakeTimeMins": text})
	application := object(map[string]field{
		"Target": required(route),
		"ECSAttributes": required(object(map[string]field{
			"TaskDefinitions": names,
			"TaskSets":        names,
			"TrafficRouting": required(object(map[string]field{
				"ProdTrafficRoute": required(route), "TestTrafficRoute": route, "TargetGroups": names,
			})),
		})),
	})
	return required(object(map[string]field{
		"TrafficRoutingConfig": object(map[string]field{"Type": required(text), TimeBasedCanary: shift, TimeBasedLinear: shift}),
		"AdditionalOptions":    object(map[string]field{"TerminationWaitTimeInMinutes": text}),
		"LifecycleEventHooks": object(map[string]field{
			"BeforeInstall": text, "AfterInstall": text, "AfterAllowTestTraffic": text, "BeforeAllowTraffic": text, "AfterAllowTraffic": text,
		}),
		"ServiceRole":  text,
		"Applications": {kind: List, required: true, item: &application},
	}))
}

// hooks looks at all that has to do with the blue/green hook.
func (l *linter) hooks() {
	transformed := slices.Contains(l.t.Transforms(), transformName)
	section := l.t.Section("Hooks")
	hooks := l.t.Hooks()
	if len(hooks) == 0 {
		if transformed {
			l.report("OS101", key(*l.t.Root.Entry("Transform")), "the transform %s needs a hook of type %s under Hooks", transformName, hookType)
		}
		return
	}
	if !transformed {
		l.report("OS102", key(*l.t.Root.Entry("Hooks")), "without the transform %s the first release fails: add it, or take Hooks out for an update that is no release", transformName)
	}
	if len(hooks) > 1 {
		l.report("OS103", section, "a template has one hook, this one has %d", len(hooks))
	}
	h := hooks[0]
	switch {
	case h.Type != hookType:
		l.report("OS103", h.Node, "hook %s is of type %q; the only one is %s", h.ID, h.Type, hookType)
		return
	case !alphanumeric(h.ID):
		l.report("OS103", key(h.Entry), "the logical id %q of the hook may hold letters and digits only", h.ID)
	}
	l.schema(h.Node, "hook "+h.ID, object(map[string]field{"Type": {kind: Scalar}, "Properties": hookSchema()}))
	l.routing(h.Properties.Get("TrafficRoutingConfig"))
	l.bound("OS111", h.Properties.Find("AdditionalOptions", "TerminationWaitTimeInMinutes"), "the termination wait", 0, maxTerminationWait)
	l.lifecycle(h.Properties.Get("LifecycleEventHooks"))
	l.application(h.Properties.Get("Applications"))
	l.companions()
	l.release()
}

// schema checks the shape of a value and of all below it.
func (l *linter) schema(n *Node, name string, f field) {
	switch {
	case n.Is(Function):
		l.report("OS105", n, "%s is a function (%s); values in Hooks have to be written out", name, n.Name)
		return
	case !n.Is(f.kind) || n.Kind == Scalar && (n.IsNull() || n.Text == ""):
		l.report("OS104", n, "%s has to be a %s", name, f.kind)
		return
	}
	for i, item := range n.Items {
		l.schema(item, name+"["+strconv.Itoa(i)+"]", *f.item)
	}
	for _, e := range n.Entries {
		known, ok := f.fields[e.Key]
		switch {
		case ok:
			l.schema(e.Value, e.Key, known)
		case e.Key == "AdditionalOptions" && strings.HasSuffix(name, "TrafficRoutingConfig"):
			l.report("OS201", key(e), "AdditionalOptions belongs beside TrafficRoutingConfig; here the termination wait may go unheard")
		default:
			l.report("OS104", key(e), "%s has no property %s", name, e.Key)
		}
	}
	for _, want := range slices.Sorted(maps.Keys(f.fields)) {
		if f.fields[want].required && n.Entry(want) == nil {
			l.report("OS104", n, "%s has no %s", name, want)
		}
	}
}

// routing looks at TrafficRoutingConfig.
func (l *linter) routing(config *Node) {
	kind := config.Get("Type")
	if !kind.Is(Scalar) {
		return // no config means CloudFormation's default; a wrong shape is reported
	}
	switch kind.Text {
	case AllAtOnce, TimeBasedCanary, TimeBasedLinear:
	default:
		l.report("OS106", kind, "traffic routing %q is none of %s, %s and %s", kind.Text, AllAtOnce, TimeBasedCanary, TimeBasedLinear)
		return
	}
	for _, name := range []string{TimeBasedCanary, TimeBasedLinear} {
		e := config.Entry(name)
		switch {
		case e == nil && name == kind.Text:
			l.report("OS107", kind, "traffic routing %s needs the block %s beside it", name, name)
		case e != nil && name != kind.Text:
			l.report("OS108", key(*e), "the block %s doesn't belong to traffic routing %s", name, kind.Text)
		case e != nil:
			l.bound("OS109", e.Value.Get("StepPercentage"), "the step percentage", minStepPercentage, maxStepPercentage)
			l.bound("OS110", e.Value.Get("BakeTimeMins"), "the bake time in minutes", 0, maxTerminationWait)
		}
	}
}

// bound looks at a whole number, unless its shape is reported already.
func (l *linter) bound(rule string, n *Node, name string, low, high int) {
	if !n.Is(Scalar) || n.Text == "" {
		return
	}
	if i, err := strconv.Atoi(n.Text); err != nil || i < low || i > high {
		l.report(rule, n, "%s has to be a whole number from %d to %d, not %q", name, low, high, n.Text)
	}
}

func (l *linter) lifecycle(hooks *Node) {
	if !hooks.Is(Map) {
		return
	}
	for _, e := range hooks.Entries {
		if name := e.Value.Str(); name != "" && !strings.HasPrefix(name, "CodeDeployHook_") {
			l.report("OS210", e.Value, "CodeDeploy's managed role may call functions whose names begin with CodeDeployHook_ only, not %q", name)
		}
	}
}

// application looks at Applications and at the resources it names.
func (l *linter) application(list *Node) {
	if !list.Is(List) {
		return
	}
	if len(list.Items) != 1 {
		l.report("OS112", list, "a hook has one application with one ECS service, this one has %d", len(list.Items))
		return
	}
	application := list.Items[0]
	l.target(application.Get("Target"), "AWS::ECS::Service")
	attributes := application.Get("ECSAttributes")
	l.pair(attributes.Get("TaskDefinitions"), "AWS::ECS::TaskDefinition", true)
	l.pair(attributes.Get("TaskSets"), "AWS::ECS::TaskSet", true)
	routing := attributes.Get("TrafficRouting")
	l.pair(routing.Get("TargetGroups"), "AWS::ElasticLoadBalancingV2::TargetGroup", false)
	l.target(routing.Get("ProdTrafficRoute"), listenerType)
	l.target(routing.Get("TestTrafficRoute"), listenerType)
}

// target looks at {Type, LogicalID}.
func (l *linter) target(n *Node, resourceType string) {
	if kind := n.Get("Type"); kind.Is(Scalar) && kind.Text != "" && kind.Text != resourceType {
		l.report("OS104", kind, "the Type has to be %s, not %q", resourceType, kind.Text)
	}
	if id := n.Get("LogicalID"); id.Is(Scalar) && id.Text != "" {
		l.named(id, resourceType)
	}
}

// pair looks at a list of the blue and the green logical id. The green one of
// what is released must not be in Resources; both target groups must.
func (l *linter) pair(n *Node, resourceType string, released bool) {
	if !n.Is(List) || slices.ContainsFunc(n.Items, func(i *Node) bool { return i.Str() == "" }) {
		return
	}
	if len(n.Items) != 2 || n.Items[0].Text == n.Items[1].Text {
		l.report("OS113", n, "two different logical ids have to be here, blue's and green's")
		return
	}
	l.named(n.Items[0], resourceType)
	green := n.Items[1]
	switch {
	case !alphanumeric(green.Text):
		l.report("OS113", green, "the logical id %q may hold letters and digits only", green.Text)
	case !released:
		l.named(green, resourceType)
	case l.t.Section("Resources").Entry(green.Text) != nil:
		l.report("OS115", green, "%s is green's and must not be in Resources: the transform makes it during a release", green.Text)
	}
}

// named looks at a logical id that has to lead to a resource of a type.
func (l *linter) named(id *Node, resourceType string) {
	r, ok := l.t.Resource(id.Text)
	switch {
	case !ok:
		l.report("OS114", id, "%s isn't in Resources; it has to be an %s there", id.Text, resourceType)
	case r.Type != resourceType:
		l.report("OS114", id, "%s is an %s, not an %s", id.Text, r.Type, resourceType)
	case r.Condition != "":
		l.report("OS208", id, "%s is made under the condition %s only; without it the hook names a resource that isn't there", id.Text, r.Condition)
	}
}
