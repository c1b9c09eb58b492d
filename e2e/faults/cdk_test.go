package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"orgship/pipeline/report"
)

// cdkVersion is the version of aws-cdk-lib that the templates are made with.
const cdkVersion = "2.276.0"

// TestCDK deploys templates of the CDK's as they are, and releases what they run.
func TestCDK(t *testing.T) {
	t.Parallel()
	folder := synthesise(t)
	w := newWorld(t, "one", "two", "exits")
	for stack, account := range map[string]string{"own": "dev-1", "hook": "dev-2"} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			template, err := os.ReadFile(filepath.Join(folder, stack+".template.json"))
			if err != nil {
				t.Fatal(err)
			}
			d := &desk{w: w, t: t, account: account}
			d.makeShopOf(func(in *cloudformation.CreateStackInput) {
				in.TemplateBody, in.Parameters = aws.String(string(template)), nil
				in.Capabilities = append(in.Capabilities, "CAPABILITY_NAMED_IAM")
			})
			proved := "^Now serving: .*\n.*by AWS's records"
			for _, s := range []situation{
				{name: "a good version", args: "release shop REPO:two --expect-body two --account " + account, verdict: report.Successful, outcome: report.Released, line: proved, serves: "two"},
				{name: "it exits at once", args: "release shop REPO:exits --account " + account, status: 1, verdict: report.Failed, outcome: report.RolledBack, line: "none lost"},
				{name: "back", args: "rollback shop --expect-body one --account " + account, verdict: report.Successful, outcome: report.Released, line: proved, serves: "one"},
			} {
				t.Run(s.name, func(t *testing.T) { d.on(t).play(s) })
			}
			if r := d.on(t).run("destroy", "shop", "--yes", "--account", account); r.status != 0 {
				t.Errorf("destroy: %d\n%s", r.status, r.stderr)
			}
			a, _ := w.box.Account(account)
			state, err := w.box.State(t.Context())
			delete(state[a.ID], "logs:log-group") // which the CDK has CloudFormation retain
			if err != nil || len(state[a.ID]) > 0 {
				t.Errorf("left over: %v, error %v", state[a.ID], err)
			}
		})
	}
}

// synthesise has the CDK write the templates of testdata/cdk into a folder. It takes
// aws-cdk-lib from npm once for each user of the machine.
func synthesise(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP: the CDK takes its time, and -short is set")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("SKIP: there is no folder for the CDK: %v", err)
	}
	home := filepath.Join(cache, "orgship-test", "aws-cdk-lib-"+cdkVersion)
	if _, err := os.Stat(filepath.Join(home, "node_modules", "aws-cdk-lib", "package.json")); err != nil {
		install := exec.CommandContext(t.Context(), "npm", "install", "--prefix", home, "--no-audit", "--no-fund", "aws-cdk-lib@"+cdkVersion, "constructs@10")
		if out, err := install.CombinedOutput(); err != nil {
			t.Skipf("SKIP: npm doesn't give aws-cdk-lib: %v\n%s", err, out)
		}
	}
	app, err := filepath.Abs("../testdata/cdk/app.js")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	synth := exec.CommandContext(t.Context(), "node", app, folder)
	synth.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(home, "node_modules"), "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION=1")
	if out, err := synth.CombinedOutput(); err != nil {
		t.Fatalf("the CDK: %v\n%s", err, out)
	}
	return folder
}
