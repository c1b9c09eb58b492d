package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Changes are what a release writes into a template. A zero member leaves its
// value as it is.
type Changes struct {
	// Image is the reference of the container's image: repository@sha256:….
	// It replaces whatever stands there, also a function such as !Ref.
	Image string
	// Container names the container whose image changes. Empty means the one
	// that the task set's load balancer sends to, or the only one.
	Container string

	CPU    int // of the task, in CPU units: 256 is a quarter of a CPU
	Memory int // of the task, in MiB

	DesiredCount *int // of the service

	TrafficRouting         *TrafficRouting
	TerminationWaitMinutes *int // 0 to 2880
	// TestTrafficRoute is the logical id of the test listener for the hook;
	// empty takes the test listener out of the hook.
	TestTrafficRoute *string
}

// TrafficRouting says how the hook moves production traffic.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-hook-syntax.html
type TrafficRouting struct {
	Type string // AllAtOnce, TimeBasedCanary or TimeBasedLinear
	// StepPercentage and BakeTimeMins belong to the latter two. 0 keeps what
	// the template says for the type, or means CloudFormation's 15 and 5.
	StepPercentage int
	BakeTimeMins   int
}

// The traffic routings.
const (
	AllAtOnce       = "AllAtOnce"
	TimeBasedCanary = "TimeBasedCanary"
	TimeBasedLinear = "TimeBasedLinear"
)

// The bounds and defaults of the hook's settings. The longest wait is
// CodeDeploy's: https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BlueInstanceTerminationOption.html
const (
	minStepPercentage  = 14
	maxStepPercentage  = 100
	stepPercentage     = 15
	bakeTimeMins       = 5
	maxTerminationWait = 2880
)

// Render writes changes into the source of a template and leaves every other
// byte as it is: comments, order, quotes, line breaks. Rendering what the
// template says already gives the same bytes. An error names what is missing;
// it is an *Error where it has a place in the source.
func Render(src []byte, c Changes) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	e, err := newEditor(src)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(Changes) error{e.task, e.count, e.routing, e.wait, e.testRoute} {
		if err := step(c); err != nil {
			return nil, err
		}
	}
	return slices.Clone(e.src), nil
}

func (c Changes) check() error {
	if strings.ContainsFunc(c.Image, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return fmt.Errorf("the image %q is no image reference", c.Image)
	}
	if c.CPU < 0 || c.Memory < 0 || c.DesiredCount != nil && *c.DesiredCount < 0 {
		return fmt.Errorf("CPU, memory and the number of tasks can't be negative")
	}
	if w := c.TerminationWaitMinutes; w != nil && (*w < 0 || *w > maxTerminationWait) {
		return fmt.Errorf("the termination wait is 0 to %d minutes, not %d", maxTerminationWait, *w)
	}
	if c.TrafficRouting != nil {
		return c.TrafficRouting.check()
	}
	return nil
}

func (r TrafficRouting) check() error {
	switch r.Type {
	case AllAtOnce:
		if r.StepPercentage != 0 || r.BakeTimeMins != 0 {
			return fmt.Errorf("traffic routing %s takes no step percentage and no bake time", r.Type)
		}
		return nil
	case TimeBasedCanary, TimeBasedLinear:
	default:
		return fmt.Errorf("traffic routing %q is none of %s, %s, %s", r.Type, AllAtOnce, TimeBasedCanary, TimeBasedLinear)
	}
	if s := r.StepPercentage; s != 0 && (s < minStepPercentage || s > maxStepPercentage) {
		return fmt.Errorf("the step percentage is %d to %d, not %d", minStepPercentage, maxStepPercentage, s)
	}
	if r.BakeTimeMins < 0 {
		return fmt.Errorf("the bake time can't be negative")
	}
	return nil
}

// task changes the task definition: image, CPU, memory.
func (e *editor) task(c Changes) error {
	if c.Image == "" && c.CPU == 0 && c.Memory == 0 {
		return nil
	}
	hook, _ := e.t.BlueGreen()
	id, err := e.t.live("AWS::ECS::TaskDefinition", hook.TaskDefinitions)
	if err != nil {
		return err
	}
	properties := path{"Resources", id, "Properties"}
	if !e.node(properties).Is(Map) {
		return errorAt(e.node(properties[:2]), "task definition %s has no Properties", id)
	}
	if c.Image != "" {
		container, err := e.container(properties, c.Container)
		if err != nil {
			return err
		}
		if e.node(container.add("Image")) == nil {
			return errorAt(e.node(container), "the container in task definition %s has no Image", id)
		}
		if err := e.put(container, "Image", String(c.Image), ""); err != nil {
			return err
		}
	}
	if err := e.size(properties, "Cpu", c.CPU, "Family"); err != nil {
		return err
	}
	return e.size(properties, "Memory", c.Memory, "Cpu")
}

func (e *editor) size(properties path, key string, value int, after string) error {
	if value == 0 {
		return nil
	}
	return e.put(properties, key, String(strconv.Itoa(value)), after)
}

// container returns the path of the container called name, or of the one that
// serves, when name is empty.
func (e *editor) container(properties path, name string) (path, error) {
	list := e.node(properties.add("ContainerDefinitions"))
	if !list.Is(List) || len(list.Items) == 0 {
		return nil, errorAt(e.node(properties), "task definition %s has no list of ContainerDefinitions", properties[1])
	}
	if name == "" && len(list.Items) == 1 && list.Items[0].Is(Map) {
		return properties.add("ContainerDefinitions", 0), nil
	}
	if name == "" {
		name = e.t.servingContainer()
	}
	var names []string
	for i, c := range list.Items {
		if name != "" && c.Get("Name").Str() == name {
			return properties.add("ContainerDefinitions", i), nil
		}
		names = append(names, c.Get("Name").Str())
	}
	have := strings.Join(names, ", ")
	if name == "" {
		return nil, errorAt(list, "task definition %s has several containers (%s); name the one whose image changes", properties[1], have)
	}
	return nil, errorAt(list, "task definition %s has no container %q; it has %s", properties[1], name, have)
}

func (e *editor) count(c Changes) error {
	if c.DesiredCount == nil {
		return nil
	}
	var ids []string
	if hook, _ := e.t.BlueGreen(); hook.Service != "" {
		ids = []string{hook.Service}
	}
	id, err := e.t.live("AWS::ECS::Service", ids)
	if err != nil {
		return err
	}
	properties := path{"Resources", id, "Properties"}
	if !e.node(properties).Is(Map) {
		return errorAt(e.node(properties[:2]), "service %s has no Properties", id)
	}
	return e.put(properties, "DesiredCount", Number(strconv.Itoa(*c.DesiredCount)), "")
}

// hook returns the path of the blue/green hook's properties.
func (e *editor) hook() (path, error) {
	for _, h := range e.t.Hooks() {
		if h.Type == hookType {
			if !h.Properties.Is(Map) {
				return nil, errorAt(h.Node, "hook %s has no Properties", h.ID)
			}
			return path{"Hooks", h.ID, "Properties"}, nil
		}
	}
	return nil, errorAt(e.t.Root, "the template has no hook of type %s", hookType)
}

func (e *editor) routing(c Changes) error {
	if c.TrafficRouting == nil {
		return nil
	}
	p, err := e.hook()
	if err != nil {
		return err
	}
	r := c.TrafficRouting
	config := p.add("TrafficRoutingConfig")
	if n := e.node(config); n.IsNull() {
		if n != nil {
			if err := e.remove(p, "TrafficRoutingConfig"); err != nil {
				return err
			}
		}
		return e.insert(p, "TrafficRoutingConfig", r.node(), "")
	} else if !n.Is(Map) {
		return errorAt(n, "%s is a %s, not a map", config, n.Kind)
	}
	if err := e.put(config, "Type", String(r.Type), ""); err != nil {
		return err
	}
	return e.block(config, r)
}

// block leaves the one block under TrafficRoutingConfig that belongs to the
// routing's type.
func (e *editor) block(config path, r *TrafficRouting) error {
	for _, name := range []string{TimeBasedCanary, TimeBasedLinear} {
		n := e.node(config.add(name))
		if e.node(config).Entry(name) != nil && (name != r.Type || n.IsNull()) {
			if err := e.remove(config, name); err != nil {
				return err
			}
			n = nil
		}
		switch {
		case name != r.Type:
		case n == nil:
			if err := e.insert(config, name, r.block(), "Type"); err != nil {
				return err
			}
		case !n.Is(Map):
			return errorAt(n, "%s is a %s, not a map", config.add(name), n.Kind)
		default:
			if err := e.numbers(config.add(name), r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *editor) numbers(block path, r *TrafficRouting) error {
	if r.StepPercentage != 0 {
		if err := e.put(block, "StepPercentage", Number(strconv.Itoa(r.StepPercentage)), ""); err != nil {
			return err
		}
	}
	if r.BakeTimeMins != 0 {
		return e.put(block, "BakeTimeMins", Number(strconv.Itoa(r.BakeTimeMins)), "")
	}
	return nil
}

func (r TrafficRouting) block() *Node {
	step, bake := r.StepPercentage, r.BakeTimeMins
	if step == 0 {
		step = stepPercentage
	}
	if bake == 0 {
		bake = bakeTimeMins
	}
	return NewMap(
		Entry{Key: "StepPercentage", Value: Number(strconv.Itoa(step))},
		Entry{Key: "BakeTimeMins", Value: Number(strconv.Itoa(bake))},
	)
}

func (r TrafficRouting) node() *Node {
	n := NewMap(Entry{Key: "Type", Value: String(r.Type)})
	if r.Type != AllAtOnce {
		n.Set(r.Type, r.block())
	}
	return n
}

// wait sets the termination wait where it belongs, and takes it out of
// TrafficRoutingConfig, where some templates have it.
func (e *editor) wait(c Changes) error {
	if c.TerminationWaitMinutes == nil {
		return nil
	}
	p, err := e.hook()
	if err != nil {
		return err
	}
	const options, key = "AdditionalOptions", "TerminationWaitTimeInMinutes"
	if config := p.add("TrafficRoutingConfig"); e.node(config).Entry(options) != nil {
		if err := e.remove(config, options); err != nil {
			return err
		}
	}
	value := Number(strconv.Itoa(*c.TerminationWaitMinutes))
	n := e.node(p.add(options))
	if !n.IsNull() {
		return e.put(p.add(options), key, value, "")
	}
	if n != nil {
		if err := e.remove(p, options); err != nil {
			return err
		}
	}
	return e.insert(p, options, NewMap(Entry{Key: key, Value: value}), "TrafficRoutingConfig")
}

func (e *editor) testRoute(c Changes) error {
	if c.TestTrafficRoute == nil {
		return nil
	}
	p, err := e.hook()
	if err != nil {
		return err
	}
	const key = "TestTrafficRoute"
	p = p.add("Applications", 0, "ECSAttributes", "TrafficRouting")
	if !e.node(p).Is(Map) {
		return errorAt(e.node(p[:3]), "the hook has no %s", p[3:])
	}
	id, there := *c.TestTrafficRoute, e.node(p).Entry(key) != nil
	switch {
	case id == "" && there:
		return e.remove(p, key)
	case id == "":
		return nil
	case there && e.node(p.add(key)).Is(Map):
		return e.put(p.add(key), "LogicalID", String(id), "")
	case there:
		if err := e.remove(p, key); err != nil {
			return err
		}
	}
	route := NewMap(Entry{Key: "Type", Value: String(listenerType)}, Entry{Key: "LogicalID", Value: String(id)})
	return e.insert(p, key, route, "ProdTrafficRoute")
}
