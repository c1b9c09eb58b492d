package cloudformation_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/codedeploy"
	"orgship/sandbox/ec2"
	"orgship/sandbox/iam"
	"orgship/sandbox/logs"
)

// TestFailedCreation fails late, when nearly all is there, and leaves nothing.
func TestFailedCreation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	st := w.create("web", web(t), w.parameters("repository/"+broken)...)
	w.want(st, types.StackStatusRollbackComplete)
	rows := w.rows("web")
	inOrder(t, rows, "web CREATE_IN_PROGRESS User Initiated", "Cluster CREATE_IN_PROGRESS", "Cluster CREATE_IN_PROGRESS Resource creation Initiated", "Cluster CREATE_COMPLETE",
		"BlueSet CREATE_IN_PROGRESS Resource creation Initiated", "BlueSet CREATE_FAILED Resource handler returned message: \"Task set ecs-svc/",
		"web ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [BlueSet]. Rollback requested by user.", "BlueSet DELETE_COMPLETE", "Cluster DELETE_COMPLETE", "web ROLLBACK_COMPLETE")
	for _, row := range rows {
		if strings.HasPrefix(row, "BlueSet CREATE_FAILED") && (!strings.Contains(row, "CannotPullContainerError") || !strings.HasSuffix(row, "HandlerErrorCode: NotStabilized)")) {
			t.Errorf("the root cause doesn't show: %s", row)
		}
	}
	w.nothingLeft()
	if err := w.tryUpdate("web", web(t), w.parameters(blueImage)); err == nil || !strings.HasSuffix(err.Error(), "is in ROLLBACK_COMPLETE state and can not be updated.") {
		t.Errorf("updating what was never made: %v", err)
	}
	w.want(w.delete("web"), types.StackStatusDeleteComplete)
}

// TestOtherEndsOfAFailedCreation has what OnFailure and DisableRollback ask for.
func TestOtherEndsOfAFailedCreation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   cfn.CreateStackInput
		want types.StackStatus
	}{
		{"do nothing", cfn.CreateStackInput{OnFailure: types.OnFailureDoNothing}, types.StackStatusCreateFailed},
		{"no rollback", cfn.CreateStackInput{DisableRollback: aws.Bool(true)}, types.StackStatusCreateFailed},
		{"delete", cfn.CreateStackInput{OnFailure: types.OnFailureDelete}, types.StackStatusDeleteComplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.in.StackName, c.in.TemplateBody, c.in.Parameters, c.in.Capabilities = aws.String("web"), aws.String(web(t)), w.parameters(broken), capabilities
			out, err := w.CreateStack(w.ctx, &c.in)
			if err != nil {
				t.Fatal(err)
			}
			w.want(w.settled(*out.StackId), c.want)
			if c.want == types.StackStatusCreateFailed {
				if len(w.containers.left()) == 0 {
					t.Error("nothing is left to look at")
				}
				w.want(w.delete("web"), types.StackStatusDeleteComplete)
			}
			w.nothingLeft()
		})
	}
}

// TestDeleteWhileCreating deletes a stack whose creation waits for something.
func TestDeleteWhileCreating(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.containers.slow(true)
	_, err := w.CreateStack(w.ctx, &cfn.CreateStackInput{StackName: aws.String("web"), TemplateBody: aws.String(web(t)), Parameters: w.parameters(blueImage), Capabilities: capabilities})
	if err != nil {
		t.Fatal(err)
	}
	w.until(func() bool { return strings.HasPrefix(w.ids("web")["BlueSet"], "web-") })
	w.want(w.delete("web"), types.StackStatusDeleteComplete)
	w.nothingLeft()
}

// TestUnknownValueOfAParameter asks for a VPC that isn't there.
func TestUnknownValueOfAParameter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	parameters := w.parameters(blueImage)
	parameters[0].ParameterValue = aws.String("vpc-00000000000000000")
	st := w.create("web", web(t), parameters...)
	w.want(st, types.StackStatusRollbackComplete)
	want := "Parameter validation failed: parameter value vpc-00000000000000000 for parameter name Vpc does not exist"
	inOrder(t, w.rows("web"), "web ROLLBACK_IN_PROGRESS "+want)
	cs := w.changeSet("other", "first", types.ChangeSetTypeCreate, web(t), parameters...)
	if cs.Status != types.ChangeSetStatusFailed || aws.ToString(cs.StatusReason) != want {
		t.Errorf("change set %s: %s", cs.Status, aws.ToString(cs.StatusReason))
	}
}

const things = `{
  "Parameters": {
    "Retention": {"Type": "Number", "Default": "7"},
    "Secret": {"Type": "String", "NoEcho": true, "Default": "hush"}
  },
  "Resources": {
    "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Ref": "Retention"}}},
    "Role": {"Type": "AWS::IAM::Role", "Properties": {
      "Description": {"Ref": "Secret"},
      "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
      "Policies": [{"PolicyName": "write", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": {"Fn::GetAtt": ["Log", "Arn"]}}]}}]
    }},
    "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "one"}},
    "Rule": {"Type": "AWS::EC2::SecurityGroupEgress", "Properties": {"GroupId": {"Ref": "Group"}, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}}
  },
  "Outputs": {"Group": {"Value": {"Ref": "Group"}}}
}`

// TestUpdateInPlaceAndByReplacement changes one property of each kind.
func TestUpdateInPlaceAndByReplacement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.create("things", things), types.StackStatusCreateComplete)
	before := w.ids("things")
	st := w.update("things", strings.Replace(things, `"GroupDescription": "one"`, `"GroupDescription": "two"`, 1), params("Retention", "30")...)
	w.want(st, types.StackStatusUpdateComplete)
	after := w.ids("things")
	if before["Log"] != after["Log"] || before["Role"] != after["Role"] || before["Group"] == after["Group"] || before["Rule"] == after["Rule"] {
		t.Errorf("before %v\nafter %v", before, after)
	}
	if *st.Outputs[0].OutputValue != after["Group"] {
		t.Errorf("output %s", *st.Outputs[0].OutputValue)
	}
	inOrder(t, w.rows("things"), "Group UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.",
		"Group UPDATE_IN_PROGRESS Resource creation Initiated", "Group UPDATE_COMPLETE", "Rule UPDATE_COMPLETE", "things UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
		"Rule DELETE_COMPLETE", "Group DELETE_COMPLETE", "things UPDATE_COMPLETE")
	groups, err := w.logs.DescribeLogGroups(w.ctx, &logs.DescribeLogGroupsInput{})
	if err != nil || len(groups.LogGroups) != 1 || *groups.LogGroups[0].RetentionInDays != 30 {
		t.Errorf("log groups: %+v, %v", groups, err)
	}
	sgs, err := w.ec2.DescribeSecurityGroups(w.ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{after["Group"]}})
	if err != nil || len(sgs.SecurityGroups[0].IpPermissionsEgress) != 1 || *sgs.SecurityGroups[0].IpPermissionsEgress[0].IpRanges[0].CidrIp != "10.0.0.0/8" {
		t.Errorf("the rule doesn't take the place of the one that allows all: %+v, %v", sgs, err)
	}
	for _, p := range st.Parameters {
		if *p.ParameterKey == "Secret" && *p.ParameterValue != "****" {
			t.Errorf("a NoEcho parameter shows: %s", *p.ParameterValue)
		}
	}
	for _, e := range w.events("things") {
		if strings.Contains(aws.ToString(e.ResourceProperties), "hush") {
			t.Errorf("a NoEcho value shows in an event: %s", *e.ResourceProperties)
		}
	}
	w.want(w.delete("things"), types.StackStatusDeleteComplete)
	w.nothingLeft()
}

// TestFailedUpdate changes three resources, of which the last fails.
func TestFailedUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("things", things)
	before := w.ids("things")
	body := strings.NewReplacer(`"GroupDescription": "one"`, `"GroupDescription": "two"`, `"RetentionInDays": {"Ref": "Retention"}`, `"RetentionInDays": 90`,
		`"FromPort": 443`, `"FromPort": "x"`).Replace(things)
	st := w.update("things", body)
	w.want(st, types.StackStatusUpdateRollbackComplete)
	inOrder(t, w.rows("things"), "Rule UPDATE_FAILED Properties validation failed for resource Rule with message:\n#/FromPort: expected type: Integer, found: String",
		"things UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [Rule].", "things UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
		"Group DELETE_COMPLETE", "things UPDATE_ROLLBACK_COMPLETE")
	after := w.ids("things")
	for id, physical := range before {
		if after[id] != physical {
			t.Errorf("%s was %s, is %s", id, physical, after[id])
		}
	}
	groups, err := w.logs.DescribeLogGroups(w.ctx, &logs.DescribeLogGroupsInput{})
	if err != nil || *groups.LogGroups[0].RetentionInDays != 7 {
		t.Errorf("log groups: %+v, %v", groups, err)
	}
	// The template is the old one: bringing it again changes nothing.
	if err := w.tryUpdate("things", things, nil); err == nil || !strings.Contains(err.Error(), "No updates are to be performed.") {
		t.Errorf("updating to what is: %v", err)
	}
}

// TestRetain keeps what a template wants kept.
func TestRetain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := strings.Replace(things, `"Type": "AWS::Logs::LogGroup",`, `"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain",`, 1)
	w.create("things", body)
	id := w.stack("things").StackId
	w.want(w.delete("things"), types.StackStatusDeleteComplete)
	inOrder(t, w.rows(*id), "Log DELETE_SKIPPED")
	groups, err := w.logs.DescribeLogGroups(w.ctx, &logs.DescribeLogGroupsInput{})
	if err != nil || len(groups.LogGroups) != 1 {
		t.Errorf("log groups: %+v, %v", groups, err)
	}
	// By its id a deleted stack can still be seen, by its name not.
	if _, err := w.DescribeStacks(w.ctx, &cfn.DescribeStacksInput{StackName: aws.String("things")}); err == nil || err.Error() != "ValidationError: Stack with id things does not exist" {
		t.Errorf("a deleted stack by its name: %v", err)
	}
	if _, err := w.DeleteStack(w.ctx, &cfn.DeleteStackInput{StackName: aws.String("things")}); err != nil {
		t.Errorf("deleting what isn't there: %v", err)
	}
}

// TestDeletionThatFails is stuck on a security group in use.
func TestDeletionThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	st := w.create("things", things)
	eni, err := w.ec2.Attach(w.ctx, ec2.Interface{Account: accountID, SubnetID: w.network.SubnetIDs[0], SecurityGroups: []string{*st.Outputs[0].OutputValue}})
	if err != nil {
		t.Fatal(err)
	}
	st = w.delete("things")
	w.want(st, types.StackStatusDeleteFailed)
	if *st.StackStatusReason != "The following resource(s) failed to delete: [Group]. " {
		t.Errorf("reason %q", *st.StackStatusReason)
	}
	w.ec2.Detach(eni.ID)
	w.want(w.delete("things"), types.StackStatusDeleteComplete)
	w.nothingLeft()
}

// TestServiceRole runs a stack as a role that may do less than its caller.
func TestServiceRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	trust := aws.String(iam.TrustService("cloudformation.amazonaws.com"))
	role, err := w.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: aws.String("deployer"), AssumeRolePolicyDocument: trust})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.CreateStack(w.ctx, &cfn.CreateStackInput{StackName: aws.String("things"), TemplateBody: aws.String(things), RoleARN: role.Role.Arn, Capabilities: capabilities})
	if err != nil {
		t.Fatal(err)
	}
	w.want(w.settled("things"), types.StackStatusRollbackComplete)
	denied := false
	for _, row := range w.rows("things") {
		denied = denied || strings.Contains(row, "assumed-role/deployer/AWSCloudFormation is not authorized to perform") && strings.HasSuffix(row, "HandlerErrorCode: AccessDenied)")
	}
	if !denied {
		t.Errorf("no denial of the role in\n%s", strings.Join(w.rows("things"), "\n"))
	}
	_, err = w.CreateStack(w.ctx, &cfn.CreateStackInput{StackName: aws.String("two"), TemplateBody: aws.String(things), RoleARN: aws.String("arn:aws:iam::" + accountID + ":role/nobody"), Capabilities: capabilities})
	if err == nil || !strings.Contains(err.Error(), "is invalid or cannot be assumed") {
		t.Errorf("a role that isn't there: %v", err)
	}
}

// TestDenied asks as somebody who may do nothing.
func TestDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.iam.AddUser(accountID, "guest", "AKIASANDBOXGUEST0001", "secret"); err != nil {
		t.Fatal(err)
	}
	_, guest, err := w.iam.Secret(context.Background(), "AKIASANDBOXGUEST0001", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.DescribeStacks(guest, &cfn.DescribeStacksInput{})
	if err == nil || !strings.Contains(err.Error(), "is not authorized to perform: cloudformation:DescribeStacks") {
		t.Errorf("DescribeStacks as a guest: %v", err)
	}
	if _, err := w.CreateStack(guest, &cfn.CreateStackInput{StackName: aws.String("things"), TemplateBody: aws.String(things)}); err == nil {
		t.Error("a guest makes a stack")
	}
}

// TestClose ends what runs.
func TestClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("web", web(t), w.parameters(blueImage)...)
	waiting := make(chan struct{})
	w.deployer.run = func(ctx context.Context, _ codedeploy.Spec, _ func(codedeploy.Event)) error {
		close(waiting)
		<-ctx.Done()
		return context.Cause(ctx)
	}
	if err := w.tryUpdate("web", web(t, `"512"`, `"1024"`), w.parameters(greenImage)); err != nil {
		t.Fatal(err)
	}
	<-waiting
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.want(w.stack("web"), types.StackStatusUpdateInProgress)
}

// TestEmptyName refuses what would otherwise mean every stack.
func TestEmptyName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.DescribeStacks(w.ctx, &cfn.DescribeStacksInput{StackName: aws.String("")})
	if err == nil || !strings.Contains(err.Error(), "Value '' at 'stackName' failed to satisfy constraint") {
		t.Errorf("error %v", err)
	}
	if _, err := w.DescribeStacks(w.ctx, &cfn.DescribeStacksInput{}); err != nil {
		t.Error(err)
	}
	for name, do := range map[string]func(empty *string) error{
		"delete": func(e *string) error { _, err := w.DeleteStack(w.ctx, &cfn.DeleteStackInput{StackName: e}); return err },
		"cancel": func(e *string) error {
			_, err := w.CancelUpdateStack(w.ctx, &cfn.CancelUpdateStackInput{StackName: e})
			return err
		},
		"events": func(e *string) error {
			_, err := w.DescribeStackEvents(w.ctx, &cfn.DescribeStackEventsInput{StackName: e})
			return err
		},
		"resources": func(e *string) error {
			_, err := w.DescribeStackResources(w.ctx, &cfn.DescribeStackResourcesInput{StackName: e})
			return err
		},
		"template": func(e *string) error { _, err := w.GetTemplate(w.ctx, &cfn.GetTemplateInput{StackName: e}); return err },
		"update": func(e *string) error {
			_, err := w.UpdateStack(w.ctx, &cfn.UpdateStackInput{StackName: e, TemplateBody: aws.String("{}")})
			return err
		},
	} {
		if err := do(aws.String("")); err == nil || !strings.Contains(err.Error(), "Value '' at 'stackName' failed to satisfy constraint") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
