package template_test

import (
	"testing"

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
		{"the hook", string(cfn.BlueGreen()), template.Serving{Listener: "ProductionListener", Service: "Service"}},
		{"a listener", service + "  Http: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: forward, TargetGroupArn: !Ref Web}]}}\n", template.Serving{Listener: "Http", Service: "App"}},
		{"a listener that weighs", service + "  Http: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref Web, Weight: 1}]}}]}}\n", template.Serving{Listener: "Http", Service: "App"}},
		{"a rule", service + "  Https: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: fixed-response}]}}\n  Rule: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Https, Actions: [{Type: forward, TargetGroupArn: !Ref Web}]}}\n", template.Serving{Listener: "Https", Service: "App"}},
		{"a service without a load balancer beside it", service + worker, template.Serving{Service: "App"}},
		{"two services", service + second, template.Serving{}},
		{"a listener of another stack", service, template.Serving{Service: "App"}},
		{"no service", "Resources:\n  Log: {Type: AWS::Logs::LogGroup}\n", template.Serving{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			parsed, err := template.Parse([]byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			if got := parsed.Serving(); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}
