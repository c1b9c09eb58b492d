package access_test

import (
	"context"
	"fmt"
	"testing"

	"orgship/pipeline/access"
	"orgship/sandbox/clock"
	"orgship/sandbox/iam"
	"orgship/sandbox/organizations"
)

// What the check says before a deployment, the sandbox says when a task of
// that account pulls: for every account, and every form of pattern.
func TestAgreesWithSandbox(t *testing.T) {
	t.Parallel()
	users := iam.New(iam.Config{Clock: clock.Clock{}, Organization: organizations.Default(), Region: "eu-west-1"})
	sessions := map[string]context.Context{}
	for _, a := range everyone() {
		if err := users.AddRole(a.ID, "Execution", iam.TrustService("ecs-tasks.amazonaws.com"), iam.AmazonECSTaskExecutionRole); err != nil {
			t.Fatal(err)
		}
		ctx, err := users.ServiceSession(context.Background(), "arn:aws:iam::"+a.ID+":role/Execution", "ecs-tasks.amazonaws.com", "task")
		if err != nil {
			t.Fatal(err)
		}
		sessions[a.ID] = ctx
	}
	q := question()
	q.Role = "Execution"
	condition := func(operator, key, value string) string {
		return document(fmt.Sprintf(`,"Condition":{%q:{%q:%q}}`, operator, key, value))
	}
	policies := []string{"", document(""), condition("StringEquals", "aws:PrincipalOrgID", "o-sandbox001"),
		condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/Exec*"), condition("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::2*:role/*"),
		condition("StringLike", "aws:PrincipalOrgPaths", "*"), condition("Bool", "aws:PrincipalIsAWSService", "false"),
		condition("StringLike", "aws:PrincipalOrgPath", "*"), condition("ForAllValues:StringLike", "aws:PrincipalOrgIDs", "o-x"),
		condition("Null", "aws:PrincipalOrgID", "true"), condition("StringNotEquals", "aws:SourceVpc", "vpc-1"),
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":["222222222222","arn:aws:iam::333333333333:role/Execution"]},"Action":"ecr:*"}]}`,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"},{"Effect":"Deny","Principal":"*","Action":"ecr:*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"222222222222"}}}]}`,
	}
	for _, pattern := range []string{"o-sandbox001/*/ou-sbox-dev00001/*", "o-sandbox001/*/ou-sbox-dev00001/", "o-sandbox001/*/ou-sbox-dev00001",
		"o-sandbox001/r-sbox/ou-sbox-dev00001/ou-*", "o-sandbox001/*", "o-sandbox001/*/r-sbox/*", "*/ou-sbox-teama001/*"} {
		policies = append(policies, condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", pattern))
	}
	differing := map[bool]int{}
	for _, text := range policies {
		decisions, err := access.Evaluate(q, text, everyone())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range decisions {
			refused := error(nil)
			for _, action := range access.PullActions() {
				if err := users.AuthorizeWithPolicy(sessions[d.Account], action, q.Repository.ARN(), text); err != nil {
					refused = err
				}
			}
			differing[d.Allowed]++
			if d.Allowed != (refused == nil) {
				t.Errorf("account %s, policy %s\ncheck: %t, %s\nsandbox: %v", d.Account, text, d.Allowed, d.Reason, refused)
			}
		}
	}
	if differing[true] < 10 || differing[false] < 10 {
		t.Errorf("the policies tell too little apart: %v", differing)
	}
}
