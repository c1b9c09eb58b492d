package stack

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Class says what a plan amounts to. The words are those of reports: they
// don't change.
type Class string

// Words is the class for people: "green deployment".
func (c Class) Words() string { return strings.ReplaceAll(string(c), "_", " ") }

// The classes of plans.
const (
	Create             Class = "create"              // a new stack
	GreenDeployment    Class = "green_deployment"    // the hook makes green beside blue and moves traffic
	InfrastructureOnly Class = "infrastructure_only" // an ordinary update
	Mixed              Class = "mixed"               // both at once: the hook refuses it
	NothingToDo        Class = "nothing_to_do"
)

// Change is what a plan does to one resource.
type Change struct {
	LogicalID   string
	PhysicalID  string // "" for a new one
	Type        string
	Action      string // Add, Modify, Remove, Import, Dynamic
	Replacement string // True, False, Conditional; "" where it says nothing
	// Causes are what changes in it, e.g. "Properties.ContainerDefinitions".
	Causes []string
}

const ruleType = "AWS::ElasticLoadBalancingV2::ListenerRule"

// routesOnly reports whether nothing of a listener or its rule changes but its
// actions, and that not by a parameter: the hook moves the target group in them,
// as in AWS's own example. Whether AWS's change set lists them, and with which
// details, isn't documented (assumption: it may). What the template's text
// changes in them is found before there is a change set.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-template-example.html
func (c Change) routesOnly(parameters []string) bool {
	moved := "Properties.DefaultActions"
	if c.Type == ruleType {
		moved = "Properties.Actions"
	}
	if c.Action != string(types.ChangeActionModify) || c.Replacement == string(types.ReplacementTrue) || c.Type == ruleType && len(c.Causes) == 0 {
		return false
	}
	return !slices.ContainsFunc(c.Causes, func(cause string) bool {
		name, by, _ := strings.Cut(cause, " (from ")
		return name != moved || slices.Contains(parameters, strings.TrimSuffix(by, ")"))
	})
}

func newChange(c types.ResourceChange) Change {
	change := Change{
		LogicalID:   aws.ToString(c.LogicalResourceId),
		PhysicalID:  aws.ToString(c.PhysicalResourceId),
		Type:        aws.ToString(c.ResourceType),
		Action:      string(c.Action),
		Replacement: string(c.Replacement),
	}
	for _, d := range c.Details {
		if d.Target == nil {
			continue
		}
		cause := string(d.Target.Attribute)
		if name := aws.ToString(d.Target.Name); name != "" {
			cause += "." + name
		}
		if by := aws.ToString(d.CausingEntity); by != "" {
			cause += " (from " + by + ")"
		}
		if cause != "" && !slices.Contains(change.Causes, cause) {
			change.Causes = append(change.Causes, cause)
		}
	}
	return change
}

// String renders the change for people: "Modify Service (AWS::ECS::Service): Properties.DesiredCount".
func (c Change) String() string {
	text := c.Action + " " + c.LogicalID + " (" + c.Type + ")"
	if c.Replacement == string(types.ReplacementTrue) {
		text = "Replace " + c.LogicalID + " (" + c.Type + ")"
	}
	if len(c.Causes) > 0 {
		text += ": " + strings.Join(c.Causes, ", ")
	}
	return text
}

// startsGreen reports whether a change makes the hook start a green
// deployment: one that replaces a task definition or a task set. In a change
// set the transform shows it as one pair added and the other removed.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/about-blue-green-deployments.html
func (c Change) startsGreen() bool {
	if c.Type != "AWS::ECS::TaskDefinition" && c.Type != "AWS::ECS::TaskSet" {
		return false
	}
	return c.Action != string(types.ChangeActionModify) || c.Replacement != string(types.ReplacementFalse)
}

// classify tells what the changes of a change set amount to. Routed are the
// logical ids that the hook changes itself when it moves traffic, as far as no
// parameter does.
func classify(changes []Change, hook bool, routed, parameters []string) (class Class, green, others []Change) {
	for _, c := range changes {
		switch {
		case c.startsGreen():
			green = append(green, c)
		case c.Type == "AWS::ECS::PrimaryTaskSet", slices.Contains(routed, c.LogicalID) && c.routesOnly(parameters):
		default:
			others = append(others, c)
		}
	}
	switch {
	case len(changes) == 0:
		class = NothingToDo
	case !hook || len(green) == 0:
		class = InfrastructureOnly
	case len(others) > 0:
		class = Mixed
	default:
		class = GreenDeployment
	}
	return class, green, others
}
