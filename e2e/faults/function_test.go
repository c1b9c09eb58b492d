package faults

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"orgship/pipeline/report"
	"orgship/sandbox/codedeploy"
)

// TestFunctions releases a shop whose lifecycle events name Lambda functions.
func TestFunctions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "two")
	d := &desk{w: w, t: t, account: "dev-1"}
	in := d.shop()
	const routing = "TrafficRoutingConfig: {Type: AllAtOnce}\n"
	in.TemplateBody = aws.String(strings.Replace(*in.TemplateBody, routing, routing+"      LifecycleEventHooks: {AfterInstall: CodeDeployHook_look, BeforeAllowTraffic: CodeDeployHook_ask}\n", 1))
	_, err := cloudformation.NewFromConfig(d.config()).CreateStack(t.Context(), in)
	if err == nil || !strings.Contains(err.Error(), "orgship sandbox --hook CodeDeployHook_look=succeeded") {
		t.Fatalf("nobody told how the functions answer: %v", err)
	}
	w.box.AnswerHook("CodeDeployHook_look", codedeploy.AnswerSucceeded)
	d.answers(http.MethodPut, "perhaps", http.StatusBadRequest)
	d.answers(http.MethodPut, "succeeded", http.StatusNoContent)
	d.makeShopOf(func(shop *cloudformation.CreateStackInput) { shop.TemplateBody = in.TemplateBody })
	const release = "release shop --account dev-1 REPO:"
	d.play(situation{args: release + "two", verdict: report.Successful, outcome: report.Released, line: "^Now serving: .*\n.*by AWS's records", serves: "two"})
	d.answers(http.MethodPut, "failed", http.StatusNoContent)
	d.play(situation{args: release + "one", status: 1, verdict: report.Failed, outcome: report.RolledBack, line: `(?s)^Now serving: .*none lost\n.*CodeDeployHook_ask returned the status Failed`})
	d.answers(http.MethodDelete, "", http.StatusNoContent)
	d.play(situation{args: release + "one", status: 2, verdict: report.Error, outcome: report.Refused, line: `^Nothing was touched: .*\n.*running the Lambda function CodeDeployHook_ask`})
}

// answers tells the sandbox over HTTP how the function CodeDeployHook_ask answers.
func (d *desk) answers(method, answer string, want int) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.w.box.Endpoint()+codedeploy.FunctionsPath+"CodeDeployHook_ask", strings.NewReader(answer))
	if err != nil {
		d.t.Fatal(err)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer got.Body.Close()
	if text, _ := io.ReadAll(got.Body); got.StatusCode != want {
		d.t.Errorf("%s %s: %d %s", method, answer, got.StatusCode, text)
	}
}
