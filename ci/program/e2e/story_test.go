package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

// The stack of the story, and what its app says.
const (
	stackName = "hello"
	saysBlue  = "Hello World! (Blue)"
	saysGreen = "Hello World! (Green)"
)

// TestStory is what a user does, function by function, against a sandbox on this
// machine: up to a release that goes back, one that is kept, and the way out.
func TestStory(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	c := b.in(t)
	if got := c.call(t, "share", "--account=shared-services", "result").ok(t); got != b.repo {
		t.Errorf("share returns %q, want %q", got, b.repo)
	}
	b.publishBoth(t, c)
	empty := b.state(t)

	plan := c.call(t, b.release(t, "plan", "1.0.0", "result")...).ok(t)
	if !strings.HasPrefix(plan, "create\n") || !strings.Contains(plan, "AWS::ECS::TaskSet") {
		t.Errorf("the plan is %q", plan)
	}
	if after := b.state(t); after != empty || b.called("ExecuteChangeSet") != 1 { // of share
		t.Errorf("planning changed something:\n%s", after)
	}
	first := released(t, c.call(t, append(b.release(t, "release", "1.0.0"), "--expect-body="+saysBlue, "json")...))
	if first.Verification.Revision != "blue-1" || first.Plan.Class != "create" {
		t.Errorf("the first release proved revision %q, and was a %q", first.Verification.Revision, first.Plan.Class)
	}

	b.goesBack(t, c)
	canary := append([]string{"with-routing", "--routing=CANARY", "--percent=20", "--minutes=1"}, b.release(t, "release", "2.0.0")...)
	second := released(t, c.call(t, append(canary, "--expect-body="+saysGreen, "json")...))
	if v := second.Verification; !v.BlueLived || v.Revision != "green-2" || second.Plan.Class != "green_deployment" || second.Probe.Lost != 0 {
		t.Errorf("the second release: %+v, a %q, %d requests lost", v, second.Plan.Class, second.Probe.Lost)
	}
	shares := map[float64]bool{}
	for _, moved := range second.Traffic {
		shares[moved.Percent] = true
	}
	if !shares[20] || !shares[100] {
		t.Errorf("the traffic moved by %v", second.Traffic)
	}
	b.says(t, second, saysGreen, "green-2")

	back := released(t, c.call(t, "rollback", "--stack="+stackName, "--account=dev-1", "--expect-body="+saysBlue, "json"))
	b.says(t, back, saysBlue, "blue-1")
	c.call(t, "destroy", "--stack="+stackName, "--account=dev-1").ok(t)
	if left := b.state(t); left != empty {
		t.Errorf("before the first release there was\n%s\nand after the end\n%s", empty, left)
	}
}

// publishBoth publishes both variants, built from their Dockerfiles.
func (b *box) publishBoth(t *testing.T, c call) {
	t.Helper()
	script := "$o | publish $($o | image --variant BLUE --version 1.0.0 --revision blue-1) " + b.repo + ":1.0.0\n" +
		"$o | publish $($o | image --variant GREEN --version 2.0.0 --revision green-2) " + b.repo + ":2.0.0"
	said := c.shell(t, script).ok(t)
	if n := strings.Count(said, b.repo+"@sha256:"); n != 2 {
		t.Fatalf("two images were published, and %d references returned: %q", n, said)
	}
}

// release are the arguments of a function that releases into dev-1.
func (b *box) release(t *testing.T, function, tag string, more ...string) []string {
	t.Helper()
	return append([]string{function, "--stack=" + stackName, "--image=" + b.repo + ":" + tag, "--account=dev-1", "--parameter=" + b.network(t, "dev-1")}, more...)
}

// released returns the report of a release that succeeded.
func released(t *testing.T, r result) (document report.Report) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.ok(t)), &document); err != nil {
		t.Fatalf("%v: %s", err, r)
	}
	if document.Schema != report.Schema || document.Verdict != report.Successful || document.Verification == nil || document.Probe == nil || document.Plan == nil {
		t.Fatalf("the report is not that of a release that succeeded: %s", r)
	}
	return document
}

// says asks the service of a release, as anybody on this machine can.
func (b *box) says(t *testing.T, r report.Report, greeting, revision string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URLs["service"], nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body := make([]byte, len(greeting))
	if n, _ := answer.Body.Read(body); string(body[:n]) != greeting || answer.Header.Get(verify.DefaultRevisionHeader) != revision {
		t.Errorf("%s says %q, revision %q", r.URLs["service"], body[:n], answer.Header.Get(verify.DefaultRevisionHeader))
	}
}

// goesBack releases what answers wrongly: the call fails with one line and a hint,
// its report can be kept in the same run, and there is one release.
func (b *box) goesBack(t *testing.T, c call) {
	t.Helper()
	before := b.called("ExecuteChangeSet")
	r := c.call(t, append(b.release(t, "release", "2.0.0"), "--expect-body=Purple")...)
	r.fails(t, 1, `went back while the version from before was still there: body lacks "Purple"`, "look at the answers in the report")
	steps := []string{"access: may the account pull?", "plan: what would change", "apply: CloudFormation stack hello", "decide: keep it, or go back?", "verify: who answers?", "release of hello in dev-1"}
	for _, step := range steps {
		if !strings.Contains(r.stderr, "▼ "+step) {
			t.Errorf("the log has no %q: %s", step, r.stderr)
		}
	}
	if n := b.called("ExecuteChangeSet") - before; n != 1 {
		t.Errorf("one release executed %d change sets", n)
	}

	c.dir = t.TempDir()
	words := b.release(t, "release", "2.0.0", "--expect-body=Purple")
	for i, word := range words {
		words[i] = quote(word)
	}
	r = c.shell(t, "r=$($o | "+strings.Join(words, " ")+"); $r | files | export out; $r | assert")
	r.fails(t, 1, `body lacks "Purple"`, "look at the answers in the report")
	var kept report.Report
	document, err := os.ReadFile(filepath.Join(c.dir, "out", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(document, &kept); err != nil || kept.Verdict != report.Failed || kept.Outcome != report.RolledBack {
		t.Errorf("the report that was kept: %v, %s", err, document)
	}
	if page, err := os.ReadFile(filepath.Join(c.dir, "out", "report.md")); err != nil || !strings.Contains(string(page), "release: failed, rolled back") {
		t.Errorf("the page that was kept: %v, %.200s", err, page)
	}
	if n := b.called("ExecuteChangeSet") - before; n != 2 {
		t.Errorf("two releases, one of which was asked for three things, executed %d change sets", n)
	}
}

// fails fails the test unless the call failed with a status, and ended with one
// line and a hint.
func (r result) fails(t *testing.T, status int, line, hint string) {
	t.Helper()
	said := strings.Split(strings.TrimSpace(r.stderr), "\n")
	at := slices.IndexFunc(said, func(s string) bool { return strings.HasPrefix(s, "Error: ") })
	if r.status != status || at < 0 || at != len(said)-2 || !strings.Contains(said[at], line) || !strings.Contains(said[at+1], "hint: ") || !strings.Contains(said[at+1], hint) {
		t.Errorf("want status %d, and at the end one line with %q and a hint with %q: %s", status, line, hint, r)
	}
	for _, dump := range []string{"goroutine ", "panic:", ".go:"} {
		if strings.Contains(strings.Join(said[max(at, 0):], "\n"), dump) {
			t.Errorf("what a user sees at the end is a dump: %s", r)
		}
	}
}
