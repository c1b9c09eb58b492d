package elb_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// An internal load balancer is reached where its security groups let anybody in.
func TestInternal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	for i, test := range []struct {
		scheme  types.LoadBalancerSchemeEnum
		group   string
		reached bool
		denied  string // ipv6.deny_all_igw_traffic
	}{
		{types.LoadBalancerSchemeEnumInternal, insideGroup, true, "true"},
		{types.LoadBalancerSchemeEnumInternal, webGroup, true, "true"},
		{types.LoadBalancerSchemeEnumInternal, "sg-0shut", false, "true"},
		{types.LoadBalancerSchemeEnumInternetFacing, insideGroup, false, "false"},
	} {
		name := fmt.Sprintf("lb-%d", i)
		out := must[*elbv2.CreateLoadBalancerOutput](t)(w.CreateLoadBalancer(w.ctx, &elbv2.CreateLoadBalancerInput{
			Name: &name, Scheme: test.scheme, SecurityGroups: []string{test.group},
			SubnetMappings: []types.SubnetMapping{{SubnetId: new("subnet-a")}, {SubnetId: new("subnet-b")}},
		}))
		b := out.LoadBalancers[0]
		w.listener(b, 80, []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: new("200")}}})
		res, err := http.Get(base(b, 80))
		if err == nil {
			res.Body.Close()
		}
		if b.Scheme != test.scheme || (err == nil) != test.reached {
			t.Errorf("%s with %s: scheme %s, %v", test.scheme, test.group, b.Scheme, err)
		}
		attrs := must[*elbv2.DescribeLoadBalancerAttributesOutput](t)(w.DescribeLoadBalancerAttributes(w.ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn}))
		for _, a := range attrs.Attributes {
			if *a.Key == "ipv6.deny_all_igw_traffic" && *a.Value != test.denied {
				t.Errorf("%s: %s=%s", test.scheme, *a.Key, *a.Value)
			}
		}
	}
}

// What hardened templates set is taken, and shown.
func TestAttributesOfHardenedTemplates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b := w.balancer("web")
	changes := []string{
		"access_logs.s3.enabled=true", "access_logs.s3.bucket=logs", "access_logs.s3.prefix=web", "connection_logs.s3.enabled=true", "connection_logs.s3.bucket=logs",
		"deletion_protection.enabled=true", "idle_timeout.timeout_seconds=120", "routing.http.desync_mitigation_mode=strictest",
		"routing.http.drop_invalid_header_fields.enabled=true", "routing.http.preserve_host_header.enabled=true", "routing.http2.enabled=true",
		"routing.http.x_amzn_tls_version_and_cipher_suite.enabled=true", "routing.http.xff_header_processing.mode=append", "load_balancing.cross_zone.enabled=true",
	}
	w.set(b, changes...)
	out := must[*elbv2.DescribeLoadBalancerAttributesOutput](t)(w.DescribeLoadBalancerAttributes(w.ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn}))
	shown := map[string]string{}
	for _, a := range out.Attributes {
		shown[*a.Key] = *a.Value
	}
	for _, change := range changes {
		if key, value, _ := strings.Cut(change, "="); shown[key] != value {
			t.Errorf("%s is shown as %q", change, shown[key])
		}
	}
}

// Headers with other characters in their names don't reach a target, if so wanted.
func TestDropInvalidHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, _, _ := w.web(echo)
	for _, drop := range []string{"false", "true"} {
		w.set(b, "routing.http.drop_invalid_header_fields.enabled="+drop)
		got := w.ask(base(b, 80), func(r *http.Request) {
			r.Header["Under_score"], r.Header["X-Fine-1"] = []string{"a"}, []string{"b"}
		})
		if dropped := !strings.Contains(strings.ToLower(got.body), "under_score"); dropped != (drop == "true") || !strings.Contains(got.body, "X-Fine-1") {
			t.Errorf("drop=%s: the target got\n%s", drop, got.body)
		}
	}
}

// A connection on which nothing happens is closed after the idle timeout.
func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, _, _ := w.web(echo)
	w.set(b, "idle_timeout.timeout_seconds=1")
	conn := must[net.Conn](t)(net.Dial("tcp", strings.TrimPrefix(base(b, 80), "http://")+map[bool]string{false: ":80"}[strings.Contains(*b.DNSName, ":")]))
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("got %v, want the end of the connection", err)
	}
}
