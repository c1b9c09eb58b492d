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

const scaled = `{
  "Parameters": {"Least": {"Type": "Number", "Default": 1}},
  "Resources": {
    "Target": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
      "MinCapacity": {"Ref": "Least"}, "MaxCapacity": 4, "ResourceId": "service/home/shop", "ScalableDimension": "ecs:service:DesiredCount", "ServiceNamespace": "ecs"}},
    "Policy": {"Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": {
      "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "ScalingTargetId": {"Ref": "Target"},
      "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 60, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}}},
    "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "AlarmActions": [{"Ref": "Policy"}]}},
    "Record": {"Type": "AWS::Route53::RecordSet", "Properties": {"Name": "shop.example.com.", "HostedZoneId": "Z1", "Type": "CNAME", "TTL": 60, "ResourceRecords": ["x"]}},
    "Wall": {"Type": "AWS::WAFv2::WebACLAssociation", "Properties": {"ResourceArn": "arn:aws:elasticloadbalancing:::x", "WebACLArn": "arn:aws:wafv2:::y"}}
  }
}`

// TestKeptSaysSo has the events say what isn't done.
func TestKeptSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.create("kept", scaled), types.StackStatusCreateComplete)
	inOrder(t, w.rows("kept"), "Target CREATE_COMPLETE kept by the orgship sandbox, which doesn't scale by itself", "Policy CREATE_COMPLETE kept by")
	ids := w.ids("kept")
	if ids["Target"] != "service/home/shop|ecs:service:DesiredCount|ecs" || !strings.HasPrefix(ids["Policy"], "arn:aws:autoscaling:eu-west-1:222222222222:scalingPolicy:") ||
		ids["Record"] != "shop.example.com." {
		t.Errorf("ids %v", ids)
	}
	w.want(w.update("kept", strings.Replace(scaled, `"MaxCapacity": 4`, `"MaxCapacity": 5`, 1)), types.StackStatusUpdateComplete)
	w.want(w.update("kept", scaled, params("Least", "9")...), types.StackStatusUpdateRollbackComplete)
	if rows := strings.Join(w.rows("kept"), "\n"); !strings.Contains(rows, "Maximum capacity 4 cannot be less than minimum capacity 9") {
		t.Error(rows)
	}
	w.want(w.delete("kept"), types.StackStatusDeleteComplete)
}
