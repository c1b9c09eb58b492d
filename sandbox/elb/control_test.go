package elb_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"testing"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/iam"
)

func TestShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b := w.balancer("web")
	g := w.group("blue")
	l := w.listener(b, 80, forward(g))
	r := must[*elbv2.CreateRuleOutput](t)(w.CreateRule(w.ctx, &elbv2.CreateRuleInput{
		ListenerArn: &l, Priority: new(int32(1)), Conditions: []types.RuleCondition{path("/x")}, Actions: forward(g)})).Rules[0]
	const prefix = `^arn:aws:elasticloadbalancing:eu-west-1:222222222222:`
	for got, want := range map[string]string{
		*b.LoadBalancerArn: prefix + `loadbalancer/app/web/[0-9a-f]{16}$`,
		g:                  prefix + `targetgroup/blue/[0-9a-f]{16}$`,
		l:                  prefix + `listener/app/web/[0-9a-f]{16}/[0-9a-f]{16}$`,
		*r.RuleArn:         prefix + `listener-rule/app/web/[0-9a-f]{16}/[0-9a-f]{16}/[0-9a-f]{16}$`,
		*b.DNSName:         `^127\.\d+\.\d+\.\d+(:\d0080)?$`,
	} {
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%q does not look like %s", got, want)
		}
	}
}

// Defaults as documented with CreateTargetGroup and the attributes.
func TestDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	g := must[*elbv2.CreateTargetGroupOutput](t)(w.CreateTargetGroup(w.ctx, &elbv2.CreateTargetGroupInput{
		Name: new("plain"), Protocol: types.ProtocolEnumHttp, Port: new(int32(80)), VpcId: new("vpc-1"), TargetType: types.TargetTypeEnumIp})).TargetGroups[0]
	got := fmt.Sprintln(*g.HealthCheckEnabled, *g.HealthCheckIntervalSeconds, *g.HealthCheckTimeoutSeconds, *g.HealthyThresholdCount,
		*g.UnhealthyThresholdCount, *g.HealthCheckPath, *g.HealthCheckPort, g.HealthCheckProtocol, *g.Matcher.HttpCode, *g.ProtocolVersion)
	if want := "true 30 5 5 2 / traffic-port HTTP 200 HTTP1\n"; got != want {
		t.Errorf("defaults %q, want %q", got, want)
	}
	attrs := must[*elbv2.DescribeTargetGroupAttributesOutput](t)(w.DescribeTargetGroupAttributes(w.ctx, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: g.TargetGroupArn}))
	i := slices.IndexFunc(attrs.Attributes, func(a types.TargetGroupAttribute) bool { return *a.Key == "deregistration_delay.timeout_seconds" })
	if i < 0 || *attrs.Attributes[i].Value != "300" {
		t.Errorf("deregistration delay: %d of %+v", i, attrs.Attributes)
	}
}

func TestBalancerErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, "elasticloadbalancing:SetSubnets", "elasticloadbalancing:AddTags")
	b, g := w.balancer("web"), w.group("blue")
	w.listener(b, 80, forward(g))
	create := func(edit func(*elbv2.CreateLoadBalancerInput)) error {
		in := &elbv2.CreateLoadBalancerInput{Name: new("new"), Subnets: []string{"subnet-a", "subnet-b"}}
		edit(in)
		_, err := w.CreateLoadBalancer(w.ctx, in)
		return err
	}
	target := func(edit func(*elbv2.CreateTargetGroupInput)) error {
		in := &elbv2.CreateTargetGroupInput{Name: new("new"), Protocol: types.ProtocolEnumHttp, Port: new(int32(80)), VpcId: new("vpc-1"), TargetType: types.TargetTypeEnumIp}
		edit(in)
		_, err := w.CreateTargetGroup(w.ctx, in)
		return err
	}
	attribute := func(key, value string) error {
		_, err := w.ModifyLoadBalancerAttributes(w.ctx, &elbv2.ModifyLoadBalancerAttributesInput{
			LoadBalancerArn: b.LoadBalancerArn, Attributes: []types.LoadBalancerAttribute{{Key: &key, Value: &value}}})
		return err
	}
	traits := func(changes ...string) error {
		_, err := w.traits(g, changes...)
		return err
	}
	missing := *b.LoadBalancerArn + "0"
	tests := refusals{
		"load balancer: no such ARN":  {second(w.DescribeLoadBalancers(w.ctx, &elbv2.DescribeLoadBalancersInput{LoadBalancerArns: []string{missing}})), "LoadBalancerNotFound"},
		"load balancer: no such name": {second(w.DescribeLoadBalancers(w.ctx, &elbv2.DescribeLoadBalancersInput{Names: []string{"web", "nope"}})), "LoadBalancerNotFound"},
		"load balancer: not an ARN":   {second(w.DescribeListeners(w.ctx, &elbv2.DescribeListenersInput{LoadBalancerArn: new("web")})), "ValidationError"},
		"load balancer: other subnets": {create(func(in *elbv2.CreateLoadBalancerInput) {
			in.Name = new("web")
			in.Subnets = []string{"subnet-a2", "subnet-b"}
		}), "DuplicateLoadBalancerName"},
		"load balancer: one subnet":     {create(func(in *elbv2.CreateLoadBalancerInput) { in.Subnets = in.Subnets[:1] }), "ValidationError"},
		"load balancer: one zone":       {create(func(in *elbv2.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-a", "subnet-a2"} }), "InvalidConfigurationRequest"},
		"load balancer: two VPCs":       {create(func(in *elbv2.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-a", "subnet-other"} }), "InvalidSubnet"},
		"load balancer: no such subnet": {create(func(in *elbv2.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-a", "subnet-x"} }), "SubnetNotFound"},
		"load balancer: network":        {create(func(in *elbv2.CreateLoadBalancerInput) { in.Type = types.LoadBalancerTypeEnumNetwork }), "NotModelled"},
		"load balancer: scheme":         {create(func(in *elbv2.CreateLoadBalancerInput) { in.Scheme = "private" }), "ValidationError"},
		"load balancer: other scheme": {create(func(in *elbv2.CreateLoadBalancerInput) {
			in.Name, in.SecurityGroups, in.Scheme = new("web"), []string{webGroup}, types.LoadBalancerSchemeEnumInternal
		}), "DuplicateLoadBalancerName"},
		"load balancer: dualstack": {create(func(in *elbv2.CreateLoadBalancerInput) { in.IpAddressType = types.IpAddressTypeDualstack }), "NotModelled"},
		"load balancer: an address of one's own": {create(func(in *elbv2.CreateLoadBalancerInput) {
			in.Subnets, in.SubnetMappings = nil, []types.SubnetMapping{{SubnetId: new("subnet-a"), AllocationId: new("eipalloc-1")}, {SubnetId: new("subnet-b")}}
		}), "NotModelled"},
		"load balancer: name":            {create(func(in *elbv2.CreateLoadBalancerInput) { in.Name = new("-web") }), "ValidationError"},
		"load balancer: reserved name":   {create(func(in *elbv2.CreateLoadBalancerInput) { in.Name = new("internal-web") }), "ValidationError"},
		"load balancer: tags denied":     {create(func(in *elbv2.CreateLoadBalancerInput) { in.Tags = []types.Tag{{Key: new("k")}} }), "AccessDenied"},
		"load balancer: denied":          {second(w.SetSubnets(w.ctx, &elbv2.SetSubnetsInput{LoadBalancerArn: b.LoadBalancerArn, Subnets: []string{"subnet-a", "subnet-b"}})), "AccessDenied"},
		"attribute: unknown":             {attribute("no.such", "1"), "ValidationError"},
		"attribute: bad value":           {attribute("idle_timeout.timeout_seconds", "0"), "ValidationError"},
		"attribute: not modelled":        {attribute("client_keep_alive.seconds", "60"), "NotModelled"},
		"attribute: logs to nowhere":     {attribute("access_logs.s3.enabled", "true"), "InvalidConfigurationRequest"},
		"target group: slow and least":   {traits("slow_start.duration_seconds=30", "load_balancing.algorithm.type=least_outstanding_requests"), "InvalidConfigurationRequest"},
		"target group: slow and random":  {traits("slow_start.duration_seconds=30", "load_balancing.algorithm.type=weighted_random"), "InvalidConfigurationRequest"},
		"target group: too slow":         {traits("slow_start.duration_seconds=901"), "ValidationError"},
		"target group: a cookie of ours": {traits("stickiness.app_cookie.cookie_name=AWSALBTG"), "ValidationError"},
		"target group: no cookie":        {traits("stickiness.enabled=true", "stickiness.type=app_cookie"), "InvalidConfigurationRequest"},
		"target group: anomalies":        {traits("load_balancing.algorithm.anomaly_mitigation=on"), "NotModelled"},
		"target group: in use":           {second(w.DeleteTargetGroup(w.ctx, &elbv2.DeleteTargetGroupInput{TargetGroupArn: &g})), "ResourceInUse"},
		"target group: no such name":     {second(w.DescribeTargetGroups(w.ctx, &elbv2.DescribeTargetGroupsInput{Names: []string{"nope"}})), "TargetGroupNotFound"},
		"target group: other settings":   {target(func(in *elbv2.CreateTargetGroupInput) { in.Name = new("blue") }), "DuplicateTargetGroupName"},
		"target group: no port":          {target(func(in *elbv2.CreateTargetGroupInput) { in.Port = nil }), "ValidationError"},
		"target group: HTTPS":            {target(func(in *elbv2.CreateTargetGroupInput) { in.Protocol = types.ProtocolEnumHttps }), "NotModelled"},
		"target group: instances":        {target(func(in *elbv2.CreateTargetGroupInput) { in.TargetType = "" }), "NotModelled"},
		"target group: gRPC":             {target(func(in *elbv2.CreateTargetGroupInput) { in.ProtocolVersion = new("GRPC") }), "NotModelled"},
		"target group: timeout":          {target(func(in *elbv2.CreateTargetGroupInput) { in.HealthCheckIntervalSeconds = new(int32(5)) }), "ValidationError"},
		"target group: matcher":          {target(func(in *elbv2.CreateTargetGroupInput) { in.Matcher = &types.Matcher{HttpCode: new("200-599")} }), "ValidationError"},
	}
	tests.check(t)
}

func TestRuleErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, other := w.balancer("web"), w.balancer("other")
	g, foreign := w.group("blue"), w.group("foreign")
	l := w.listener(b, 80, forward(g))
	w.listener(other, 80, forward(foreign))
	rule := func(priority int32, conditions []types.RuleCondition, actions []types.Action) error {
		_, err := w.CreateRule(w.ctx, &elbv2.CreateRuleInput{ListenerArn: &l, Priority: &priority, Conditions: conditions, Actions: actions})
		return err
	}
	if err := rule(5, []types.RuleCondition{path("/x")}, forward(g)); err != nil {
		t.Fatal(err)
	}
	first := must[*elbv2.DescribeRulesOutput](t)(w.DescribeRules(w.ctx, &elbv2.DescribeRulesInput{ListenerArn: &l}))
	standard := first.Rules[len(first.Rules)-1].RuleArn
	missing := *b.LoadBalancerArn + "0"
	tests := refusals{
		"targets: not private":           {second(w.RegisterTargets(w.ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: new("8.8.8.8")}}})), "InvalidTarget"},
		"targets: not an address":        {second(w.RegisterTargets(w.ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: new("i-0abc")}}})), "ValidationError"},
		"listener: none such":            {second(w.DeleteListener(w.ctx, &elbv2.DeleteListenerInput{ListenerArn: new(l + "0")})), "ListenerNotFound"},
		"listener: port taken":           {second(w.CreateListener(w.ctx, &elbv2.CreateListenerInput{LoadBalancerArn: b.LoadBalancerArn, Port: new(int32(80)), Protocol: types.ProtocolEnumHttp, DefaultActions: forward(g)})), "DuplicateListener"},
		"listener: TCP":                  {second(w.CreateListener(w.ctx, &elbv2.CreateListenerInput{LoadBalancerArn: b.LoadBalancerArn, Port: new(int32(443)), Protocol: types.ProtocolEnumTcp, DefaultActions: forward(g)})), "NotModelled"},
		"listener: no such target group": {second(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, DefaultActions: forward(g + "0")})), "TargetGroupNotFound"},
		"listener: other's target group": {second(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &l, DefaultActions: forward(foreign)})), "TargetGroupAssociationLimit"},
		"rule: priority taken":           {rule(5, []types.RuleCondition{path("/y")}, forward(g)), "PriorityInUse"},
		"rule: priority too high":        {rule(50001, []types.RuleCondition{path("/y")}, forward(g)), "ValidationError"},
		"rule: no condition":             {rule(6, nil, forward(g)), "ValidationError"},
		"rule: two paths":                {rule(6, []types.RuleCondition{path("/a"), path("/b")}, forward(g)), "ValidationError"},
		"rule: six values":               {rule(6, []types.RuleCondition{path("/a", "/b", "/c"), host("a.b", "c.d", "e.f")}, forward(g)), "ValidationError"},
		"rule: bad network":              {rule(6, []types.RuleCondition{source("10.0.0.1")}, forward(g)), "ValidationError"},
		"rule: unknown field":            {rule(6, []types.RuleCondition{{Field: new("cookie"), Values: []string{"x"}}}, forward(g)), "ValidationError"},
		"rule: regular expression":       {rule(6, []types.RuleCondition{{Field: new("path-pattern"), RegexValues: []string{"x"}}}, forward(g)), "NotModelled"},
		"rule: two actions":              {rule(6, []types.RuleCondition{path("/a")}, append(forward(g), forward(g)...)), "TooManyActions"},
		"rule: authenticate":             {rule(6, []types.RuleCondition{path("/a")}, []types.Action{{Type: types.ActionTypeEnumAuthenticateOidc}}), "NotModelled"},
		"rule: weight":                   {rule(6, []types.RuleCondition{path("/a")}, forward(g+"=1000")), "ValidationError"},
		"rule: same target group twice":  {rule(6, []types.RuleCondition{path("/a")}, forward(g, g)), "ValidationError"},
		"rule: redirect loop":            {rule(6, []types.RuleCondition{path("/a")}, []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{StatusCode: types.RedirectActionStatusCodeEnumHttp301}}}), "InvalidLoadBalancerAction"},
		"rule: fixed status":             {rule(6, []types.RuleCondition{path("/a")}, []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: new("302")}}}), "ValidationError"},
		"rule: the default one":          {second(w.DeleteRule(w.ctx, &elbv2.DeleteRuleInput{RuleArn: standard})), "OperationNotPermitted"},
		"rule: none such":                {second(w.ModifyRule(w.ctx, &elbv2.ModifyRuleInput{RuleArn: new(*standard + "0")})), "RuleNotFound"},
		"tags: none such":                {second(w.DescribeTags(w.ctx, &elbv2.DescribeTagsInput{ResourceArns: []string{missing}})), "LoadBalancerNotFound"},
		"page: bad marker":               {second(w.DescribeLoadBalancers(w.ctx, &elbv2.DescribeLoadBalancersInput{Marker: new("x")})), "ValidationError"},
		"page: bad size":                 {second(w.DescribeLoadBalancers(w.ctx, &elbv2.DescribeLoadBalancersInput{PageSize: new(int32(0))})), "ValidationError"},
	}
	tests.check(t)
}

// refusals are errors and the AWS error codes that they should have.
type refusals map[string]struct {
	err  error
	want string
}

func (r refusals) check(t *testing.T) {
	t.Helper()
	for name, test := range r {
		if got := code(test.err); got != test.want {
			t.Errorf("%s: %v, want %s", name, test.err, test.want)
		}
	}
}

// second returns the error of a call.
func second[T any](_ T, err error) error { return err }

func TestIdempotence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	if a, b := w.balancer("web"), w.balancer("web"); *a.LoadBalancerArn != *b.LoadBalancerArn {
		t.Error("creating the same load balancer twice makes two")
	}
	if a, b := w.group("blue"), w.group("blue"); a != b {
		t.Error("creating the same target group twice makes two")
	}
	must[*elbv2.DeleteLoadBalancerOutput](t)(w.DeleteLoadBalancer(w.ctx, &elbv2.DeleteLoadBalancerInput{
		LoadBalancerArn: new("arn:aws:elasticloadbalancing:eu-west-1:222222222222:loadbalancer/app/gone/0123456789abcdef")}))
	must[*elbv2.DeleteTargetGroupOutput](t)(w.DeleteTargetGroup(w.ctx, &elbv2.DeleteTargetGroupInput{
		TargetGroupArn: new("arn:aws:elasticloadbalancing:eu-west-1:222222222222:targetgroup/gone/0123456789abcdef")}))
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	var want, got []string
	for i := range 5 {
		want = append(want, w.group(fmt.Sprintf("g%d", i)))
	}
	in := &elbv2.DescribeTargetGroupsInput{PageSize: new(int32(2))}
	for pages := 1; ; pages++ {
		out := must[*elbv2.DescribeTargetGroupsOutput](t)(w.DescribeTargetGroups(w.ctx, in))
		for _, g := range out.TargetGroups {
			got = append(got, *g.TargetGroupArn)
		}
		if in.Marker = out.NextMarker; in.Marker == nil {
			if pages != 3 {
				t.Errorf("%d pages, want 3", pages)
			}
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("paged %q, want %q", got, want)
	}
}

func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b := w.balancer("web")
	other := iam.WithPrincipal(context.Background(), iam.Principal{Account: "333333333333"})
	if out := must[*elbv2.DescribeLoadBalancersOutput](t)(w.DescribeLoadBalancers(other, &elbv2.DescribeLoadBalancersInput{})); len(out.LoadBalancers) != 0 {
		t.Errorf("another account sees %+v", out.LoadBalancers)
	}
	_, err := w.DescribeLoadBalancers(other, &elbv2.DescribeLoadBalancersInput{LoadBalancerArns: []string{*b.LoadBalancerArn}})
	if code(err) != "LoadBalancerNotFound" {
		t.Errorf("another account asks by ARN: %v", err)
	}
}

func TestPriorities(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	g := w.group("blue")
	l := w.listener(w.balancer("web"), 80, forward(g))
	arns := map[string]string{}
	for i, p := range []string{"/a", "/b", "/c"} {
		out := must[*elbv2.CreateRuleOutput](t)(w.CreateRule(w.ctx, &elbv2.CreateRuleInput{
			ListenerArn: &l, Priority: new(int32(10 * (i + 1))), Conditions: []types.RuleCondition{path(p)}, Actions: forward(g)}))
		arns[p] = *out.Rules[0].RuleArn
	}
	order := func() (out []string) {
		rules := must[*elbv2.DescribeRulesOutput](t)(w.DescribeRules(w.ctx, &elbv2.DescribeRulesInput{ListenerArn: &l})).Rules
		for _, r := range rules[:len(rules)-1] {
			out = append(out, r.Conditions[0].Values[0]+*r.Priority)
		}
		return out
	}
	set := func(pairs ...any) error {
		in := &elbv2.SetRulePrioritiesInput{}
		for i := 0; i < len(pairs); i += 2 {
			in.RulePriorities = append(in.RulePriorities, types.RulePriorityPair{RuleArn: new(arns[pairs[i].(string)]), Priority: new(int32(pairs[i+1].(int)))})
		}
		_, err := w.SetRulePriorities(w.ctx, in)
		return err
	}
	if err := set("/a", 30); code(err) != "PriorityInUse" {
		t.Errorf("taking /c's priority: %v", err)
	}
	if got, want := order(), []string{"/a10", "/b20", "/c30"}; !slices.Equal(got, want) {
		t.Errorf("after a refused change: %q, want %q", got, want)
	}
	if err := set("/a", 30, "/c", 10); err != nil {
		t.Errorf("swapping: %v", err)
	}
	if got, want := order(), []string{"/c10", "/b20", "/a30"}; !slices.Equal(got, want) {
		t.Errorf("after a swap: %q, want %q", got, want)
	}
}
