package faults

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"orgship/pipeline/report"
)

// TestRolling plays situations of a service that ECS updates in place, with and
// without its circuit breaker.
func TestRolling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "two", "exits", "sick", "status404")
	for name, group := range map[string]struct {
		account, breaker string
		situations       []situation
	}{
		"alone":   {"dev-1", "false", rolls("dev-1", `(?s)^Now serving: sha256:\w+.*none lost.*[3-9] tasks of the new version failed, and none became healthy`)},
		"breaker": {"dev-2", "true", rolls("dev-2", `(?s)^Now serving: sha256:\w+.*none lost.*ECS Deployment Circuit Breaker was triggered`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &desk{w: w, t: t, account: group.account, file: "rolling.yaml"}
			d.makeShopOf(func(in *cloudformation.CreateStackInput) {
				in.Parameters = append(in.Parameters, types.Parameter{ParameterKey: aws.String("Breaker"), ParameterValue: &group.breaker})
			})
			for _, s := range group.situations {
				t.Run(s.name, func(t *testing.T) { d.on(t).play(s) })
			}
		})
	}
}

// rolls are the situations; failed is what a version that doesn't come up is told by.
func rolls(account, failed string) []situation {
	release := "release shop --account " + account + " REPO:"
	went := func(name, args, line string) situation {
		return situation{name: name, args: release + args, status: 1, verdict: report.Failed, outcome: report.RolledBack, line: line}
	}
	proved := `(?s)^Now serving: sha256:\w+, since .*\n.*by AWS's records all 2 tasks that get traffic run the image`
	good := func(name, args, serves string) situation {
		return situation{name: name, args: args + " --account " + account, verdict: report.Successful, outcome: report.Released, line: proved, serves: serves}
	}
	return []situation{
		{name: "a plan", args: release + "two --dry-run", verdict: report.Successful, outcome: report.Unchanged, line: `^Nothing was touched.*\n.*rolling update`},
		good("a good version", "release shop REPO:two --expect-body two", "two"),
		{name: "the same again", args: release + "two", verdict: report.Successful, outcome: report.Unchanged, line: "^Nothing was touched"},
		good("back", "rollback shop --expect-body one", "one"),
		good("and forth", "release shop REPO:two", "two"),
		went("it exits at once", "exits", failed),
		went("it is never healthy", "sick", failed),
		went("it says the wrong thing", "one --expect-body three", `answered wrongly.*\n.*body lacks "three"`),
		went("it answers 404", "status404", `answered wrongly.*\n.*status is 404`),
		good("a good one after all that", "release shop REPO:one --expect-body one", "one"),
	}
}
