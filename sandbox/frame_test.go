package sandbox_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orgship/sandbox"
)

// TestAWSCLIParametersAndSecrets takes a parameter, a secret and stacks that use
// them through their life with the CLI alone. The secret is told to nobody else.
func TestAWSCLIParametersAndSecrets(t *testing.T) {
	t.Parallel()
	needsCLI(t)
	const canary = "s3cr3t-canary"
	w := newWorld(t, sandbox.Options{})
	file := func(name, body string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	}
	values := map[string]string{
		"from": file("from.yaml", `
Parameters: {BootstrapVersion: {Type: "AWS::SSM::Parameter::Value<String>", Default: /cdk-bootstrap/hnb659fds/version}}
Rules: {Check: {Assertions: [{Assert: !Not [!Contains [["1", "5"], !Ref BootstrapVersion]], AssertDescription: too old}]}}
Resources: {CDKMetadata: {Type: AWS::CDK::Metadata, Properties: {Analytics: x}}, P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: "{{resolve:secretsmanager:db}}"}}}
Outputs: {Name: {Value: !Ref P, Export: {Name: shared}}}
`),
		"to": file("to.yaml", `Resources: {L: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !ImportValue shared}}}`),
	}
	steps := []struct {
		row
		settle string
	}{
		{row: row{command: "ssm get-parameter --name /cdk-bootstrap/hnb659fds/version", query: "Parameter.[Type,ARN,Version]", want: `String\tarn:aws:ssm:eu-west-1:222222222222:parameter/cdk-bootstrap/hnb659fds/version\t1`}},
		{row: row{command: "ssm put-parameter --name /app/key --type SecureString --value " + canary + " --tags Key=team,Value=red", query: "[Version,Tier]", want: `1\tStandard`}},
		{row: row{command: "ssm put-parameter --name /app/key --type SecureString --value " + canary, fails: "(ParameterAlreadyExists) when calling the PutParameter operation: The parameter already exists."}},
		{row: row{command: "ssm put-parameter --name /app/key --value x2 --overwrite", query: "Version", want: `2`}},
		{row: row{command: "ssm get-parameters --names /app/key:1 nothing --with-decryption", query: "[Parameters[].[Value,Selector],InvalidParameters]", want: canary + `\t:1\nnothing`}},
		{row: row{command: "ssm get-parameters-by-path --path /app", query: "Parameters[].[Name,starts_with(Value,'AQICAH')]", want: `/app/key\tTrue`}},
		{row: row{command: "ssm get-parameter-history --name /app/key --with-decryption", query: "Parameters[].[Version,Value,KeyId]", want: `1\t` + canary + `\talias/aws/ssm\n2\tx2\talias/aws/ssm`}},
		{row: row{command: "ssm describe-parameters --parameter-filters Key=tag:team,Values=red", query: "Parameters[].Name", want: `/app/key`}},
		{row: row{command: "ssm add-tags-to-resource --resource-type Parameter --resource-id /app/key --tags Key=unit,Value=a"}},
		{row: row{command: "ssm remove-tags-from-resource --resource-type Parameter --resource-id /app/key --tag-keys team"}},
		{row: row{command: "ssm list-tags-for-resource --resource-type Parameter --resource-id /app/key", query: "TagList[].[Key,Value]", want: `unit\ta`}},
		{row: row{command: "ssm get-parameter --name /app/key:live", fails: "(NotModelled) when calling the GetParameter operation: the orgship sandbox does not model labels of parameters"}},
		{row: row{command: "ssm label-parameter-version --name /app/key --labels live", fails: "the orgship sandbox does not model"}},
		{row: row{command: "ssm delete-parameter --name /app/key"}},
		{row: row{command: "ssm delete-parameters --names /app/key", query: "InvalidParameters", want: `/app/key`}},
		{row: row{command: "ssm get-parameter --name /app/key", fails: "(ParameterNotFound) when calling the GetParameter operation"}},
		{row: row{command: "secretsmanager get-random-password --password-length 40 --exclude-punctuation", query: "length(RandomPassword)", want: `40`}},
		{row: row{command: "secretsmanager create-secret --name db --secret-string first --tags Key=team,Value=red", query: "ARN", want: `arn:aws:secretsmanager:eu-west-1:222222222222:secret:db-\w{6}`}},
		{row: row{command: "secretsmanager put-secret-value --secret-id db --secret-string " + canary, query: "VersionStages", want: `AWSCURRENT`}},
		{row: row{command: "secretsmanager get-secret-value --secret-id db --version-stage AWSPREVIOUS", query: "SecretString", want: `first`}},
		{row: row{command: "secretsmanager update-secret --secret-id db --description of-the-database", query: "Name", want: `db`}},
		{row: row{command: "secretsmanager tag-resource --secret-id db --tags Key=unit,Value=a"}},
		{row: row{command: "secretsmanager untag-resource --secret-id db --tag-keys team"}},
		{row: row{command: "secretsmanager describe-secret --secret-id db", query: "[Description,Tags[].Key,length(values(VersionIdsToStages))]", want: `of-the-database\t2\nunit`}},
		{row: row{command: "secretsmanager list-secrets --filters Key=name,Values=d", query: "SecretList[].Name", want: `db`}},
		{row: row{command: "secretsmanager get-resource-policy --secret-id db", fails: "the orgship sandbox does not model"}},
		{row: row{command: "secretsmanager rotate-secret --secret-id db", fails: "the orgship sandbox does not model"}},
		{row: row{command: "cloudformation create-stack --stack-name from --template-body {from}", query: "StackId", want: `.+`}},
		{settle: "from", row: row{command: "cloudformation describe-stacks --stack-name from", query: "Stacks[].[StackStatus,Parameters[0].ResolvedValue,Outputs[0].ExportName]", want: `CREATE_COMPLETE\t\d+\tshared`}},
		{row: row{command: "cloudformation list-exports", query: "Exports[].[Name,starts_with(Value,'CFN-P-')]", want: `shared\tTrue`}},
		{row: row{command: "cloudformation create-stack --stack-name to --template-body {to}", query: "StackId", want: `.+`}},
		{settle: "to", row: row{command: "cloudformation list-imports --export-name shared", query: "Imports", want: `to`}},
		{row: row{command: "cloudformation delete-stack --stack-name from"}},
		{settle: "from", row: row{command: "cloudformation describe-stacks --stack-name from", query: "Stacks[].[StackStatus,StackStatusReason]", want: `CREATE_COMPLETE\tExport shared cannot be deleted as it is in use by to`}},
		{row: row{command: "cloudformation describe-stack-events --stack-name from", query: "StackEvents[].ResourceProperties", want: `(.*\{\{resolve:secretsmanager:db\}\}.*)`}},
		{row: row{command: "cloudformation delete-stack --stack-name to"}},
	}
	for _, step := range steps {
		if step.settle != "" {
			w.settle("dev-1", step.settle)
		}
		step.account = "dev-1"
		if err := w.check(values, step.row); err != nil {
			t.Fatalf("aws %s: %v", step.command, err)
		}
	}
	eventually(t, "the importing stack to be gone", func() bool {
		out, err := w.aws("dev-1", "cloudformation", "list-stacks", "--stack-status-filter", "DELETE_COMPLETE", "--query", "StackSummaries[].StackName", "--output", "text")
		return err == nil && out == "to"
	})
	w.run(nil, []row{
		{account: "dev-1", command: "cloudformation delete-stack --stack-name from"},
		{account: "dev-1", command: "secretsmanager delete-secret --secret-id db --recovery-window-in-days 7", query: "Name", want: `db`},
	})
	w.run(nil, []row{{account: "dev-1", command: "secretsmanager restore-secret --secret-id db", query: "Name", want: `db`}})
	calls, err := json.Marshal(w.Calls())
	state := must(w.State(w.ctx))(t)
	if err != nil || strings.Contains(string(calls), canary) || strings.Contains(state.String(), canary) || !strings.Contains(state.String(), "secretsmanager:secret db") {
		t.Errorf("calls, or state, tell a secret: %v\n%s", err, state)
	}
	w.run(nil, []row{{account: "dev-1", command: "secretsmanager delete-secret --secret-id db --force-delete-without-recovery", query: "Name", want: `db`}})
	eventually(t, "the stack to be gone", func() bool { return len(must(w.State(w.ctx))(t)) == 0 })
}
