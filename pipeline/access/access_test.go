package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"orgship/pipeline/access"
	"orgship/pipeline/report"
)

// fake is ECR with one answer.
type fake struct {
	text  string
	err   error
	asked *ecr.GetRepositoryPolicyInput
}

func (f *fake) GetRepositoryPolicy(_ context.Context, in *ecr.GetRepositoryPolicyInput, _ ...func(*ecr.Options)) (*ecr.GetRepositoryPolicyOutput, error) {
	f.asked = in
	if f.err != nil {
		return nil, f.err
	}
	return &ecr.GetRepositoryPolicyOutput{PolicyText: &f.text}, nil
}

func question() access.Question {
	return access.Question{Repository: access.Repository{Account: "111111111111", Region: "eu-west-1", Name: "demo"}}
}

const o = "o-sandbox001/r-sbox/"

// everyone is the sandbox's organization, and a stranger.
func everyone() []access.Account {
	return []access.Account{
		{ID: "999999999999", Name: "management", OrgPath: o},
		{ID: "111111111111", Name: "shared-services", OrgPath: o + "ou-sbox-shared01/"},
		{ID: "222222222222", Name: "dev-1", OrgPath: o + "ou-sbox-dev00001/"},
		{ID: "333333333333", Name: "dev-2", OrgPath: o + "ou-sbox-dev00001/", Suspended: true},
		{ID: "444444444444", Name: "team-a", OrgPath: o + "ou-sbox-dev00001/ou-sbox-teama001/"},
		{ID: "555555555555", Name: "prod-1", OrgPath: o + "ou-sbox-prod0001/"},
		{ID: "666666666666", Name: "stranger"},
	}
}

// shared is the policy of cfn/ecr-repository.yaml.
const shared = `{"Version":"2012-10-17","Statement":[{"Sid":"AllowPull","Effect":"Allow","Principal":"*",
	"Action":["ecr:BatchCheckLayerAvailability","ecr:BatchGetImage","ecr:DescribeImages","ecr:DescribeRepositories","ecr:GetDownloadUrlForLayer"],
	"Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-sandbox001/*/ou-sbox-dev00001/*"}}}]}`

func TestCheck(t *testing.T) {
	t.Parallel()
	api := &fake{text: shared}
	got, err := access.Check(context.Background(), api, question(), everyone())
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(api.asked.RegistryId) != "111111111111" || aws.ToString(api.asked.RepositoryName) != "demo" {
		t.Errorf("asked for %+v", api.asked)
	}
	var lines []string
	for _, d := range got {
		lines = append(lines, fmt.Sprintf("%s %s %t %s", d.Account, d.Name, d.Allowed, d.Reason))
	}
	const satisfied, refused = `statement "AllowPull" of a resource-based policy allows ecr:BatchGetImage: aws:PrincipalOrgPaths is "`,
		`no resource-based policy allows ecr:BatchGetImage: statement "AllowPull" would, but aws:PrincipalOrgPaths is `
	const is, isNot = `", which satisfies ForAnyValue:StringLike "o-sandbox001/*/ou-sbox-dev00001/*"`,
		`, which does not satisfy ForAnyValue:StringLike "o-sandbox001/*/ou-sbox-dev00001/*"`
	want := []string{
		`111111111111 shared-services true it owns the repository: its own policies decide`,
		`222222222222 dev-1 true ` + satisfied + o + `ou-sbox-dev00001/` + is,
		`333333333333 dev-2 true ` + satisfied + o + `ou-sbox-dev00001/` + is,
		`444444444444 team-a true ` + satisfied + o + `ou-sbox-dev00001/ou-sbox-teama001/` + is,
		`555555555555 prod-1 false ` + refused + `"` + o + `ou-sbox-prod0001/"` + isNot,
		`666666666666 stranger false ` + refused + `not in the request` + isNot,
		`999999999999 management false ` + refused + `"` + o + `"` + isNot,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if !got[2].Suspended || got[1].Suspended {
		t.Error("the suspended account is not flagged")
	}
	if no := access.Refused(got); len(no) != 3 || no[0].Account != "555555555555" {
		t.Errorf("refused: %+v", no)
	}
	if got[4].Statement != `statement "AllowPull"` || !strings.HasPrefix(got[4].Condition, `aws:PrincipalOrgPaths is "o-sandbox001/r-sbox/ou-sbox-prod0001/"`) {
		t.Errorf("decided by %q %q", got[4].Statement, got[4].Condition)
	}
}

// one evaluates a policy for dev-1.
func one(t *testing.T, q access.Question, text string) report.Access {
	t.Helper()
	got, err := access.Evaluate(q, text, everyone()[2:3])
	if err != nil {
		t.Fatal(err)
	}
	return got[0]
}

func document(statement string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"` + statement + `}]}`
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	const roleCondition = `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/app/Execution"}}`
	for _, test := range []struct {
		name, role, text   string
		allowed, undecided bool
		reason             string
	}{
		{"none", "", "", false, false, "the repository has no policy, so that no other account may pull"},
		{"open", "", document(""), true, false, "statement 1"},
		{"organization id", "", document(`,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-sandbox001"}}`), true, false, `aws:PrincipalOrgID is "o-sandbox001"`},
		{"root id as OU", "", document(`,"Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-sandbox001/*/r-sbox/*"}}`), false, false, "does not satisfy"},
		{"no slash at the end", "", document(`,"Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-sandbox001/*/ou-sbox-dev00001"}}`), false, false, "does not satisfy"},
		{"by role, which is not known", "", document(roleCondition), false, true, "it depends on the role that pulls, which was not named"},
		{"by role", "app/Execution", document(roleCondition), true, false, "satisfies"},
		{"by another role", "Execution", document(roleCondition), false, false, "does not satisfy"},
		{"role named", "/app/Execution", `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:role/app/Execution"},"Action":"ecr:*"}]}`, true, false, "statement 1"},
		{"a role named, which is not known", "", `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:role/app/Execution"},"Action":"ecr:*"}]}`, false, true, "which one asks is not known"},
		{"network, which is not known", "", document(`,"Condition":{"StringEquals":{"aws:SourceVpc":"vpc-1"}}`), false, true, "aws:SourceVpc is not known here"},
		{"one action missing", "", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]}]}`, false, false,
			"no resource-based policy allows ecr:BatchCheckLayerAvailability"},
		{"one action denied", "", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"},{"Sid":"No","Effect":"Deny","Principal":"*","Action":"ecr:GetDownloadUrlForLayer"}]}`, false, false,
			`statement "No" of a resource-based policy denies ecr:GetDownloadUrlForLayer`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			q := question()
			q.Role = test.role
			d := one(t, q, test.text)
			if d.Allowed != test.allowed || d.Undecided != test.undecided || !strings.Contains(d.Reason, test.reason) {
				t.Errorf("allowed %t, undecided %t, want %t, %t with %q: %s", d.Allowed, d.Undecided, test.allowed, test.undecided, test.reason, d.Reason)
			}
		})
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	pullOnly := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer","ecr:BatchCheckLayerAvailability"]}]}`
	q := question()
	if d := one(t, q, pullOnly); !d.Allowed || d.Action != "ecr:BatchGetImage" {
		t.Errorf("pull: %+v", d)
	}
	q.Actions = access.ReadActions()
	if d := one(t, q, pullOnly); d.Allowed || d.Action != "ecr:DescribeImages" {
		t.Errorf("read: %+v", d)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		api  *fake
		want string
		hint string
	}{
		{"no repository", &fake{err: &types.RepositoryNotFoundException{Message: aws.String("The repository does not exist")}},
			`reading the policy of repository "demo" in account 111111111111: there is no such repository in eu-west-1 (RepositoryNotFoundException: The repository does not exist)`, "cfn/ecr-repository.yaml"},
		{"not allowed", &fake{err: &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "User: x is not authorized"}},
			`reading the policy of repository "demo" in account 111111111111: AccessDeniedException: User: x is not authorized`, "credentials of account 111111111111"},
		{"unknown operator", &fake{text: document(`,"Condition":{"StringLikes":{"a:b":"c"}}`)},
			`the policy of repository "demo": parsing policy document: statement 1: condition operator "StringLikes" is unknown or not supported`, "set-repository-policy"},
		{"other", &fake{err: errors.New("no network")}, "no network", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := access.Check(context.Background(), test.api, question(), everyone())
			if err == nil || !strings.Contains(err.Error(), test.want) || got != nil {
				t.Fatalf("got  %v, %v\nwant %s", got, err, test.want)
			}
			var hinted interface{ Hint() string }
			if errors.As(err, &hinted) != (test.hint != "") || (test.hint != "" && !strings.Contains(hinted.Hint(), test.hint)) {
				t.Errorf("want hint %q", test.hint)
			}
		})
	}
	none := &fake{err: &types.RepositoryPolicyNotFoundException{}}
	got, err := access.Check(context.Background(), none, question(), everyone())
	if err != nil || len(access.Refused(got)) != 6 {
		t.Errorf("no policy: %v, %v", got, err)
	}
}

func ExampleEvaluate() {
	decisions, err := access.Evaluate(access.Question{
		Repository: access.Repository{Account: "111111111111", Region: "eu-west-1", Name: "demo"},
	}, `{"Statement":[{"Sid":"Development","Effect":"Allow","Principal":"*","Action":"ecr:*",
		"Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-demo/*/ou-dev/*"}}}]}`,
		[]access.Account{{ID: "555555555555", Name: "production", OrgPath: "o-demo/r-1/ou-prod/"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := json.MarshalIndent(decisions[0], "", "  ")
	fmt.Println(string(out), err)
	// Output:
	// {
	//   "account": "555555555555",
	//   "name": "production",
	//   "orgPath": "o-demo/r-1/ou-prod/",
	//   "allowed": false,
	//   "reason": "no resource-based policy allows ecr:BatchGetImage: statement \"Development\" would, but aws:PrincipalOrgPaths is \"o-demo/r-1/ou-prod/\", which does not satisfy ForAnyValue:StringLike \"o-demo/*/ou-dev/*\"",
	//   "action": "ecr:BatchGetImage",
	//   "statement": "statement \"Development\"",
	//   "condition": "aws:PrincipalOrgPaths is \"o-demo/r-1/ou-prod/\", which does not satisfy ForAnyValue:StringLike \"o-demo/*/ou-dev/*\"",
	//   "hint": "statement \"Development\": it is for ou-dev, where the account is not: share the repository with the account's unit (orgship share), or move the account"
	// } <nil>
}

// A policy that means an Organization and lets everybody in is warned of.
func TestOpenToEverybody(t *testing.T) {
	t.Parallel()
	with := func(condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Sid":"Pull","Effect":"Allow","Principal":"*","Action":"ecr:*"` + condition + `}]}`
	}
	paths := func(operator string) string {
		return `,"Condition":{"` + operator + `":{"aws:PrincipalOrgPaths":"o-sandbox001/*/ou-sbox-dev00001/*"}}`
	}
	for _, test := range []struct {
		name, text string
		warned     bool
	}{
		{"any value has to be there", with(paths("ForAnyValue:StringLike")), false},
		{"all values of none", with(paths("ForAllValues:StringLike")), true},
		{"no condition", with(""), true},
		{"if it exists", with(paths("ForAnyValue:StringLikeIfExists")), false},
		{"the Organization's id, if it exists", with(`,"Condition":{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-sandbox001"}}`), true},
		{"all values, and the Organization's id", with(`,"Condition":{"ForAllValues:StringLike":{"aws:PrincipalOrgPaths":"o-sandbox001/*"},"StringEquals":{"aws:PrincipalOrgID":"o-sandbox001"}}`), false},
		{"one account", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"ecr:*"}]}`, false},
		{"no policy", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			decisions, err := access.Evaluate(question(), test.text, everyone())
			if err != nil {
				t.Fatal(err)
			}
			if got := decisions[0].Warning; (got != "") != test.warned {
				t.Errorf("warning %q", got)
			}
		})
	}
}
