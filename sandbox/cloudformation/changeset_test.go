package cloudformation_test

import (
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
