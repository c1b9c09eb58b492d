package template_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orgship/cfn"
	"orgship/template"
)

// TestLint lints the bad templates. The first line of each names the rule that
// it breaks, and no other rule may find anything: "# OS109", or "# OS102 on
// update" where AWS takes the template and refuses the first release with it.
// "none" stands for the good one that the others are, with one fault each.
func TestLint(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/lint/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	covered := map[string]bool{}
	for _, file := range files {
		src := string(read(t, file))
		first, _, _ := strings.Cut(src, "\n")
		rule := strings.Fields(first)[1]
		covered[rule] = true
		findings := template.Lint(parse(t, src))
		if rule != "none" && len(findings) == 0 {
			t.Errorf("%s: nothing found", file)
		}
		for _, f := range findings {
			if f.Rule != rule {
				t.Errorf("%s: %v", file, f)
			}
			if f.Line < 1 || f.Column < 1 || f.Message == "" || !strings.HasPrefix(f.Source, "https://") {
				t.Errorf("%s: no place, message or source: %+v", file, f)
			}
		}
	}
	for _, r := range template.Rules() {
		if !covered[r.ID] {
			t.Errorf("no template breaks %s (%s)", r.ID, r.Title)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	rules := template.Rules()
	if !slices.IsSortedFunc(rules, func(a, b template.Rule) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("the rules are not in the order of their ids")
	}
	for i, r := range rules {
		if i > 0 && rules[i-1].ID == r.ID {
			t.Errorf("two rules %s", r.ID)
		}
		if r.Title == "" || (r.Severity == template.Warning) != strings.HasPrefix(r.ID, "OS2") {
			t.Errorf("%+v", r)
		}
	}
}

// TestLintPlaces pins where findings are.
func TestLintPlaces(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"OS001-ref.yaml":         "line 29, column 25: error OS001: Unresolved resource dependencies [Vcp] in the Resources block of the template",
		"OS001-dependson.yaml":   "line 70, column 16: error OS001: Unresolved resource dependencies [Listner]",
		"OS109-low.yaml":         `line 13, column 43: error OS109: the step percentage has to be a whole number from 14 to 100, not "13"`,
		"OS104-property.yaml":    "line 14, column 7: error OS104: Properties has no property AdditionalOption",
		"OS104-missing.yaml":     "line 21, column 15: error OS104: TrafficRouting has no TargetGroups",
		"OS202-parameter.yaml":   "line 59, column 18: warning OS202: the image comes from Ref",
		"OS102-notransform.yaml": "line 6, column 1: error OS102",
	}
	for file, want := range tests {
		findings := template.Lint(parse(t, string(read(t, filepath.Join("testdata", "lint", file)))))
		if len(findings) != 1 || !strings.HasPrefix(findings[0].String(), want) {
			t.Errorf("%s: %v, want %s", file, findings, want)
		}
	}
}

// TestLintOurs: nothing is wrong with the templates that come with the program,
// once an image is in.
func TestLintOurs(t *testing.T) {
	t.Parallel()
	for name, c := range changes() {
		c.Image = digest
		if c.TestTrafficRoute != nil {
			continue // its listener depends on a condition, which is a warning
		}
		src, err := template.Render(cfn.BlueGreen(), c)
		if err != nil {
			t.Fatal(err)
		}
		if findings := template.Lint(parse(t, string(src))); len(findings) > 0 {
			t.Errorf("%s: %v", name, findings)
		}
	}
	if findings := template.Lint(parse(t, string(cfn.ECRRepository()))); len(findings) > 0 {
		t.Error(findings)
	}
}

// FuzzLint: any template that parses can be linted.
func FuzzLint(f *testing.F) {
	files, err := filepath.Glob("testdata/lint/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no templates: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Fuzz(func(t *testing.T, src string) {
		parsed, err := template.Parse([]byte(src))
		if err != nil {
			return
		}
		for _, finding := range template.Lint(parsed) {
			if finding.Line < 1 || finding.Column < 1 {
				t.Errorf("a finding without a place: %v", finding)
			}
		}
	})
}
