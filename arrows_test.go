// Package orgship_test holds the house rules that no single room can test.
package orgship_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A listed package, as `go list -json` prints it.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// TestArrows makes the arrows of the house law: who may know whom.
func TestArrows(t *testing.T) {
	packages := list(t)
	rules := []struct {
		name string
		from string   // packages that the rule is about: a path, or a prefix ending in /...
		deny []string // what none of them may depend on, however indirectly
		keep []string // exceptions to deny
	}{
		{"the pipeline never knows the sandbox", "orgship/pipeline/...", []string{"orgship/sandbox/...", "orgship/cli/...", "orgship/cmd/..."}, nil},
		{"the demo knows no command line", "orgship/demo/...", []string{"orgship/cli/...", "orgship/cmd/...", "github.com/alecthomas/..."}, nil},
		{"the sandbox never knows the pipeline", "orgship/sandbox/...", []string{"orgship/pipeline/...", "orgship/cli/...", "orgship/cmd/..."}, nil},
		{"policy is pure", "orgship/policy/...", []string{"orgship/...", "github.com/aws/...", "net/http"}, []string{"orgship/policy/..."}},
		{"template is pure", "orgship/template/...", []string{"orgship/...", "github.com/aws/...", "net/http"}, []string{"orgship/template/..."}},
		{"analysis is pure", "orgship/pipeline/analysis", []string{"orgship/...", "github.com/aws/..."}, []string{"orgship/pipeline/analysis", "orgship/pipeline/report"}},
		{"report is the ground", "orgship/pipeline/report/...", []string{"orgship/...", "github.com/aws/..."}, []string{"orgship/pipeline/report/..."}},
		{"images know only their sources", "orgship/image/...", []string{"orgship/...", "github.com/aws/..."}, []string{"orgship/image/...", "orgship/dockerfiles/..."}},
		{"wire knows no service", "orgship/sandbox/wire", []string{"orgship/...", "github.com/aws/aws-sdk-go-v2/service/..."}, []string{"orgship/sandbox/wire", "orgship/sandbox/clock", "orgship/sandbox/id"}},
		{"nothing pulls in the SDK's EC2", "orgship/...", []string{"github.com/aws/aws-sdk-go-v2/service/ec2"}, nil},
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			subjects := 0
			for _, p := range packages {
				if !matches(p.ImportPath, rule.from) {
					continue
				}
				subjects++
				for _, dep := range p.Deps {
					if matchesAny(dep, rule.deny) && !matchesAny(dep, rule.keep) {
						t.Errorf("%s depends on %s", p.ImportPath, dep)
					}
				}
			}
			if subjects == 0 {
				t.Fatalf("no package matches %q: the rule guards nothing", rule.from)
			}
		})
	}
}

// TestPipelineRooms holds the arrows inside the pipeline: session uses release,
// which uses the strategies and all rooms that do one thing; those share the words
// of report and nothing else.
func TestPipelineRooms(t *testing.T) {
	const pipeline = "orgship/pipeline/"
	uses := map[string][]string{ // a room not named here does one thing
		"session":          {"release", "strategy/...", "stack", "verify", "registry", "access", "org", "account", "serving", "objects"},
		"release":          {"strategy", "analysis", "stack", "verify", "registry", "access", "org", "account", "serving"},
		"strategy":         {"stack"},
		"strategy/hook":    {"strategy", "stack"},
		"strategy/rolling": {"strategy", "stack"},
	}
	rooms := map[string]bool{}
	for _, p := range list(t) {
		room, inside := strings.CutPrefix(p.ImportPath, pipeline)
		if !inside {
			continue
		}
		rooms[room] = true
		for _, imported := range p.Imports {
			used, ours := strings.CutPrefix(imported, pipeline)
			if ours && used != "report" && !matchesAny(used, uses[room]) {
				t.Errorf("%s uses %s", room, used)
			}
		}
	}
	for room := range uses {
		if !rooms[room] {
			t.Errorf("there is no room %s: its rule guards nothing", room)
		}
	}
}

// TestEndOfTheArrows keeps the demo and the command line at the end of the
// arrows: nobody knows them but those named here.
func TestEndOfTheArrows(t *testing.T) {
	for room, who := range map[string][]string{
		"orgship/demo": {"orgship/cli/...", "orgship/cmd/..."},
		"orgship/cli":  {"orgship/cmd/..."},
	} {
		known := 0
		for _, p := range list(t) {
			switch {
			case matches(p.ImportPath, room+"/..."), !slices.Contains(p.Deps, room):
			case matchesAny(p.ImportPath, who):
				known++
			default:
				t.Errorf("%s depends on %s", p.ImportPath, room)
			}
		}
		if known == 0 {
			t.Fatalf("no program knows %s: the rule guards nothing", room)
		}
	}
}

// TestThinModule keeps the Dagger module thin: it is compiled before its first
// function can be listed, and the pipeline's packages take a minute.
func TestThinModule(t *testing.T) {
	files, err := filepath.Glob("ci/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of the module found: %v", err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range parsed.Imports {
			path := strings.Trim(imported.Path.Value, `"`)
			if matchesAny(path, []string{"orgship/...", "github.com/aws/...", "github.com/google/..."}) && !matches(path, "orgship/ci/internal/...") {
				t.Errorf("%s imports %s: what the module does is the program's business (ci/program)", file, path)
			}
		}
	}
}

func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatalf("listing packages: %v", err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatalf("reading go list: %v", err)
		}
		packages = append(packages, p)
	}
}

func matchesAny(path string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(path, p) })
}

// matches reports whether path is pattern, or below it when pattern ends in /...
func matches(path, pattern string) bool {
	prefix, below := strings.CutSuffix(pattern, "/...")
	if path == prefix {
		return true
	}
	return below && strings.HasPrefix(path, prefix+"/")
}
