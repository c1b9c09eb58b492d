package bluegreen

import (
	"slices"
	"strconv"
	"time"

	"orgship/sandbox/codedeploy"
	"orgship/template"
)

// Read returns the hook of a template, nil when it has no Hooks section. An
// error is *Error, or a *wire.Error for what the sandbox doesn't model.
func Read(t *template.Template) (*Hook, error) {
	hooks := t.Hooks()
	if len(hooks) == 0 {
		return nil, nil
	}
	// Only one ECS service can be the target.
	// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-considerations.html
	if len(hooks) != 1 || !alphanumeric(hooks[0].ID) || hooks[0].Type != HookType {
		return nil, schemaError()
	}
	r := &reader{}
	h := &Hook{ID: hooks[0].ID}
	r.keys(hooks[0].Node, "Type", "Properties")
	properties := hooks[0].Properties
	r.keys(properties, "TrafficRoutingConfig", "AdditionalOptions", "LifecycleEventHooks", "ServiceRole", "Applications")
	if role := properties.Get("ServiceRole"); role != nil && !role.Is(template.Scalar) {
		r.bad = true
	}
	h.Routing = r.routing(properties.Get("TrafficRoutingConfig"))
	h.TerminationWait = r.wait(properties.Get("AdditionalOptions"))
	r.application(h, properties.Get("Applications"))
	h.Functions = r.functions(properties.Get("LifecycleEventHooks"))
	if r.bad {
		return nil, schemaError()
	}
	return h, nil
}

// reader reads the hook and remembers whether anything was wrong: the transform
// has one error text for all of it. Functions aren't allowed in Hooks:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
type reader struct{ bad bool }

// keys wants n to be a map with no other keys.
func (r *reader) keys(n *template.Node, allowed ...string) {
	if !n.Is(template.Map) {
		r.bad = true
		return
	}
	for _, key := range n.Keys() {
		if !slices.Contains(allowed, key) {
			r.bad = true
		}
	}
}

func (r *reader) text(n *template.Node) string {
	if !n.Is(template.Scalar) || n.Text == "" {
		r.bad = true
	}
	return n.Str()
}

// whole reads a whole number between low and high; absent it is otherwise.
func (r *reader) whole(n *template.Node, low, high, otherwise int) int {
	if n == nil {
		return otherwise
	}
	i, err := strconv.Atoi(n.Str())
	if err != nil || i < low || i > high {
		r.bad = true
	}
	return i
}

func (r *reader) routing(n *template.Node) codedeploy.Routing {
	routing := codedeploy.Routing{Type: codedeploy.TimeBasedCanary, StepPercentage: defaultStep, BakeTime: defaultBake}
	if n == nil {
		return routing
	}
	// Assumption A22: AdditionalOptions inside TrafficRoutingConfig, where a
	// public AWS sample has it and no documentation, is read over: the
	// termination wait is then the default.
	r.keys(n, "Type", "TimeBasedCanary", "TimeBasedLinear", "AdditionalOptions")
	routing.Type = r.text(n.Get("Type"))
	blocks := 0
	for _, name := range []string{codedeploy.TimeBasedCanary, codedeploy.TimeBasedLinear} {
		if n.Get(name) == nil {
			continue
		}
		blocks++
		if name != routing.Type { // https://github.com/aws/aws-cdk/issues/10803
			r.bad = true
		}
	}
	switch routing.Type {
	case codedeploy.AllAtOnce:
		return codedeploy.Routing{Type: codedeploy.AllAtOnce}
	case codedeploy.TimeBasedCanary, codedeploy.TimeBasedLinear:
		if blocks != 1 {
			r.bad = true
			return routing
		}
		block := n.Get(routing.Type)
		r.keys(block, "StepPercentage", "BakeTimeMins")
		routing.StepPercentage = r.whole(block.Get("StepPercentage"), smallestStep, 100, defaultStep)
		routing.BakeTime = minutes(r.whole(block.Get("BakeTimeMins"), 0, longestWait, int(defaultBake/time.Minute)))
	default:
		r.bad = true
	}
	return routing
}

func (r *reader) wait(n *template.Node) time.Duration {
	if n == nil {
		return defaultWait
	}
	r.keys(n, "TerminationWaitTimeInMinutes")
	return minutes(r.whole(n.Get("TerminationWaitTimeInMinutes"), 0, longestWait, int(defaultWait/time.Minute)))
}

func (r *reader) application(h *Hook, n *template.Node) {
	if !n.Is(template.List) || len(n.Items) != 1 {
		r.bad = true
		return
	}
	application := n.Items[0]
	r.keys(application, "Target", "ECSAttributes")
	h.Service = r.target(application.Get("Target"), ecsService)
	attributes := application.Get("ECSAttributes")
	r.keys(attributes, "TaskDefinitions", "TaskSets", "TrafficRouting")
	h.TaskDefinitions = r.pair(attributes.Get("TaskDefinitions"))
	h.TaskSets = r.pair(attributes.Get("TaskSets"))
	routing := attributes.Get("TrafficRouting")
	r.keys(routing, "ProdTrafficRoute", "TestTrafficRoute", "TargetGroups")
	h.ProdListener = r.target(routing.Get("ProdTrafficRoute"), elbListener)
	if test := routing.Get("TestTrafficRoute"); test != nil {
		h.TestListener = r.target(test, elbListener)
	}
	h.TargetGroups = r.pair(routing.Get("TargetGroups"))
}

func (r *reader) target(n *template.Node, typeName string) string {
	r.keys(n, "Type", "LogicalID")
	if r.text(n.Get("Type")) != typeName {
		r.bad = true
	}
	return r.text(n.Get("LogicalID"))
}

func (r *reader) pair(n *template.Node) [2]string {
	if !n.Is(template.List) || len(n.Items) != 2 {
		r.bad = true
		return [2]string{}
	}
	p := [2]string{r.text(n.Items[0]), r.text(n.Items[1])}
	if p[0] == p[1] || !alphanumeric(p[0]) || !alphanumeric(p[1]) {
		r.bad = true
	}
	return p
}

func (r *reader) functions(n *template.Node) map[string]string {
	functions := map[string]string{}
	if n == nil {
		return functions
	}
	r.keys(n, codedeploy.BeforeInstall, codedeploy.AfterInstall, codedeploy.AfterAllowTestTraffic, codedeploy.BeforeAllowTraffic, codedeploy.AfterAllowTraffic)
	for _, event := range n.Keys() {
		functions[event] = r.text(n.Get(event))
	}
	return functions
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

func alphanumeric(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
