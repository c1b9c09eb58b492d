package access_test

import (
	"fmt"
	"strings"
	"testing"

	"orgship/pipeline/access"
	"orgship/pipeline/report"
)

// pulling is a statement that lets a unit pull, but for what replaces parts of it:
// an element of the statement and its value, in JSON.
func pulling(elements ...string) string {
	parts := []string{`"Sid":"Pull"`, `"Effect":"Allow"`}
	for _, element := range append([]string{`"Principal":"*"`,
		`"Action":["ecr:BatchGetImage","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer"]`,
		`"Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-sandbox001/*/ou-sbox-dev00001/*"}}`}, elements...) {
		name, _, _ := strings.Cut(element, ":")
		replaced := false
		for i, part := range parts {
			if strings.HasPrefix(part, name+":") {
				parts[i], replaced = element, true
			}
		}
		if !replaced {
			parts = append(parts, element)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// when is a condition of one operator and key.
func when(operator, key, values string) string {
	return fmt.Sprintf(`"Condition":{%q:{%q:%s}}`, operator, key, values)
}

func statements(list ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

// TestHints is the table of what goes wrong with a policy that is meant for the
// account, and of what may be meant otherwise. The account is dev-1 if no other is named.
func TestHints(t *testing.T) {
	t.Parallel()
	const unit, right = `"o-sandbox001/*/ou-sbox-dev00001/*"`, `: write "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-sandbox001/*/ou-sbox-dev00001/*"}`
	path := func(value string) string {
		return pulling(when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", `"`+value+`"`))
	}
	denying := func(elements ...string) string {
		return pulling(append([]string{`"Sid":"No"`, `"Effect":"Deny"`, `"Condition":{}`}, elements...)...)
	}
	for _, test := range []struct{ name, account, policy, want string }{
		{"an action is missing", "", statements(pulling(`"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`)),
			`statement "Pull": ecr:BatchCheckLayerAvailability is missing from its Action`},
		{"two actions are missing", "", statements(pulling(`"Action":"ecr:BatchGetImage"`)),
			`statement "Pull": ecr:BatchCheckLayerAvailability is missing from its Action; and ecr:GetDownloadUrlForLayer is missing from its Action`},
		{"an action is misspelt", "", statements(pulling(`"Action":["ecr:BatchGetImages","ecr:BatchCheck*","ecr:GetDownloadUrlForLayer"]`)),
			`statement "Pull": ecr:BatchGetImage is missing from its Action`},
		{"another statement has the action", "", statements(pulling(`"Action":["ecr:BatchGetImage"]`), pulling(`"Sid":"More"`, `"Action":["ecr:BatchCheckLayerAvailability"]`)),
			`statement "Pull": ecr:GetDownloadUrlForLayer is missing from its Action`},
		{"no name", "", `{"Statement":` + strings.Replace(pulling(`"Action":["ecr:Batch*"]`), `"Sid":"Pull",`, "", 1) + `}`,
			`statement 1: ecr:GetDownloadUrlForLayer is missing from its Action`},

		{"double slash", "", statements(path("o-sandbox001//ou-sbox-dev00001/*")), `statement "Pull": an org path has no "//"` + right},
		{"no slash at the end", "", statements(path("o-sandbox001/*/ou-sbox-dev00001")), `statement "Pull": an org path ends in "/"` + right},
		{"no root", "", statements(path("o-sandbox001/ou-sbox-dev00001/*")), `statement "Pull": between organization and OU is the root` + right},
		{"no organization", "", statements(path("r-sbox/ou-sbox-dev00001/*")), `statement "Pull": an org path begins with the organization's id` + right},
		{"an OU alone", "", statements(path("ou-sbox-dev00001")), `statement "Pull": an org path begins with the organization's id` + right},
		{"a slash before", "", statements(path("/o-sandbox001/*/ou-sbox-dev00001/*")), `statement "Pull": an org path is organization, root, OUs, in this order` + right},
		{"OU before the root", "", statements(path("o-sandbox001/ou-sbox-dev00001/r-sbox/")), `statement "Pull": an org path is organization, root, OUs, in this order` + right},
		{"organization last", "", statements(path("ou-sbox-dev00001/r-sbox/o-sandbox001/*")), `statement "Pull": an org path is organization, root, OUs, in this order` + right},
		{"the root's id as OU", "", statements(path("o-sandbox001/*/r-sbox/*")),
			`statement "Pull": the root follows the organization, and isn't an OU: write "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-sandbox001/*"}`},
		{"a colon", "", statements(path("o-sandbox001/*/ou-sbox-dev00001:*")), ""},
		{"a colon before the wildcard", "", statements(path("o-sandbox001/*/ou-sbox-dev00001/:*")), `statement "Pull": an org path has no ":"` + right},
		{"upper case", "", statements(path("o-sandbox001/*/OU-SBOX-DEV00001/*")), `statement "Pull": ids are in lower case` + right},
		{"an organization alone", "", statements(path("o-sandbox001")),
			`statement "Pull": an org path ends in "/": write "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-sandbox001/*"}`},
		{"no wildcard for what is below", "team-a", statements(path("o-sandbox001/r-sbox/ou-sbox-dev00001/")),
			`statement "Pull": "o-sandbox001/r-sbox/ou-sbox-dev00001/" does not mean all accounts in and below ou-sbox-dev00001` + right},
		{"only what is below", "", statements(path("o-sandbox001/*/ou-sbox-dev00001/*/")),
			`statement "Pull": "o-sandbox001/*/ou-sbox-dev00001/*/" does not mean all accounts in and below ou-sbox-dev00001` + right},
		{"one of two paths", "", statements(pulling(when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", `["o-sandbox001/*/ou-sbox-prod0001/*","o-sandbox001/*/ou-sbox-dev00001"]`))),
			`statement "Pull": an org path ends in "/": write "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-sandbox001/*/ou-sbox-prod0001/*","o-sandbox001/*/ou-sbox-dev00001/*"]}`},

		{"StringEquals with a wildcard", "", statements(pulling(when("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", unit))),
			`statement "Pull": StringEquals takes "*" and "?" literally` + right},
		{"StringEquals with a wildcard, without a set operator", "", statements(pulling(when("StringEquals", "aws:PrincipalOrgPaths", unit))),
			`statement "Pull": StringEquals takes "*" and "?" literally` + right},
		{"StringEqualsIgnoreCase with a wildcard", "", statements(pulling(when("ForAnyValue:StringEqualsIgnoreCase", "aws:PrincipalOrgPaths", unit))),
			`statement "Pull": StringEqualsIgnoreCase takes "*" and "?" literally` + right},
		{"StringEquals of another key", "", statements(pulling(when("StringEquals", "aws:PrincipalAccount", `"2222*"`))),
			`statement "Pull": StringEquals takes "*" and "?" literally: write "StringLike": {"aws:PrincipalAccount": "2222*"}`},
		{"ForAllValues with a wildcard", "", statements(pulling(when("ForAllValues:StringEquals", "aws:PrincipalOrgPaths", unit))),
			`statement "Pull": StringEquals takes "*" and "?" literally` + right},
		{"no set operator", "", statements(pulling(when("StringLike", "aws:PrincipalOrgPaths", unit))),
			`statement "Pull": a key of several values needs ForAnyValue or ForAllValues` + right},
		{"StringEquals, no slash", "", statements(pulling(when("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", `"o-sandbox001/*/ou-sbox-dev00001"`))),
			`statement "Pull": an org path ends in "/", StringEquals takes "*" and "?" literally` + right},

		{"a key misspelt", "", statements(pulling(when("ForAnyValue:StringLike", "aws:PrincipalOrgPath", unit))), `statement "Pull": AWS has no condition key aws:PrincipalOrgPath` + right},
		{"a key written out", "", statements(pulling(when("StringEquals", "aws:PrincipalOrganizationId", `"o-sandbox001"`))),
			`statement "Pull": AWS has no condition key aws:PrincipalOrganizationId: write "StringEquals": {"aws:PrincipalOrgID": "o-sandbox001"}`},
		{"an OU as the organization's id", "", statements(pulling(when("StringEquals", "aws:PrincipalOrgID", `"ou-sbox-dev00001"`))),
			`statement "Pull": aws:PrincipalOrgID is the organization's id alone, never that of a root or OU, an org path begins with the organization's id` + right},
		{"a path as the organization's id", "", statements(pulling(when("StringLike", "aws:PrincipalOrgID", unit))),
			`statement "Pull": aws:PrincipalOrgID is the organization's id alone, never that of a root or OU` + right},
		{"two slips", "", statements(pulling(`"Action":["ecr:Batch*"]`, when("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", unit))),
			`statement "Pull": StringEquals takes "*" and "?" literally` + right + `; and ecr:GetDownloadUrlForLayer is missing from its Action`},

		{"another organization's path", "", statements(path("o-other00001/*/ou-sbox-dev00001/*")), `statement "Pull": it is for organization o-other00001, and the account is in o-sandbox001`},
		{"another organization's id", "", statements(pulling(when("StringEquals", "aws:PrincipalOrgID", `"o-other00001"`))),
			`statement "Pull": it is for organization o-other00001, and the account is in o-sandbox001`},
		{"another OU", "prod-1", statements(pulling()),
			`statement "Pull": it is for ou-sbox-dev00001, where the account is not: share the repository with the account's unit (orgship share), or move the account`},
		{"no OU", "management", statements(pulling()),
			`statement "Pull": it is for ou-sbox-dev00001, where the account is not: share the repository with the account's unit (orgship share), or move the account`},
		{"another account", "", statements(pulling(`"Principal":{"AWS":["333333333333","arn:aws:iam::444444444444:root"]}`)),
			`statement "Pull": its Principal is 333333333333, arn:aws:iam::444444444444:root, not account 222222222222: add {"AWS": "arn:aws:iam::222222222222:root"}`},
		{"a service", "", statements(pulling(`"Principal":{"Service":"ecs-tasks.amazonaws.com"}`)),
			`statement "Pull": its Principal is the service ecs-tasks.amazonaws.com, but a role of the account pulls, the task's execution role: add {"AWS": "arn:aws:iam::222222222222:root"}`},
		{"denied", "", statements(pulling(), denying(`"Action":"ecr:GetDownloadUrlForLayer"`)),
			`statement "No": it denies the account ecr:GetDownloadUrlForLayer, and a Deny outweighs every Allow: make an exception of the account there`},
		{"the owner is denied", "shared-services", statements(denying()),
			`statement "No": it denies the account ecr:BatchGetImage, and a Deny outweighs every Allow: make an exception of the account there`},
		{"denied by a wildcard", "", statements(pulling(), denying(when("ForAllValues:StringNotEquals", "aws:PrincipalOrgPaths", unit))),
			`statement "No": StringNotEquals takes "*" and "?" literally: write "ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": ` + unit + `}`},
		{"denied for want of a set operator", "", statements(pulling(), denying(when("StringNotLike", "aws:PrincipalOrgPaths", unit))),
			`statement "No": a key of several values needs ForAnyValue or ForAllValues: write "ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": ` + unit + `}`},
		{"outside, and denied", "prod-1", statements(pulling(), denying(when("StringEquals", "aws:PrincipalAccount", `"555555555555"`))),
			`statement "Pull": it is for ou-sbox-dev00001, where the account is not: share the repository with the account's unit (orgship share), or move the account; ` +
				`statement "No": it denies the account ecr:BatchGetImage, and a Deny outweighs every Allow: make an exception of the account there`},
		{"the statement with fewer slips", "", statements(pulling(`"Sid":"Far"`, `"Action":["ecr:BatchGetImage"]`, when("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", unit)),
			pulling(when("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", unit))), `statement "Pull": StringEquals takes "*" and "?" literally` + right},
		{"a slip rather than another OU", "", statements(path("o-sandbox001/*/ou-sbox-prod0001/*"), pulling(`"Sid":"Dev"`, when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", `"o-sandbox001/*/ou-sbox-dev00001"`))),
			`statement "Dev": an org path ends in "/"` + right},

		{"may pull", "", statements(pulling()), ""},
		{"no policy", "", "", ""},
		{"not about pulling", "", statements(pulling(`"Action":["ecr:PutImage"]`)), ""},
		{"all but pulling", "", statements(`{"Effect":"Allow","Principal":"*","NotAction":"ecr:Batch*"}`), ""},
		{"from a network", "", statements(pulling(when("StringEquals", "aws:SourceVpc", `"vpc-1"`))), ""},
		{"unless from a network", "", statements(pulling(), denying(when("StringNotEquals", "aws:SourceVpc", `"vpc-1"`))), ""},
		{"a slip, and a network", "", statements(pulling(`"Condition":{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":` + unit + `},"StringEquals":{"aws:SourceVpc":"vpc-1"}}`)), ""},
		{"by a role, which isn't known", "", statements(pulling(`"Principal":{"AWS":"arn:aws:iam::222222222222:role/Execution"}`)), ""},
		{"for whom is no organization", "stranger", statements(pulling()), ""},
		{"a key of that kind is new to us", "", statements(pulling(when("StringEquals", "aws:PrincipalTemperature", `"o-sandbox001"`))), ""},
		{"an escaped wildcard", "", statements(pulling(when("StringEquals", "aws:PrincipalAccount", `"${*}"`))), ""},
		{"everybody else", "", statements(pulling(when("ForAllValues:StringNotLike", "aws:PrincipalOrgPaths", unit))), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := of(t, test.account, question(), test.policy).Hint; got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// of evaluates a policy for one account; "" is dev-1.
func of(t *testing.T, account string, q access.Question, text string) report.Access {
	t.Helper()
	decisions, err := access.Evaluate(q, text, everyone())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range decisions {
		if d.Name == account || (account == "" && d.Name == "dev-1") {
			return d
		}
	}
	t.Fatalf("no account %q", account)
	return report.Access{}
}

// A role that is named beside the one that pulls.
func TestHintOfRole(t *testing.T) {
	t.Parallel()
	q := question()
	q.Role = "Execution"
	d := of(t, "", q, statements(pulling(`"Principal":{"AWS":"arn:aws:iam::222222222222:role/Other"}`)))
	const want = `statement "Pull": its Principal is arn:aws:iam::222222222222:role/Other, not arn:aws:iam::222222222222:role/Execution: add {"AWS": "arn:aws:iam::222222222222:root"}`
	if d.Hint != want {
		t.Errorf("got  %s\nwant %s", d.Hint, want)
	}
}

// Whatever two conditions, principals and actions stand together: a hint is only
// for whoever may not pull, and a condition that it says to write lets the account in
// when it is written.
func TestHintsHold(t *testing.T) {
	t.Parallel()
	hints := 0
	for _, operator := range []string{"StringEquals", "StringLike", "ForAnyValue:StringEquals", "ForAnyValue:StringLike", "ForAllValues:StringLike", "ForAnyValue:StringNotLike"} {
		for _, key := range []string{"aws:PrincipalOrgPaths", "aws:PrincipalOrgPath", "aws:PrincipalOrgID", "aws:PrincipalOrgIDs"} {
			for _, value := range []string{"o-sandbox001", "o-sandbox001/*/ou-sbox-dev00001/*", "o-sandbox001//ou-sbox-dev00001", "ou-sbox-dev00001", "o-other00001/*/ou-sbox-dev00001/", "*", "x", ""} {
				text := statements(pulling(when(operator, key, `"`+value+`"`)))
				decisions, err := access.Evaluate(question(), text, everyone())
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range decisions {
					if d.Hint == "" {
						continue
					}
					hints++
					if d.Allowed || !strings.HasPrefix(d.Hint, `statement "Pull": `) {
						t.Errorf("%s %s: allowed %t: %s", d.Name, text, d.Allowed, d.Hint)
					}
					if _, condition, found := strings.Cut(d.Hint, ": write "); found && !strings.Contains(condition, "; and ") {
						if mended := statements(pulling(`"Condition":{` + condition + `}`)); !of(t, d.Name, question(), mended).Allowed {
							t.Errorf("%s %s\nis told %s", d.Name, text, d.Hint)
						}
					}
				}
			}
		}
	}
	if hints < 100 {
		t.Errorf("only %d hints", hints)
	}
}
