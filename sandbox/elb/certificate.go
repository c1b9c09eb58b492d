package elb

import (
	"context"
	"slices"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// certificates are the ARNs of all that a listener serves, the default one first.
func (l *listener) certificates() (arns []string) {
	for _, c := range l.Certificates {
		arns = append(arns, val(c.CertificateArn))
	}
	return append(arns, l.extra...)
}

// CertificateUsers returns the ARNs of an account's load balancers that serve a
// certificate.
func (s *Service) CertificateUsers(account, arn string) (users []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[account]
	if a == nil {
		return nil
	}
	for _, l := range a.listeners {
		if slices.Contains(l.certificates(), arn) && !slices.Contains(users, *l.LoadBalancerArn) {
			users = append(users, *l.LoadBalancerArn)
		}
	}
	return users
}

// maxCertificates is how many a load balancer can have beside the default ones.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
const maxCertificates = 25

// AddListenerCertificates adds certificates to an HTTPS listener; one that it has is
// no error.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddListenerCertificates.html
func (s *Service) AddListenerCertificates(ctx context.Context, in *elbv2.AddListenerCertificatesInput) (*elbv2.AddListenerCertificatesOutput, error) {
	arn := val(in.ListenerArn)
	if err := s.authorize(ctx, "AddListenerCertificates", arn); err != nil {
		return nil, err
	}
	account := iam.Caller(ctx).Account
	if err := s.checkCertificates(account, in.Certificates); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.caller(ctx)
	l, err := a.httpsListener(arn)
	if err != nil {
		return nil, err
	}
	extra := slices.Clone(l.extra)
	for _, c := range in.Certificates {
		if !slices.Contains(append(extra, l.certificates()...), *c.CertificateArn) {
			extra = append(extra, *c.CertificateArn)
		}
	}
	if len(extra)-len(l.extra)+a.extras(*l.LoadBalancerArn) > maxCertificates {
		return nil, wire.Errorf("TooManyCertificates", "The maximum number of certificates of load balancer '%s' is '%d'", *l.LoadBalancerArn, maxCertificates)
	}
	l.extra = extra
	s.secure(account, l)
	return &elbv2.AddListenerCertificatesOutput{Certificates: in.Certificates}, nil
}

// extras counts a load balancer's certificates that are no default ones.
func (a *account) extras(balancer string) (n int) {
	for _, l := range a.listenersOf(balancer) {
		n += len(l.extra)
	}
	return n
}

// httpsListener returns the listener with the ARN, if it has certificates.
func (a *account) httpsListener(arn string) (*listener, error) {
	l, err := a.listener(arn)
	if err == nil && l.Protocol != types.ProtocolEnumHttps {
		err = invalid("Listener '%s' is not an HTTPS listener", arn)
	}
	return l, err
}

// RemoveListenerCertificates removes certificates that are not the default one.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RemoveListenerCertificates.html
func (s *Service) RemoveListenerCertificates(ctx context.Context, in *elbv2.RemoveListenerCertificatesInput) (*elbv2.RemoveListenerCertificatesOutput, error) {
	arn := val(in.ListenerArn)
	if err := s.authorize(ctx, "RemoveListenerCertificates", arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.caller(ctx).httpsListener(arn)
	if err != nil {
		return nil, err
	}
	extra := slices.Clone(l.extra)
	for _, c := range in.Certificates {
		if val(c.CertificateArn) == val(l.Certificates[0].CertificateArn) {
			return nil, notPermitted("The default certificate '%s' cannot be removed from a listener", val(c.CertificateArn))
		}
		extra = slices.DeleteFunc(extra, func(o string) bool { return o == val(c.CertificateArn) })
	}
	l.extra = extra
	s.secure(iam.Caller(ctx).Account, l)
	return &elbv2.RemoveListenerCertificatesOutput{}, nil
}

// DescribeListenerCertificates lists a listener's certificates, the default one first.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListenerCertificates.html
func (s *Service) DescribeListenerCertificates(ctx context.Context, in *elbv2.DescribeListenerCertificatesInput) (*elbv2.DescribeListenerCertificatesOutput, error) {
	if err := s.authorize(ctx, "DescribeListenerCertificates", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.caller(ctx).httpsListener(val(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	arns, next, err := cut(l.certificates(), func(arn string) string { return arn }, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeListenerCertificatesOutput{Certificates: []types.Certificate{}, NextMarker: next}
	for _, arn := range arns {
		out.Certificates = append(out.Certificates, types.Certificate{CertificateArn: new(arn), IsDefault: new(arn == l.certificates()[0])})
	}
	return out, nil
}
