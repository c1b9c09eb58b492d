package template_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/template"
)

func TestPullRole(t *testing.T) {
	t.Parallel()
	const task = "Parameters: {Role: {Type: String}}\nResources:\n  Task: {Type: AWS::ECS::TaskDefinition, Properties: {RequiresCompatibilities: [FARGATE]ROLE}}\n"
	made := func(properties string) string {
		return strings.Replace(task, "ROLE", ", ExecutionRoleArn: !GetAtt Puller.Arn", 1) + "  Puller: {Type: AWS::IAM::Role, Properties: {" + properties + "}}\n"
	}
	const allow = `{Statement: [{Effect: Allow, Action: "ecr:*", Resource: RES}]}`
	document := func(resource string) [][]byte {
		return [][]byte{[]byte(`{"Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"` + resource + `"}]}`)}
	}
	for _, test := range []struct {
		name, text string
		want       template.PullRole
	}{
		{"none on Fargate", strings.Replace(task, "ROLE", "", 1), template.PullRole{Needed: true}},
		{"none on instances", strings.NewReplacer("ROLE", "", "FARGATE", "EC2").Replace(task), template.PullRole{}},
		{"an ARN", strings.Replace(task, "ROLE", ", ExecutionRoleArn: arn:aws:iam::1:role/x", 1), template.PullRole{ARN: "arn:aws:iam::1:role/x"}},
		{"a parameter", strings.Replace(task, "ROLE", ", ExecutionRoleArn: !Ref Role", 1), template.PullRole{ARN: "arn:given"}},
		{"an import", strings.Replace(task, "ROLE", ", ExecutionRoleArn: !ImportValue Role", 1), template.PullRole{}},
		{"one without any policy", made(""), template.PullRole{Resource: "Puller", Whole: true}},
		{"managed policies", made("ManagedPolicyArns: [arn:a]"), template.PullRole{Resource: "Puller", Whole: true, Managed: []string{"arn:a"}}},
		{"a managed policy by a function", made("ManagedPolicyArns: [!Ref Role]"), template.PullRole{Resource: "Puller"}},
		{"policies of its own", made("Policies: [{PolicyName: p, PolicyDocument: " + strings.Replace(allow, "RES", `"*"`, 1) + "}]"),
			template.PullRole{Resource: "Puller", Whole: true, Documents: document("*")}},
		{"a resource by a function", made("Policies: [{PolicyName: p, PolicyDocument: " + strings.Replace(allow, "RES", "!Sub 'arn:${Role}'", 1) + "}]"),
			template.PullRole{Resource: "Puller", Whole: true, Documents: document("*")}},
		{"a denied resource by a function", made("Policies: [{PolicyName: p, PolicyDocument: " + strings.NewReplacer("RES", "!Ref Role", "Allow", "Deny").Replace(allow) + "}]"),
			template.PullRole{Resource: "Puller"}},
		{"attached from outside", made("") + "  More: {Type: AWS::IAM::Policy, Properties: {Roles: [!Ref Puller], PolicyDocument: " + strings.Replace(allow, "RES", `"*"`, 1) + "}}\n",
			template.PullRole{Resource: "Puller", Whole: true, Documents: document("*")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			parsed, err := template.Parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, parsed.PullRole(map[string]string{"Role": "arn:given"})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
