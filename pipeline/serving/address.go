package serving

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Address returns where a listener answers, with its scheme and without a path:
// http://name, or https://name:8443.
func (r *Reader) Address(ctx context.Context, listener string) (string, error) {
	out, err := r.elb.DescribeListeners(ctx, &elb.DescribeListenersInput{ListenerArns: []string{listener}})
	if err != nil {
		return "", problem("describing the listener", addressActions, err)
	}
	if len(out.Listeners) == 0 {
		return "", fmt.Errorf("describing the listener: there is no %s", listener)
	}
	l := out.Listeners[0]
	balancers, err := r.elb.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{aws.ToString(l.LoadBalancerArn)}})
	if err != nil {
		return "", problem("describing the load balancer", addressActions, err)
	}
	if len(balancers.LoadBalancers) == 0 {
		return "", fmt.Errorf("describing the load balancer: there is no %s", aws.ToString(l.LoadBalancerArn))
	}
	return address(l, aws.ToString(balancers.LoadBalancers[0].DNSName)), nil
}

func address(l elbtypes.Listener, host string) string {
	scheme, usual := "http", int32(80)
	if l.Protocol == elbtypes.ProtocolEnumHttps || l.Protocol == elbtypes.ProtocolEnumTls {
		scheme, usual = "https", 443
	}
	if port := aws.ToInt32(l.Port); port != usual && port != 0 {
		host = net.JoinHostPort(host, strconv.Itoa(int(port)))
	}
	return scheme + "://" + host
}
