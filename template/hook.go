package template

import "strings"

const (
	hookType      = "AWS::CodeDeploy::BlueGreen"
	transformName = "AWS::CodeDeployBlueGreen"
	listenerType  = "AWS::ElasticLoadBalancingV2::Listener"
)

// application returns the first of the blue/green hook's Applications, or nil.
func (t *Template) application() *Node {
	for _, h := range t.Hooks() {
		if list := h.Properties.Get("Applications"); h.Type == hookType && list.Is(List) && len(list.Items) > 0 {
			return list.Items[0]
		}
	}
	return nil
}

// pair returns the two logical ids that the hook lists under
// ECSAttributes ("TaskDefinitions", "TaskSets"); nil without a hook.
func (t *Template) pair(name string) []string {
	list := t.application().Find("ECSAttributes", name)
	if !list.Is(List) {
		return nil
	}
	var ids []string
	for _, item := range list.Items {
		ids = append(ids, item.Str())
	}
	return ids
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
	for _, id := range t.pair("TaskSets") {
		r, ok := t.Resource(id)
		if list := r.Properties.Get("LoadBalancers"); ok && list.Is(List) && len(list.Items) > 0 {
			return list.Items[0].Get("ContainerName").Str()
		}
	}
	return ""
}
