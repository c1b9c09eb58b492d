package resource

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	sandboxelb "orgship/sandbox/elb"
	"orgship/template"
)

// Balancers is Elastic Load Balancing.
type Balancers interface {
	CreateLoadBalancer(context.Context, *elb.CreateLoadBalancerInput) (*elb.CreateLoadBalancerOutput, error)
	DescribeLoadBalancers(context.Context, *elb.DescribeLoadBalancersInput) (*elb.DescribeLoadBalancersOutput, error)
	DeleteLoadBalancer(context.Context, *elb.DeleteLoadBalancerInput) (*elb.DeleteLoadBalancerOutput, error)
	ModifyLoadBalancerAttributes(context.Context, *elb.ModifyLoadBalancerAttributesInput) (*elb.ModifyLoadBalancerAttributesOutput, error)
	SetSecurityGroups(context.Context, *elb.SetSecurityGroupsInput) (*elb.SetSecurityGroupsOutput, error)
	SetSubnets(context.Context, *elb.SetSubnetsInput) (*elb.SetSubnetsOutput, error)
	CreateTargetGroup(context.Context, *elb.CreateTargetGroupInput) (*elb.CreateTargetGroupOutput, error)
	ModifyTargetGroup(context.Context, *elb.ModifyTargetGroupInput) (*elb.ModifyTargetGroupOutput, error)
	ModifyTargetGroupAttributes(context.Context, *elb.ModifyTargetGroupAttributesInput) (*elb.ModifyTargetGroupAttributesOutput, error)
	DeleteTargetGroup(context.Context, *elb.DeleteTargetGroupInput) (*elb.DeleteTargetGroupOutput, error)
	CreateListener(context.Context, *elb.CreateListenerInput) (*elb.CreateListenerOutput, error)
	ModifyListener(context.Context, *elb.ModifyListenerInput) (*elb.ModifyListenerOutput, error)
	DeleteListener(context.Context, *elb.DeleteListenerInput) (*elb.DeleteListenerOutput, error)
	CreateRule(context.Context, *elb.CreateRuleInput) (*elb.CreateRuleOutput, error)
	ModifyRule(context.Context, *elb.ModifyRuleInput) (*elb.ModifyRuleOutput, error)
	SetRulePriorities(context.Context, *elb.SetRulePrioritiesInput) (*elb.SetRulePrioritiesOutput, error)
	DeleteRule(context.Context, *elb.DeleteRuleInput) (*elb.DeleteRuleOutput, error)
	AddListenerCertificates(context.Context, *elb.AddListenerCertificatesInput) (*elb.AddListenerCertificatesOutput, error)
	RemoveListenerCertificates(context.Context, *elb.RemoveListenerCertificatesInput) (*elb.RemoveListenerCertificatesOutput, error)
	AddTags(context.Context, *elb.AddTagsInput) (*elb.AddTagsOutput, error)
	RemoveTags(context.Context, *elb.RemoveTagsInput) (*elb.RemoveTagsOutput, error)
}

// ELB returns the resource types of Elastic Load Balancing.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ElasticLoadBalancingV2.html
func ELB(room Balancers) []*Type {
	return []*Type{
		{
			Name: "AWS::ElasticLoadBalancingV2::LoadBalancer", NameProperty: "Name",
			Properties: Object{
				"Name": text().replace(), "Scheme": oneOf("internal", "internet-facing").replace(),
				"Type":           oneOf("application", "gateway", "network").models("application").replace(),
				"SecurityGroups": texts(), "Subnets": texts(), "Tags": labelList(),
				"IpAddressType":          oneOf("dualstack", "dualstack-without-public-ipv4", "ipv4").models("ipv4"),
				"LoadBalancerAttributes": objects(Object{"Key": text(), "Value": text()}),
				"SubnetMappings": objects(Object{"SubnetId": text().need()}.
					lacking("AllocationId", "IPv6Address", "PrivateIPv4Address", "SourceNatIpv6Prefix")),
			}.lacking("EnableCapacityReservationProvisionStabilize", "EnablePrefixForIpv6SourceNat",
				"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "Ipv4IpamPoolId", "MinimumLoadBalancerCapacity"),
			Attributes: []string{"CanonicalHostedZoneID", "DNSName", "LoadBalancerArn", "LoadBalancerFullName", "LoadBalancerName"},
			Handler:    loadBalancers{room},
			Tagged:     true,
			lacks: func(properties *template.Node, gap func(at *template.Node, format string, args ...any)) {
				lacksAttributes(properties.Get("LoadBalancerAttributes"), sandboxelb.LacksBalancerAttribute, gap)
			},
		},
		targetGroup(room),
		listener(room),
		listenerRule(room),
		listenerCertificate(room),
	}
}

type loadBalancers struct{ room Balancers }

func (h loadBalancers) Create(ctx context.Context, r *Request) error {
	in := &elb.CreateLoadBalancerInput{}
	if err := fill(in, without(r.Properties, "LoadBalancerAttributes", "Tags")); err != nil {
		return err
	}
	in.Name, in.Tags = aws.String(r.given("Name", 32)), balancerTags(r.tags())
	out, err := h.room.CreateLoadBalancer(ctx, in)
	if err != nil {
		return err
	}
	b := out.LoadBalancers[0]
	r.ID = aws.ToString(b.LoadBalancerArn)
	_, full, _ := strings.Cut(r.ID, ":loadbalancer/")
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{
		"CanonicalHostedZoneID": aws.ToString(b.CanonicalHostedZoneId), "DNSName": aws.ToString(b.DNSName),
		"LoadBalancerArn": r.ID, "LoadBalancerFullName": full, "LoadBalancerName": aws.ToString(b.LoadBalancerName),
	}})
	if err := h.attributes(ctx, r); err != nil {
		return err
	}
	return r.until(ctx, 10*time.Second, 30*time.Minute, func() (bool, error) { return h.active(ctx, r.ID) })
}

func (h loadBalancers) active(ctx context.Context, arn string) (bool, error) {
	out, err := h.room.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{arn}})
	if err != nil || len(out.LoadBalancers) == 0 || out.LoadBalancers[0].State == nil {
		return false, err
	}
	switch state := out.LoadBalancers[0].State; state.Code {
	case types.LoadBalancerStateEnumActive:
		return true, nil
	case types.LoadBalancerStateEnumFailed:
		return false, &Unstable{Reason: "load balancer failed: " + aws.ToString(state.Reason)}
	}
	return false, nil
}

func (h loadBalancers) attributes(ctx context.Context, r *Request) error {
	if r.Properties["LoadBalancerAttributes"] == nil {
		return nil
	}
	in := &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &r.ID}
	if err := fill(in, map[string]any{"Attributes": r.Properties["LoadBalancerAttributes"]}); err != nil {
		return err
	}
	_, err := h.room.ModifyLoadBalancerAttributes(ctx, in)
	return err
}

func (h loadBalancers) Update(ctx context.Context, r *Request) error {
	if r.changed("SecurityGroups") {
		in := &elb.SetSecurityGroupsInput{LoadBalancerArn: &r.ID}
		if err := fill(in, only(r.Properties, "SecurityGroups")); err != nil {
			return err
		}
		if _, err := h.room.SetSecurityGroups(ctx, in); err != nil {
			return err
		}
	}
	if r.changed("Subnets", "SubnetMappings") {
		in := &elb.SetSubnetsInput{LoadBalancerArn: &r.ID}
		if err := fill(in, only(r.Properties, "Subnets", "SubnetMappings")); err != nil {
			return err
		}
		if _, err := h.room.SetSubnets(ctx, in); err != nil {
			return err
		}
	}
	if r.changed("LoadBalancerAttributes") {
		if err := h.attributes(ctx, r); err != nil {
			return err
		}
	}
	return retag(ctx, h.room, r)
}

func (h loadBalancers) Delete(ctx context.Context, r *Request) error {
	return r.retry(ctx, func() error {
		_, err := h.room.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &r.ID})
		return err
	})
}

func balancerTags(tags [][2]string) []types.Tag {
	var all []types.Tag
	for _, t := range tags {
		all = append(all, types.Tag{Key: aws.String(t[0]), Value: aws.String(t[1])})
	}
	return all
}

func retag(ctx context.Context, room Balancers, r *Request) error {
	add, remove := r.retagged()
	if len(remove) > 0 {
		if _, err := room.RemoveTags(ctx, &elb.RemoveTagsInput{ResourceArns: []string{r.ID}, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	_, err := room.AddTags(ctx, &elb.AddTagsInput{ResourceArns: []string{r.ID}, Tags: balancerTags(add)})
	return err
}
