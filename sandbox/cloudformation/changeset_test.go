package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// changeSet makes a change set and waits for it.
func (w *world) changeSet(stack, name string, kind types.ChangeSetType, body string, parameters ...types.Parameter) *cfn.DescribeChangeSetOutput {
	w.t.Helper()
	_, err := w.CreateChangeSet(w.ctx, &cfn.CreateChangeSetInput{
		StackName: &stack, ChangeSetName: &name, ChangeSetType: kind, TemplateBody: &body, Parameters: parameters,
		Capabilities: []types.Capability{types.CapabilityCapabilityIam},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var out *cfn.DescribeChangeSetOutput
	w.until(func() bool {
		if out, err = w.DescribeChangeSet(w.ctx, &cfn.DescribeChangeSetInput{StackName: &stack, ChangeSetName: &name}); err != nil {
			w.t.Fatal(err)
		}
		return out.Status == types.ChangeSetStatusCreateComplete || out.Status == types.ChangeSetStatusFailed
	})
	return out
}

// TestChangeSets makes a stack, changes it, and asks for what doesn't change
// anything, all by change sets.
func TestChangeSets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := aws.String("things")
	first := w.changeSet("things", "first", types.ChangeSetTypeCreate, things)
	if first.Status != types.ChangeSetStatusCreateComplete || len(first.Changes) != 4 || first.Changes[0].ResourceChange.Action != types.ChangeActionAdd {
		t.Fatalf("first change set: %+v", first)
	}
	w.want(w.stack("things"), types.StackStatusReviewInProgress)
	for _, in := range []*cfn.CreateChangeSetInput{
		{StackName: name, ChangeSetName: aws.String("first"), ChangeSetType: types.ChangeSetTypeCreate},
		{StackName: name, ChangeSetName: aws.String("update"), ChangeSetType: types.ChangeSetTypeUpdate},
	} {
		in.TemplateBody, in.Capabilities = aws.String(things), capabilities
		if _, err := w.CreateChangeSet(w.ctx, in); err == nil {
			t.Errorf("change set %s of a stack in review is made", *in.ChangeSetName)
		}
	}
	execute := func(id *string) error {
		_, err := w.ExecuteChangeSet(w.ctx, &cfn.ExecuteChangeSetInput{ChangeSetName: id})
		return err
	}
	if err := execute(first.ChangeSetId); err != nil {
		t.Fatal(err)
	}
	st := w.settled("things")
	w.want(st, types.StackStatusCreateComplete)
	if aws.ToString(st.ChangeSetId) != *first.ChangeSetId {
		t.Errorf("the stack's change set is %s", aws.ToString(st.ChangeSetId))
	}
	if err := execute(first.ChangeSetId); err == nil || !strings.HasPrefix(err.Error(), "InvalidChangeSetStatus") {
		t.Errorf("executing twice: %v", err)
	}

	empty := w.changeSet("things", "empty", types.ChangeSetTypeUpdate, things)
	if empty.Status != types.ChangeSetStatusFailed || empty.ExecutionStatus != types.ExecutionStatusUnavailable ||
		*empty.StatusReason != "The submitted information didn't contain changes. Submit different information to create a change set." {
		t.Errorf("empty change set: %s %s %s", empty.Status, empty.ExecutionStatus, aws.ToString(empty.StatusReason))
	}
	if err := execute(empty.ChangeSetId); err == nil || !strings.HasPrefix(err.Error(), "InvalidChangeSetStatus") {
		t.Errorf("executing a failed one: %v", err)
	}
	list, err := w.ListChangeSets(w.ctx, &cfn.ListChangeSetsInput{StackName: name})
	if err != nil || len(list.Summaries) != 1 {
		t.Errorf("change sets: %+v, %v", list, err)
	}
	if _, err := w.DeleteChangeSet(w.ctx, &cfn.DeleteChangeSetInput{ChangeSetName: empty.ChangeSetId}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DescribeChangeSet(w.ctx, &cfn.DescribeChangeSetInput{StackName: name, ChangeSetName: aws.String("empty")}); err == nil || err.Error() != "ChangeSetNotFound: ChangeSet [empty] does not exist" {
		t.Errorf("a deleted change set: %v", err)
	}
}

// TestWhatAChangeSetSays looks at the reasons it gives for its changes.
func TestWhatAChangeSetSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("things", things)
	cs := w.changeSet("things", "next", types.ChangeSetTypeUpdate, strings.Replace(things, `"GroupDescription": "one"`, `"GroupDescription": "two"`, 1), params("Retention", "30")...)
	byID := map[string]*types.ResourceChange{}
	for _, c := range cs.Changes {
		byID[*c.ResourceChange.LogicalResourceId] = c.ResourceChange
	}
	if len(byID) != 3 || byID["Role"] != nil {
		t.Fatalf("changes of %d resources: %+v", len(byID), byID)
	}
	group, rule, log := byID["Group"], byID["Rule"], byID["Log"]
	if group.Replacement != types.ReplacementTrue || group.PolicyAction != types.PolicyActionReplaceAndDelete || group.Details[0].ChangeSource != types.ChangeSourceDirectModification {
		t.Errorf("group: %+v", group)
	}
	if rule.Replacement != types.ReplacementConditional || rule.Details[0].ChangeSource != types.ChangeSourceResourceReference ||
		*rule.Details[0].CausingEntity != "Group" || rule.Details[0].Evaluation != types.EvaluationTypeDynamic {
		t.Errorf("rule: %+v", rule)
	}
	if log.Replacement != types.ReplacementFalse || log.Details[0].ChangeSource != types.ChangeSourceParameterReference || *log.Details[0].CausingEntity != "Retention" {
		t.Errorf("log group: %+v", log)
	}
}

// TestTransformFails has change sets that fail with the transform's words.
func TestTransformFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	schema := `Transform AWS::CodeDeployBlueGreen failed with: Failed to transform template. Failed to parse the "Hooks" section for the provided template. Please ensure the AWS::CodeDeploy::BlueGreen Hook matches the expected schema.`
	resource := `Transform AWS::CodeDeployBlueGreen failed with: Failed to transform template. Failed to parse the template resource "Resources->Nobody". Please validate the template configuration.`
	for name, c := range map[string]struct{ old, new, want string }{
		"routing":  {"Type: AllAtOnce", "Type: Slowly", schema},
		"resource": {"LogicalID: Web", "LogicalID: Nobody", resource},
	} {
		body := web(t, c.old, c.new)
		cs := w.changeSet(name, "first", types.ChangeSetTypeCreate, body, w.parameters(blueImage)...)
		if cs.Status != types.ChangeSetStatusFailed || aws.ToString(cs.StatusReason) != c.want {
			t.Errorf("%s: %s %s", name, cs.Status, aws.ToString(cs.StatusReason))
		}
		st := w.create(name+"-direct", body, w.parameters(blueImage)...)
		w.want(st, types.StackStatusRollbackComplete)
		inOrder(t, w.rows(name+"-direct"), name+"-direct ROLLBACK_IN_PROGRESS "+c.want)
	}
	w.nothingLeft()
}
