package template

import (
	"strconv"
	"strings"
	"time"
)

const (
	hookType      = "AWS::CodeDeploy::BlueGreen"
	transformName = "AWS::CodeDeployBlueGreen"
	listenerType  = "AWS::ElasticLoadBalancingV2::Listener"
)

// BlueGreen is what the blue/green hook of a template says: logical ids, "" or
// none where it doesn't. Of each pair blue's comes first.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-hook-syntax.html
type BlueGreen struct {
	Service            string
	TaskDefinitions    []string
	TaskSets           []string
	TargetGroups       []string
	ProductionListener string
	TestListener       string
	// TerminationWait is how long blue is kept once green has all traffic.
	TerminationWait time.Duration

	application *Node
}

// defaultTerminationWait is how long blue is kept when the hook doesn't say.
// https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/core/lib/cfn-codedeploy-blue-green-hook.ts
const defaultTerminationWait = 5 * time.Minute

// BlueGreen returns the template's blue/green hook; false without one. A hook has
// one application.
func (t *Template) BlueGreen() (BlueGreen, bool) {
	for _, h := range t.Hooks() {
		if h.Type != hookType {
			continue
		}
		b := BlueGreen{TerminationWait: defaultTerminationWait}
		if minutes, err := strconv.Atoi(h.Properties.Find("AdditionalOptions", "TerminationWaitTimeInMinutes").Str()); err == nil {
			b.TerminationWait = time.Duration(minutes) * time.Minute
		}
		if list := h.Properties.Get("Applications").items(); len(list) > 0 {
			b.read(list[0])
		}
		return b, true
	}
	return BlueGreen{}, false
}

func (b *BlueGreen) read(application *Node) {
	attributes := application.Get("ECSAttributes")
	routing := attributes.Get("TrafficRouting")
	b.application = application
	b.Service = application.Find("Target", "LogicalID").Str()
	b.TaskDefinitions, b.TaskSets = attributes.Get("TaskDefinitions").texts(), attributes.Get("TaskSets").texts()
	b.TargetGroups = routing.Get("TargetGroups").texts()
	b.ProductionListener = routing.Find("ProdTrafficRoute", "LogicalID").Str()
	b.TestListener = routing.Find("TestTrafficRoute", "LogicalID").Str()
}

// application returns the first of the blue/green hook's Applications, or nil.
func (t *Template) application() *Node {
	b, _ := t.BlueGreen()
	return b.application
}

// live returns the first of ids that is in Resources, or, when the hook names
// none, the only resource of the type.
func (t *Template) live(resourceType string, ids []string) (string, error) {
	for _, id := range ids {
		if r, ok := t.Resource(id); ok && r.Type == resourceType {
			return id, nil
		}
	}
	var found []string
	for _, r := range t.Resources() {
		if r.Type == resourceType {
			found = append(found, r.ID)
		}
	}
	switch {
	case len(ids) > 0:
		return "", errorAt(t.application(), "none of the %s resources that the hook names (%s) is in Resources", resourceType, strings.Join(ids, ", "))
	case len(found) == 0:
		return "", errorAt(t.Section("Resources"), "the template has no resource of type %s", resourceType)
	case len(found) > 1:
		return "", errorAt(t.Section("Resources"), "the template has several resources of type %s (%s) and no hook that names one", resourceType, strings.Join(found, ", "))
	}
	return found[0], nil
}

// servingContainer returns the container that the task set's load balancer
// sends to, or "".
func (t *Template) servingContainer() string {
	hook, _ := t.BlueGreen()
	for _, id := range hook.TaskSets {
		r, ok := t.Resource(id)
		if list := r.Properties.Get("LoadBalancers").items(); ok && len(list) > 0 {
			return list[0].Get("ContainerName").Str()
		}
	}
	return ""
}
