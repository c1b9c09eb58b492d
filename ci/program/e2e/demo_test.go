package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"orgship/demo"
	"orgship/pipeline/report"
)

// TestDemo: the demo holds all that it claims, with images that the engine built and tasks that it runs.
func TestDemo(t *testing.T) {
	t.Parallel()
	c := call{world: need(t)}
	r := c.shell(t, "r=$($o | demo); $r | json; $r | assert")
	var told demo.Document
	if err := json.Unmarshal([]byte(r.ok(t)), &told); err != nil {
		t.Fatalf("%v: %s", err, r)
	}
	if told.Verdict != report.Successful || len(told.Facts) < 30 {
		t.Errorf("the demo is %s with %d facts", told.Verdict, len(told.Facts))
	}
	pulled := 0
	for _, f := range told.Facts {
		if !f.OK {
			t.Errorf("not so: %s", f.Text)
		}
		if f.Chapter == "access" {
			pulled++
		}
	}
	if pulled == 0 || !strings.Contains(r.stderr, "with their Dockerfiles, by the engine") || !strings.Contains(r.stderr, "Green is released blue/green") {
		t.Errorf("the story isn't told: %s", r)
	}
}
