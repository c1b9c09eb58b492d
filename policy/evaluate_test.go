package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"orgship/policy"
)

const (
	repository = "arn:aws:ecr:eu-west-1:111111111111:repository/demo"
	userARN    = "arn:aws:iam::111111111111:user/ann"
	roleARN    = "arn:aws:iam::222222222222:role/app/Execution"
	sessionARN = "arn:aws:sts::222222222222:assumed-role/Execution/task"
)

func insider() policy.Principal { return policy.Principal{Account: "111111111111", ARN: userARN} }
func outsider() policy.Principal {
	return policy.Principal{Account: "222222222222", ARN: sessionARN, RoleARN: roleARN}
}

// document parses the statements of a document.
func document(t *testing.T, statements string) *policy.Document {
	t.Helper()
	if statements == "" {
		return nil
	}
	d, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`))
	if err != nil {
		t.Fatalf("%v\n%s", err, statements)
	}
	return d
}

func identities(t *testing.T, statements string) []*policy.Document {
	t.Helper()
	if statements == "" {
		return nil
	}
	return []*policy.Document{document(t, statements)}
}

const (
	identityAllow = `{"Effect":"Allow","Action":"ecr:*","Resource":"*"}`
	identityDeny  = `{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:BatchGetImage","Resource":"*"}`
)

// resourceAllow allows a principal, given as JSON, in a resource policy.
func resourceAllow(principal string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Principal":%s,"Action":"ecr:BatchGetImage"}`, principal)
}

func resourceDeny(principal string) string {
	return resourceAllow(`"*"`) + fmt.Sprintf(`,{"Effect":"Deny",%s,"Action":"ecr:*"}`, principal)
}

// TestSides is the logic of one account and of two, and of who is named how:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
func TestSides(t *testing.T) {
	t.Parallel()
	service := policy.Principal{Service: "ecs.amazonaws.com"}
	const providerARN = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
	token, provider := policy.Principal{Federated: providerARN}, `{"Federated":"`+providerARN+`"}`
	root1, root2 := `{"AWS":"arn:aws:iam::111111111111:root"}`, `{"AWS":"222222222222"}`
	for _, test := range []struct {
		name               string
		who                policy.Principal
		identity, resource string
		allowed, explicit  bool
		side               policy.Side
	}{
		{"same account, nothing", insider(), "", "", false, false, policy.Identity},
		{"same account, identity", insider(), identityAllow, "", true, false, policy.Identity},
		{"same account, resource names everyone", insider(), "", resourceAllow(`"*"`), true, false, policy.Resource},
		{"same account, resource names the user", insider(), "", resourceAllow(`{"AWS":"` + userARN + `"}`), true, false, policy.Resource},
		{"same account, resource names the account", insider(), "", resourceAllow(root1), false, false, policy.Identity},
		{"same account, resource names the account, identity too", insider(), identityAllow, resourceAllow(root1), true, false, policy.Identity},
		{"same account, resource names another", insider(), "", resourceAllow(root2), false, false, policy.Identity},
		{"same account, identity denies", insider(), identityDeny, resourceAllow(`"*"`), false, true, policy.Identity},
		{"same account, resource denies", insider(), identityAllow, resourceDeny(`"Principal":"*"`), false, true, policy.Resource},
		{"two accounts, identity only", outsider(), identityAllow, "", false, false, policy.Resource},
		{"two accounts, resource only", outsider(), "", resourceAllow(`"*"`), false, false, policy.Identity},
		{"two accounts, both by account", outsider(), identityAllow, resourceAllow(root2), true, false, policy.Resource},
		{"two accounts, both by role", outsider(), identityAllow, resourceAllow(`{"AWS":["` + userARN + `","` + roleARN + `"]}`), true, false, policy.Resource},
		{"two accounts, both by session", outsider(), identityAllow, resourceAllow(`{"AWS":"` + sessionARN + `"}`), true, false, policy.Resource},
		{"two accounts, resource names another", outsider(), identityAllow, resourceAllow(root1), false, false, policy.Resource},
		{"two accounts, resource denies the account", outsider(), identityAllow, resourceDeny(`"Principal":` + root2), false, true, policy.Resource},
		{"service by name", service, "", resourceAllow(`{"Service":"ecs.amazonaws.com"}`), true, false, policy.Resource},
		{"another service", service, "", resourceAllow(`{"Service":"lambda.amazonaws.com"}`), false, false, policy.Resource},
		{"service by everyone", service, "", resourceAllow(`"*"`), true, false, policy.Resource},
		{"anonymous by everyone", policy.Principal{}, "", resourceAllow(`"*"`), true, false, policy.Resource},
		{"anonymous, account named", policy.Principal{}, "", resourceAllow(root1), false, false, policy.Resource},
		{"federated is no user", insider(), "", resourceAllow(`{"Federated":"accounts.google.com"}`), false, false, policy.Identity},
		{"token of the provider", token, "", resourceAllow(provider), true, false, policy.Resource},
		{"token of another provider", token, "", resourceAllow(`{"Federated":"arn:aws:iam::111111111111:oidc-provider/example.com"}`), false, false, policy.Resource},
		{"token, account named", token, "", resourceAllow(root1), false, false, policy.Resource},
		{"token by everyone", token, "", resourceAllow(`"*"`), true, false, policy.Resource},
		{"token denied", token, "", resourceDeny(`"Principal":` + provider), false, true, policy.Resource},
		{"NotPrincipal names the provider", token, "", resourceDeny(`"NotPrincipal":` + provider), true, false, policy.Resource},
		{"NotPrincipal names account and role", outsider(), identityAllow, resourceDeny(`"NotPrincipal":{"AWS":["222222222222","` + roleARN + `"]}`), true, false, policy.Resource},
		{"NotPrincipal names the role alone", outsider(), identityAllow, resourceDeny(`"NotPrincipal":{"AWS":"` + roleARN + `"}`), false, true, policy.Resource},
		{"NotPrincipal names the account alone", outsider(), identityAllow, resourceDeny(`"NotPrincipal":{"AWS":"222222222222"}`), false, true, policy.Resource},
		{"NotPrincipal names the service", service, "", resourceDeny(`"NotPrincipal":{"Service":"ecs.amazonaws.com"}`), true, false, policy.Resource},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := policy.Evaluate(policy.Request{
				Principal: test.who, Action: "ecr:BatchGetImage", Resource: repository,
				Identity: identities(t, test.identity), ResourcePolicy: document(t, test.resource),
			})
			if d.Allowed != test.allowed || d.Explicit != test.explicit || d.Side != test.side {
				t.Errorf("got allowed %t, explicit %t, side %q; want %t, %t, %q\n%s",
					d.Allowed, d.Explicit, d.Side, test.allowed, test.explicit, test.side, d.Reason)
			}
		})
	}
}

// A trust policy must allow within one account too, where other resource
// policies need not.
func TestTrust(t *testing.T) {
	t.Parallel()
	trust := func(principal string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}`
	}
	identity := `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}`
	for _, test := range []struct {
		name, identity, trust string
		want                  bool
		side                  policy.Side
	}{
		{"identity alone", identity, trust(`{"AWS":"222222222222"}`), false, policy.Trust},
		{"by account, no identity", "", trust(`{"AWS":"111111111111"}`), false, policy.Identity},
		{"by account and identity", identity, trust(`{"AWS":"111111111111"}`), true, policy.Identity},
		{"by user", "", trust(`{"AWS":"` + userARN + `"}`), true, policy.Trust},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := policy.Evaluate(policy.Request{
				Principal: insider(), Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/R",
				Identity: identities(t, test.identity), ResourcePolicy: document(t, test.trust), Trust: true,
			})
			if d.Allowed != test.want || d.Side != test.side {
				t.Errorf("allowed %t by %q, want %t by %q: %s", d.Allowed, d.Side, test.want, test.side, d.Reason)
			}
		})
	}
}

func TestActionsAndResources(t *testing.T) {
	t.Parallel()
	const cluster = "arn:aws:ecs:eu-west-1:111111111111:cluster/demo"
	for _, test := range []struct {
		statement string
		want      bool
	}{
		{`"Action":"ecs:DescribeClusters","Resource":"*"`, true},
		{`"Action":"ECS:describeclusters","Resource":"*"`, true},
		{`"Action":"ecs:Describe*","Resource":"*"`, true},
		{`"Action":"ecs:Describe?lusters","Resource":"*"`, true},
		{`"Action":"ecs:Describe","Resource":"*"`, false},
		{`"Action":["ecr:*","ecs:*"],"Resource":"*"`, true},
		{`"NotAction":"ecs:*","Resource":"*"`, false},
		{`"NotAction":["ecr:*","iam:*"],"Resource":"*"`, true},
		{`"Action":"*","Resource":"` + cluster + `"`, true},
		{`"Action":"*","Resource":"arn:aws:ecs:eu-west-1:111111111111:cluster/Demo"`, false},
		{`"Action":"*","Resource":"arn:aws:ecs:*:cluster/*"`, true},
		{`"Action":"*","Resource":"arn:aws:ecs:*:*:service/*"`, false},
		{`"Action":"*","NotResource":"arn:aws:ecs:*:*:service/*"`, true},
		{`"Action":"*","NotResource":"arn:aws:ecs:*:*:cluster/*"`, false},
		{`"Action":"*","Resource":"arn:aws:ecs:eu-west-1:${aws:PrincipalAccount}:cluster/*"`, false}, // undecided before the fifth colon
		{`"Action":"*","NotResource":"arn:aws:${aws:PrincipalAccount}:*:*:cluster/*"`, false},
		{`"Action":"*","Resource":"arn:aws:ecs:eu-west-1:111111111111:cluster/${a:team}"`, false},
		{`"Action":"*","Resource":"arn:aws:ecs:eu-west-1:111111111111:cluster/${a:team, 'demo'}"`, true},
		{`"Action":"*","Resource":"arn:aws:ecs:eu-west-1:111111111111:cluster/${a:team,'d*'}"`, false}, // it stands for itself
		{`"Action":"*","Resource":"arn:aws:ecs:eu-west-1:111111111111:cluster/${a:name, 'other'}"`, true},
		{`"Action":"*","Resource":"arn:aws:ecs:eu-west-1:111111111111:cluster/${aws:userid, 'demo'}"`, false}, // nobody knows
		{`"Action":"*","NotResource":"arn:aws:ecs:eu-west-1:111111111111:cluster/${a:team}"`, true},
		{`"Action":"*","Resource":"arn:aws:ecs:eu*11:cluster/demo"`, false},
		{`"Action":"*","Resource":"arn:aws:ecs:eu-west-1?111111111111:cluster/demo"`, false},
		{`"Action":"*","Resource":"arn:aws:ec*-1:*:cluster/demo"`, false},
		{`"Action":"*","Resource":"arn:aws:ec?:e*-?:1*1:cluster/d*o"`, true},
		{`"Action":"*","Resource":"arn:aws:ecs:eu*:cluster/demo"`, true}, // it ends its part
		{`"Action":"*","Resource":"arn:aws:e*:cluster/d?mo"`, true},
		{`"Action":"*","NotResource":"arn:aws:ecs:eu*11:cluster/demo"`, true},
		{`"Action":"*","Resource":"arn:aws:ecs:eu-west-1:*:cluster/${aws:username}"`, false},
		{`"Action":"*","Resource":"arn:aws:ecs:eu-west-1:*:cluster/${*}"`, false},
		{`"Action":"*","NotResource":"arn:aws:ecs:eu-west-1:*:cluster/${aws:userid}"`, false}, // no value: undecided
	} {
		t.Run(test.statement, func(t *testing.T) {
			t.Parallel()
			d := policy.Evaluate(policy.Request{
				Principal: insider(), Action: "ecs:DescribeClusters", Resource: cluster,
				Identity: identities(t, `{"Effect":"Allow",`+test.statement+`}`),
				Context:  map[string][]string{"aws:PrincipalAccount": {"111111111111"}, "aws:username": {"*"}, "a:team": nil, "a:name": {"demo"}},
			})
			if d.Allowed != test.want {
				t.Errorf("allowed %t, want %t: %s", d.Allowed, test.want, d.Reason)
			}
		})
	}
}

// A pattern for the principal's ARN says that which role asks is not known.
func TestPrincipalNotKnown(t *testing.T) {
	t.Parallel()
	someRole := policy.Principal{Account: "222222222222", ARN: "arn:aws:iam::222222222222:role/*"}
	for _, test := range []struct {
		name, resource string
		want           bool
		words          string
	}{
		{"account named", resourceAllow(`{"AWS":"222222222222"}`), true, "allows"},
		{"one of its roles named", resourceAllow(`{"AWS":"` + roleARN + `"}`), false, "which one asks is not known"},
		{"a role elsewhere named", resourceAllow(`{"AWS":"arn:aws:iam::333333333333:role/R"}`), false, "does not name"},
		{"one of its roles denied", resourceDeny(`"Principal":{"AWS":"` + roleARN + `"}`), false, "a Deny that can't be decided denies"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := policy.Evaluate(policy.Request{
				Principal: someRole, Action: "ecr:BatchGetImage", Resource: repository,
				Identity: []*policy.Document{policy.FullAccess()}, ResourcePolicy: document(t, test.resource),
			})
			if d.Allowed != test.want || !strings.Contains(d.Reason, test.words) {
				t.Errorf("allowed %t, want %t with %q: %s", d.Allowed, test.want, test.words, d.Reason)
			}
			if d.Undecided != strings.Contains(test.name, "one of its roles") {
				t.Errorf("undecided %t", d.Undecided)
			}
		})
	}
}

// The reasons are read by people who wonder why a deployment is refused.
func TestReasons(t *testing.T) {
	t.Parallel()
	ou := pullStatement("o-x/*/ou-y/*")
	for _, test := range []struct{ name, got, want string }{
		{"allowed", pull(t, ou, "o-x/r-z/ou-y/").Reason,
			`statement "AllowPull" of a resource-based policy allows ecr:BatchGetImage: aws:PrincipalOrgPaths is "o-x/r-z/ou-y/", which satisfies ForAnyValue:StringLike "o-x/*/ou-y/*"`},
		{"outside the OU", pull(t, ou, "o-x/r-z/").Reason,
			`no resource-based policy allows ecr:BatchGetImage: statement "AllowPull" would, but aws:PrincipalOrgPaths is "o-x/r-z/", which does not satisfy ForAnyValue:StringLike "o-x/*/ou-y/*"`},
		{"no organization", pull(t, ou, "").Reason,
			`no resource-based policy allows ecr:BatchGetImage: statement "AllowPull" would, but aws:PrincipalOrgPaths is not in the request, which does not satisfy ForAnyValue:StringLike "o-x/*/ou-y/*"`},
		{"denied", pull(t, `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"ecr:*"}]}`, "").Reason,
			`statement 1 of a resource-based policy denies ecr:BatchGetImage`},
		{"key not known", pull(t, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}}]}`, "").Reason,
			`no resource-based policy allows ecr:BatchGetImage: statement 1 would, but aws:SourceVpc is not known here, so StringNotEquals "vpc-1" can't be decided`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.got != test.want {
				t.Errorf("got  %s\nwant %s", test.got, test.want)
			}
		})
	}
}

func ExampleEvaluate() {
	repositoryPolicy, err := policy.Parse([]byte(`{
		"Version": "2012-10-17",
		"Statement": [{
			"Sid": "PullFromDevelopment",
			"Effect": "Allow",
			"Principal": "*",
			"Action": "ecr:BatchGetImage",
			"Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-demo/*/ou-dev/*"}}
		}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	decision := policy.Evaluate(policy.Request{
		Principal:      policy.Principal{Account: "555555555555", ARN: "arn:aws:iam::555555555555:role/Execution"},
		Action:         "ecr:BatchGetImage",
		Resource:       "arn:aws:ecr:eu-west-1:111111111111:repository/demo",
		Context:        map[string][]string{"aws:PrincipalOrgPaths": {"o-demo/r-1/ou-prod/"}},
		Identity:       []*policy.Document{policy.FullAccess()},
		ResourcePolicy: repositoryPolicy,
	})
	fmt.Println(decision.Allowed)
	fmt.Println(decision.Condition)
	// Output:
	// false
	// aws:PrincipalOrgPaths is "o-demo/r-1/ou-prod/", which does not satisfy ForAnyValue:StringLike "o-demo/*/ou-dev/*"
}
