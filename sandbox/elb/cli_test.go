package elb_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/wire"
)

// cli returns a function that runs "aws elbv2 …" against the service and
// returns what it prints, decoded; it skips the test where there is no CLI.
func (w *world) cli() func(t *testing.T, args ...string) any {
	w.t.Helper()
	if _, err := exec.LookPath("aws"); err != nil {
		w.t.Skip("SKIP: the aws CLI is not on the PATH")
	}
	h := must[*wire.Handler](w.t)(wire.New(wire.Config{Region: "eu-west-1", Keys: keys{}}, w.Wire()))
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	return func(t *testing.T, args ...string) any {
		t.Helper()
		cmd := exec.Command("aws", append([]string{"elbv2", "--output", "json"}, args...)...)
		cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.URL, "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=secret",
			"AWS_PAGER=", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("aws elbv2 %q: %v\n%s", args, err, stderr.String())
		}
		var out any
		if stdout.Len() > 0 {
			if err := json.Unmarshal([]byte(stdout.String()), &out); err != nil {
				t.Fatalf("aws elbv2 %q printed %q: %v", args, stdout.String(), err)
			}
		}
		return out
	}
}

// What people look at with the aws CLI.
func TestCLI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	aws := w.cli()
	b, group, listener := w.web(named("x"))
	must[*elbv2.CreateRuleOutput](t)(w.CreateRule(w.ctx, &elbv2.CreateRuleInput{ListenerArn: &listener, Priority: new(int32(3)),
		Conditions: []types.RuleCondition{query("a=b")}, Actions: forward(group + "=7")}))
	must[*elbv2.AddTagsOutput](t)(w.AddTags(w.ctx, &elbv2.AddTagsInput{ResourceArns: []string{group}, Tags: []types.Tag{{Key: new("k"), Value: new("<v>")}}}))
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"load balancers": {[]string{"describe-load-balancers", "--names", "web", "--query", "LoadBalancers[].[LoadBalancerName,State.Code,DNSName]"}, `[["web","active","` + *b.DNSName + `"]]`},
		"paged":          {[]string{"describe-target-groups", "--page-size", "1", "--query", "TargetGroups[].[TargetGroupName,LoadBalancerArns[0]]"}, `[["web","` + *b.LoadBalancerArn + `"]]`},
		"listeners":      {[]string{"describe-listeners", "--load-balancer-arn", *b.LoadBalancerArn, "--query", "Listeners[].[Port,Protocol,DefaultActions[0].TargetGroupArn]"}, `[[80,"HTTP","` + group + `"]]`},
		"rules":          {[]string{"describe-rules", "--listener-arn", listener, "--query", "Rules[].[Priority,IsDefault,Conditions[0].QueryStringConfig.Values[0].Key,Actions[0].ForwardConfig.TargetGroups[0].Weight]"}, `[["3",false,"a",7],["default",true,null,1]]`},
		"target health":  {[]string{"describe-target-health", "--target-group-arn", group, "--query", "TargetHealthDescriptions[].[Target.Id,Target.Port,TargetHealth.State]"}, `[["10.0.0.1",8080,"healthy"]]`},
		"tags":           {[]string{"describe-tags", "--resource-arns", group, "--query", "TagDescriptions[].Tags"}, `[[{"Key":"k","Value":"<v>"}]]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := aws(t, test.args...)
			var want any
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			g, _ := json.Marshal(got)
			if e, _ := json.Marshal(want); string(g) != string(e) {
				t.Errorf("got %s, want %s", g, e)
			}
		})
	}
}
