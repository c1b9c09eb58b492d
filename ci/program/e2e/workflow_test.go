package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// workflows are the files of GitHub Actions.
func workflows(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../../.github/workflows/*.yml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d workflows found: %v", len(files), err)
	}
	return files
}

// workflow reads one.
func workflow(t *testing.T, path string) *actionlint.Workflow {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w, faults := actionlint.Parse(source)
	if len(faults) > 0 {
		t.Fatalf("%s: %v", path, faults)
	}
	return w
}

// TestWorkflows has actionlint look at the workflows.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	linter, err := actionlint.NewLinter(t.Output(), &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	faults, err := linter.LintFiles(workflows(t), nil)
	if err != nil || len(faults) > 0 {
		t.Errorf("%v, %d faults", err, len(faults))
	}
}

// TestLeastPermissions holds the workflows to what they need: actions by commit,
// no token in the checkout, nothing from outside in a script, and credentials for
// no job that a pull request can start.
func TestLeastPermissions(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`@[0-9a-f]{40}$`)
	for _, path := range workflows(t) {
		w := workflow(t, path)
		fromFork := false
		for _, event := range w.On {
			fromFork = fromFork || strings.HasPrefix(event.EventName(), "pull_request")
		}
		if w.Permissions == nil || w.Permissions.All != nil || w.Concurrency == nil {
			t.Errorf("%s: permissions and concurrency have to be named", path)
		}
		for name, job := range w.Jobs {
			for _, p := range []*actionlint.Permissions{w.Permissions, job.Permissions} {
				for scope, permission := range scopes(p) {
					if granted := permission.Value.Value; granted == "write" && (scope != "id-token" || fromFork) {
						t.Errorf("%s: job %s may write %s", path, name, scope)
					}
				}
			}
			for _, step := range job.Steps {
				switch e := step.Exec.(type) {
				case *actionlint.ExecAction:
					if !pinned.MatchString(e.Uses.Value) {
						t.Errorf("%s: %s is not pinned by its commit", path, e.Uses.Value)
					}
					if strings.HasPrefix(e.Uses.Value, "actions/checkout@") && (e.Inputs["persist-credentials"] == nil || e.Inputs["persist-credentials"].Value.Value != "false") {
						t.Errorf("%s: the checkout leaves its token behind", path)
					}
				case *actionlint.ExecRun:
					if actionlint.ContainsExpression(e.Run.Value) {
						t.Errorf("%s: an expression in a script is code: %q", path, e.Run.Value)
					}
				}
			}
		}
	}
}

func scopes(p *actionlint.Permissions) map[string]*actionlint.PermissionScope {
	if p == nil {
		return nil
	}
	return p.Scopes
}

// TestOneVersion holds all that names a version of Dagger to the one place where
// it is pinned.
func TestOneVersion(t *testing.T) {
	t.Parallel()
	root := "../../.."
	pin := regexp.MustCompile(`"engineVersion": "(v[0-9.]+)"`)
	config, err := os.ReadFile(filepath.Join(root, "dagger.json"))
	if err != nil || pin.FindSubmatch(config) == nil {
		t.Fatalf("dagger.json pins no version: %v", err)
	}
	version := string(pin.FindSubmatch(config)[1])
	// Callers name none; Go modules and people read the same one.
	for file, want := range map[string]string{
		"ci/install-dagger": "", "ci/ship": "", "ci/buildspec.yml": "", ".github/workflows/ci.yml": "", ".github/workflows/release.yml": "", "cfn/codebuild.yaml": "",
		"ci/program/go.mod": "dagger.io/dagger ", "README.md": "install) ",
	} {
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Error(err)
			continue
		}
		found := regexp.MustCompile(regexp.QuoteMeta(want) + `(v?0\.[0-9]+\.[0-9]+)`).FindSubmatch(content)
		switch {
		case want == "" && strings.Contains(string(content), strings.TrimPrefix(version, "v")):
			t.Errorf("%s names the version of Dagger: dagger.json alone does", file)
		case want != "" && (found == nil || string(found[1]) != version):
			t.Errorf("%s names %q, dagger.json %s", file, found, version)
		}
	}
}
