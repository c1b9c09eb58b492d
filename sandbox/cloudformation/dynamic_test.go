package cloudformation_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/sandbox/logs"
	"orgship/sandbox/secretsmanager"
	"orgship/sandbox/ssm"
)

const canary = "s3cr3t-canary"

// told returns everything that CloudFormation tells of a stack.
func (w *world) told(name string) string {
	w.t.Helper()
	var all []any
	add := func(out any, err error) {
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, out)
	}
	add(w.DescribeStacks(w.ctx, &cfn.DescribeStacksInput{StackName: &name}))
	add(w.DescribeStackEvents(w.ctx, &cfn.DescribeStackEventsInput{StackName: &name}))
	add(w.DescribeStackResources(w.ctx, &cfn.DescribeStackResourcesInput{StackName: &name}))
	for _, stage := range []types.TemplateStage{types.TemplateStageOriginal, types.TemplateStageProcessed} {
		add(w.GetTemplate(w.ctx, &cfn.GetTemplateInput{StackName: &name, TemplateStage: stage}))
	}
	text, err := json.Marshal(all)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// parameter reads a parameter's value.
func (w *world) parameter(name string) string {
	w.t.Helper()
	out, err := w.ssm.GetParameter(w.ctx, &ssm.GetParameterInput{Name: &name})
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.Parameter.Value
}

func (w *world) secret(name, value string) string {
	w.t.Helper()
	out, err := w.secrets.CreateSecret(w.ctx, &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value})
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.ARN
}

// TestSecretReferences gives resources what references stand for, and tells it nobody.
func TestSecretReferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arn := w.secret("db", `{"password": "`+canary+`", "port": 7}`)
	w.secret("days", "7")
	body := `
Parameters: {Given: {Type: String, Default: "{{resolve:secretsmanager:db:SecretString:password}}"}}
Resources:
  Whole: {Type: AWS::SSM::Parameter, Properties: {Name: whole, Type: String, Value: "{{resolve:secretsmanager:db}}"}}
  One: {Type: AWS::SSM::Parameter, Properties: {Name: one, Type: String, Value: "a-{{resolve:secretsmanager:` + arn + `:SecretString:password::}}-b"}}
  Other: {Type: AWS::SSM::Parameter, Properties: {Name: other, Type: String, Value: !Ref Given, Description: DESCRIBED}}
  Port: {Type: AWS::SSM::Parameter, Properties: {Name: port, Type: String, Value: !Join ["", ["{{resolve:secretsmanager:", db, ":SecretString:port}}"]]}}
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: l, RetentionInDays: "{{resolve:secretsmanager:days}}"}}
`
	w.want(w.create("s", body), types.StackStatusCreateComplete)
	for name, want := range map[string]string{"whole": `{"password": "` + canary + `", "port": 7}`, "one": "a-" + canary + "-b", "other": canary, "port": "7"} {
		if got := w.parameter(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if told := w.told("s"); strings.Contains(told, canary) || !strings.Contains(told, "{{resolve:secretsmanager:db}}") {
		t.Errorf("told: %s", told)
	}

	// A new secret is taken with the next update of the resource, not before.
	if _, err := w.secrets.PutSecretValue(w.ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String("db"), SecretString: aws.String(`{"password": "new"}`)}); err != nil {
		t.Fatal(err)
	}
	in := &cfn.UpdateStackInput{StackName: aws.String("s"), TemplateBody: &body}
	if _, err := w.UpdateStack(w.ctx, in); err == nil || !strings.Contains(err.Error(), "No updates are to be performed.") {
		t.Errorf("updated: %v", err)
	}
	body = strings.Replace(body, "{{resolve:secretsmanager:db}}", "{{resolve:secretsmanager:db:SecretString::AWSPREVIOUS}}", 1)
	w.want(w.update("s", body), types.StackStatusUpdateComplete)
	if w.parameter("other") != canary || !strings.Contains(w.parameter("whole"), canary) {
		t.Errorf("parameters are %q and %q", w.parameter("other"), w.parameter("whole"))
	}
	w.want(w.delete("s"), types.StackStatusDeleteComplete)
}

// TestReferencesThatFail says why, and never what a secret is.
func TestReferencesThatFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.secret("db", `{"password": "`+canary+`"}`)
	for name, c := range map[string]struct{ properties, want string }{
		"gone":    {`{Name: x, Type: String, Value: "{{resolve:secretsmanager:nothing}}"}`, "R CREATE_FAILED Secrets Manager can't find the specified secret. (Service: AWSSecretsManager; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: "},
		"key":     {`{Name: x, Type: String, Value: "{{resolve:secretsmanager:db:SecretString:user}}"}`, "R CREATE_FAILED Could not find a value associated with JSONKey in SecretString"},
		"kind":    {`{Name: x, Type: "{{resolve:secretsmanager:db:SecretString:password}}", Value: v}`, "R CREATE_FAILED Properties validation failed for resource R with message:\n#/Type: **** is not a valid enum value"},
		"service": {`{Name: "a {{resolve:secretsmanager:db:SecretString:password}}", Type: String, Value: v}`, "R CREATE_FAILED Resource handler returned message: "},
	} {
		w.want(w.create(name, "Resources: {R: {Type: AWS::SSM::Parameter, Properties: "+c.properties+"}}"), types.StackStatusRollbackComplete)
		inOrder(t, w.rows(name), c.want)
		if strings.Contains(w.told(name), canary) {
			t.Errorf("%s: the secret is told", name)
		}
	}
}

// TestStoredReferences takes plain parameters: the newest value with each update.
func TestStoredReferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("/days", "String", "7")
	w.put("/secure", "SecureString", canary)
	body := `
Resources:
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: "l{{resolve:ssm:/days:1}}", RetentionInDays: "{{resolve:ssm:/days}}"}}
`
	w.want(w.create("s", body), types.StackStatusCreateComplete)
	w.put("/days", "String", "14")
	w.want(w.update("s", body), types.StackStatusUpdateComplete)
	groups, err := w.logs.DescribeLogGroups(w.ctx, &logs.DescribeLogGroupsInput{})
	if err != nil || *groups.LogGroups[0].LogGroupName != "l7" || *groups.LogGroups[0].RetentionInDays != 14 {
		t.Errorf("made %+v, %v", groups, err)
	}
	if told := w.told("s"); !strings.Contains(told, "{{resolve:ssm:/days}}") || strings.Contains(told, `\"14`) {
		t.Errorf("told %s", told)
	}
	w.refused(strings.Replace(body, "/days:1", "/days:9", 1), "ValidationError: Parameters: [ssm:/days:9] cannot be found.")
	w.refused(strings.Replace(body, "/days:1", "/days:", 1), "ValidationError: Incorrect format is used in the following SSM reference: [{{resolve:ssm:/days:}}]")
	w.refused(strings.Replace(body, "ssm:/days:1", "ssm:/secure", 1), "ValidationError: Parameters [/secure] referenced by template have types not supported by CloudFormation.")
	secure := strings.Replace(body, "ssm:/days:1", "ssm-secure:/secure", 1)
	const want = "SSM Secure reference is not supported in: [AWS::Logs::LogGroup/Properties/LogGroupName]"
	w.refused(secure, "ValidationError: "+want)
	in := &cfn.CreateChangeSetInput{StackName: aws.String("s"), ChangeSetName: aws.String("c"), TemplateBody: &secure}
	if _, err := w.CreateChangeSet(w.ctx, in); err != nil {
		t.Fatal(err)
	}
	w.until(func() bool {
		cs, err := w.DescribeChangeSet(w.ctx, &cfn.DescribeChangeSetInput{StackName: aws.String("s"), ChangeSetName: aws.String("c")})
		return err == nil && cs.Status == types.ChangeSetStatusFailed && aws.ToString(cs.StatusReason) == want
	})
	w.refused(body+"Outputs: {O: {Value: '{{resolve:ssm:/days}}'}}\n", "NotModelled: the orgship sandbox does not model dynamic references in Outputs (O)")
}

// TestParametersAndSecrets makes, changes and removes parameters and secrets.
func TestParametersAndSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `
Resources:
  Plain: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: one, Tags: {team: red}}}
  Password:
    Type: AWS::SecretsManager::Secret
    Properties:
      Description: of the database
      GenerateSecretString: {SecretStringTemplate: '{"username": "admin"}', GenerateStringKey: password, PasswordLength: 20, ExcludePunctuation: true}
  Given: {Type: AWS::SecretsManager::Secret, Properties: {Name: given, SecretString: s3cr3t-canary}}
  Copy: {Type: AWS::SSM::Parameter, Properties: {Name: copy, Type: String, Value: !Sub "${Plain.Type} ${Plain.Value} ${Plain}"}}
  Taken: {Type: AWS::SSM::Parameter, Properties: {Name: taken, Type: String, Value: !Join ["", ["{{resolve:secretsmanager:", !Ref Password, ":SecretString:password::}}"]]}}
Outputs: {Secret: {Value: !Ref Password}, Id: {Value: !GetAtt Given.Id}}
`
	w.want(w.create("s", body), types.StackStatusCreateComplete)
	plain, password := w.ids("s")["Plain"], w.ids("s")["Password"]
	if !strings.HasPrefix(plain, "CFN-Plain-") || !strings.Contains(password, ":secret:Password-") || w.parameter("copy") != "String one "+plain {
		t.Errorf("made %v; the copy is %q", w.ids("s"), w.parameter("copy"))
	}
	first := w.value(password)
	if first["username"] != "admin" || len(first["password"]) != 20 || w.parameter("taken") != first["password"] || strings.ContainsAny(first["password"], `!"#$%&'()*+,-./`) {
		t.Errorf("secret %v, taken %q", first, w.parameter("taken"))
	}
	if strings.Contains(w.told("s"), first["password"]) {
		t.Error("the password is told")
	}
	tags, err := w.ssm.ListTagsForResource(w.ctx, &ssm.ListTagsForResourceInput{ResourceType: "Parameter", ResourceId: &plain})
	if err != nil || len(tags.TagList) != 1 || *tags.TagList[0].Value != "red" {
		t.Errorf("tags %v, %v", tags, err)
	}

	w.want(w.update("s", strings.NewReplacer("Value: one", "Value: two", "PasswordLength: 20", "PasswordLength: 30", "{team: red}", "{unit: blue}").Replace(body)), types.StackStatusUpdateComplete)
	if got := w.value(password)["password"]; len(got) != 30 || w.parameter("copy") != "String two "+plain {
		t.Errorf("after the update: password of %d, copy %q", len(got), w.parameter("copy"))
	}
	w.want(w.delete("s"), types.StackStatusDeleteComplete)
	if out, err := w.secrets.ListSecrets(w.ctx, &secretsmanager.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)}); err != nil || len(out.SecretList) != 0 {
		t.Errorf("secrets are left: %v, %v", out, err)
	}
	w.refused(`Resources: {R: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: v, Policies: x}}}`, "NotModelled: the orgship sandbox does not model property Policies of AWS::SSM::Parameter")
	for properties, want := range map[string]string{
		"{SecretString: a, GenerateSecretString: {}}":                                         "You can't specify both",
		"{GenerateSecretString: {GenerateStringKey: a}}":                                      "must be given together",
		"{GenerateSecretString: {GenerateStringKey: a, SecretStringTemplate: s3cr3t-canary}}": "Failed to parse SecretStringTemplate as JSON",
		"{GenerateSecretString: {PasswordLength: 2}}":                                         "Password length is too short",
	} {
		w.want(w.create("bad", "Resources: {R: {Type: AWS::SecretsManager::Secret, Properties: "+properties+"}}"), types.StackStatusRollbackComplete)
		if rows := strings.Join(w.rows("bad"), "\n"); !strings.Contains(rows, want) || strings.Contains(rows, canary) {
			t.Errorf("%s: %s", properties, rows)
		}
		w.delete("bad")
	}
}

// value reads a secret that is a JSON document.
func (w *world) value(name string) map[string]string {
	w.t.Helper()
	out, err := w.secrets.GetSecretValue(w.ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		w.t.Fatal(err)
	}
	var value map[string]string
	if err := json.Unmarshal([]byte(*out.SecretString), &value); err != nil {
		w.t.Fatal(err)
	}
	return value
}

// TestGreenWithReference has a green deployment that the hook refuses.
func TestGreenWithReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.secret("memory", "512")
	referring := func(memory string) string { return web(t, `Memory: "512"`, `Memory: "`+memory+`"`) }
	w.want(w.create("web", referring("{{resolve:secretsmanager:memory}}"), w.parameters(blueImage)...), types.StackStatusCreateComplete)
	w.want(w.update("web", referring("{{resolve:secretsmanager:memory:SecretString}}"), w.parameters(blueImage)...), types.StackStatusUpdateRollbackComplete)
	if rows := strings.Join(w.rows("web"), "\n"); !strings.Contains(rows, "The dynamic reference {{resolve:secretsmanager:memory:SecretString}} can't be resolved") {
		t.Error(rows)
	}
}
