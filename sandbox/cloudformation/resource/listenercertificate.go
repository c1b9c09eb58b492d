package resource

import (
	"context"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

// listenerCertificate is AWS::ElasticLoadBalancingV2::ListenerCertificate.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-listenercertificate.html
func listenerCertificate(room Balancers) *Type {
	return &Type{
		Name:       "AWS::ElasticLoadBalancingV2::ListenerCertificate",
		Properties: Object{"ListenerArn": text().need().replace(), "Certificates": certificates().need()},
		Attributes: []string{"Id"},
		Handler:    listenerCertificates{room},
	}
}

type listenerCertificates struct{ room Balancers }

func (h listenerCertificates) Create(ctx context.Context, r *Request) error {
	if err := h.add(ctx, r); err != nil {
		return err
	}
	r.ID = r.name(64)
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Id": r.ID}})
	return nil
}

func (h listenerCertificates) add(ctx context.Context, r *Request) error {
	in := &elb.AddListenerCertificatesInput{}
	if err := fill(in, r.Properties); err != nil {
		return err
	}
	_, err := h.room.AddListenerCertificates(ctx, in)
	return err
}

// Update takes the old certificates away and adds the new ones, which may be the same.
func (h listenerCertificates) Update(ctx context.Context, r *Request) error {
	if err := h.remove(ctx, r); err != nil {
		return err
	}
	return h.add(ctx, r)
}

func (h listenerCertificates) remove(ctx context.Context, r *Request) error {
	in := &elb.RemoveListenerCertificatesInput{}
	if err := fill(in, r.Previous); err != nil {
		return err
	}
	_, err := h.room.RemoveListenerCertificates(ctx, in)
	return err
}

func (h listenerCertificates) Delete(ctx context.Context, r *Request) error {
	return gone(h.remove(ctx, r))
}
