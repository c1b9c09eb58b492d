package template

// Serving is where a template's service gets its traffic: logical ids, "" where
// the template doesn't say.
type Serving struct {
	Listener string // the production listener
	Service  string
	// Groups are the target groups that the service uses, or may use.
	Groups []string
	// Hook says that the blue/green hook moves the listener's traffic: all that it
	// does by default is the service's.
	Hook bool
}

// Serving finds the listener and the service: of the blue/green hook those that
// it names, else the only service that has a load balancer, and the listener
// that forwards to its target group, by itself or by a rule.
func (t *Template) Serving() Serving {
	if hook, ok := t.BlueGreen(); ok && hook.application != nil {
		return Serving{Listener: hook.ProductionListener, Service: hook.Service, Groups: hook.TargetGroups, Hook: true}
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
		group, advanced := first(References(b.Get("TargetGroupArn"))), b.Get("AdvancedConfiguration")
		for _, id := range []string{group, first(References(advanced.Get("AlternateTargetGroupArn")))} {
			if id != "" {
				s.Groups = append(s.Groups, id)
			}
		}
		if s.Listener == "" { // ECS's own strategies name the production rule
			s.Listener = t.listenerOf(first(References(advanced.Get("ProductionListenerRule"))))
		}
		if s.Listener == "" && group != "" {
			s.Listener = t.forwarder(group)
		}
	}
	return s
}

// listenerOf returns the listener that a logical id names, itself or as a rule of
// it; "" for anything else.
func (t *Template) listenerOf(id string) string {
	switch r, _ := t.Resource(id); r.Type {
	case listenerType:
		return id
	case "AWS::ElasticLoadBalancingV2::ListenerRule":
		return first(References(r.Properties.Get("ListenerArn")))
	}
	return ""
}

// Port returns a listener's port, with the parameters' values; "" where it can't
// be told.
func (t *Template) Port(listener string, parameters map[string]string) string {
	return t.setting(listener, "Port", parameters)
}

// Scheme returns the scheme of a listener's URLs, https or http, with the parameters'
// values.
func (t *Template) Scheme(listener string, parameters map[string]string) string {
	if t.setting(listener, "Protocol", parameters) == "HTTPS" {
		return "https"
	}
	return "http"
}

// setting returns a property of a resource that is a text or a parameter, "" where it
// can't be told.
func (t *Template) setting(id, property string, parameters map[string]string) string {
	r, ok := t.Resource(id)
	if !ok {
		return ""
	}
	n := r.Properties.Get(property)
	if n.Is(Scalar) {
		return n.Text
	}
	if !n.Is(Function) || n.Name != "Ref" {
		return ""
	}
	if value, given := parameters[n.Arg.Str()]; given {
		return value
	}
	return t.Section("Parameters").Find(n.Arg.Str(), "Default").Str()
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

// texts are those of a list's items.
func (n *Node) texts() []string {
	var list []string
	for _, item := range n.items() {
		list = append(list, item.Str())
	}
	return list
}
