package cfn_test

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/template"
)

var update = flag.Bool("update", false, "copy deploy-role.yaml into deploy-role-stackset.yaml")

func read(t *testing.T, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// TestStackSetHoldsTheRole compares the template inside the stack set with the
// file that it is a copy of, and its parameters with those that it is given.
func TestStackSetHoldsTheRole(t *testing.T) {
	role := read(t, "deploy-role.yaml")
	src := read(t, "deploy-role-stackset.yaml")
	if *update {
		const before = "      TemplateBody: |\n"
		head, _, found := bytes.Cut(src, []byte(before))
		if !found {
			t.Fatalf("no %q", before)
		}
		body := regexp.MustCompile(`(?m)^(.)`).ReplaceAll(role, []byte("        $1"))
		src = append(append(head, before...), body...)
		if err := os.WriteFile("deploy-role-stackset.yaml", src, 0o644); err != nil { //nolint:gosec // a source file
			t.Fatal(err)
		}
	}
	if len(src) > 51_200 { // what a request may hold of it
		t.Errorf("the stack set has %d bytes", len(src))
	}
	outer := parse(t, src)
	set, _ := outer.Resource("DeployRoles")
	if diff := cmp.Diff(string(role), set.Properties.Get("TemplateBody").Str()); diff != "" {
		t.Errorf("go test ./cfn -update brings deploy-role.yaml in (-file +inside):\n%s", diff)
	}
	given := map[string]bool{}
	for _, p := range set.Properties.Get("Parameters").Items {
		given[p.Get("ParameterKey").Str()] = true
	}
	for _, p := range parse(t, role).Parameters() {
		own := outer.Section("Parameters").Get(p.Name)
		if !given[p.Name] || string(own.JSON()) != string(p.Node.JSON()) {
			t.Errorf("parameter %s: given %t, declared as %s, in the role as %s", p.Name, given[p.Name], own.JSON(), p.Node.JSON())
		}
	}
}

// TestStackSet pins what makes accounts that join ready by themselves.
func TestStackSet(t *testing.T) {
	t.Parallel()
	set, ok := parse(t, read(t, "deploy-role-stackset.yaml")).Resource("DeployRoles")
	if !ok || set.Type != "AWS::CloudFormation::StackSet" {
		t.Fatal("no stack set")
	}
	for name, want := range map[string]string{
		"PermissionModel":  `"SERVICE_MANAGED"`,
		"AutoDeployment":   `{"Enabled":true,"RetainStacksOnAccountRemoval":false}`,
		"ManagedExecution": `{"Active":true}`,
		"CallAs":           `{"Ref":"CallAs"}`,
		"Capabilities":     `["CAPABILITY_NAMED_IAM"]`,
		"StackInstancesGroup": `[{"DeploymentTargets":{"OrganizationalUnitIds":{"Ref":"OrganizationalUnitIds"}},` +
			`"Regions":[{"Ref":"AWS::Region"}]}]`,
	} {
		if got := string(set.Properties.Get(name).JSON()); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// statements returns an inline policy of a role.
func statements(t *testing.T, file, role, policy string) *template.Node {
	t.Helper()
	r, ok := parse(t, read(t, file)).Resource(role)
	if !ok {
		t.Fatalf("%s: no %s", file, role)
	}
	for _, p := range r.Properties.Get("Policies").Items {
		if p.Get("PolicyName").Str() == policy {
			return p.Get("PolicyDocument").Get("Statement")
		}
	}
	t.Fatalf("%s: no policy %s", file, policy)
	return nil
}

// TestBuildRolesMayTheSame holds the release's permissions of both build roles
// the same.
func TestBuildRolesMayTheSame(t *testing.T) {
	t.Parallel()
	github := statements(t, "github-oidc.yaml", "BuildRole", "Release")
	codebuild := statements(t, "codebuild.yaml", "BuildRole", "Release")
	if diff := cmp.Diff(string(github.JSON()), string(codebuild.JSON())); diff != "" {
		t.Errorf("policies (-GitHub +CodeBuild):\n%s", diff)
	}
}

// TestStatements wants each statement to have a name, and a reason above it.
func TestStatements(t *testing.T) {
	t.Parallel()
	for file, role := range map[string]string{"deploy-role.yaml": "DeployRole", "github-oidc.yaml": "BuildRole", "codebuild.yaml": "BuildRole"} {
		src := read(t, file)
		policy := statements(t, file, role, "Release")
		lines := strings.Split(string(src), "\n")
		for _, s := range policy.Items {
			sid := s.Get("Sid").Str()
			if sid == "" || s.Get("Effect").Str() != "Allow" || s.Get("NotAction") != nil || s.Get("NotResource") != nil {
				t.Errorf("%s: statement %s", file, s.JSON())
			}
			if above := lines[s.Line-2]; !strings.HasPrefix(strings.TrimSpace(above), "# ") {
				t.Errorf("%s: above statement %s stands %q, no reason", file, sid, above)
			}
		}
		// IAM counts characters without spaces; names and ids add a few.
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
		if size := len(policy.JSON()); size > 9_000 {
			t.Errorf("%s: the policy has %d characters, 10,240 are allowed", file, size)
		}
	}
}

// TestTrust pins who may become the roles.
func TestTrust(t *testing.T) {
	t.Parallel()
	subject := func(form string, i string) string {
		return `{"Fn::Sub":["repo:` + form + `:environment:${E}",{"E":{"Fn::Select":[` + i + `,{"Fn::Split":[",",{"Fn::Sub":"${Environments},${Environments},${Environments}"}]}]}}]}`
	}
	const names, ids = "${GitHubOwner}/${GitHubRepository}", "${GitHubOwner}@${GitHubOwnerId}/${GitHubRepository}@${GitHubRepositoryId}"
	old := subject(names, "0") + "," + subject(names, "1") + "," + subject(names, "2")
	fresh := subject(ids, "0") + "," + subject(ids, "1") + "," + subject(ids, "2")
	for file, want := range map[string]string{
		"deploy-role.yaml": `[{"Sid":"BuildRoles","Effect":"Allow","Principal":{"AWS":{"Ref":"BuildRoleArns"}},"Action":"sts:AssumeRole",` +
			`"Condition":{"Fn::If":["HasOrgID",{"StringEquals":{"aws:PrincipalOrgID":{"Ref":"OrgID"}}},{"Ref":"AWS::NoValue"}]}}]`,
		"github-oidc.yaml": `[{"Sid":"GitHubEnvironments","Effect":"Allow",` +
			`"Principal":{"Federated":{"Fn::If":["MakesProvider",{"Ref":"Provider"},{"Fn::Sub":"arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com"}]}},` +
			`"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com",` +
			`"token.actions.githubusercontent.com:sub":{"Fn::If":["HasIds",[` + old + "," + fresh + `],[` + old + `]]}}}}]`,
		"codebuild.yaml": `[{"Sid":"Project","Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:AssumeRole",` +
			`"Condition":{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}},"ArnEquals":{"aws:SourceArn":` +
			`{"Fn::Sub":"arn:${AWS::Partition}:codebuild:${AWS::Region}:${AWS::AccountId}:project/${ProjectName}"}}}}]`,
	} {
		role := "BuildRole"
		if file == "deploy-role.yaml" {
			role = "DeployRole"
		}
		r, _ := parse(t, read(t, file)).Resource(role)
		if diff := cmp.Diff(want, string(r.Properties.Get("AssumeRolePolicyDocument").Get("Statement").JSON())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// TestNoVersionOfDagger keeps the engine's version in one place, dagger.json.
func TestNoVersionOfDagger(t *testing.T) {
	t.Parallel()
	if found := regexp.MustCompile(`v?0\.[0-9]+\.[0-9]+`).Find(read(t, "codebuild.yaml")); found != nil {
		t.Errorf("codebuild.yaml names version %s", found)
	}
}
