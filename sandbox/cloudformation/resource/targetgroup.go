package resource

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	sandboxelb "orgship/sandbox/elb"
	"orgship/template"
)

// targetGroup is AWS::ElasticLoadBalancingV2::TargetGroup.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-targetgroup.html
func targetGroup(room Balancers) *Type {
	protocol := oneOf("GENEVE", "HTTP", "HTTPS", "QUIC", "TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP").models("HTTP")
	return &Type{
		Name: "AWS::ElasticLoadBalancingV2::TargetGroup", NameProperty: "Name",
		Properties: Object{
			"Name": text().replace(), "Port": integer().replace(), "Protocol": protocol.replace(), "VpcId": text().replace(),
			"TargetType":         oneOf("alb", "instance", "ip", "lambda").models("ip").replace(),
			"ProtocolVersion":    oneOf("HTTP1", "HTTP2", "GRPC").models("HTTP1", "HTTP2").replace(),
			"IpAddressType":      oneOf("ipv4", "ipv6").models("ipv4").replace(),
			"HealthCheckEnabled": boolean(), "HealthCheckIntervalSeconds": integer().between(5, 300), "HealthCheckPath": text(),
			"HealthCheckPort": text(), "HealthCheckProtocol": protocol, "HealthCheckTimeoutSeconds": integer().between(2, 120),
			"HealthyThresholdCount": integer().between(2, 10), "UnhealthyThresholdCount": integer().between(2, 10),
			"Matcher":               object(Object{"HttpCode": text()}.lacking("GrpcCode")),
			"TargetGroupAttributes": objects(Object{"Key": text(), "Value": text()}),
			"Tags":                  tagList(),
		}.lacking("Targets", "TargetControlPort"),
		Attributes: []string{"TargetGroupArn", "TargetGroupFullName", "TargetGroupName"},
		Handler:    targetGroups{room},
		Tagged:     true,
		lacks: func(properties *template.Node, gap func(at *template.Node, format string, args ...any)) {
			if properties.Get("TargetType") == nil {
				gap(properties, "the target type instance, which is what a target group without TargetType has")
			}
			lacksAttributes(properties.Get("TargetGroupAttributes"), sandboxelb.LacksGroupAttribute, gap)
		},
	}
}

// lacksAttributes finds attributes with values that the sandbox doesn't model.
func lacksAttributes(list *template.Node, lacks func(key, value string) bool, gap func(at *template.Node, format string, args ...any)) {
	if !list.Is(template.List) {
		return
	}
	for _, item := range list.Items {
		if key, value := item.Get("Key").Str(), item.Get("Value"); value.Is(template.Scalar) && lacks(key, value.Text) {
			gap(value, "the value %s of the attribute %s", value.Text, key)
		}
	}
}

type targetGroups struct{ room Balancers }

func (h targetGroups) Create(ctx context.Context, r *Request) error {
	in := &elb.CreateTargetGroupInput{}
	if err := fill(in, without(r.Properties, "TargetGroupAttributes", "Tags")); err != nil {
		return err
	}
	in.Name, in.Tags = aws.String(r.given("Name", 32)), balancerTags(r.tags())
	out, err := h.room.CreateTargetGroup(ctx, in)
	if err != nil {
		return err
	}
	r.ID = aws.ToString(out.TargetGroups[0].TargetGroupArn)
	full := r.ID[strings.LastIndex(r.ID, ":")+1:]
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{
		"TargetGroupArn": r.ID, "TargetGroupFullName": full, "TargetGroupName": *in.Name,
	}})
	return h.attributes(ctx, r)
}

func (h targetGroups) attributes(ctx context.Context, r *Request) error {
	if r.Properties["TargetGroupAttributes"] == nil {
		return nil
	}
	in := &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &r.ID}
	if err := fill(in, map[string]any{"Attributes": r.Properties["TargetGroupAttributes"]}); err != nil {
		return err
	}
	_, err := h.room.ModifyTargetGroupAttributes(ctx, in)
	return err
}

func (h targetGroups) Update(ctx context.Context, r *Request) error {
	checks := []string{
		"HealthCheckEnabled", "HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol",
		"HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher",
	}
	if r.changed(checks...) {
		in := &elb.ModifyTargetGroupInput{TargetGroupArn: &r.ID}
		if err := fill(in, only(r.Properties, checks...)); err != nil {
			return err
		}
		if _, err := h.room.ModifyTargetGroup(ctx, in); err != nil {
			return err
		}
	}
	if r.changed("TargetGroupAttributes") {
		if err := h.attributes(ctx, r); err != nil {
			return err
		}
	}
	return retag(ctx, h.room, r)
}

func (h targetGroups) Delete(ctx context.Context, r *Request) error {
	return r.retry(ctx, func() error {
		_, err := h.room.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &r.ID})
		return err
	})
}
