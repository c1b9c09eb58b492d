package resource

import (
	"context"
	"strings"

	"orgship/sandbox/iam"
	"orgship/sandbox/wire"
)

// Kept returns resource types that are kept and do nothing: what they stand for has no
// part in a release here. Their events say so. The caller needs the permissions that AWS
// asks for.
func Kept(auth iam.Authorizer) []*Type {
	return []*Type{
		{
			Name: "AWS::Lambda::Function", NameProperty: "FunctionName", Note: "kept by the orgship sandbox, which runs no functions",
			Properties: lambdaFunction(), Attributes: []string{"Arn"}, Tagged: true,
			Handler: kept{
				auth: auth, arn: "lambda:REGION:ACCOUNT:function:NAME", named: "FunctionName", role: "lambda.amazonaws.com",
				create: "lambda:CreateFunction", update: "lambda:UpdateFunctionConfiguration", remove: "lambda:DeleteFunction",
			},
		},
		{
			Name: "AWS::Lambda::Permission",
			Properties: Object{
				"Action": text().need().replace(), "FunctionName": text().need().replace(), "Principal": text().need().replace(),
				"SourceAccount": text().replace(), "SourceArn": text().replace(), "PrincipalOrgID": text().replace(), "EventSourceToken": text().replace(),
				"FunctionUrlAuthType": oneOf("AWS_IAM", "NONE").replace(), "InvokedViaFunctionUrl": boolean().replace(),
			},
			Attributes: []string{"Id"},
			Handler:    kept{auth: auth, arn: "lambda:REGION:ACCOUNT:function:NAME", create: "lambda:AddPermission", remove: "lambda:RemovePermission"},
		},
		{
			Name: "AWS::ApplicationAutoScaling::ScalableTarget", Note: "kept by the orgship sandbox, which doesn't scale by itself",
			Properties: scalableTarget(), Attributes: []string{"Id"},
			Handler: kept{
				auth: auth, arn: "application-autoscaling:REGION:ACCOUNT:scalable-target/NAME", id: scalableTargetID, check: checkCapacity,
				create: "application-autoscaling:RegisterScalableTarget", update: "application-autoscaling:RegisterScalableTarget",
				remove: "application-autoscaling:DeregisterScalableTarget",
			},
		},
		{
			Name: "AWS::ApplicationAutoScaling::ScalingPolicy", Note: "kept by the orgship sandbox, which doesn't scale by itself",
			Properties: scalingPolicy(), Attributes: []string{"Arn"},
			Handler: kept{
				auth: auth, arn: "autoscaling:REGION:ACCOUNT:scalingPolicy:policyName/NAME", named: "PolicyName", byARN: true,
				create: "application-autoscaling:PutScalingPolicy", update: "application-autoscaling:PutScalingPolicy",
				remove: "application-autoscaling:DeleteScalingPolicy",
			},
		},
		{
			Name: "AWS::CloudWatch::Alarm", NameProperty: "AlarmName", Note: "kept by the orgship sandbox, which has no metrics: it never goes off",
			Properties: alarm(), Attributes: []string{"Arn"}, Tagged: true,
			Handler: kept{
				auth: auth, arn: "cloudwatch:REGION:ACCOUNT:alarm:NAME", named: "AlarmName",
				create: "cloudwatch:PutMetricAlarm", update: "cloudwatch:PutMetricAlarm", remove: "cloudwatch:DeleteAlarms",
			},
		},
		{
			Name: "AWS::Route53::RecordSet", Note: "kept by the orgship sandbox, which has no name servers",
			Properties: recordSet(), Attributes: []string{"Id"},
			Handler: kept{
				auth: auth, arn: "route53:::hostedzone/NAME", id: func(r *Request) string { return str(r.Properties, "Name") },
				create: "route53:ChangeResourceRecordSets", update: "route53:ChangeResourceRecordSets", remove: "route53:ChangeResourceRecordSets",
			},
		},
		{
			Name: "AWS::WAFv2::WebACLAssociation", Note: "kept by the orgship sandbox, which filters nothing",
			Properties: Object{"ResourceArn": text().need().replace(), "WebACLArn": text().need().replace()},
			Handler: kept{
				auth: auth, arn: "wafv2:REGION:ACCOUNT:regional/webacl/NAME",
				id: func(r *Request) string {
					return str(r.Properties, "ResourceArn") + "|" + str(r.Properties, "WebACLArn")
				},
				create: "wafv2:AssociateWebACL", remove: "wafv2:DisassociateWebACL",
			},
		},
	}
}

// scalableTarget: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalabletarget.html
func scalableTarget() Object {
	return Object{
		"MaxCapacity": integer().need(), "MinCapacity": integer().need(), "ResourceId": text().need().replace(), "RoleARN": text(),
		"ScalableDimension": text().models("ecs:service:DesiredCount").need().replace(), "ServiceNamespace": text().models("ecs").need().replace(),
		"ScheduledActions": objects(Object{
			"ScheduledActionName": text().need(), "Schedule": text().need(), "StartTime": text(), "EndTime": text(), "Timezone": text(),
			"ScalableTargetAction": object(Object{"MaxCapacity": integer(), "MinCapacity": integer()}),
		}),
		"SuspendedState": object(Object{"DynamicScalingInSuspended": boolean(), "DynamicScalingOutSuspended": boolean(), "ScheduledScalingSuspended": boolean()}),
	}
}

func scalableTargetID(r *Request) string {
	return strings.Join([]string{str(r.Properties, "ResourceId"), str(r.Properties, "ScalableDimension"), str(r.Properties, "ServiceNamespace")}, "|")
}

// checkCapacity: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
//
// Assumption A262: the words of the refusal are ours.
func checkCapacity(r *Request) error {
	least, _ := r.Properties["MinCapacity"].(int64)
	if most, _ := r.Properties["MaxCapacity"].(int64); least < 0 || most < least {
		return wire.Errorf("ValidationException", "Maximum capacity %d cannot be less than minimum capacity %d, nor that less than 0", most, least)
	}
	return nil
}

// scalingPolicy: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalingpolicy.html
func scalingPolicy() Object {
	return Object{
		"PolicyName": text().need().replace(), "PolicyType": oneOf("PredictiveScaling", "StepScaling", "TargetTrackingScaling").need(), "ResourceId": text().replace(),
		"ScalableDimension": text().models("ecs:service:DesiredCount").replace(), "ScalingTargetId": text().replace(), "ServiceNamespace": text().models("ecs").replace(),
		"StepScalingPolicyConfiguration": object(Object{
			"AdjustmentType": oneOf("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"), "Cooldown": integer(),
			"MetricAggregationType": oneOf("Average", "Maximum", "Minimum"), "MinAdjustmentMagnitude": integer(),
			"StepAdjustments": objects(Object{"MetricIntervalLowerBound": number(), "MetricIntervalUpperBound": number(), "ScalingAdjustment": integer().need()}),
		}),
		"TargetTrackingScalingPolicyConfiguration": object(Object{
			"CustomizedMetricSpecification": jsonValue(), "DisableScaleIn": boolean(), "ScaleInCooldown": integer(), "ScaleOutCooldown": integer(), "TargetValue": number().need(),
			"PredefinedMetricSpecification": object(Object{"PredefinedMetricType": text().need(), "ResourceLabel": text()}),
		}),
	}.lacking("PredictiveScalingPolicyConfiguration")
}

// alarm: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
func alarm() Object {
	return Object{
		"ActionsEnabled": boolean(), "AlarmActions": texts(), "AlarmDescription": text(), "AlarmName": text().replace(), "DatapointsToAlarm": integer(),
		"ComparisonOperator": oneOf("GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "GreaterThanUpperThreshold", "LessThanLowerOrGreaterThanUpperThreshold",
			"LessThanLowerThreshold", "LessThanOrEqualToThreshold", "LessThanThreshold"),
		"Dimensions": objects(Object{"Name": text().need(), "Value": text().need()}), "EvaluateLowSampleCountPercentile": text(), "EvaluationPeriods": integer(),
		"ExtendedStatistic": text(), "InsufficientDataActions": texts(), "MetricName": text(), "Metrics": list(jsonValue()), "Namespace": text(), "OKActions": texts(),
		"Period": integer(), "Statistic": oneOf("Average", "Maximum", "Minimum", "SampleCount", "Sum"), "Tags": tagList(), "Threshold": number(), "ThresholdMetricId": text(),
		"TreatMissingData": oneOf("breaching", "ignore", "missing", "notBreaching"), "Unit": text(),
	}.lacking("EvaluationCriteria", "EvaluationInterval")
}

// recordSet: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53-recordset.html
func recordSet() Object {
	return Object{
		"AliasTarget": object(Object{"DNSName": text().need(), "EvaluateTargetHealth": boolean(), "HostedZoneId": text().need()}), "Comment": text(), "Failover": text(),
		"HealthCheckId": text(), "HostedZoneId": text().replace(), "HostedZoneName": text().replace(), "MultiValueAnswer": boolean(), "Name": text().need().replace(),
		"Region": text(), "ResourceRecords": texts(), "SetIdentifier": text(), "TTL": text(), "Type": text().need(), "Weight": integer(),
	}.lacking("CidrRoutingConfig", "GeoLocation", "GeoProximityLocation")
}

// lambdaFunction: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
func lambdaFunction() Object {
	return Object{
		"Architectures": texts(), "Code": object(Object{"ZipFile": text(), "ImageUri": text(), "S3Bucket": text(), "S3Key": text(), "S3ObjectVersion": text(), "S3ObjectStorageMode": text(), "SourceKMSKeyArn": text()}).need(),
		"DeadLetterConfig": object(Object{"TargetArn": text()}), "Description": text(), "Environment": object(Object{"Variables": mapOf(text())}),
		"EphemeralStorage": object(Object{"Size": integer().need()}), "FunctionName": text().replace(), "Handler": text(), "KmsKeyArn": text(), "Layers": texts(),
		"MemorySize": integer(), "PackageType": oneOf("Image", "Zip").replace(), "ReservedConcurrentExecutions": integer(), "Role": text().need(), "Runtime": text(),
		"LoggingConfig": object(Object{"ApplicationLogLevel": text(), "LogFormat": text(), "LogGroup": text(), "SystemLogLevel": text()}),
		"Tags":          labelList(), "Timeout": integer(), "TracingConfig": object(Object{"Mode": text()}),
		"VpcConfig": object(Object{"Ipv6AllowedForDualStack": boolean(), "SecurityGroupIds": texts(), "SubnetIds": texts()}),
	}.lacking("CapacityProviderConfig", "CodeSigningConfigArn", "DurableConfig", "FileSystemConfigs", "FunctionScalingConfig", "ImageConfig",
		"PublishToLatestPublished", "RecursiveLoop", "RuntimeManagementConfig", "SnapStart", "TenancyConfig")
}

// kept is the handler of a type that only its stack knows.
type kept struct {
	auth  iam.Authorizer
	named string                  // property with its name, if it has one
	id    func(r *Request) string // what Ref gives; nil: its name, which is made up where none is given
	byARN bool                    // Ref gives the ARN
	arn   string                  // without "arn:aws:", with REGION, ACCOUNT and NAME
	check func(r *Request) error  // nil for nothing

	create, update, remove string // actions
	role                   string // who is passed the role of the property Role
}

func (h kept) Create(ctx context.Context, r *Request) error {
	name := r.name(64)
	if h.named != "" {
		name = r.given(h.named, 64)
	}
	if h.id != nil {
		name = h.id(r)
	}
	arn := h.resource(r, name)
	if err := h.authorize(ctx, r, h.create, arn); err != nil {
		return err
	}
	if r.ID = name; h.byARN {
		r.ID = arn
	}
	r.Initiated(State{ID: r.ID, Attributes: map[string]string{"Arn": arn, "Id": r.ID}})
	return nil
}

func (h kept) authorize(ctx context.Context, r *Request, action, arn string) error {
	if h.check != nil {
		if err := h.check(r); err != nil {
			return err
		}
	}
	if err := h.auth.Authorize(ctx, action, arn); err != nil {
		return err
	}
	role := str(r.Properties, "Role")
	if h.role == "" || !strings.HasPrefix(role, "arn:") {
		return nil
	}
	return h.auth.AuthorizeWith(ctx, "iam:PassRole", role, map[string][]string{"iam:PassedToService": {h.role}})
}

func (h kept) resource(r *Request, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return "arn:aws:" + strings.NewReplacer("REGION", r.Scope.Region, "ACCOUNT", r.Scope.Account, "NAME", name).Replace(h.arn)
}

func (h kept) Update(ctx context.Context, r *Request) error {
	return h.authorize(ctx, r, h.update, h.resource(r, r.ID))
}

func (h kept) Delete(ctx context.Context, r *Request) error {
	return h.auth.Authorize(ctx, h.remove, h.resource(r, r.ID))
}
