package template

// Serving is where a template's service gets its traffic: logical ids, "" where
// the template doesn't say.
type Serving struct {
	Listener string // the production listener
	Service  string
}

// Serving finds the listener and the service: of the blue/green hook those that
// it names, else the only service that has a load balancer, and the listener
// that forwards to its target group, by itself or by a rule.
func (t *Template) Serving() Serving {
	if app := t.application(); app != nil {
		return Serving{
			Listener: app.Find("ECSAttributes", "TrafficRouting", "ProdTrafficRoute", "LogicalID").Str(),
			Service:  app.Find("Target", "LogicalID").Str(),
		}
	}
	var found []Resource
	for _, r := range t.Resources() {
		if r.Type == "AWS::ECS::Service" && len(r.Properties.Get("LoadBalancers").items()) > 0 {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		return Serving{}
	}
	s := Serving{Service: found[0].ID}
	for _, b := range found[0].Properties.Get("LoadBalancers").items() {
		if group := first(References(b.Get("TargetGroupArn"))); group != "" && s.Listener == "" {
			s.Listener = t.forwarder(group)
		}
	}
	return s
}

// forwarder returns the listener that forwards to a target group.
func (t *Template) forwarder(group string) string {
	for _, r := range t.Resources() {
		if r.Type == listenerType && refersTo(r.Properties.Get("DefaultActions"), group) {
			return r.ID
		}
	}
	for _, r := range t.Resources() {
		if r.Type == "AWS::ElasticLoadBalancingV2::ListenerRule" && refersTo(r.Properties.Get("Actions"), group) {
			return first(References(r.Properties.Get("ListenerArn")))
		}
	}
	return ""
}

func refersTo(n *Node, id string) bool {
	for _, r := range References(n) {
		if r.Target == id {
			return true
		}
	}
	return false
}

func first(list []Reference) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Target
}

// items are those of a list, none of anything else.
func (n *Node) items() []*Node {
	if !n.Is(List) {
		return nil
	}
	return n.Items
}
