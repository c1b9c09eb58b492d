package sandbox_test

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	balancing "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"orgship/dockerfiles"
	"orgship/sandbox"
	"orgship/sandbox/wire"
	"orgship/template"
)

// doors has two load balancers with fixed answers: one that anybody may ask on
// ports 80 and 8080, and one whose security group lets nobody in.
const doors = `
Parameters: {Vpc: {Type: String}, Subnet1: {Type: String}, Subnet2: {Type: String}}
Resources:
  Anybody:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: g, VpcId: !Ref Vpc, SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 1, ToPort: 65535, CidrIp: 0.0.0.0/0}]}
  Nobody:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: g, VpcId: !Ref Vpc}
  Open:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Subnets: [!Ref Subnet1, !Ref Subnet2], SecurityGroups: [!Ref Anybody]}
  Closed:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Subnets: [!Ref Subnet1, !Ref Subnet2], SecurityGroups: [!Ref Nobody]}
  Http:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Open
      Port: 80
      Protocol: HTTP
      DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: "201", MessageBody: hello}}]
  Other:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Open
      Port: 8080
      Protocol: HTTP
      DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: "202", MessageBody: other}}]
  Shut:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Closed
      Port: 80
      Protocol: HTTP
      DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: "200", MessageBody: never}}]
Outputs:
  Open: {Value: !GetAtt Open.DNSName}
  Closed: {Value: !GetAtt Closed.DNSName}
  Listener: {Value: !Ref Http}
`

// doors deploys them and returns their DNS names and the open one's listener.
func (w *world) doors() (open, closed, listener string) {
	w.t.Helper()
	must(w.stacks("dev-1").CreateStack(w.ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("doors"), TemplateBody: aws.String(doors), Parameters: w.place("dev-1"),
	}))(w.t)
	outputs := map[string]string{}
	for _, o := range w.wantStatus("dev-1", "doors", cfn.StackStatusCreateComplete).Outputs {
		outputs[*o.OutputKey] = *o.OutputValue
	}
	return outputs["Open"], outputs["Closed"], outputs["Listener"]
}

// proxied is a client that asks all through the sandbox's endpoint.
func (w *world) proxied() *http.Client {
	w.t.Helper()
	return through(w.t, w.Endpoint())
}

func through(t testing.TB, at string) *http.Client {
	t.Helper()
	proxy := must(url.Parse(at))(t)
	proxy.User = url.UserPassword("user", "password")
	transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Timeout: 10 * time.Second, Transport: transport}
}

// answered renders an answer.
func answered(client *http.Client, url string) string {
	resp, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

func hostOf(name string) string { return (&url.URL{Host: name}).Hostname() }

func TestProxyIsForOwnLoadBalancersOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	open, closed, _ := w.doors()
	own := strings.TrimPrefix(w.Endpoint(), "http://")
	_, port, _ := net.SplitHostPort(own)
	another := newWorld(t, sandbox.Options{})
	const only = "502 the sandbox is a proxy for its own load balancers only: "
	tests := []struct{ url, want string }{
		{"http://" + open, "201 hello"},
		{"http://" + open + "/?x=y", "201 hello"},
		{"http://" + hostOf(open) + ":80/", "201 hello"},
		{"http://" + hostOf(open) + ":8080/", "202 other"},
		{"http://" + hostOf(open) + ":8081/", "502 the load balancer at \"" + hostOf(open) + ":8081\" has no listener on port 8081\n"},
		{"http://" + hostOf(closed) + "/", "502 the security groups of the load balancer at \"" + hostOf(closed) + ":80\" let nobody in on port 80\n"},
		{"http://example.com/", only + "\"example.com:80\" is not the address of a load balancer\n"},
		{"http://127.0.0.1/", only},
		{"http://127.0.0.1:1/", only},
		{"http://localhost/", only},
		{"http://[::1]:" + port + "/", only},
		{another.Endpoint() + "/v2/", only},
		{"https://" + own + "/", "Bad Gateway"},
		{"http://" + own + "/v2/", "401 Not Authorized"},
		{"http://localhost:" + port + "/v2/", "401 Not Authorized"},
	}
	client := w.proxied()
	before := len(w.Calls())
	asked := 0
	for _, test := range tests {
		if strings.HasPrefix(test.want, "401") {
			asked++
		}
		if got := answered(client, test.url); !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.url, got, test.want)
		}
	}
	if calls := w.Calls()[before:]; len(calls) != asked || slices.ContainsFunc(calls, func(c wire.Call) bool { return c.Service != wire.Registry }) {
		t.Errorf("calls: %+v", calls)
	}
	if calls := another.Calls(); len(calls) != 0 {
		t.Errorf("calls of another sandbox: %+v", calls)
	}
}

// TestProxyAnswersAsTheLoadBalancer compares with the answer to a connection.
func TestProxyAnswersAsTheLoadBalancer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	open, _, listener := w.doors()
	for i, header := range []string{"Proxy-Authorization", "Proxy-Connection", "X-Hop", "Upgrade"} {
		must(elb.NewFromConfig(w.config("dev-1")).CreateRule(w.ctx, &elb.CreateRuleInput{
			ListenerArn: &listener, Priority: aws.Int32(int32(i + 1)),
			Conditions: []balancing.RuleCondition{{Field: aws.String("http-header"), HttpHeaderConfig: &balancing.HttpHeaderConditionConfig{
				HttpHeaderName: aws.String(header), Values: []string{"*"},
			}}},
			Actions: []balancing.Action{{Type: balancing.ActionTypeEnumFixedResponse, FixedResponseConfig: &balancing.FixedResponseActionConfig{
				StatusCode: aws.String("200"), MessageBody: aws.String(header + " came along"),
			}}},
		}))(t)
	}
	ask := func(client *http.Client, header http.Header) (string, http.Header) {
		r := must(http.NewRequest(http.MethodGet, "http://"+open+"/", nil))(t)
		maps.Copy(r.Header, header)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return string(must(io.ReadAll(resp.Body))(t)), resp.Header
	}
	direct := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	if body, _ := ask(direct, http.Header{"Proxy-Authorization": {"Basic eDp5"}}); body != "Proxy-Authorization came along" {
		t.Fatalf("the rules don't work: %q", body)
	}
	_, want := ask(direct, nil)
	body, got := ask(w.proxied(), http.Header{
		"Proxy-Connection": {"keep-alive"}, "Connection": {"x-hop, Upgrade"}, "X-Hop": {"1"}, "Upgrade": {"websocket"},
	})
	for _, h := range []http.Header{want, got} {
		h.Del("Date")
		h.Del("Connection")
	}
	if body != "hello" || !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q with %v, want %v", body, got, want)
	}
}

func TestProxyToTheSandboxItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.share()
	config := w.config("dev-1")
	config.HTTPClient = w.proxied()
	who := must(sts.NewFromConfig(config).GetCallerIdentity(w.ctx, nil))(t)
	if *who.Account != w.account("dev-1").ID {
		t.Errorf("got %s", *who.Account)
	}
	ref := must(name.ParseReference(strings.TrimPrefix(w.Endpoint(), "http://")+"/"+w.account("shared-services").ID+"/"+repository+":1", name.Insecure))(t)
	options := []remote.Option{remote.WithAuth(w.login("shared-services")), remote.WithTransport(w.proxied().Transport)}
	img := must(random.Image(1000, 2))(t)
	if err := remote.Write(ref, img, options...); err != nil {
		t.Fatal(err)
	}
	got := must(remote.Get(ref, options...))(t)
	if want := must(img.Digest())(t); got.Digest != want {
		t.Errorf("got %s, want %s", got.Digest, want)
	}
}

func TestProxyToTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.needsTasks()
	w.share()
	stack := w.deploy("hello", w.service(w.push(dockerfiles.Blue(), "1"), template.TrafficRouting{Type: "AllAtOnce"}))
	url := "http://" + balancer(t, stack) + "/"
	if got := answered(w.proxied(), url); got != "200 Hello World! (Blue)\n" {
		t.Errorf("got %q", got)
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("SKIP: curl is not on the PATH")
	}
	if out, err := exec.Command(curl, "-sS", "-m", "10", "-x", w.Endpoint(), url).CombinedOutput(); err != nil || string(out) != "Hello World! (Blue)\n" {
		t.Errorf("curl -x: %v: %s", err, out)
	}
}
