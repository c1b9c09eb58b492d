package template_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/cfn"
	"orgship/template"
)

func TestServing(t *testing.T) {
	t.Parallel()
	const service = `
Resources:
  Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer}
  Web: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  App:
    Type: AWS::ECS::Service
    Properties: {LoadBalancers: [{TargetGroupArn: !Ref Web, ContainerName: web, ContainerPort: 80}]}
`
	const worker = "  Worker: {Type: AWS::ECS::Service, Properties: {DesiredCount: 1}}\n"
	const second = "  Second: {Type: AWS::ECS::Service, Properties: {LoadBalancers: [{TargetGroupArn: !Ref Web}]}}\n"
	tests := []struct {
		name, source string
		want         template.Serving
	}{
		{"the hook", string(cfn.BlueGreen()), template.Serving{Listener: "ProductionListener", Service: "Service", Groups: []string{"BlueTargetGroup", "GreenTargetGroup"}, Hook: true}},
		{"a listener", service + "  Http: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: forward, TargetGroupArn: !Ref Web}]}}\n", template.Serving{Listener: "Http", Service: "App", Groups: []string{"Web"}}},
		{"a listener that weighs", service + "  Http: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref Web, Weight: 1}]}}]}}\n", template.Serving{Listener: "Http", Service: "App", Groups: []string{"Web"}}},
		{"a rule", service + "  Https: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: fixed-response}]}}\n  Rule: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Https, Actions: [{Type: forward, TargetGroupArn: !Ref Web}]}}\n", template.Serving{Listener: "Https", Service: "App", Groups: []string{"Web"}}},
		{"ECS's own strategy, the test listener first", `
Resources:
  Test: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: forward, TargetGroupArn: !Ref Web}]}}
  Http: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: fixed-response}]}}
  Rule: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Http, Actions: [{Type: forward, TargetGroupArn: !Ref Web}]}}
  App:
    Type: AWS::ECS::Service
    Properties:
      LoadBalancers: [{TargetGroupArn: !Ref Web, AdvancedConfiguration: {AlternateTargetGroupArn: !Ref Other, ProductionListenerRule: !Ref Rule}}]
`, template.Serving{Listener: "Http", Service: "App", Groups: []string{"Web", "Other"}}},
		{"a service without a load balancer beside it", service + worker, template.Serving{Service: "App", Groups: []string{"Web"}}},
		{"two services", service + second, template.Serving{}},
		{"a listener of another stack", service, template.Serving{Service: "App", Groups: []string{"Web"}}},
		{"no service", "Resources:\n  Log: {Type: AWS::Logs::LogGroup}\n", template.Serving{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			parsed, err := template.Parse([]byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, parsed.Serving()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
