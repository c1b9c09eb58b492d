package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"orgship/pipeline/account"
	"orgship/pipeline/release"
	"orgship/pipeline/report"
	"orgship/pipeline/session"
)

// A role that can't pull is refused before anything is touched, whether the
// template makes it or it is there already.
func TestRoleThatCannotPull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body, err := os.ReadFile("testdata/stranger.yaml")
	if err != nil {
		t.Fatal(err)
	}
	roles := iam.NewFromConfig(w.config(w.dev.Name))
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	made, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("bare"), AssumeRolePolicyDocument: aws.String(trust)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("bare"), PolicyName: aws.String("logs+more"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	managed := `ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]`
	image := w.stranger("pull", map[string]string{"SAY": "one"})
	releaser := func(t *testing.T) *release.Releaser {
		t.Helper()
		cfg, err := session.New(account.NewAccounts(w.config("management"), account.OrganizationRole), speed).Configure(t.Context(), w.dev.ID)
		if err != nil {
			t.Fatal(err)
		}
		return release.New(cfg)
	}
	for name, test := range map[string]struct{ from, to, text, hint string }{
		"of the template": {managed, "", "execution role Puller may not ecr:GetAuthorizationToken", "ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy]"},
		"there already":   {"!GetAtt Puller.Arn", aws.ToString(made.Role.Arn), "execution role bare may not ecr:GetAuthorizationToken", "aws iam attach-role-policy --role-name bare"},
		"none":            {"ExecutionRoleArn: !GetAtt Puller.Arn", "", "no ExecutionRoleArn", "add a role"},
	} {
		t.Run(name, func(t *testing.T) {
			req := release.Request{
				Stack: "pulls", Template: []byte(strings.Replace(string(body), test.from, test.to, 1)), Image: image,
				Capabilities: []string{"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"},
				Parameters:   map[string]string{"Network": w.dev.VPCID, "ZoneA": w.dev.SubnetIDs[0], "ZoneB": w.dev.SubnetIDs[1], "Version": "pull"},
			}
			r, err := releaser(t).Release(t.Context(), req)
			must(t, r, err, report.Failed, report.Refused)
			if !strings.Contains(r.Summary, test.text) || !strings.Contains(r.Errors[0].Hint, test.hint) {
				t.Errorf("%s; hint %q", r.Summary, r.Errors[0].Hint)
			}
			if state, err := w.box.State(t.Context()); err != nil || len(state[w.dev.ID]["cloudformation:stack"]) > 0 {
				t.Errorf("something was touched: %v, error %v", state[w.dev.ID], err)
			}
		})
	}
}
