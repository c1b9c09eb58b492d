package elb

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// defaultPriority is that of the default rule: after all others.
const defaultPriority = math.MaxInt32

// rule is one listener rule.
type rule struct {
	types.Rule
	priority int32
}

func (r *rule) arn() string { return *r.RuleArn }

func newRule(listener string, priority int32, conditions []types.RuleCondition, actions []types.Action) *rule {
	r := &rule{Rule: types.Rule{
		Actions:    actions,
		Conditions: conditions,
		IsDefault:  new(priority == defaultPriority),
		RuleArn:    new(child(listener, "listener-rule")),
	}}
	if conditions == nil {
		r.Conditions = []types.RuleCondition{}
	}
	r.setPriority(priority)
	return r
}

func (r *rule) setPriority(priority int32) {
	r.priority = priority
	r.Priority = new(strconv.Itoa(int(priority)))
	if priority == defaultPriority {
		r.Priority = new("default")
	}
}

func (l *listener) sortRules() {
	slices.SortStableFunc(l.rules, func(a, b *rule) int { return cmp.Compare(a.priority, b.priority) })
}

// CreateRule adds a rule to a listener.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
func (s *Service) CreateRule(ctx context.Context, in *elbv2.CreateRuleInput) (*elbv2.CreateRuleOutput, error) {
	if err := s.authorizeCreate(ctx, "CreateRule", val(in.ListenerArn), in.Tags); err != nil {
		return nil, err
	}
	if len(in.Transforms) > 0 {
		return nil, wire.NotModelled("transforms of a listener rule")
	}
	conditions, err := checkConditions(in.Conditions)
	if err := first(err, checkTags(in.Tags), checkPriority(in.Priority)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	l, err := a.listener(val(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	for _, r := range l.rules {
		if r.priority == *in.Priority {
			return nil, priorityInUse(*in.Priority)
		}
	}
	b, err := a.balancer(*l.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	actions, err := a.checkActions(in.Actions, b, l.Protocol)
	if err != nil {
		return nil, err
	}
	r := newRule(l.arn(), *in.Priority, conditions, actions)
	l.rules = append(l.rules, r)
	l.sortRules()
	a.addTags(r.arn(), in.Tags)
	a.route(l)
	return &elbv2.CreateRuleOutput{Rules: []types.Rule{r.Rule}}, nil
}

func checkPriority(priority *int32) error {
	if priority == nil {
		return required("priority")
	}
	if *priority < 1 || *priority > 50000 {
		return invalid("Rule priority '%d' must be between '1' and '50000'", *priority)
	}
	return nil
}

// rule returns the rule with the ARN and its listener.
func (a *account) rule(arn string) (*listener, *rule, error) {
	if !isARN(arn, "listener-rule") {
		return nil, nil, invalid("'%s' is not a valid listener rule ARN", arn)
	}
	for _, l := range a.listeners {
		for _, r := range l.rules {
			if r.arn() == arn {
				return l, r, nil
			}
		}
	}
	return nil, nil, ruleNotFound()
}

// DescribeRules lists a listener's rules in the order of their priority, the
// default one last, or the rules asked for.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html
func (s *Service) DescribeRules(ctx context.Context, in *elbv2.DescribeRulesInput) (*elbv2.DescribeRulesOutput, error) {
	if err := s.authorize(ctx, "DescribeRules", "*"); err != nil {
		return nil, err
	}
	if (in.ListenerArn == nil) == (len(in.RuleArns) == 0) {
		return nil, invalid("You must specify either a listener ARN or rule ARNs")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.caller(ctx).selectRules(val(in.ListenerArn), in.RuleArns)
	if err != nil {
		return nil, err
	}
	found, next, err := cut(found, (*rule).arn, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeRulesOutput{Rules: describeRules(found), NextMarker: next}, nil
}

func (a *account) selectRules(listener string, arns []string) ([]*rule, error) {
	if listener != "" {
		l, err := a.listener(listener)
		if err != nil {
			return nil, err
		}
		return l.rules, nil
	}
	var out []*rule
	for _, arn := range arns {
		_, r, err := a.rule(arn)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func describeRules(rules []*rule) []types.Rule {
	out := []types.Rule{}
	for _, r := range rules {
		out = append(out, r.Rule)
	}
	return out
}

// ModifyRule replaces a rule's conditions or actions, those that are given.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html
func (s *Service) ModifyRule(ctx context.Context, in *elbv2.ModifyRuleInput) (*elbv2.ModifyRuleOutput, error) {
	arn := val(in.RuleArn)
	if err := s.authorize(ctx, "ModifyRule", arn); err != nil {
		return nil, err
	}
	if len(in.Transforms) > 0 || in.ResetTransforms != nil {
		return nil, wire.NotModelled("transforms of a listener rule")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	l, r, err := a.rule(arn)
	if err != nil {
		return nil, err
	}
	if *r.IsDefault {
		return nil, notPermitted("Default rule '%s' cannot be modified", arn)
	}
	changed := r.Rule
	if len(in.Conditions) > 0 {
		if changed.Conditions, err = checkConditions(in.Conditions); err != nil {
			return nil, err
		}
	}
	if len(in.Actions) > 0 {
		b, err := a.balancer(*l.LoadBalancerArn)
		if err != nil {
			return nil, err
		}
		if changed.Actions, err = a.checkActions(in.Actions, b, l.Protocol); err != nil {
			return nil, err
		}
	}
	r.Rule = changed
	a.route(l)
	return &elbv2.ModifyRuleOutput{Rules: []types.Rule{r.Rule}}, nil
}

// DeleteRule deletes a rule; the default rule lives as long as its listener.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteRule.html
func (s *Service) DeleteRule(ctx context.Context, in *elbv2.DeleteRuleInput) (*elbv2.DeleteRuleOutput, error) {
	arn := val(in.RuleArn)
	if err := s.authorize(ctx, "DeleteRule", arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	l, r, err := a.rule(arn)
	if err != nil {
		return nil, err
	}
	if *r.IsDefault {
		return nil, notPermitted("Default rule '%s' cannot be deleted", arn)
	}
	l.rules = slices.DeleteFunc(l.rules, func(o *rule) bool { return o == r })
	delete(a.tags, arn)
	a.route(l)
	return &elbv2.DeleteRuleOutput{}, nil
}

// SetRulePriorities reorders rules, all or none; rules not named keep theirs.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetRulePriorities.html
func (s *Service) SetRulePriorities(ctx context.Context, in *elbv2.SetRulePrioritiesInput) (*elbv2.SetRulePrioritiesOutput, error) {
	for _, p := range in.RulePriorities {
		if err := first(s.authorize(ctx, "SetRulePriorities", val(p.RuleArn)), checkPriority(p.Priority)); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	wants := map[*rule]int32{}
	touched := map[*listener]bool{}
	var changed []*rule
	for _, p := range in.RulePriorities {
		l, r, err := a.rule(val(p.RuleArn))
		if err != nil {
			return nil, err
		}
		if *r.IsDefault {
			return nil, notPermitted("The priority of default rule '%s' cannot be set", r.arn())
		}
		wants[r], touched[l] = *p.Priority, true
		changed = append(changed, r)
	}
	for l := range touched {
		if err := l.checkPriorities(wants); err != nil {
			return nil, err
		}
	}
	for r, priority := range wants {
		r.setPriority(priority)
	}
	for l := range touched {
		l.sortRules()
		a.route(l)
	}
	return &elbv2.SetRulePrioritiesOutput{Rules: describeRules(changed)}, nil
}

// checkPriorities refuses a new order in which two rules share a priority.
func (l *listener) checkPriorities(wants map[*rule]int32) error {
	seen := map[int32]bool{}
	for _, r := range l.rules {
		priority, ok := wants[r]
		if !ok {
			priority = r.priority
		}
		if seen[priority] {
			return priorityInUse(priority)
		}
		seen[priority] = true
	}
	return nil
}
