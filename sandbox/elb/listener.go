package elb

import (
	"context"
	"slices"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// listener is one listener; its last rule is the default one.
type listener struct {
	types.Listener
	extra      []string // ARNs of certificates beside the default one
	attributes attributes
	rules      []*rule // by priority
	front      *front
}

func (l *listener) arn() string { return *l.ListenerArn }

// CreateListener creates an HTTP or HTTPS listener and starts to serve its port on the
// load balancer's address.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
func (s *Service) CreateListener(ctx context.Context, in *elbv2.CreateListenerInput) (*elbv2.CreateListenerOutput, error) {
	if err := s.authorizeCreate(ctx, "CreateListener", val(in.LoadBalancerArn), in.Tags); err != nil {
		return nil, err
	}
	if err := first(checkTags(in.Tags), checkListener(in.Protocol, in.Port, true)); err != nil {
		return nil, err
	}
	account := iam.Caller(ctx).Account
	wants, err := s.secured(account, types.Listener{LoadBalancerArn: in.LoadBalancerArn, Port: in.Port}, tlsInput{in.Protocol, in.Certificates, in.SslPolicy, in.AlpnPolicy, in.MutualAuthentication})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return nil, err
	}
	a := s.caller(ctx)
	b, err := a.balancer(val(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	if err := a.checkPort(b, *in.Port, nil); err != nil {
		return nil, err
	}
	actions, err := a.checkActions(in.DefaultActions, b, in.Protocol)
	if err != nil {
		return nil, err
	}
	wants.DefaultActions, wants.ListenerArn = actions, new(child(b.arn(), "listener"))
	l := &listener{attributes: listenerAttributes(), Listener: wants}
	l.rules = []*rule{newRule(l.arn(), defaultPriority, nil, actions)}
	if l.front, err = openFront(b, int(*in.Port)); err != nil {
		return nil, &wire.Error{Code: "InternalFailure", Message: err.Error(), Status: 500}
	}
	s.secure(account, l)
	a.listeners = append(a.listeners, l)
	a.addTags(l.arn(), in.Tags)
	a.route(l)
	return &elbv2.CreateListenerOutput{Listeners: []types.Listener{l.Listener}}, nil
}

func checkListener(protocol types.ProtocolEnum, port *int32, create bool) error {
	switch {
	case create && protocol == "":
		return required("protocol")
	case create && port == nil:
		return required("port")
	case protocol != "" && protocol != types.ProtocolEnumHttp && protocol != types.ProtocolEnumHttps:
		return wire.NotModelled("listener protocol %s (only HTTP and HTTPS)", protocol)
	case port != nil && (*port < 1 || *port > 65535):
		return invalid("Port '%d' is not valid. Specify a value from 1 to 65535", *port)
	}
	return nil
}

// checkPort refuses a port that another listener of the load balancer has.
func (a *account) checkPort(b *balancer, port int32, self *listener) error {
	for _, l := range a.listenersOf(b.arn()) {
		if l != self && *l.Port == port {
			return wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", b.arn())
		}
	}
	return nil
}

func (a *account) listenersOf(balancer string) []*listener {
	return slices.DeleteFunc(slices.Clone(a.listeners), func(l *listener) bool { return *l.LoadBalancerArn != balancer })
}

// listener returns the listener with the ARN.
func (a *account) listener(arn string) (*listener, error) {
	if !isARN(arn, "listener") {
		return nil, invalid("'%s' is not a valid listener ARN", arn)
	}
	for _, l := range a.listeners {
		if l.arn() == arn {
			return l, nil
		}
	}
	return nil, listenerNotFound()
}

// DescribeListeners lists a load balancer's listeners, or those asked for.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListeners.html
func (s *Service) DescribeListeners(ctx context.Context, in *elbv2.DescribeListenersInput) (*elbv2.DescribeListenersOutput, error) {
	if err := s.authorize(ctx, "DescribeListeners", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.caller(ctx).selectListeners(val(in.LoadBalancerArn), in.ListenerArns)
	if err != nil {
		return nil, err
	}
	found, next, err := cut(found, (*listener).arn, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeListenersOutput{Listeners: []types.Listener{}, NextMarker: next}
	for _, l := range found {
		out.Listeners = append(out.Listeners, l.Listener)
	}
	return out, nil
}

func (a *account) selectListeners(balancer string, arns []string) ([]*listener, error) {
	if (balancer == "") == (len(arns) == 0) {
		return nil, invalid("You must specify either listener ARNs or a load balancer ARN")
	}
	if balancer != "" {
		if _, err := a.balancer(balancer); err != nil {
			return nil, err
		}
		return a.listenersOf(balancer), nil
	}
	var out []*listener
	for _, arn := range arns {
		l, err := a.listener(arn)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// ModifyListener changes a listener's port, protocol, TLS or default actions. Open
// requests go on as they began; new ones follow the new actions, and new connections
// the new protocol.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListener.html
func (s *Service) ModifyListener(ctx context.Context, in *elbv2.ModifyListenerInput) (*elbv2.ModifyListenerOutput, error) {
	arn := val(in.ListenerArn)
	if err := s.authorize(ctx, "ModifyListener", arn); err != nil {
		return nil, err
	}
	if err := checkListener(in.Protocol, in.Port, false); err != nil {
		return nil, err
	}
	wants, err := s.rewanted(ctx, arn, tlsInput{in.Protocol, in.Certificates, in.SslPolicy, in.AlpnPolicy, in.MutualAuthentication})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	l, err := a.listener(arn)
	if err != nil {
		return nil, err
	}
	b, err := a.balancer(*l.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	actions, err := a.checkDefault(l, b, wants.Protocol, in.DefaultActions)
	if err != nil {
		return nil, err
	}
	if in.Port != nil && *in.Port != *l.Port {
		if err := a.move(l, b, *in.Port); err != nil {
			return nil, err
		}
	}
	l.DefaultActions = actions
	l.rules[len(l.rules)-1].Actions = actions
	l.take(wants)
	s.secure(a.id, l)
	a.route(l)
	return &elbv2.ModifyListenerOutput{Listeners: []types.Listener{l.Listener}}, nil
}

// checkDefault checks the actions that a listener is to have by default, nil being those
// that it has.
func (a *account) checkDefault(l *listener, b *balancer, protocol types.ProtocolEnum, actions []types.Action) ([]types.Action, error) {
	if len(actions) == 0 {
		actions = l.DefaultActions
	}
	return a.checkActions(actions, b, protocol)
}

// rewanted returns a listener with other TLS; it lets go of the lock again, since the
// certificates are another room's to check.
func (s *Service) rewanted(ctx context.Context, arn string, in tlsInput) (types.Listener, error) {
	s.mu.Lock()
	l, err := s.caller(ctx).listener(arn)
	if err != nil {
		s.mu.Unlock()
		return types.Listener{}, err
	}
	now := l.Listener
	s.mu.Unlock()
	return s.secured(iam.Caller(ctx).Account, now, in)
}

// take takes over protocol and TLS.
func (l *listener) take(wants types.Listener) {
	l.Protocol, l.Certificates, l.SslPolicy, l.MutualAuthentication = wants.Protocol, wants.Certificates, wants.SslPolicy, wants.MutualAuthentication
	if l.Protocol != types.ProtocolEnumHttps {
		l.extra = nil
		return
	}
	l.extra = slices.DeleteFunc(l.extra, func(arn string) bool { return arn == *l.Certificates[0].CertificateArn })
}

// move makes a listener serve another port.
func (a *account) move(l *listener, b *balancer, port int32) error {
	if err := a.checkPort(b, port, l); err != nil {
		return err
	}
	f, err := openFront(b, int(port))
	if err != nil {
		return &wire.Error{Code: "InternalFailure", Message: err.Error(), Status: 500}
	}
	l.front.retire()
	l.front, l.Port = f, &port
	return nil
}

// DeleteListener deletes a listener with its rules and stops serving its port.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteListener.html
func (s *Service) DeleteListener(ctx context.Context, in *elbv2.DeleteListenerInput) (*elbv2.DeleteListenerOutput, error) {
	arn := val(in.ListenerArn)
	if err := s.authorize(ctx, "DeleteListener", arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	l, err := a.listener(arn)
	if err != nil {
		return nil, err
	}
	a.dropListener(l)
	a.attach()
	return &elbv2.DeleteListenerOutput{}, nil
}

// dropListener forgets a listener and stops it; attach must follow.
func (a *account) dropListener(l *listener) {
	l.front.retire()
	a.listeners = slices.DeleteFunc(a.listeners, func(o *listener) bool { return o == l })
	delete(a.tags, l.arn())
	for _, r := range l.rules {
		delete(a.tags, r.arn())
	}
}

// DescribeListenerAttributes lists a listener's attributes.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListenerAttributes.html
func (s *Service) DescribeListenerAttributes(ctx context.Context, in *elbv2.DescribeListenerAttributesInput) (*elbv2.DescribeListenerAttributesOutput, error) {
	if err := s.authorize(ctx, "DescribeListenerAttributes", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.caller(ctx).listener(val(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeListenerAttributesOutput{Attributes: l.attributeList()}, nil
}

// ModifyListenerAttributes sets attributes; see listenerTable for which.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListenerAttributes.html
func (s *Service) ModifyListenerAttributes(ctx context.Context, in *elbv2.ModifyListenerAttributesInput) (*elbv2.ModifyListenerAttributesOutput, error) {
	arn := val(in.ListenerArn)
	if err := s.authorize(ctx, "ModifyListenerAttributes", arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.caller(ctx).listener(arn)
	if err != nil {
		return nil, err
	}
	changes := attributes{}
	for _, at := range in.Attributes {
		changes[val(at.Key)] = val(at.Value)
	}
	if l.attributes, err = l.attributes.with(listenerTable(), "Listener", changes); err != nil {
		return nil, err
	}
	return &elbv2.ModifyListenerAttributesOutput{Attributes: l.attributeList()}, nil
}

func (l *listener) attributeList() []types.ListenerAttribute {
	var out []types.ListenerAttribute
	for _, key := range l.attributes.keys() {
		out = append(out, types.ListenerAttribute{Key: new(key), Value: new(l.attributes[key])})
	}
	return out
}
