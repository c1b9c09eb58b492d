package codedeploy

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// route is a listener's traffic that goes to blue: its default action, its
// rules, or both.
//
// Assumption A45: rules that forward to blue move with the default action.
// CodeDeploy's managed role may modify rules, but no page says which it does.
type route struct {
	balancer    Balancer
	blue, green string // target group ARNs
	places      []place
}

// place is where forwards to blue stand, with what stood there before.
type place struct {
	listener, rule string // ARN; rule is empty for the default action
	actions        []elbtypes.Action
}

// findRoute looks up what forwards to blue's target group at a listener.
func (r *run) findRoute(ctx context.Context, listener string) (*route, error) {
	out := &route{balancer: r.cfg.Balancer, blue: r.spec.BlueTargetGroup, green: r.spec.GreenTargetGroup}
	found, err := out.balancer.DescribeListeners(ctx, &elbv2.DescribeListenersInput{ListenerArns: []string{listener}})
	if err != nil {
		return nil, elbError(err)
	}
	in := &elbv2.DescribeRulesInput{ListenerArn: &listener}
	for {
		rules, err := out.balancer.DescribeRules(ctx, in)
		if err != nil {
			return nil, elbError(err)
		}
		for _, rule := range rules.Rules {
			if !*rule.IsDefault && out.toBlue(rule.Actions) {
				out.places = append(out.places, place{listener, *rule.RuleArn, rule.Actions})
			}
		}
		if in.Marker = rules.NextMarker; in.Marker == nil {
			break
		}
	}
	if actions := found.Listeners[0].DefaultActions; out.toBlue(actions) {
		out.places = append(out.places, place{listener, "", actions})
	}
	if len(out.places) == 0 {
		return nil, fail(types.ErrorCodeElasticLoadBalancingInvalid, "Primary taskset target group must be behind listener %s", listener)
	}
	return out, nil
}

func elbError(err error) error {
	return fail(types.ErrorCodeElasticLoadBalancingInvalid, "The ELB could not be updated due to the following error: %v", err)
}

func (t *route) toBlue(actions []elbtypes.Action) bool {
	return slices.ContainsFunc(actions, func(a elbtypes.Action) bool {
		return slices.ContainsFunc(groupsOf(a), func(g elbtypes.TargetGroupTuple) bool { return *g.TargetGroupArn == t.blue })
	})
}

// groupsOf returns the target groups of a forward action, however it is given.
func groupsOf(a elbtypes.Action) []elbtypes.TargetGroupTuple {
	switch {
	case a.ForwardConfig != nil && len(a.ForwardConfig.TargetGroups) > 0:
		return a.ForwardConfig.TargetGroups
	case a.TargetGroupArn != nil:
		return []elbtypes.TargetGroupTuple{{TargetGroupArn: a.TargetGroupArn, Weight: new(int32(1))}}
	}
	return nil
}

// move gives green percent of blue's traffic. With 0, green's target group is
// in use and its targets' health is checked.
func (t *route) move(ctx context.Context, percent int) error {
	return t.set(ctx, func(a elbtypes.Action) elbtypes.Action {
		return t.weigh(a, []elbtypes.TargetGroupTuple{
			{TargetGroupArn: &t.blue, Weight: new(int32(100 - percent))},
			{TargetGroupArn: &t.green, Weight: new(int32(percent))},
		})
	})
}

// settle leaves green alone in blue's place.
func (t *route) settle(ctx context.Context) error {
	return t.set(ctx, func(a elbtypes.Action) elbtypes.Action {
		return t.weigh(a, []elbtypes.TargetGroupTuple{{TargetGroupArn: &t.green, Weight: new(int32(100))}})
	})
}

// restore puts everything back as it was found.
func (t *route) restore(ctx context.Context) error {
	return t.set(ctx, func(a elbtypes.Action) elbtypes.Action { return a })
}

// weigh puts pair where an action forwards to blue. Other target groups of the
// action keep their share beside blue's.
//
// Assumption A194: stickiness of the action stays as it is, so that a client which blue
// has answered goes on to be answered by blue.
func (t *route) weigh(a elbtypes.Action, pair []elbtypes.TargetGroupTuple) elbtypes.Action {
	before := groupsOf(a)
	blue := slices.IndexFunc(before, func(g elbtypes.TargetGroupTuple) bool { return *g.TargetGroupArn == t.blue })
	if blue < 0 {
		return a
	}
	out := pair
	for _, g := range before {
		if *g.TargetGroupArn == t.blue || *g.TargetGroupArn == t.green {
			continue
		}
		had := max(weight(before[blue]), 1)
		out = append(out, elbtypes.TargetGroupTuple{TargetGroupArn: g.TargetGroupArn, Weight: new(min(weight(g)*100/had, 999))})
	}
	changed := &elbtypes.ForwardActionConfig{TargetGroups: out}
	if a.ForwardConfig != nil {
		changed.TargetGroupStickinessConfig = a.ForwardConfig.TargetGroupStickinessConfig
	}
	return elbtypes.Action{Type: a.Type, Order: a.Order, ForwardConfig: changed}
}

func weight(g elbtypes.TargetGroupTuple) int32 {
	if g.Weight == nil {
		return 1
	}
	return *g.Weight
}

// set writes every place anew.
func (t *route) set(ctx context.Context, change func(elbtypes.Action) elbtypes.Action) error {
	for _, p := range t.places {
		var actions []elbtypes.Action
		for _, a := range p.actions {
			actions = append(actions, change(a))
		}
		var err error
		if p.rule != "" {
			_, err = t.balancer.ModifyRule(ctx, &elbv2.ModifyRuleInput{RuleArn: &p.rule, Actions: actions})
		} else {
			_, err = t.balancer.ModifyListener(ctx, &elbv2.ModifyListenerInput{ListenerArn: &p.listener, DefaultActions: actions})
		}
		if err != nil {
			return elbError(err)
		}
	}
	return nil
}
