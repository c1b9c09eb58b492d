package orgship_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAssumptions keeps the numbered assumptions of the code and the list that
// people read the same.
func TestAssumptions(t *testing.T) {
	list, err := os.ReadFile("sandbox/ASSUMPTIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := numbers(regexp.MustCompile(`(?m)^\| (A\d+) \|`), string(list))
	cited := map[string]bool{}
	for _, room := range []string{"sandbox", "policy"} {
		err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for n := range numbers(regexp.MustCompile(`Assumption (A\d+)`), string(source)) {
				cited[n] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(listed) == 0 || len(cited) == 0 {
		t.Fatalf("found %d assumptions listed and %d cited: the patterns find nothing", len(listed), len(cited))
	}
	for n := range cited {
		if !listed[n] {
			t.Errorf("%s is cited in the code and not in sandbox/ASSUMPTIONS.md", n)
		}
	}
	for n := range listed {
		if !cited[n] {
			t.Errorf("%s is in sandbox/ASSUMPTIONS.md and nowhere in the code", n)
		}
	}
}

func numbers(pattern *regexp.Regexp, text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return found
}
