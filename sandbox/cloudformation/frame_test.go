package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/ssm"
)

const bootstrap = "/cdk-bootstrap/hnb659fds/version"

// cdk is the frame that the CDK puts around every template.
const cdk = `
Resources:
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "v${BootstrapVersion}"}}
  CDKMetadata: {Type: AWS::CDK::Metadata, Properties: {Analytics: "v2:deflate64:x"}, Metadata: {"aws:cdk:path": Web/CDKMetadata/Default}}
Parameters:
  BootstrapVersion:
    Type: AWS::SSM::Parameter::Value<String>
    Default: /cdk-bootstrap/hnb659fds/version
    Description: Version of the CDK Bootstrap resources in this environment, automatically retrieved from SSM Parameter Store. [cdk:skip]
Rules:
  CheckBootstrapVersion:
    Assertions:
      - Assert: {"Fn::Not": [{"Fn::Contains": [["1", "2", "3", "4", "5"], {Ref: BootstrapVersion}]}]}
        AssertDescription: CDK bootstrap stack version 6 required.
`

// put puts a parameter into the store.
func (w *world) put(name, kind, value string) {
	w.t.Helper()
	in := &ssm.PutParameterInput{Name: &name, Type: kind, Value: &value, Overwrite: aws.Bool(true)}
	if _, err := w.ssm.PutParameter(w.ctx, in); err != nil {
		w.t.Fatal(err)
	}
}

// refused wants CreateStack to refuse a template at once.
func (w *world) refused(body, want string) {
	w.t.Helper()
	in := &cfn.CreateStackInput{StackName: aws.String("refused"), TemplateBody: &body, Capabilities: capabilities}
	if _, err := w.CreateStack(w.ctx, in); err == nil || !strings.HasPrefix(err.Error(), want) {
		w.t.Errorf("got %v, want %s", err, want)
	}
}

// TestCDKFrame takes the CDK's frame through its life: the parameter is read anew
// with each update, though the previous value is used.
func TestCDKFrame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refused(cdk, "ValidationError: Unable to fetch parameters [/cdk-bootstrap/hnb659fds/version] from parameter store for this account.")
	w.put(bootstrap, "String", "5")
	w.refused(cdk, "ValidationError: Template validation error: CDK bootstrap stack version 6 required.")
	w.put(bootstrap, "String", "21")
	st := w.create("web", cdk)
	w.want(st, types.StackStatusCreateComplete)
	if p := st.Parameters[0]; *p.ParameterValue != bootstrap || aws.ToString(p.ResolvedValue) != "21" || w.ids("web")["Log"] != "v21" || w.ids("web")["CDKMetadata"] == "" {
		t.Errorf("parameter %v, made %v", p, w.ids("web"))
	}
	previous := types.Parameter{ParameterKey: aws.String("BootstrapVersion"), UsePreviousValue: aws.Bool(true)}
	in := &cfn.UpdateStackInput{StackName: aws.String("web"), UsePreviousTemplate: aws.Bool(true), Parameters: []types.Parameter{previous}}
	if _, err := w.UpdateStack(w.ctx, in); err == nil || !strings.Contains(err.Error(), "No updates are to be performed.") {
		t.Fatalf("nothing changed: %v", err)
	}
	w.put(bootstrap, "String", "22")
	if _, err := w.UpdateStack(w.ctx, in); err != nil {
		t.Fatal(err)
	}
	st = w.settled("web")
	w.want(st, types.StackStatusUpdateComplete)
	if aws.ToString(st.Parameters[0].ResolvedValue) != "22" || w.ids("web")["Log"] != "v22" {
		t.Errorf("parameter %v, made %v", st.Parameters[0], w.ids("web"))
	}
	w.want(w.delete("web"), types.StackStatusDeleteComplete)
}

// TestCDKFrameWithHook releases a template of the CDK's with the hook; one whose
// metadata changes too is no green deployment.
// https://github.com/aws-samples/aws-reinvent-trivia-game/blob/a1dafe683f051183719dcd0019215348513f45ed/trivia-backend/README.md
func TestCDKFrameWithHook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(bootstrap, "String", "21")
	framed := func(memory, analytics string) string {
		_, frame, _ := strings.Cut(cdk, "Parameters:\n")
		parameters, rules, _ := strings.Cut(frame, "Rules:")
		return web(t, "Parameters:\n", "Parameters:\n"+parameters, `Memory: "512"`, `Memory: "`+memory+`"`,
			"Resources:\n", "Resources:\n  CDKMetadata: {Type: AWS::CDK::Metadata, Properties: {Analytics: "+analytics+"}}\n") + "Rules:" + rules
	}
	w.want(w.create("web", framed("512", "x"), w.parameters(blueImage)...), types.StackStatusCreateComplete)
	w.want(w.update("web", framed("1024", "x"), w.parameters(blueImage)...), types.StackStatusUpdateComplete)
	if w.ids("web")["GreenSet"] == "" {
		t.Errorf("no green deployment: %v", w.ids("web"))
	}
	w.want(w.update("web", framed("2048", "y"), w.parameters(blueImage)...), types.StackStatusUpdateRollbackComplete)
	if rows := strings.Join(w.rows("web"), "\n"); !strings.Contains(rows, "Additional resource diff other than ECS application related resource update is detected") {
		t.Error(rows)
	}
}

// TestStoredInChangeSet executes a change set with what it was made with.
func TestStoredInChangeSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(bootstrap, "String", "21")
	in := &cfn.CreateChangeSetInput{StackName: aws.String("web"), ChangeSetName: aws.String("c"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: aws.String(cdk)}
	if _, err := w.CreateChangeSet(w.ctx, in); err != nil {
		t.Fatal(err)
	}
	var cs *cfn.DescribeChangeSetOutput
	w.until(func() bool {
		cs, _ = w.DescribeChangeSet(w.ctx, &cfn.DescribeChangeSetInput{StackName: aws.String("web"), ChangeSetName: aws.String("c")})
		return cs.Status == types.ChangeSetStatusCreateComplete
	})
	if aws.ToString(cs.Parameters[0].ResolvedValue) != "21" {
		t.Errorf("shown %v", cs.Parameters)
	}
	w.put(bootstrap, "String", "22")
	if _, err := w.ExecuteChangeSet(w.ctx, &cfn.ExecuteChangeSetInput{StackName: aws.String("web"), ChangeSetName: aws.String("c")}); err != nil {
		t.Fatal(err)
	}
	w.want(w.settled("web"), types.StackStatusCreateComplete)
	if w.ids("web")["Log"] != "v21" {
		t.Errorf("made %v", w.ids("web"))
	}
}

// TestStoredTypes has what the Parameter Store may and may not have for a type.
func TestStoredTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("/list", "StringList", "a,b")
	w.put("/secure", "SecureString", "s3cr3t-canary")
	w.put("/vpc", "String", w.network.VPCID)
	w.put("/novpc", "String", "vpc-0123456789abcdef0")
	body := func(kind, name, value string) string {
		return `{"Parameters": {"P": {"Type": "` + kind + `", "Default": "` + name + `"}}, "Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": ` + value + `}}}}`
	}
	w.want(w.create("list", body("AWS::SSM::Parameter::Value<List<String>>", "/list", `{"Fn::Select": [1, {"Ref": "P"}]}`)), types.StackStatusCreateComplete)
	w.want(w.create("vpc", body("AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>", "/vpc", `{"Ref": "P"}`)), types.StackStatusCreateComplete)
	w.want(w.create("name", body("AWS::SSM::Parameter::Name", "/list", `{"Ref": "P"}`)), types.StackStatusCreateComplete)
	if w.ids("list")["Log"] != "b" || w.ids("vpc")["Log"] != w.network.VPCID || w.ids("name")["Log"] != "/list" {
		t.Errorf("made %v %v %v", w.ids("list"), w.ids("vpc"), w.ids("name"))
	}
	w.refused(body("AWS::SSM::Parameter::Value<String>", "/secure", `{"Ref": "P"}`), "ValidationError: Parameters [/secure] referenced by template have types not supported by CloudFormation.")
	w.refused(body("AWS::SSM::Parameter::Name", "/nothing", `{"Ref": "P"}`), "ValidationError: Unable to fetch parameters [/nothing] from parameter store for this account.")
	w.want(w.create("novpc", body("AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>", "/novpc", `{"Ref": "P"}`)), types.StackStatusRollbackComplete)
	inOrder(t, w.rows("novpc"), "novpc ROLLBACK_IN_PROGRESS Parameter validation failed: parameter value vpc-0123456789abcdef0 for parameter name P does not exist")
}

// TestRulesOfPlaces asks rules about the account's network.
func TestRulesOfPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := func(assert string) string {
		return `
Parameters:
  Vpc: {Type: "AWS::EC2::VPC::Id", Default: "` + w.network.VPCID + `"}
  Subnet: {Type: "AWS::EC2::Subnet::Id", Default: "` + w.network.SubnetIDs[0] + `"}
Resources: {M: {Type: AWS::CDK::Metadata}}
Rules: {Places: {Assertions: [{Assert: ` + assert + `, AssertDescription: not so}]}}
`
	}
	w.want(w.create("in", body(`!EachMemberIn [!ValueOfAll ["AWS::EC2::Subnet::Id", VpcId], !RefAll "AWS::EC2::VPC::Id"]`)), types.StackStatusCreateComplete)
	w.want(w.create("zone", body(`!Contains [[eu-west-1a], !ValueOf [Subnet, AvailabilityZone]]`)), types.StackStatusCreateComplete)
	w.want(w.create("group", body(`!Contains [!RefAll "AWS::EC2::SecurityGroup::Id", !ValueOf [Vpc, DefaultSecurityGroup]]`)), types.StackStatusCreateComplete)
	w.refused(body(`!Equals [!ValueOf [Vpc, Tags.Department], IT]`), "ValidationError: Template validation error: not so")
	w.refused(body(`!Equals [!ValueOf [Vpc, DefaultNetworkAcl], x]`), "NotModelled: the orgship sandbox does not model the attribute DefaultNetworkAcl of AWS::EC2::VPC::Id in Rules")
}

// TestRetainExceptOnCreate keeps a resource, but for one whose creation is rolled back.
func TestRetainExceptOnCreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept := `
Resources:
  Log: {Type: AWS::Logs::LogGroup, DeletionPolicy: RetainExceptOnCreate, Properties: {LogGroupName: NAME}}
`
	bad := kept + "  Bad: {Type: AWS::Logs::LogGroup, DependsOn: Log, Properties: {RetentionInDays: 2}}\n"
	w.want(w.create("failed", strings.Replace(bad, "NAME", "a", 1)), types.StackStatusRollbackComplete)
	inOrder(t, w.rows("failed"), "Log CREATE_COMPLETE", "Log DELETE_COMPLETE")
	w.want(w.create("made", strings.Replace(kept, "NAME", "b", 1)), types.StackStatusCreateComplete)
	id := *w.stack("made").StackId
	w.want(w.delete("made"), types.StackStatusDeleteComplete)
	inOrder(t, w.rows(id), "Log DELETE_SKIPPED")
	w.refused(strings.Replace(kept, "DeletionPolicy", "UpdateReplacePolicy", 1), "ValidationError: Template format error: Unrecognized UpdateReplacePolicy RetainExceptOnCreate for resource Log")
}

// TestFetchDenied passes on what the Parameter Store answers.
func TestFetchDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(bootstrap, "String", "21")
	const policy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}]}`
	if err := w.iam.AddUser(accountID, "poor", "AKIASANDBOXPOOR00001", "secret", policy); err != nil {
		t.Fatal(err)
	}
	var err error
	if _, w.ctx, err = w.iam.Secret(w.ctx, "AKIASANDBOXPOOR00001", ""); err != nil {
		t.Fatal(err)
	}
	w.refused(cdk, "ValidationError: User: arn:aws:iam::222222222222:user/poor is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:222222222222:parameter/cdk-bootstrap/hnb659fds/version")
}
