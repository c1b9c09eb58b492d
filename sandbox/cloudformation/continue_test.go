package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/logs"
)

// TestRollbackThatFails loses a log group under an update that fails, so that
// rolling back fails as well; then goes on, once it is there again or skipped.
func TestRollbackThatFails(t *testing.T) {
	t.Parallel()
	for _, skip := range []bool{false, true} {
		w := newWorld(t)
		w.create("things", things)
		group := w.ids("things")["Log"]
		// The update changes the log group, and fails with the rule, which is made
		// after the security group, which waits for the log group.
		body := strings.NewReplacer(`"RetentionInDays": {"Ref": "Retention"}`, `"RetentionInDays": 90`, `"FromPort": 443`, `"FromPort": "x"`,
			`"Type": "AWS::EC2::SecurityGroupEgress",`, `"Type": "AWS::EC2::SecurityGroupEgress", "DependsOn": "Log",`).Replace(things)
		lost := w.loseLogGroup(group)
		st := w.update("things", body)
		lost()
		w.want(st, types.StackStatusUpdateRollbackFailed)
		inOrder(t, w.rows("things"), "Rule UPDATE_FAILED", "Log UPDATE_FAILED Resource handler returned message: ", "things UPDATE_ROLLBACK_FAILED The following resource(s) failed to update: [Log].")
		if err := w.tryUpdate("things", things, nil); err == nil || !strings.Contains(err.Error(), "is in UPDATE_ROLLBACK_FAILED state and can not be updated.") {
			t.Errorf("updating a stuck stack: %v", err)
		}
		in := &cfn.ContinueUpdateRollbackInput{StackName: aws.String("things")}
		if skip {
			in.ResourcesToSkip = []string{"Log"}
		} else if _, err := w.logs.CreateLogGroup(w.ctx, &logs.CreateLogGroupInput{LogGroupName: &group}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ContinueUpdateRollback(w.ctx, in); err != nil {
			t.Fatal(err)
		}
		w.want(w.settled("things"), types.StackStatusUpdateRollbackComplete)
		w.want(w.delete("things"), types.StackStatusDeleteComplete)
		w.nothingLeft()
	}
}

// loseLogGroup deletes a log group as soon as its stack has updated it. The
// function it returns waits for that.
func (w *world) loseLogGroup(name string) (lost func()) {
	done := make(chan struct{})
	w.rolling.Store(func() {
		if _, err := w.logs.DeleteLogGroup(w.ctx, &logs.DeleteLogGroupInput{LogGroupName: &name}); err != nil {
			w.t.Error(err)
		}
		close(done)
	})
	return func() { <-done }
}
