package cloudformation_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/codedeploy"
	"orgship/sandbox/ec2"
	"orgship/sandbox/iam"
)

const (
	blueImage  = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/app:blue"
	greenImage = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/app:green"
)

// TestRelease creates a stack, releases green, releases back to blue's names
// and deletes all of it.
func TestRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	st := w.create("web", web(t), w.parameters(blueImage)...)
	w.want(st, types.StackStatusCreateComplete)
	if len(st.Outputs) != 2 || *st.Outputs[0].OutputValue == "" {
		t.Errorf("outputs: %+v", st.Outputs)
	}
	blue := w.ids("web")
	if _, there := blue["GreenSet"]; there || len(blue) != 13 {
		t.Errorf("a new stack has %d resources: %v", len(blue), blue)
	}

	w.want(w.update("web", web(t, `"512"`, `"1024"`), w.parameters(greenImage)...), types.StackStatusUpdateComplete)
	green := w.ids("web")
	spec := w.deployer.last()
	want := codedeploy.Spec{
		ExternalID: *st.StackId, Cluster: blue["Cluster"], Service: blue["Web"],
		BlueTaskSet: lastPart(blue["BlueSet"]), GreenTaskSet: lastPart(green["GreenSet"]), ProdListener: blue["Front"],
		BlueTargetGroup: blue["BlueTargets"], GreenTargetGroup: blue["GreenTargets"],
		Routing: codedeploy.Routing{Type: codedeploy.AllAtOnce}, TerminationWait: spec.TerminationWait,
		Functions: map[string]string{},
	}
	if diff := cmp.Diff(want, spec); diff != "" {
		t.Errorf("deployment (-want +got):\n%s", diff)
	}
	if spec.TerminationWait.Minutes() != 5 {
		t.Errorf("termination wait %v: AdditionalOptions in the wrong place counts (A22)", spec.TerminationWait)
	}
	if _, there := green["BlueSet"]; there || len(green) != 13 || green["Primary"] != blue["Primary"] {
		t.Errorf("after the release: %v", green)
	}
	inOrder(t, w.rows("web"), "web UPDATE_IN_PROGRESS User Initiated",
		"GreenDefinition CREATE_IN_PROGRESS", "GreenDefinition CREATE_IN_PROGRESS Resource creation Initiated", "GreenDefinition CREATE_COMPLETE",
		"GreenSet CREATE_COMPLETE", "Release UPDATE_IN_PROGRESS AllowTraffic: Succeeded", "Release UPDATE_COMPLETE", "Primary UPDATE_COMPLETE",
		"web UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "BlueSet DELETE_COMPLETE", "BlueDefinition DELETE_COMPLETE", "web UPDATE_COMPLETE")
	w.processed("web", `"GreenSet":`, `"TaskSetId":{"Fn::GetAtt":["GreenSet","Id"]}`, `"TargetGroupArn":{"Ref":"GreenTargets"}`)

	w.want(w.update("web", web(t), w.parameters(blueImage)...), types.StackStatusUpdateComplete)
	again := w.ids("web")
	spec = w.deployer.last()
	if again["BlueSet"] == "" || spec.BlueTargetGroup != blue["GreenTargets"] || spec.GreenTargetGroup != blue["BlueTargets"] || spec.BlueTaskSet != lastPart(green["GreenSet"]) {
		t.Errorf("the names don't alternate: %v, %+v", again, spec)
	}
	w.want(w.delete("web"), types.StackStatusDeleteComplete)
	w.nothingLeft()
}

func lastPart(id string) string { return id[strings.LastIndex(id, "|")+1:] }

// processed checks that the processed template says what it should, and that
// the original is still the submitted one.
func (w *world) processed(name string, want ...string) {
	w.t.Helper()
	out, err := w.GetTemplate(w.ctx, &cfn.GetTemplateInput{StackName: &name, TemplateStage: types.TemplateStageProcessed})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, text := range want {
		if !strings.Contains(*out.TemplateBody, text) {
			w.t.Errorf("the processed template lacks %s:\n%s", text, *out.TemplateBody)
		}
	}
	out, err = w.GetTemplate(w.ctx, &cfn.GetTemplateInput{StackName: &name})
	if err != nil || !strings.HasPrefix(*out.TemplateBody, "# The shape of a service") {
		w.t.Errorf("original template: %v", err)
	}
}

// nothingLeft checks that no resource of any stack is there.
func (w *world) nothingLeft() {
	w.t.Helper()
	if left := w.containers.left(); len(left) > 0 {
		w.t.Errorf("ECS still has %v", left)
	}
	groups, err := w.ec2.DescribeSecurityGroups(w.ctx, &ec2.DescribeSecurityGroupsInput{})
	if err != nil || len(groups.SecurityGroups) != 1 {
		w.t.Errorf("%d security groups, want the default one: %v", len(groups.SecurityGroups), err)
	}
	balancers, err := w.elb.DescribeLoadBalancers(w.ctx, &elbv2.DescribeLoadBalancersInput{})
	if err != nil || len(balancers.LoadBalancers) > 0 {
		w.t.Errorf("load balancers: %+v, %v", balancers, err)
	}
	targets, err := w.elb.DescribeTargetGroups(w.ctx, &elbv2.DescribeTargetGroupsInput{})
	if err != nil || len(targets.TargetGroups) > 0 {
		w.t.Errorf("target groups: %+v, %v", targets, err)
	}
	roles, err := w.iam.ListRoles(w.ctx, &iam.ListRolesInput{})
	if err != nil || len(roles.Roles) > 0 {
		w.t.Errorf("roles: %+v, %v", roles, err)
	}
}

// TestCancelDuringTheWait cancels an update while CodeDeploy waits.
func TestCancelDuringTheWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("web", web(t), w.parameters(blueImage)...)
	before := w.ids("web")
	waiting := make(chan struct{})
	w.deployer.run = func(ctx context.Context, _ codedeploy.Spec, _ func(codedeploy.Event)) error {
		close(waiting)
		<-ctx.Done()
		return context.Cause(ctx)
	}
	_, err := w.UpdateStack(w.ctx, &cfn.UpdateStackInput{
		StackName: aws.String("web"), TemplateBody: aws.String(web(t, `"512"`, `"1024"`)), Parameters: w.parameters(greenImage), Capabilities: capabilities,
	})
	if err != nil {
		t.Fatal(err)
	}
	<-waiting
	for _, refused := range []error{
		w.tryUpdate("web", web(t, `"512"`, `"2048"`), w.parameters(greenImage)),
		second(w.DeleteStack(w.ctx, &cfn.DeleteStackInput{StackName: aws.String("web")})),
	} {
		if refused == nil || !strings.Contains(refused.Error(), "UPDATE_IN_PROGRESS") {
			t.Errorf("while an update runs: %v", refused)
		}
	}
	if _, err := w.CancelUpdateStack(w.ctx, &cfn.CancelUpdateStackInput{StackName: aws.String("web")}); err != nil {
		t.Fatal(err)
	}
	w.want(w.settled("web"), types.StackStatusUpdateRollbackComplete)
	inOrder(t, w.rows("web"), "GreenSet CREATE_COMPLETE", "web UPDATE_ROLLBACK_IN_PROGRESS User Initiated",
		"web UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "GreenSet DELETE_COMPLETE", "GreenDefinition DELETE_COMPLETE", "web UPDATE_ROLLBACK_COMPLETE")
	w.same(before)
	if _, err := w.CancelUpdateStack(w.ctx, &cfn.CancelUpdateStackInput{StackName: aws.String("web")}); err == nil || !strings.Contains(err.Error(), "CancelUpdateStack cannot be called from current stack status") {
		t.Errorf("cancelling nothing: %v", err)
	}
	// The next release starts from blue again.
	w.deployer.run = nil
	w.want(w.update("web", web(t, `"512"`, `"1024"`), w.parameters(greenImage)...), types.StackStatusUpdateComplete)
	w.want(w.delete("web"), types.StackStatusDeleteComplete)
	w.nothingLeft()
}

func second[T any](_ T, err error) error { return err }

func (w *world) tryUpdate(name, body string, parameters []types.Parameter) error {
	_, err := w.UpdateStack(w.ctx, &cfn.UpdateStackInput{StackName: &name, TemplateBody: &body, Parameters: parameters, Capabilities: capabilities})
	return err
}

// same checks that the stack web has the resources it had, and ECS nothing else.
func (w *world) same(before map[string]string) {
	w.t.Helper()
	now := w.ids("web")
	for id, physical := range before {
		if now[id] != physical {
			w.t.Errorf("%s was %s, is %s", id, physical, now[id])
		}
	}
	if len(now) != len(before) || len(w.containers.left()) != 4 {
		w.t.Errorf("left over: %v, %v", now, w.containers.left())
	}
}

func TestFailedDeploymentGoesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("web", web(t), w.parameters(blueImage)...)
	before := w.ids("web")
	w.deployer.run = func(context.Context, codedeploy.Spec, func(codedeploy.Event)) error {
		return errors.New("the green tasks keep failing")
	}
	st := w.update("web", web(t, `"512"`, `"1024"`), w.parameters(greenImage)...)
	w.want(st, types.StackStatusUpdateRollbackComplete)
	inOrder(t, w.rows("web"), "Release UPDATE_FAILED the green tasks keep failing",
		"web UPDATE_ROLLBACK_IN_PROGRESS 'Release' of type AWS::CodeDeploy::BlueGreen failed with message: the green tasks keep failing", "web UPDATE_ROLLBACK_COMPLETE")
	w.same(before)
}

// TestRefusedByTheHook has updates that the hook refuses, with its words.
func TestRefusedByTheHook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("web", web(t), w.parameters(blueImage)...)
	before := w.ids("web")
	sameID := "The TaskDefinition logical Id [BlueDefinition] is the same between initial and final template, CodeDeploy can't perform BlueGreen style update properly"
	for _, c := range []struct {
		name, body, image, want string
	}{
		{"parameter alone", web(t), greenImage, sameID},
		{"transform forgotten", web(t, "Transform:\n  - AWS::CodeDeployBlueGreen\n", "", `"512"`, `"1024"`), greenImage, sameID},
		{"mixed", web(t, `"512"`, `"1024"`, "HealthCheckPath: /", "HealthCheckPath: /up"), blueImage, "Additional resource diff other than ECS application related resource update is detected, CodeDeploy can't perform BlueGreen style update properly."},
	} {
		st := w.update("web", c.body, w.parameters(c.image)...)
		w.want(st, types.StackStatusUpdateRollbackComplete)
		inOrder(t, w.rows("web")[len(w.rows("web"))-5:], "Release UPDATE_FAILED", "web UPDATE_ROLLBACK_IN_PROGRESS 'Release' of type AWS::CodeDeploy::BlueGreen failed with message: "+c.want)
		w.same(before)
	}
	if n := len(w.deployer.specs); n != 0 {
		t.Errorf("%d deployments ran", n)
	}
}

// TestInfrastructureWhileGreenIsLive changes something else after a release.
func TestInfrastructureWhileGreenIsLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("web", web(t), w.parameters(blueImage)...)
	w.update("web", web(t, `"512"`, `"1024"`), w.parameters(greenImage)...)
	green := w.ids("web")
	st := w.update("web", web(t, `"512"`, `"1024"`, "Priority: 1", "Priority: 7"), w.parameters(greenImage)...)
	w.want(st, types.StackStatusUpdateComplete)
	w.same(green)
	rules, err := w.elb.DescribeRules(w.ctx, &elbv2.DescribeRulesInput{RuleArns: []string{green["BrowserRule"]}})
	if err != nil || *rules.Rules[0].Priority != "7" || *rules.Rules[0].Actions[0].ForwardConfig.TargetGroups[0].TargetGroupArn != green["GreenTargets"] {
		t.Errorf("the rule leads back to blue: %+v, %v", rules, err)
	}
	if len(w.deployer.specs) != 1 {
		t.Errorf("%d deployments, want one", len(w.deployer.specs))
	}
	if err := w.tryUpdate("web", web(t, `"512"`, `"1024"`, "Priority: 1", "Priority: 7"), w.parameters(greenImage)); err == nil || !strings.Contains(err.Error(), "No updates are to be performed.") {
		t.Errorf("the same template again: %v", err)
	}
}

// TestWithoutTheHook drops transform and hook: an ordinary update, in which the
// template's names count again.
func TestWithoutTheHook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("web", web(t), w.parameters(blueImage)...)
	w.update("web", web(t, `"512"`, `"1024"`), w.parameters(greenImage)...)
	body := web(t, `"512"`, `"2048"`, "HealthCheckPath: /", "HealthCheckPath: /up")
	start, end := strings.Index(body, "Transform:"), strings.Index(body, "Resources:")
	st := w.update("web", body[:start]+body[end:], w.parameters(blueImage)...)
	w.want(st, types.StackStatusUpdateComplete)
	now := w.ids("web")
	if now["BlueSet"] == "" || now["GreenSet"] != "" || len(w.deployer.specs) != 1 {
		t.Errorf("resources %v, %d deployments", now, len(w.deployer.specs))
	}
	w.want(w.delete("web"), types.StackStatusDeleteComplete)
	w.nothingLeft()
}

func TestGreenChangeSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("web", web(t), w.parameters(blueImage)...)
	cs := w.changeSet("web", "release", types.ChangeSetTypeUpdate, web(t, `"512"`, `"1024"`), w.parameters(greenImage)...)
	var got []string
	for _, c := range cs.Changes {
		r := c.ResourceChange
		got = append(got, strings.TrimSpace(string(r.Action)+" "+*r.LogicalResourceId+" "+string(r.Replacement)))
	}
	slices.Sort(got)
	want := []string{"Add GreenDefinition", "Add GreenSet", "Modify BrowserRule False", "Modify Front False", "Modify Primary False", "Remove BlueDefinition", "Remove BlueSet"}
	if !slices.Equal(got, want) {
		t.Errorf("changes %q, want %q", got, want)
	}
	if _, err := w.ExecuteChangeSet(w.ctx, &cfn.ExecuteChangeSetInput{StackName: aws.String("web"), ChangeSetName: aws.String("release"), ClientRequestToken: aws.String("run-7")}); err != nil {
		t.Fatal(err)
	}
	w.want(w.settled("web"), types.StackStatusUpdateComplete)
	events := w.events("web")
	if last := events[len(events)-1]; aws.ToString(last.ClientRequestToken) != "run-7" {
		t.Errorf("the events lack the token: %+v", last)
	}
}
