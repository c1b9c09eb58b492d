package elb_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// keys knows one access key.
type keys struct{}

func (keys) Secret(ctx context.Context, id, _ string) (string, context.Context, error) {
	return "secret", iam.WithPrincipal(ctx, iam.Principal{Account: accountID, ARN: "arn:aws:iam::222222222222:user/admin"}), nil
}

// client returns the SDK's client, talking to the service over HTTP.
func (w *world) client() *elbv2.Client {
	w.t.Helper()
	h := must[*wire.Handler](w.t)(wire.New(wire.Config{Region: "eu-west-1", Keys: keys{}}, w.Wire()))
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	return elbv2.New(elbv2.Options{
		Region:       "eu-west-1",
		BaseEndpoint: new(s.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
	})
}

// The whole life of a load balancer as the SDK's client sees it.
func TestClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	c, ctx := w.client(), t.Context()
	ignore := cmpopts.IgnoreUnexported(types.Action{}, types.ForwardActionConfig{}, types.TargetGroupTuple{}, types.TargetGroupStickinessConfig{},
		types.RuleCondition{}, types.HttpHeaderConditionConfig{}, types.Tag{})

	lb := must[*elbv2.CreateLoadBalancerOutput](t)(c.CreateLoadBalancer(ctx, &elbv2.CreateLoadBalancerInput{
		Name: new("web"), Subnets: []string{"subnet-a", "subnet-b"}, Tags: []types.Tag{{Key: new("k"), Value: new("v")}},
	})).LoadBalancers[0]
	if lb.State.Code != types.LoadBalancerStateEnumProvisioning || lb.SecurityGroups[0] != "sg-default" || *lb.VpcId != "vpc-1" {
		t.Errorf("created %+v", lb)
	}
	w.group("blue")
	groups := must[*elbv2.DescribeTargetGroupsOutput](t)(c.DescribeTargetGroups(ctx, &elbv2.DescribeTargetGroupsInput{Names: []string{"blue"}})).TargetGroups
	blue := groups[0]
	listener := must[*elbv2.CreateListenerOutput](t)(c.CreateListener(ctx, &elbv2.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancerArn, Port: new(int32(80)), Protocol: types.ProtocolEnumHttp,
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: blue.TargetGroupArn}},
	})).Listeners[0]
	want := []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: blue.TargetGroupArn, ForwardConfig: &types.ForwardActionConfig{
		TargetGroups:                []types.TargetGroupTuple{{TargetGroupArn: blue.TargetGroupArn, Weight: new(int32(1))}},
		TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: new(false)},
	}}}
	if diff := cmp.Diff(want, listener.DefaultActions, ignore); diff != "" {
		t.Errorf("default actions (-want +got):\n%s", diff)
	}
	rule := must[*elbv2.CreateRuleOutput](t)(c.CreateRule(ctx, &elbv2.CreateRuleInput{
		ListenerArn: listener.ListenerArn, Priority: new(int32(7)), Conditions: []types.RuleCondition{header("User-Agent", "Mozilla")}, Actions: want,
	})).Rules[0]
	rules := must[*elbv2.DescribeRulesOutput](t)(c.DescribeRules(ctx, &elbv2.DescribeRulesInput{ListenerArn: listener.ListenerArn})).Rules
	if len(rules) != 2 || *rules[0].RuleArn != *rule.RuleArn || *rules[1].Priority != "default" || !*rules[1].IsDefault {
		t.Errorf("rules %+v", rules)
	}
	if diff := cmp.Diff([]types.RuleCondition{header("User-Agent", "Mozilla")}, rules[0].Conditions, ignore); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
	tags := must[*elbv2.DescribeTagsOutput](t)(c.DescribeTags(ctx, &elbv2.DescribeTagsInput{ResourceArns: []string{*lb.LoadBalancerArn}}))
	if diff := cmp.Diff([]types.Tag{{Key: new("k"), Value: new("v")}}, tags.TagDescriptions[0].Tags, ignore); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	must[*elbv2.RegisterTargetsOutput](t)(c.RegisterTargets(ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: blue.TargetGroupArn, Targets: []types.TargetDescription{{Id: new("10.9.9.9")}}}))
	health := must[*elbv2.DescribeTargetHealthOutput](t)(c.DescribeTargetHealth(ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: blue.TargetGroupArn}))
	if got := health.TargetHealthDescriptions[0]; *got.Target.Port != 8080 || *got.HealthCheckPort != "8080" {
		t.Errorf("target health %+v", got)
	}
	must[*elbv2.DeleteLoadBalancerOutput](t)(c.DeleteLoadBalancer(ctx, &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn}))
	_, err := c.DescribeLoadBalancers(ctx, &elbv2.DescribeLoadBalancersInput{Names: []string{"web"}})
	var missing *types.LoadBalancerNotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("describing a deleted load balancer: %v", err)
	}
	must[*elbv2.DeleteTargetGroupOutput](t)(c.DeleteTargetGroup(ctx, &elbv2.DeleteTargetGroupInput{TargetGroupArn: blue.TargetGroupArn}))
}
