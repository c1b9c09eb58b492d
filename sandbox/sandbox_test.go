package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	balancing "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	templates "orgship/cfn"
	"orgship/dockerfiles"
	"orgship/sandbox"
	"orgship/sandbox/organizations"
	"orgship/sandbox/wire"
	"orgship/template"
)

func TestAccountsAreTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	one, two := newWorld(t, sandbox.Options{}), newWorld(t, sandbox.Options{})
	var got []string
	for i, a := range one.Accounts() {
		got = append(got, a.ID+" "+a.Name+" "+a.OrgPath)
		other := two.Accounts()[i]
		if a.SecretAccessKey == other.SecretAccessKey || len(a.SecretAccessKey) != 40 {
			t.Errorf("%s: secrets %q and %q", a.ID, a.SecretAccessKey, other.SecretAccessKey)
		}
		a.SecretAccessKey, other.SecretAccessKey = "", ""
		if diff := cmp.Diff(a, other); diff != "" {
			t.Errorf("%s in two runs:\n%s", a.ID, diff)
		}
		if len(a.AccessKeyID) != 20 || !strings.HasPrefix(a.AccessKeyID, "AKIASANDBOX") || len(a.SubnetIDs) != 2 {
			t.Errorf("%+v", a)
		}
	}
	want := []string{
		"111111111111 shared-services o-sandbox001/r-sbox/ou-sbox-shared01/",
		"222222222222 dev-1 o-sandbox001/r-sbox/ou-sbox-dev00001/",
		"333333333333 dev-2 o-sandbox001/r-sbox/ou-sbox-dev00001/",
		"444444444444 team-a o-sandbox001/r-sbox/ou-sbox-dev00001/ou-sbox-teama001/",
		"555555555555 prod-1 o-sandbox001/r-sbox/ou-sbox-prod0001/",
		"999999999999 management o-sandbox001/r-sbox/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}

func TestInfoHasTheDocumentedShape(t *testing.T) {
	t.Parallel()
	text := must(json.Marshal(newWorld(t, sandbox.Options{}).Info()))(t)
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	keys := func(m map[string]any) []string {
		var all []string
		for k := range m {
			all = append(all, k)
		}
		slices.Sort(all)
		return all
	}
	if diff := cmp.Diff([]string{"accounts", "ca", "endpoint", "github", "organizationId", "region", "rootId"}, keys(doc)); diff != "" {
		t.Error(diff)
	}
	account := doc["accounts"].([]any)[0].(map[string]any)
	if diff := cmp.Diff([]string{"accessKeyId", "id", "name", "orgPath", "secretAccessKey", "subnetIds", "vpcId"}, keys(account)); diff != "" {
		t.Error(diff)
	}
}

func TestOwnOrganizationAndSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{
		Region: "us-west-2",
		Organization: &organizations.Organization{
			ID: "o-0123456789", RootID: "r-abcd", ManagementAccount: "100000000001",
			Accounts: []organizations.Account{{ID: "100000000001", Name: "boss"}},
			Units:    []organizations.Unit{{ID: "ou-abcd-12345678", Name: "u", Accounts: []organizations.Account{{ID: "100000000002", Name: "worker"}}}},
		},
		Secrets: map[string]string{"100000000002": "known/secret"},
		Key:     &sandbox.Key{ID: "AKIABOSS", Secret: "boss/secret"},
	})
	if boss := w.account("boss"); boss.AccessKeyID != "AKIABOSS" || boss.SecretAccessKey != "boss/secret" {
		t.Errorf("the management account has another key than it was given: %s", boss.AccessKeyID)
	}
	worker := w.account("worker")
	if worker.OrgPath != "o-0123456789/r-abcd/ou-abcd-12345678/" || worker.SecretAccessKey != "known/secret" {
		t.Errorf("got %+v", worker)
	}
	role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(w.config("boss")), "arn:aws:iam::100000000002:role/OrganizationAccountAccessRole")
	config := w.config("boss")
	config.Credentials = aws.NewCredentialsCache(role)
	who := must(sts.NewFromConfig(config).GetCallerIdentity(w.ctx, nil))(t)
	if !strings.HasPrefix(*who.Arn, "arn:aws:sts::100000000002:assumed-role/OrganizationAccountAccessRole/") {
		t.Errorf("the management account acts as %s", *who.Arn)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		options sandbox.Options
		want    string
	}{
		{"slower than AWS", sandbox.Options{Speed: 0.1}, "speed 0.1: must be 1 or more"},
		{"no organization", sandbox.Options{Organization: &organizations.Organization{}}, `organization id "" has not the form`},
		{"secret of nobody", sandbox.Options{Secrets: map[string]string{"1": "x"}}, `secret for account "1"`},
	} {
		if _, err := sandbox.New(test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

func TestListenRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	box := must(sandbox.New(sandbox.Options{}))(t)
	taken := strings.TrimPrefix(w.Endpoint(), "http://")
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "[::1]:0", "localhost", "127.0.0.1:http:0", taken} {
		err := box.Listen(address)
		var refused *sandbox.AddressError
		if !errors.As(err, &refused) || refused.Hint() == "" {
			t.Errorf("%s: got %v", address, err)
		}
	}
	if box.Endpoint() != "" {
		t.Errorf("it listens at %s", box.Endpoint())
	}
	if err := w.Listen("127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "listens on "+taken+" already") {
		t.Errorf("listening twice: %v", err)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	w.needsTasks()
	w.share()
	stack := w.deploy("hello", w.service(w.push(dockerfiles.Blue(), "1"), template.TrafficRouting{Type: "AllAtOnce"}))
	url := "http://" + balancer(t, stack) + "/"
	if body := must(get(url))(t); body != "Hello World! (Blue)" {
		t.Errorf("before closing: %q", body)
	}
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	for range 2 {
		if err := w.Close(ctx); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	client := http.Client{Timeout: 5 * time.Second}
	for _, url := range []string{url, w.Endpoint()} {
		if resp, err := client.Get(url); err == nil {
			resp.Body.Close()
			t.Errorf("%s still answers", url)
		}
	}
}

func TestStateShowsWhatThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	if state := must(w.State(w.ctx))(t); len(state) != 0 {
		t.Errorf("at the beginning:\n%s", state)
	}
	w.needsTasks()
	w.share()
	w.deploy("hello", w.service(w.push(dockerfiles.Blue(), "1"), template.TrafficRouting{Type: "AllAtOnce"}))
	counts := map[string]int{}
	for account, kinds := range must(w.State(w.ctx))(t) {
		for kind, names := range kinds {
			counts[account+" "+kind] = len(names)
		}
	}
	want := map[string]int{
		"111111111111 cloudformation:stack": 1, "111111111111 ecr:repository": 1,
		"222222222222 cloudformation:stack": 1, "222222222222 ec2:network-interface": 1, "222222222222 ec2:security-group": 2,
		"222222222222 ecs:cluster": 1, "222222222222 ecs:service": 1, "222222222222 ecs:task": 1, "222222222222 ecs:task-definition": 1,
		"222222222222 ecs:task-set": 1, "222222222222 elasticloadbalancing:loadbalancer": 1,
		"222222222222 elasticloadbalancing:targetgroup": 2, "222222222222 iam:role": 1, "222222222222 logs:log-group": 1,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("with a service (-want +got):\n%s", diff)
	}
}

func TestTroubleOnOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	client := cloudformation.NewFromConfig(w.config("dev-1"), func(o *cloudformation.Options) { o.Retryer = aws.NopRetryer{} })
	fault := w.Fail(wire.Fault{Service: "cloudformation", Account: w.account("dev-1").ID, Times: 1, Kind: wire.Throttle})
	_, err := client.DescribeStacks(w.ctx, nil)
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "Throttling" || fault.Hits() != 1 {
		t.Errorf("got %v, %d hits", err, fault.Hits())
	}
	must(client.DescribeStacks(w.ctx, nil))(t)
	calls := w.Calls()
	if len(calls) != 2 || calls[0].Code != "Throttling" || calls[1].Status != 200 || calls[1].Caller != "arn:aws:iam::222222222222:user/admin" {
		t.Errorf("calls: %+v", calls)
	}
}

// TestReleasesThatFail leaves blue in charge whichever way green fails.
func TestReleasesThatFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{Speed: 240})
	w.needsTasks()
	w.share()
	blue, green := w.push(dockerfiles.Blue(), "1"), w.push(dockerfiles.Green(), "2")
	routing := template.TrafficRouting{Type: "AllAtOnce"}
	for i, test := range []struct {
		name  string
		order func()
		undo  func()
	}{
		{"hook before the shift", func() { w.FailHook("AfterInstall") }, func() {}},
		{"hook after the shift", func() { w.FailHook("AfterAllowTraffic") }, func() {}},
		{"green never gets healthy", func() { w.Unhealthy(func(image string) bool { return image == green }) }, func() { w.Unhealthy(nil) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, name := w.on(t), fmt.Sprintf("hello-%d", i)
			stack := w.deploy(name, w.service(blue, routing))
			test.order()
			defer test.undo()
			url := "http://" + balancer(t, stack) + "/"
			answers := w.askWhile(url, func() {
				w.startUpdate("dev-1", name, w.service(green, routing))
				w.wantStatus("dev-1", name, cfn.StackStatusUpdateRollbackComplete)
			})
			for answer := range answers {
				if answer != "Hello World! (Blue)" && answer != "Hello World! (Green)" {
					t.Errorf("a client got %q", answer)
				}
			}
			if body := must(get(url))(t); body != "Hello World! (Blue)" {
				t.Errorf("afterwards: %q", body)
			}
			out := must(codedeploy.NewFromConfig(w.config("dev-1")).GetDeployment(w.ctx, &codedeploy.GetDeploymentInput{
				DeploymentId: aws.String(w.deployment("dev-1", *stack.StackId)),
			}))(t)
			if out.DeploymentInfo.Status != "Failed" {
				t.Errorf("CodeDeploy says %s", out.DeploymentInfo.Status)
			}
			w.remove("dev-1", name)
		})
	}
}

// TestGoingBackLosesNothing cancels releases while clients ask: the group that
// goes out of use has requests under way.
func TestGoingBackLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{Speed: 240})
	w.needsTasks()
	w.share()
	blue, green := w.push(dockerfiles.Blue(), "1"), w.push(dockerfiles.Green(), "2")
	stack := w.deploy("hello", w.service(blue, template.TrafficRouting{Type: "AllAtOnce"}))
	url := "http://" + balancer(t, stack) + "/"
	long := 2880
	body := must(template.Render(templates.BlueGreen(), template.Changes{Image: green, TerminationWaitMinutes: &long}))(t)
	answers := w.askWhile(url, func() {
		for range 4 {
			w.startUpdate("dev-1", "hello", aws.String(string(body)))
			eventually(t, "green to answer", func() bool {
				answer, err := get(url)
				return err == nil && answer == "Hello World! (Green)"
			})
			must(w.stacks("dev-1").CancelUpdateStack(w.ctx, &cloudformation.CancelUpdateStackInput{StackName: aws.String("hello")}))(t)
			w.wantStatus("dev-1", "hello", cfn.StackStatusUpdateRollbackComplete)
		}
	})
	if answers["Hello World! (Blue)"] == 0 || answers["Hello World! (Green)"] == 0 || len(answers) != 2 {
		t.Errorf("answers: %v", answers)
	}
}

// TestPullIsDenied deploys in an account outside the OU: its tasks can't have
// the image, and the stack goes away again.
func TestPullIsDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{Speed: 240})
	w.needsTasks()
	w.share()
	blue := w.push(dockerfiles.Blue(), "1")
	must(w.stacks("prod-1").CreateStack(w.ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("hello"), TemplateBody: w.service(blue, template.TrafficRouting{Type: "AllAtOnce"}),
		Parameters: w.place("prod-1"), Capabilities: capabilities(),
	}))(t)
	w.wantStatus("prod-1", "hello", cfn.StackStatusRollbackComplete)
	if events := w.events("prod-1", "hello"); !strings.Contains(events, "CannotPullContainerError") || !strings.Contains(events, "ecr:BatchGetImage") {
		t.Errorf("the events don't say why:\n%s", events)
	}
	state := must(w.State(w.ctx))(t)
	if diff := cmp.Diff(map[string][]string{"cloudformation:stack": {"hello"}}, state["555555555555"]); diff != "" {
		t.Errorf("left behind:\n%s", state)
	}
}

func TestLoadBalancersHoldTheirSecurityGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Options{})
	client := elb.NewFromConfig(w.config("dev-1"))
	a := w.account("dev-1")
	create := func(group string) (*elb.CreateLoadBalancerOutput, error) {
		return client.CreateLoadBalancer(w.ctx, &elb.CreateLoadBalancerInput{Name: aws.String("web"), Subnets: a.SubnetIDs, SecurityGroups: []string{group}})
	}
	_, err := create("sg-0123")
	var missing *balancing.InvalidSecurityGroupException
	if !errors.As(err, &missing) {
		t.Errorf("a group that isn't there: %v", err)
	}
	stack := "Resources: {G: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: g}}}\n"
	must(w.stacks("dev-1").CreateStack(w.ctx, &cloudformation.CreateStackInput{StackName: aws.String("g"), TemplateBody: &stack}))(t)
	w.wantStatus("dev-1", "g", cfn.StackStatusCreateComplete)
	group := w.resources("dev-1", "g")["G"]
	made := must(create(group))(t)
	must(w.stacks("dev-1").DeleteStack(w.ctx, &cloudformation.DeleteStackInput{StackName: aws.String("g")}))(t)
	w.wantStatus("dev-1", "g", cfn.StackStatusDeleteFailed)
	must(client.DeleteLoadBalancer(w.ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: made.LoadBalancers[0].LoadBalancerArn}))(t)
	w.remove("dev-1", "g")
}
