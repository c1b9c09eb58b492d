package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	sandboxelb "orgship/sandbox/elb"
	"orgship/template"
)

// actions describes the actions of a listener or a rule.
func actions() Property {
	return objects(Object{
		"Type":           oneOf("authenticate-cognito", "authenticate-oidc", "fixed-response", "forward", "jwt-validation", "redirect").models("fixed-response", "forward", "redirect").need(),
		"Order":          integer(),
		"TargetGroupArn": text(),
		"ForwardConfig": object(Object{
			"TargetGroups":                objects(Object{"TargetGroupArn": text(), "Weight": integer().between(0, 999)}),
			"TargetGroupStickinessConfig": object(Object{"DurationSeconds": integer(), "Enabled": boolean()}),
		}),
		"FixedResponseConfig": object(Object{"StatusCode": text().need(), "ContentType": text(), "MessageBody": text()}),
		"RedirectConfig": object(Object{
			"StatusCode": oneOf("HTTP_301", "HTTP_302").need(),
			"Host":       text(), "Path": text(), "Port": text(), "Protocol": text(), "Query": text(),
		}),
	}.lacking("AuthenticateCognitoConfig", "AuthenticateOidcConfig", "JwtValidationConfig"))
}

// certificates describes the certificates of a listener.
func certificates() Property { return objects(Object{"CertificateArn": text()}) }

// listener is AWS::ElasticLoadBalancingV2::Listener.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-listener.html
func listener(room Balancers) *Type {
	return &Type{
		Name: "AWS::ElasticLoadBalancingV2::Listener",
		Properties: Object{
			"LoadBalancerArn": text().need().replace(), "DefaultActions": actions().need(), "Port": integer().between(1, 65535),
			"Protocol":     oneOf("GENEVE", "HTTP", "HTTPS", "QUIC", "TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP").models("HTTP", "HTTPS"),
			"Certificates": certificates(), "SslPolicy": text(),
			"MutualAuthentication": object(Object{"Mode": oneOf("off", "passthrough", "verify").models("off")}.
				lacking("AdvertiseTrustStoreCaNames", "IgnoreClientCertificateExpiry", "TrustStoreArn")),
		}.lacking("AlpnPolicy", "ListenerAttributes"),
		Attributes: []string{"ListenerArn"},
		Handler:    listeners{room},
		lacks: func(properties *template.Node, gap func(at *template.Node, format string, args ...any)) {
			if policy := properties.Get("SslPolicy"); policy.Is(template.Scalar) && sandboxelb.LacksPolicy(policy.Text) {
				gap(policy, "the security policy %s", policy.Text)
			}
		},
	}
}

type listeners struct{ room Balancers }

func (h listeners) Create(ctx context.Context, r *Request) error {
	in := &elb.CreateListenerInput{}
	if err := fill(in, r.Properties); err != nil {
		return err
	}
	out, err := h.room.CreateListener(ctx, in)
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.Listeners[0].ListenerArn)
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"ListenerArn": r.ID}})
	return nil
}

func (h listeners) Update(ctx context.Context, r *Request) error {
	in := &elb.ModifyListenerInput{ListenerArn: &r.ID}
	if err := fill(in, without(r.Properties, "LoadBalancerArn")); err != nil {
		return err
	}
	_, err := h.room.ModifyListener(ctx, in)
	return err
}

func (h listeners) Delete(ctx context.Context, r *Request) error {
	_, err := h.room.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: &r.ID})
	return gone(err)
}

// listenerRule is AWS::ElasticLoadBalancingV2::ListenerRule.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-listenerrule.html
func listenerRule(room Balancers) *Type {
	values := object(Object{"Values": texts()}.lacking("RegexValues"))
	plain := object(Object{"Values": texts()})
	return &Type{
		Name: "AWS::ElasticLoadBalancingV2::ListenerRule",
		Properties: Object{
			"ListenerArn": text().replace(), "Actions": actions().need(), "Priority": integer().between(1, 50000).need(),
			"Conditions": objects(Object{
				"Field": text(), "Values": texts(), "HostHeaderConfig": values, "PathPatternConfig": values,
				"HttpHeaderConfig":        object(Object{"HttpHeaderName": text(), "Values": texts()}.lacking("RegexValues")),
				"HttpRequestMethodConfig": plain, "SourceIpConfig": plain,
				"QueryStringConfig": object(Object{"Values": objects(Object{"Key": text(), "Value": text()})}),
			}.lacking("RegexValues")).need(),
		}.lacking("Transforms"),
		Attributes: []string{"IsDefault", "RuleArn"},
		Handler:    listenerRules{room},
	}
}

type listenerRules struct{ room Balancers }

func (h listenerRules) Create(ctx context.Context, r *Request) error {
	in := &elb.CreateRuleInput{}
	if err := fill(in, r.Properties); err != nil {
		return err
	}
	out, err := h.room.CreateRule(ctx, in)
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.Rules[0].RuleArn)
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"RuleArn": r.ID, "IsDefault": "false"}})
	return nil
}

func (h listenerRules) Update(ctx context.Context, r *Request) error {
	if r.changed("Priority") {
		in := &elb.SetRulePrioritiesInput{RulePriorities: []types.RulePriorityPair{{RuleArn: &r.ID, Priority: port(r.Properties, "Priority")}}}
		if _, err := h.room.SetRulePriorities(ctx, in); err != nil {
			return err
		}
	}
	in := &elb.ModifyRuleInput{RuleArn: &r.ID}
	if err := fill(in, only(r.Properties, "Actions", "Conditions")); err != nil {
		return err
	}
	_, err := h.room.ModifyRule(ctx, in)
	return err
}

func (h listenerRules) Delete(ctx context.Context, r *Request) error {
	_, err := h.room.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: &r.ID})
	return gone(err)
}
