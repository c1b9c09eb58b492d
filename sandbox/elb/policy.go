package elb

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// defaultPolicy is that of a listener which is made without one.
const defaultPolicy = "ELBSecurityPolicy-2016-08"

// policy is a security policy: which versions of TLS a listener speaks, and with which
// ciphers.
type policy struct {
	name    string
	oldest  uint16
	newest  uint16
	ciphers string // the kinds that it has
}

// policies are the security policies of application load balancers but for those of
// FIPS and RFC 9151.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
func policies() []policy {
	const v10, v11, v12, v13 = tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13
	return []policy{
		{"ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", v12, v13, "3g"},
		{"ELBSecurityPolicy-TLS13-1-2-2021-06", v12, v13, "3gc"},
		{"ELBSecurityPolicy-TLS13-1-2-PQ-2025-09", v12, v13, "3gc"},
		{"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", v12, v13, "3g"},
		{"ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", v12, v13, "3gcr"},
		{"ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09", v12, v13, "3gcr"},
		{"ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", v12, v13, "3gc1rs"},
		{"ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09", v12, v13, "3gc1rs"},
		{"ELBSecurityPolicy-TLS13-1-3-2021-06", v13, v13, "3"},
		{"ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", v13, v13, "3"},
		{"ELBSecurityPolicy-TLS13-1-1-2021-06", v11, v13, "3gc1rs"},
		{"ELBSecurityPolicy-TLS13-1-0-2021-06", v10, v13, "3gc1rs"},
		{"ELBSecurityPolicy-TLS13-1-0-PQ-2025-09", v10, v13, "3gc1rs"},
		{"ELBSecurityPolicy-TLS-1-2-Ext-2018-06", v12, v12, "gc1rs"},
		{"ELBSecurityPolicy-TLS-1-2-2017-01", v12, v12, "gcr"},
		{"ELBSecurityPolicy-TLS-1-1-2017-01", v11, v12, "gc1rs"},
		{defaultPolicy, v10, v12, "gc1rs"},
		{"ELBSecurityPolicy-FS-1-2-Res-2020-10", v12, v12, "g"},
		{"ELBSecurityPolicy-FS-1-2-Res-2019-08", v12, v12, "gc"},
		{"ELBSecurityPolicy-FS-1-2-2019-08", v12, v12, "gc1"},
		{"ELBSecurityPolicy-FS-1-1-2019-08", v11, v12, "gc1"},
		{"ELBSecurityPolicy-FS-2018-06", v10, v12, "gc1"},
	}
}

// suite is a cipher suite by the name that OpenSSL and AWS have for it. Its id is 0
// where Go has no such suite: the policy names it, and nobody is offered it.
type suite struct {
	kind byte // 3: of TLS 1.3, g: GCM, c: CBC with SHA-2, 1: CBC with SHA-1, r and s: without forward secrecy, s with SHA-1
	name string
	id   uint16
}

// suites are all of them, in AWS's order.
func suites() []suite {
	return []suite{
		{'3', "TLS_AES_128_GCM_SHA256", tls.TLS_AES_128_GCM_SHA256},
		{'3', "TLS_AES_256_GCM_SHA384", tls.TLS_AES_256_GCM_SHA384},
		{'3', "TLS_CHACHA20_POLY1305_SHA256", tls.TLS_CHACHA20_POLY1305_SHA256},
		{'g', "ECDHE-ECDSA-AES128-GCM-SHA256", tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		{'g', "ECDHE-RSA-AES128-GCM-SHA256", tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		{'c', "ECDHE-ECDSA-AES128-SHA256", tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256},
		{'c', "ECDHE-RSA-AES128-SHA256", tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256},
		{'1', "ECDHE-ECDSA-AES128-SHA", tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
		{'1', "ECDHE-RSA-AES128-SHA", tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
		{'g', "ECDHE-ECDSA-AES256-GCM-SHA384", tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384},
		{'g', "ECDHE-RSA-AES256-GCM-SHA384", tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
		{'c', "ECDHE-ECDSA-AES256-SHA384", 0},
		{'c', "ECDHE-RSA-AES256-SHA384", 0},
		{'1', "ECDHE-ECDSA-AES256-SHA", tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA},
		{'1', "ECDHE-RSA-AES256-SHA", tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA},
		{'r', "AES128-GCM-SHA256", tls.TLS_RSA_WITH_AES_128_GCM_SHA256},
		{'r', "AES128-SHA256", tls.TLS_RSA_WITH_AES_128_CBC_SHA256},
		{'s', "AES128-SHA", tls.TLS_RSA_WITH_AES_128_CBC_SHA},
		{'r', "AES256-GCM-SHA384", tls.TLS_RSA_WITH_AES_256_GCM_SHA384},
		{'r', "AES256-SHA256", 0},
		{'s', "AES256-SHA", tls.TLS_RSA_WITH_AES_256_CBC_SHA},
	}
}

// has returns the ciphers of a policy.
func (p policy) has() []suite {
	return slices.DeleteFunc(suites(), func(c suite) bool { return strings.IndexByte(p.ciphers, c.kind) < 0 })
}

// spoken are the ciphers that Go can speak.
func (p policy) spoken() (ids []uint16) {
	for _, c := range p.has() {
		if c.id != 0 {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// LacksPolicy reports whether AWS has a security policy that this service doesn't model.
func LacksPolicy(name string) bool {
	return strings.Contains(name, "-FIPS-") || strings.Contains(name, "-RFC9151-")
}

// policyNamed returns a security policy.
func policyNamed(name string) (policy, error) {
	all := policies()
	if i := slices.IndexFunc(all, func(p policy) bool { return p.name == name }); i >= 0 {
		return all[i], nil
	}
	if LacksPolicy(name) {
		return policy{}, wire.NotModelled("security policy %s (none of FIPS or RFC 9151)", name)
	}
	return policy{}, wire.Errorf("SSLPolicyNotFound", "SSL policy '%s' not found", name)
}

// versionName is AWS's name of a version of TLS.
func versionName(version uint16) string {
	if version == tls.VersionTLS10 {
		return "TLSv1"
	}
	return strings.Replace(tls.VersionName(version), "TLS ", "TLSv", 1)
}

func (p policy) describe() types.SslPolicy {
	out := types.SslPolicy{Name: new(p.name), SupportedLoadBalancerTypes: []string{"application", "network"}}
	for version := p.newest; version >= p.oldest; version-- {
		out.SslProtocols = append(out.SslProtocols, versionName(version))
	}
	for i, c := range p.has() {
		out.Ciphers = append(out.Ciphers, types.Cipher{Name: new(c.name), Priority: new(int32(i + 1))})
	}
	return out
}

// DescribeSSLPolicies lists security policies, all or those named.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeSSLPolicies.html
func (s *Service) DescribeSSLPolicies(ctx context.Context, in *elbv2.DescribeSSLPoliciesInput) (*elbv2.DescribeSSLPoliciesOutput, error) {
	if err := s.authorize(ctx, "DescribeSSLPolicies", "*"); err != nil {
		return nil, err
	}
	all := policies()
	if len(in.Names) > 0 {
		all = nil
		for _, name := range in.Names {
			p, err := policyNamed(name)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
	}
	if in.LoadBalancerType == types.LoadBalancerTypeEnumGateway {
		all = nil
	}
	all, next, err := cut(all, func(p policy) string { return p.name }, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeSSLPoliciesOutput{SslPolicies: []types.SslPolicy{}, NextMarker: next}
	for _, p := range all {
		out.SslPolicies = append(out.SslPolicies, p.describe())
	}
	return out, nil
}
