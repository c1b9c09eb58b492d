package cfn_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/cfn"
	"orgship/template"
)

func parse(t *testing.T, src []byte) *template.Template {
	t.Helper()
	parsed, err := template.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestPatterns asks the parameters' patterns for what they are there to refuse.
func TestPatterns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		src       []byte
		parameter string
		good, bad []string
	}{
		{cfn.ECRRepository(), "OrgID", []string{"o-sandbox001", "o-a1b2c3d4e5"}, []string{"", "o-a1b2c3d4e5/", "/o-a1b2c3d4e5", "r-sbox", "ou-ab12-34cd56ef", "o-A1b2c3d4e5", "o-short", "o-*"}},
		{cfn.ECRRepository(), "DevOrgUnitID", []string{"ou-sbox-dev00001", "ou-ab12-34cd56ef"}, []string{"", "r-sbox", "ou-sbox-dev00001/", "/ou-sbox-dev00001", "r-sbox/ou-sbox-dev00001", "o-sandbox001", "ou-sbox", "*", "ou-sbox-dev00001 "}},
		{cfn.ECRRepository(), "RepositoryName", []string{"demoecshwapp-ecr-repo", "team/app"}, []string{"", "Team", "a//b", "/a", "a-", "-a", "a b"}},
		{read(t, "deploy-role.yaml"), "StackNames", []string{"hello", "team-a-*", "*"}, []string{"", "hello/x", "hello,x", strings.Repeat("a", 33), "1st"}},
		{read(t, "deploy-role.yaml"), "BuildRoleArns", []string{"arn:aws:iam::111122223333:role/orgship-build", "arn:aws-cn:iam::111122223333:role/ci/build"}, []string{"", "*", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:user/a"}},
		{read(t, "deploy-role.yaml"), "RepositoryArn", []string{"arn:aws:ecr:eu-west-1:111122223333:repository/team/app"}, []string{"", "*", "arn:aws:ecr:eu-west-1:111122223333:repository/*"}},
		{read(t, "deploy-role-stackset.yaml"), "OrganizationalUnitIds", []string{"ou-ab12-34cd56ef"}, []string{"", "r-ab12", "*"}},
		{read(t, "github-oidc.yaml"), "Environments", []string{"development", "a,b,c"}, []string{"", "a,b,c,d", "*", "a,,b", "a, b", "a:b"}},
		{read(t, "github-oidc.yaml"), "GitHubOwner", []string{"octo-org"}, []string{"", "*", "octo/hello", "octo@1"}},
		{read(t, "github-oidc.yaml"), "GitHubRepository", []string{"hello.world_1"}, []string{"", "*", "a/b", "hello@1", "hello:x"}},
		{read(t, "github-oidc.yaml"), "GitHubOwnerId", []string{"", "123456"}, []string{"*", "a"}},
		{read(t, "codebuild.yaml"), "Routing", []string{"", "all-at-once", "canary:20:5", "linear:25:1"}, []string{"canary", "canary:20", "fast"}},
		{read(t, "codebuild.yaml"), "EngineImage", []string{"", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/dagger/engine:v1"}, []string{"dagger/engine:v1", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/engine"}},
		{read(t, "codebuild.yaml"), "Schedule", []string{"", "cron(0 3 ? * MON *)", "rate(7 days)"}, []string{"daily", "cron"}},
		{cfn.BlueGreen(), "ProductionCidr", []string{"0.0.0.0/0", "203.0.113.0/24", "10.1.2.3/32"}, []string{"", "0.0.0.0", "256.0.0.0/8", "10.0.0.0/33", "::/0"}},
		{cfn.BlueGreen(), "TestCidr", []string{"", "10.0.0.0/8"}, []string{"10.0.0.0", "anywhere", " "}},
	}
	for _, tt := range tests {
		n := parse(t, tt.src).Section("Parameters").Get(tt.parameter)
		if n.Get("ConstraintDescription").Str() == "" || n.Get("Description").Str() == "" {
			t.Errorf("%s: no description", tt.parameter)
		}
		pattern := regexp.MustCompile("^(?:" + n.Get("AllowedPattern").Str() + ")$") // the whole value has to match
		for _, value := range tt.good {
			if !pattern.MatchString(value) {
				t.Errorf("%s refuses %q", tt.parameter, value)
			}
		}
		for _, value := range tt.bad {
			if pattern.MatchString(value) {
				t.Errorf("%s takes %q", tt.parameter, value)
			}
		}
	}
}

// TestRepositoryPolicy pins who may pull, and what.
func TestRepositoryPolicy(t *testing.T) {
	t.Parallel()
	r, ok := parse(t, cfn.ECRRepository()).Resource("Repository")
	if !ok {
		t.Fatal("no Repository")
	}
	want := `{"Version":"2012-10-17","Statement":[{"Sid":"PullFromOrganizationalUnit","Effect":"Allow","Principal":"*",` +
		`"Action":["ecr:BatchCheckLayerAvailability","ecr:BatchGetImage","ecr:DescribeImages","ecr:DescribeRepositories","ecr:GetDownloadUrlForLayer"],` +
		`"Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":[{"Fn::Sub":"${OrgID}/*/${DevOrgUnitID}/*"}]}}}]}`
	if got := string(r.Properties.Get("RepositoryPolicyText").JSON()); got != want {
		t.Errorf("policy\n%s, want\n%s", got, want)
	}
}

// TestSecurityGroups pins what is open: nothing else may be. A group without
// egress rules would be open outwards.
func TestSecurityGroups(t *testing.T) {
	t.Parallel()
	const port = `"FromPort":8080,"ToPort":8080`
	want := map[string]string{
		"TaskSecurityGroup SecurityGroupIngress": `null`,
		"TaskSecurityGroup SecurityGroupEgress":  `[{"Description":"Image layers from ECR and S3, logs to CloudWatch","IpProtocol":"tcp","FromPort":443,"ToPort":443,"CidrIp":"0.0.0.0/0"}]`,
		"LoadBalancerSecurityGroup SecurityGroupIngress": `[{"Description":"Production traffic","IpProtocol":"tcp","FromPort":{"Ref":"ProductionPort"},"ToPort":{"Ref":"ProductionPort"},"CidrIp":{"Ref":"ProductionCidr"}},` +
			`{"Fn::If":["HasTestListener",{"Description":"Test traffic","IpProtocol":"tcp","FromPort":{"Ref":"TestPort"},"ToPort":{"Ref":"TestPort"},"CidrIp":{"Ref":"TestCidr"}},{"Ref":"AWS::NoValue"}]}]`,
		"LoadBalancerSecurityGroup SecurityGroupEgress": `[{"Description":"Requests and health checks","IpProtocol":"tcp",` + port + `,"DestinationSecurityGroupId":{"Ref":"TaskSecurityGroup"}}]`,
		"TaskIngress": `{"GroupId":{"Ref":"TaskSecurityGroup"},"Description":"Requests and health checks","IpProtocol":"tcp",` + port + `,"SourceSecurityGroupId":{"Ref":"LoadBalancerSecurityGroup"}}`,
	}
	got := map[string]string{}
	for _, r := range parse(t, cfn.BlueGreen()).Resources() {
		switch {
		case r.Type == "AWS::EC2::SecurityGroup":
			for _, way := range []string{"SecurityGroupIngress", "SecurityGroupEgress"} {
				got[r.ID+" "+way] = string(r.Properties.Get(way).JSON())
			}
		case strings.HasPrefix(r.Type, "AWS::EC2::SecurityGroup"):
			got[r.ID] = string(r.Properties.JSON())
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("open (-want +got):\n%s", diff)
	}
}

// TestCfnLint asks cfn-lint. It has refused every Hooks section since its first
// version (E1001), the one finding that is let pass.
// https://github.com/aws-cloudformation/cfn-lint/blob/v1.51.0/src/cfnlint/data/schemas/other/template/configuration.json
func TestCfnLint(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("cfn-lint")
	if err != nil {
		t.Skip("SKIP: cfn-lint isn't on PATH (pip install cfn-lint)")
	}
	canary, err := template.Render(cfn.BlueGreen(), template.Changes{
		TrafficRouting: &template.TrafficRouting{Type: template.TimeBasedCanary}, TestTrafficRoute: new("TestListener"),
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := map[string][]byte{"ecr-repository.yaml": cfn.ECRRepository(), "bluegreen.yaml": cfn.BlueGreen(), "canary.yaml": canary}
	for _, name := range []string{"deploy-role.yaml", "deploy-role-stackset.yaml", "github-oidc.yaml", "codebuild.yaml"} {
		files[name] = read(t, name)
	}
	for name, src := range files {
		if err := os.WriteFile(filepath.Join(dir, name), src, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	arguments := append([]string{"--format", "parseable"}, slices.Sorted(maps.Keys(files))...)
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = dir
	out, err := command.Output()
	if len(out) == 0 {
		t.Fatalf("cfn-lint says nothing, not even of Hooks: %v", err)
	}
	for line := range bytes.Lines(out) {
		hooked := bytes.HasPrefix(line, []byte("bluegreen.yaml:")) || bytes.HasPrefix(line, []byte("canary.yaml:"))
		if !hooked || !bytes.Contains(line, []byte(":E1001:")) || !bytes.Contains(line, []byte("'Hooks' was unexpected")) {
			t.Errorf("%s", line)
		}
	}
}
