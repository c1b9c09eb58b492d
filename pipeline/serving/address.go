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
	scheme, usual := "http", 80
	if l.Protocol == elbtypes.ProtocolEnumHttps || l.Protocol == elbtypes.ProtocolEnumTls {
		scheme, usual = "https", 443
	}
	port := int(aws.ToInt32(l.Port))
	if name, moved, err := net.SplitHostPort(host); err == nil {
		host, port = name, port+shift(port, moved)
	}
	if port != usual && port != 0 {
		host = net.JoinHostPort(host, strconv.Itoa(port))
	}
	return scheme + "://" + host
}

// shift is how much further up a port is served than the listener says. A load
// balancer's name has a port where a sandbox that may not serve low ports moved all of
// them up: that of 80.
func shift(port int, moved string) int {
	eighty, err := strconv.Atoi(moved)
	if err != nil || port >= 1024 {
		return 0
	}
	return eighty - 80
}
