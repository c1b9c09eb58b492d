package sandbox_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orgship/sandbox"
)

// TestREADMEListsWhatThereIs compares the table of operations, and the list of
// resource types, with the code.
func TestREADMEListsWhatThereIs(t *testing.T) {
	t.Parallel()
	readme := string(must(os.ReadFile("README.md"))(t))
	documented := map[string][]string{}
	for line := range strings.Lines(readme) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.Contains(line, "| service |") || strings.HasPrefix(line, "|---") {
			continue
		}
		service := strings.TrimSpace(cells[1])
		for operation := range strings.SplitSeq(cells[2], ",") {
			documented[service] = append(documented[service], strings.TrimSpace(operation))
		}
	}
	built := map[string][]string{}
	for _, s := range must(sandbox.New(sandbox.Options{}))(t).Services() {
		for _, o := range s.Operations {
			built[s.Name] = append(built[s.Name], o.Name)
		}
	}
	for _, names := range []map[string][]string{documented, built} {
		for service := range names {
			slices.Sort(names[service])
		}
	}
	if diff := cmp.Diff(built, documented); diff != "" {
		t.Errorf("operations in README.md (-built +documented):\n%s", diff)
	}
	for name := range sandbox.ResourceTypes() {
		if !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("README.md doesn't name the resource type %s", name)
		}
	}
}
