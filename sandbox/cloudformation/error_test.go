package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// TestRefusedAtOnce has requests that are refused before anything begins.
func TestRefusedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("things", things)
	small := `{"Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": %s}}}`
	body := func(properties string) string { return strings.Replace(small, "%s", properties, 1) }
	for _, c := range []struct {
		name string
		in   cfn.CreateStackInput
		want string
	}{
		{"no template", cfn.CreateStackInput{}, "ValidationError: Either Template URL or Template Body must be specified."},
		{"a URL of nothing", cfn.CreateStackInput{TemplateURL: aws.String("https://bucket.s3.amazonaws.com/t")}, "ValidationError: S3 error: The specified bucket does not exist\nFor more"},
		{"no URL of S3", cfn.CreateStackInput{TemplateURL: aws.String("https://example.com/t")}, "ValidationError: TemplateURL must be a supported URL."},
		{"a URL and a body", cfn.CreateStackInput{TemplateURL: aws.String("https://example.com/t"), TemplateBody: aws.String("{}")}, "ValidationError: You must specify only one of"},
		{"too long", cfn.CreateStackInput{TemplateBody: aws.String(body("{}") + strings.Repeat(" ", 51_200))}, "ValidationError: 1 validation error detected: Value '(the template)' at 'templateBody' failed to satisfy constraint"},
		{"not YAML", cfn.CreateStackInput{TemplateBody: aws.String("Resources: [")}, "ValidationError: Template format error: "},
		{"a name", cfn.CreateStackInput{StackName: aws.String("1st"), TemplateBody: aws.String(body("{}"))}, "ValidationError: 1 validation error detected: Value '1st' at 'stackName'"},
		{"exists", cfn.CreateStackInput{StackName: aws.String("things"), TemplateBody: aws.String(body("{}"))}, "AlreadyExistsException: Stack [things] already exists"},
		{"unknown type", cfn.CreateStackInput{TemplateBody: aws.String(strings.Replace(body("{}"), "AWS::Logs::LogGroup", "Nonsense", 1))}, "ValidationError: Template format error: Unrecognized resource types: [Nonsense]"},
		{"type not modelled", cfn.CreateStackInput{TemplateBody: aws.String(strings.Replace(body("{}"), "AWS::Logs::LogGroup", "AWS::S3::Bucket", 1))}, "NotModelled: the orgship sandbox does not model the resource type AWS::S3::Bucket (resource Log)"},
		{"type not modelled, wanted", cfn.CreateStackInput{TemplateBody: aws.String(perhaps), Parameters: params("Want", "yes")}, "NotModelled: the orgship sandbox does not model the resource type AWS::S3::Bucket (resource Bucket)"},
		{"property not modelled", cfn.CreateStackInput{TemplateBody: aws.String(body(`{"KmsKeyId": "k"}`))}, "NotModelled: the orgship sandbox does not model property KmsKeyId of AWS::Logs::LogGroup"},
		{"unknown parameter", cfn.CreateStackInput{TemplateBody: aws.String(body("{}")), Parameters: params("X", "1")}, "ValidationError: Parameters: [X] do not exist in the template"},
		{"capability", cfn.CreateStackInput{TemplateBody: aws.String(things)}, "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]"},
		{"named role", cfn.CreateStackInput{TemplateBody: aws.String(strings.Replace(things, `"Description": {"Ref": "Secret"}`, `"RoleName": "r"`, 1)), Capabilities: capabilities}, "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]"},
		{"auto expand", cfn.CreateStackInput{TemplateBody: aws.String(web(t)), Parameters: w.parameters(blueImage), Capabilities: []types.Capability{types.CapabilityCapabilityIam}}, "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_AUTO_EXPAND]"},
		{"attribute", cfn.CreateStackInput{TemplateBody: aws.String(`{"Resources": {"Log": {"Type": "AWS::Logs::LogGroup"}}, "Outputs": {"O": {"Value": {"Fn::GetAtt": ["Log", "Name"]}}}}`)}, "ValidationError: Template error: resource Log does not support attribute type Name in Fn::GetAtt"},
		{"reserved tag", cfn.CreateStackInput{TemplateBody: aws.String(body("{}")), Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("y")}}}, "ValidationError: aws: prefixed tag key names are not allowed"},
		{"both", cfn.CreateStackInput{TemplateBody: aws.String(body("{}")), DisableRollback: aws.Bool(true), OnFailure: types.OnFailureDelete}, "ValidationError: You can specify either DisableRollback or OnFailure, but not both."},
		{"dynamic reference", cfn.CreateStackInput{TemplateBody: aws.String(body(`{"LogGroupName": "{{resolve:ssm:name}}"}`))}, "ValidationError: Parameters: [ssm:name] cannot be found."},
	} {
		if c.in.StackName == nil {
			c.in.StackName = aws.String("new")
		}
		if _, err := w.CreateStack(w.ctx, &c.in); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
	if out, err := w.ListStacks(w.ctx, &cfn.ListStacksInput{}); err != nil || len(out.StackSummaries) != 1 {
		t.Errorf("a refused stack is there: %+v, %v", out, err)
	}
}

// perhaps has a resource that is not modelled, if it is wanted.
const perhaps = `{
	"Parameters": {"Want": {"Type": "String", "Default": "no"}},
	"Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "Want"}, "yes"]}},
	"Resources": {
		"Bucket": {"Type": "AWS::S3::Bucket", "Condition": "Wanted"},
		"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Fn::If": ["Wanted", {"Fn::GetAtt": ["Bucket", "Days"]}, 7]}}}
	}
}`

// TestNotWanted has a resource that is not modelled under a condition that is false.
func TestNotWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.create("small", perhaps), types.StackStatusCreateComplete)
	if ids := w.ids("small"); len(ids) != 1 || ids["Log"] == "" {
		t.Errorf("made %v", ids)
	}
}

// TestFailsWithItsProperties has resources that AWS refuses when it makes them.
func TestFailsWithItsProperties(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct{ properties, want string }{
		"unknown":  {`{"Colour": "blue"}`, "#: extraneous key [Colour] is not permitted"},
		"kind":     {`{"RetentionInDays": "soon"}`, "#/RetentionInDays: expected type: Integer, found: String"},
		"value":    {`{"LogGroupClass": "BEST"}`, "#/LogGroupClass: BEST is not a valid enum value"},
		"refused":  {`{"RetentionInDays": 2}`, "Resource handler returned message: "},
		"taggable": {`{"Tags": [{"Key": "a"}]}`, "#/Tags/0: required key [Value] not found"},
	} {
		st := w.create(name, `{"Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": `+c.properties+`}}}`)
		w.want(st, types.StackStatusRollbackComplete)
		want := "Log CREATE_FAILED "
		if strings.HasPrefix(c.want, "#") {
			want += "Properties validation failed for resource Log with message:\n"
		}
		inOrder(t, w.rows(name), want+c.want)
	}
}

// TestNoSuchStack asks each operation for a stack that isn't there.
func TestNoSuchStack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := aws.String("nobody")
	for _, c := range []struct {
		operation string
		err       error
		want      string
	}{
		{"DescribeStacks", second(w.DescribeStacks(w.ctx, &cfn.DescribeStacksInput{StackName: name})), "Stack with id nobody does not exist"},
		{"DescribeStackEvents", second(w.DescribeStackEvents(w.ctx, &cfn.DescribeStackEventsInput{StackName: name})), "Stack [nobody] does not exist"},
		{"DescribeStackResources", second(w.DescribeStackResources(w.ctx, &cfn.DescribeStackResourcesInput{StackName: name})), "Stack with id nobody does not exist"},
		{"ListStackResources", second(w.ListStackResources(w.ctx, &cfn.ListStackResourcesInput{StackName: name})), "Stack with id nobody does not exist"},
		{"GetTemplate", second(w.GetTemplate(w.ctx, &cfn.GetTemplateInput{StackName: name})), "Stack with id nobody does not exist"},
		{"UpdateStack", w.tryUpdate("nobody", things, nil), "Stack [nobody] does not exist"},
		{"CancelUpdateStack", second(w.CancelUpdateStack(w.ctx, &cfn.CancelUpdateStackInput{StackName: name})), "Stack [nobody] does not exist"},
		{"ContinueUpdateRollback", second(w.ContinueUpdateRollback(w.ctx, &cfn.ContinueUpdateRollbackInput{StackName: name})), "Stack [nobody] does not exist"},
		{"ListChangeSets", second(w.ListChangeSets(w.ctx, &cfn.ListChangeSetsInput{StackName: name})), "Stack [nobody] does not exist"},
		{"CreateChangeSet", second(w.CreateChangeSet(w.ctx, &cfn.CreateChangeSetInput{StackName: name, ChangeSetName: aws.String("c"), TemplateBody: aws.String(things)})), "Stack [nobody] does not exist"},
	} {
		if c.err == nil || c.err.Error() != "ValidationError: "+c.want {
			t.Errorf("%s: %v, want %s", c.operation, c.err, c.want)
		}
	}
}

// TestCountThatDoesNotAddUp changes DesiredCount under a task set of one percent.
func TestCountThatDoesNotAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("web", web(t), w.parameters(blueImage)...)
	st := w.update("web", web(t, "DesiredCount: 1", "DesiredCount: 3"), w.parameters(blueImage)...)
	w.want(st, types.StackStatusUpdateRollbackComplete)
	found := false
	for _, row := range w.rows("web") {
		found = found || strings.Contains(row, "failed to stabilize due to task set computed desired count 1 does not match service desired count 3.")
	}
	if !found {
		t.Errorf("no such row in\n%s", strings.Join(w.rows("web"), "\n"))
	}
}

// TestEventPages reads more events than a page has.
func TestEventPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("things", things)
	for i := range 30 {
		w.update("things", things, params("Retention", []string{"30", "7"}[i%2])...)
	}
	all := w.events("things")
	if len(all) < 110 {
		t.Fatalf("%d events are no test", len(all))
	}
	seen := map[string]bool{}
	for i, e := range all {
		if seen[*e.EventId] || i > 0 && !e.Timestamp.After(*all[i-1].Timestamp) {
			t.Fatalf("event %d, %s, comes twice or out of order", i, *e.EventId)
		}
		seen[*e.EventId] = true
	}
	if *all[0].LogicalResourceId != "things" || all[0].ResourceStatus != "CREATE_IN_PROGRESS" {
		t.Errorf("the first event is %+v", all[0])
	}
}

// TestProtection refuses a deletion.
func TestProtection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("things", things)
	if _, err := w.UpdateTerminationProtection(w.ctx, &cfn.UpdateTerminationProtectionInput{StackName: aws.String("things"), EnableTerminationProtection: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DeleteStack(w.ctx, &cfn.DeleteStackInput{StackName: aws.String("things")}); err == nil || !strings.Contains(err.Error(), "cannot be deleted while TerminationProtection is enabled") {
		t.Errorf("deleting it: %v", err)
	}
}
