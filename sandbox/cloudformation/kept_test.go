package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

const function = `{
  "Resources": {
    "Ask": {"Type": "AWS::Lambda::Function", "Properties": {
      "FunctionName": "CodeDeployHook_ask", "Role": {"Fn::GetAtt": ["Runs", "Arn"]}, "Runtime": "python3.13", "Handler": "index.handler",
      "Code": {"ZipFile": "def handler(event, context): pass"}, "MemorySize": 128
    }},
    "Called": {"Type": "AWS::Lambda::Permission", "Properties": {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Ask"}, "Principal": "codedeploy.amazonaws.com"}},
    "Runs": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}}
  },
  "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Ask", "Arn"]}}}
}`

// TestKept makes, changes and deletes resources that do nothing.
func TestKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	st := w.create("kept", function)
	w.want(st, types.StackStatusCreateComplete)
	if got := *st.Outputs[0].OutputValue; got != "arn:aws:lambda:eu-west-1:222222222222:function:CodeDeployHook_ask" {
		t.Errorf("output %s", got)
	}
	if got := w.ids("kept")["Ask"]; got != "CodeDeployHook_ask" {
		t.Errorf("function %s", got)
	}
	w.want(w.update("kept", strings.Replace(function, "128", "256", 1)), types.StackStatusUpdateComplete)
	w.want(w.delete("kept"), types.StackStatusDeleteComplete)
}
