package resource_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/cloudformation/document"
	"orgship/sandbox/cloudformation/resource"
	"orgship/template"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	group := resource.NewCatalogue(resource.ELB(nil)...)["AWS::ElasticLoadBalancingV2::TargetGroup"].Properties
	unknown := document.Unknown{Resource: "Vpc"}
	got, err := group.Check(map[string]any{
		"Port": "80", "HealthCheckPort": int64(80), "HealthCheckEnabled": "true", "VpcId": unknown,
		"Matcher": map[string]any{"HttpCode": int64(200)}, "Tags": []any{map[string]any{"Key": "a", "Value": true}},
	})
	want := map[string]any{
		"Port": int64(80), "HealthCheckPort": "80", "HealthCheckEnabled": true, "VpcId": unknown,
		"Matcher": map[string]any{"HttpCode": "200"}, "Tags": []any{map[string]any{"Key": "a", "Value": "true"}},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	_, err = group.Check(map[string]any{
		"Nonsense": 1, "Port": "http", "Protocol": "TCP", "TargetType": "cloud", "HealthCheckIntervalSeconds": int64(1), "UnhealthyThresholdCount": int64(11),
		"Matcher": "200", "Targets": []any{}, "Tags": map[string]any{}, "TargetGroupAttributes": []any{"x"}, "HealthCheckEnabled": "perhaps",
	})
	for _, fault := range []string{
		"#: extraneous key [Nonsense] is not permitted", "#/Port: expected type: Integer, found: String",
		"#/Protocol: the orgship sandbox does not model the value TCP", "#/TargetType: cloud is not a valid enum value",
		"#/HealthCheckIntervalSeconds: 1 is not greater or equal to 5", "#/UnhealthyThresholdCount: 11 is not less or equal to 10",
		"#/Matcher: expected type: JSONObject, found: String", "#: the orgship sandbox does not model the property Targets",
		"#/Tags: expected type: JSONArray, found: JSONObject", "#/TargetGroupAttributes/0: expected type: JSONObject, found: String",
		"#/HealthCheckEnabled: expected type: Boolean, found: String",
	} {
		if err == nil || !strings.Contains(err.Error()+"\n", fault+"\n") {
			t.Errorf("no %q in\n%v", fault, err)
		}
	}
}

// TestReplacement holds the properties that replace a resource to AWS's own
// schemas: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
func TestReplacement(t *testing.T) {
	t.Parallel()
	types := catalogue()
	for name, want := range map[string]string{
		"AWS::ECR::Repository":                             "EncryptionConfiguration RepositoryName",
		"AWS::EC2::SecurityGroup":                          "GroupDescription GroupName VpcId",
		"AWS::EC2::SecurityGroupEgress":                    "CidrIp CidrIpv6 DestinationSecurityGroupId FromPort GroupId IpProtocol ToPort",
		"AWS::EC2::SecurityGroupIngress":                   "CidrIp CidrIpv6 FromPort GroupId IpProtocol SourceSecurityGroupId SourceSecurityGroupOwnerId ToPort",
		"AWS::ElasticLoadBalancingV2::LoadBalancer":        "Name Scheme Type",
		"AWS::ElasticLoadBalancingV2::TargetGroup":         "IpAddressType Name Port Protocol ProtocolVersion TargetType VpcId",
		"AWS::ElasticLoadBalancingV2::Listener":            "LoadBalancerArn",
		"AWS::ElasticLoadBalancingV2::ListenerRule":        "ListenerArn",
		"AWS::ElasticLoadBalancingV2::ListenerCertificate": "ListenerArn",
		"AWS::CertificateManager::Certificate":             "DomainName DomainValidationOptions KeyAlgorithm SubjectAlternativeNames ValidationMethod",
		"AWS::IAM::Role":                                   "Path RoleName",
		"AWS::IAM::Policy":                                 "",
		"AWS::IAM::ManagedPolicy":                          "Description ManagedPolicyName Path",
		"AWS::IAM::OIDCProvider":                           "Url",
		"AWS::Logs::LogGroup":                              "LogGroupName",
		"AWS::ECS::Cluster":                                "ClusterName",
		"AWS::ECS::TaskDefinition":                         "ContainerDefinitions Cpu EphemeralStorage ExecutionRoleArn Family Memory NetworkMode RequiresCompatibilities RuntimePlatform TaskRoleArn Volumes",
		"AWS::ECS::Service":                                "Cluster DeploymentController LaunchType SchedulingStrategy ServiceName",
		"AWS::ECS::TaskSet":                                "Cluster ExternalId LaunchType LoadBalancers NetworkConfiguration PlatformVersion Service TaskDefinition",
		"AWS::ECS::PrimaryTaskSet":                         "Cluster Service",
		"AWS::CodeBuild::Project":                          "Name",
		"AWS::CloudFormation::StackSet":                    "PermissionModel StackSetName",
		"AWS::EC2::VPC":                                    "CidrBlock InstanceTenancy",
		"AWS::EC2::Subnet":                                 "AvailabilityZone AvailabilityZoneId CidrBlock VpcId",
		"AWS::EC2::InternetGateway":                        "",
		"AWS::EC2::VPCGatewayAttachment":                   "VpcId",
		"AWS::EC2::RouteTable":                             "VpcId",
		"AWS::EC2::Route":                                  "DestinationCidrBlock RouteTableId",
		"AWS::EC2::SubnetRouteTableAssociation":            "RouteTableId SubnetId",
		"AWS::EC2::EIP":                                    "",
		"AWS::EC2::NatGateway":                             "AllocationId ConnectivityType SubnetId",
		"AWS::EC2::VPCEndpoint":                            "ServiceName VpcEndpointType VpcId",
		"AWS::Lambda::Function":                            "FunctionName PackageType",
		"AWS::Lambda::Permission":                          "Action EventSourceToken FunctionName FunctionUrlAuthType InvokedViaFunctionUrl Principal PrincipalOrgID SourceAccount SourceArn",
		"AWS::ApplicationAutoScaling::ScalableTarget":      "ResourceId ScalableDimension ServiceNamespace",
		"AWS::ApplicationAutoScaling::ScalingPolicy":       "PolicyName ResourceId ScalableDimension ScalingTargetId ServiceNamespace",
		"AWS::CloudWatch::Alarm":                           "AlarmName",
		"AWS::Route53::RecordSet":                          "HostedZoneId HostedZoneName Name",
		"AWS::S3::Bucket":                                  "BucketName",
		"AWS::WAFv2::WebACLAssociation":                    "ResourceArn WebACLArn",
		"AWS::CDK::Metadata":                               "",
		"AWS::SSM::Parameter":                              "Name",
		"AWS::SecretsManager::Secret":                      "Name",
	} {
		typ := types[name]
		if typ == nil {
			t.Errorf("no type %s", name)
			continue
		}
		var got []string
		for property := range typ.Properties {
			if typ.Properties.Replaces(property) {
				got = append(got, property)
			}
		}
		wanted := map[string]bool{}
		for _, property := range strings.Fields(want) {
			wanted[property] = true
		}
		for _, property := range got {
			if !wanted[property] {
				t.Errorf("%s of %s replaces", property, name)
			}
			delete(wanted, property)
		}
		for property := range wanted {
			t.Errorf("%s of %s does not replace", property, name)
		}
		delete(types, name)
	}
	for name := range types {
		t.Errorf("type %s has no row", name)
	}
}

func TestUnmodelled(t *testing.T) {
	t.Parallel()
	types := catalogue()
	for _, c := range []struct{ typeName, properties, want string }{
		{"AWS::ECS::TaskDefinition", "{RequiresCompatibilities: [FARGATE], Nonsense: y}", ""},
		{"AWS::ECS::TaskDefinition", "{IpcMode: task}", "property IpcMode of AWS::ECS::TaskDefinition"},
		{"AWS::ECS::TaskDefinition", "{RequiresCompatibilities: [FARGATE], IpcMode: !If [C, task, !Ref AWS::NoValue]}", ""},
		{"AWS::ECS::TaskDefinition", "{IpcMode: !If [C, task, none]}", "property IpcMode of AWS::ECS::TaskDefinition"},
		{"AWS::ECS::TaskDefinition", "{ContainerDefinitions: [{Name: a}, {Links: []}]}", "property ContainerDefinitions.Links of"},
		{"AWS::ECS::TaskDefinition", "{ContainerDefinitions: !If [C, !Ref AWS::NoValue, [{LogConfiguration: {SecretOptions: []}}]]}", "property ContainerDefinitions.LogConfiguration.SecretOptions of"},
		{"AWS::CodeBuild::Project", "{Triggers: {Webhook: true}}", "property Triggers of AWS::CodeBuild::Project"},
		{"AWS::CodeBuild::Project", "{Source: {Auth: {Type: CODECONNECTIONS}}}", "property Source.Auth of AWS::CodeBuild::Project"},
	} {
		parsed, err := template.Parse([]byte("Resources: {R: {Type: T, Properties: " + c.properties + "}}"))
		if err != nil {
			t.Fatal(err)
		}
		r, _ := parsed.Resource("R")
		var got []string
		for _, g := range types[c.typeName].Unmodelled(r.Properties) {
			got = append(got, g.String())
		}
		if said := strings.Join(got, "\n"); (said == "") != (c.want == "") || !strings.Contains(said, c.want) {
			t.Errorf("%s: %q", c.properties, said)
		}
	}
}

func catalogue() resource.Catalogue {
	return resource.NewCatalogue(slices.Concat(resource.ECR(nil), resource.EC2(nil), resource.ELB(nil), resource.IAM(nil), resource.Logs(nil),
		resource.ECS(nil), resource.Kept(nil), resource.CodeBuild(nil), resource.SSM(nil), resource.SecretsManager(nil), resource.ACM(nil), resource.S3(nil), resource.CloudFormation(nil))...)
}
