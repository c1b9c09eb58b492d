package hook

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/pipeline/report"
	"orgship/template"
)

const ruleType = "AWS::ElasticLoadBalancingV2::ListenerRule"

// Classify tells a green deployment from everything else. The hook refuses both
// at once.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/about-blue-green-deployments.html
func (s *blueGreen) Classify(changes []report.Change) (class report.Class, green, others []report.Change) {
	for _, c := range changes {
		switch {
		case startsGreen(c):
			green = append(green, c)
		case c.Type == "AWS::ECS::PrimaryTaskSet", slices.Contains(s.routed, c.LogicalID) && routesOnly(c, s.parameters):
		default:
			others = append(others, c)
		}
	}
	switch {
	case len(changes) == 0:
		class = report.NothingToDo
	case len(green) == 0:
		class = report.InfrastructureOnly
	case len(others) > 0:
		class = report.Mixed
	default:
		class = report.GreenDeployment
	}
	return class, green, others
}

// startsGreen reports whether a change makes the hook start a green
// deployment: one that replaces a task definition or a task set. In a change
// set the transform shows it as one pair added and the other removed.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/about-blue-green-deployments.html
func startsGreen(c report.Change) bool {
	if c.Type != "AWS::ECS::TaskDefinition" && c.Type != "AWS::ECS::TaskSet" {
		return false
	}
	return c.Action != string(types.ChangeActionModify) || c.Replacement != string(types.ReplacementFalse)
}

// routesOnly reports whether nothing of a listener or its rule changes but its
// actions, and that not by a parameter: the hook moves the target group in them,
// as in AWS's own example. Whether AWS's change set lists them, and with which
// details, isn't documented (assumption: it may). What the template's text
// changes in them is found before there is a change set.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-template-example.html
func routesOnly(c report.Change, parameters []string) bool {
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

// Compare finds what a mixed update mixes, where the templates alone show it.
func (s *blueGreen) Compare(before, after *template.Template) (green, others []report.Change) {
	diff := template.Compare(before, after)
	return textual(diff.Green()), textual(diff.Others())
}

// textual renders changes between two templates as a change set would.
func textual(list []template.ResourceChange) []report.Change {
	var out []report.Change
	for _, r := range list {
		c := report.Change{LogicalID: r.ID, Type: r.Type, Action: string(action(r.Action))}
		if r.StartsGreen {
			c.Replacement = string(types.ReplacementTrue)
		}
		for _, name := range r.Properties {
			c.Causes = append(c.Causes, "Properties."+name)
		}
		out = append(out, c)
	}
	return out
}

func action(a template.Action) types.ChangeAction {
	switch a {
	case template.Added:
		return types.ChangeActionAdd
	case template.Removed:
		return types.ChangeActionRemove
	}
	return types.ChangeActionModify
}
