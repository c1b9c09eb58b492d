package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orgship/cli"
	"orgship/pipeline/report"
)

// Every verb writes one document, as Markdown and JUnit too, however early it
// ended: and summary reads it.
func TestReportsHoweverEarly(t *testing.T) {
	t.Parallel()
	const repository = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop"
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	credentials := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(credentials, []byte(`{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "CANARY"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	verbs := []struct {
		kind report.Kind
		args []string
	}{
		{report.Share, []string{"share", "development"}},
		{report.KindPush, []string{"push", "demo:blue", repository + ":1", "--same-revision"}}, // a usage error, without anything to build
		{report.KindAccess, []string{"access", repository}},
		{report.Release, []string{"plan", "shop", repository + ":1"}},
		{report.Release, []string{"release", "shop", repository + ":1"}},
		{report.Release, []string{"release", "shop", repository + ":1", "--dry-run"}},
		{report.Rollback, []string{"rollback", "shop"}},
		{report.Rollback, []string{"rollback", "shop", "--dry-run"}},
		{report.KindVerify, []string{"verify", closed.URL, "--deadline", "20ms", "--interval", "10ms"}},
		{report.Destroy, []string{"destroy", "shop"}},
		{report.Destroy, []string{"destroy", "shop", "--dry-run"}},
	}
	endings := []struct {
		name string
		args []string
	}{
		{"nobody there", []string{"--credentials", credentials, "--endpoint", closed.URL, "--region", "eu-west-1"}},
		{"no credentials to read", []string{"--credentials", "/no/such/file"}},
		{"a flag that isn't one", []string{"--nope"}},
		{"an empty account", []string{"--account", ""}},
	}
	for _, verb := range verbs {
		for _, ending := range endings {
			args := append(append([]string{}, verb.args...), ending.args...)
			if verb.kind == report.KindVerify && ending.name != "a flag that isn't one" {
				args = verb.args
			}
			t.Run(strings.Join(verb.args[:1], " ")+", "+ending.name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				document, page, cases := filepath.Join(dir, "report.json"), filepath.Join(dir, "report.md"), filepath.Join(dir, "report.xml")
				if err := os.WriteFile(document, []byte(`{"schema": "orgship.report/v2", "verdict": "successful", "summary": "that of an earlier run"}`), 0o600); err != nil {
					t.Fatal(err)
				}
				status, stdout, stderr := run(cli.Program{Args: append(args, "--report", document, "--markdown="+page, "--junit", cases)})
				if status != 2 || stdout != "" {
					t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
				}
				r, err := report.Read([]byte(read(t, document)))
				if err != nil || r.Kind != verb.kind || r.Verdict != report.Error || r.Tool.Version == "" || len(r.Errors) != 1 || !strings.Contains(stderr, "error: "+r.Summary) {
					t.Errorf("%v: the report says %s, stderr %q", err, read(t, document), stderr)
				}
				if got := read(t, page); !strings.Contains(got, string(verb.kind)+": error, ") {
					t.Errorf("the page is\n%s", got)
				}
				if got := read(t, cases); !strings.Contains(got, "<error ") {
					t.Errorf("the cases are\n%s", got)
				}
				if status, stdout, stderr := run(cli.Program{Args: []string{"summary", document}}); status != 0 || !strings.Contains(stdout, "error: ") {
					t.Errorf("summary: status %d, stdout %q, stderr %q", status, stdout, stderr)
				}
				if all := stderr + read(t, document) + read(t, page) + read(t, cases); strings.Contains(all, "CANARY") {
					t.Error("a secret was told")
				}
			})
		}
	}
}

// What the verbs that change nothing print as JSON is the document that they write.
func TestVerifyPrintsTheReport(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Image-Revision", "abc") }))
	t.Cleanup(app.Close)
	document := filepath.Join(t.TempDir(), "report.json")
	status, stdout, stderr := run(cli.Program{Args: []string{"verify", app.URL + "/?key=CANARY", "--revision", "abc", "--interval", "1ms", "--json", "--report", document}})
	if status != 0 || stdout != read(t, document) || strings.Contains(stdout, "CANARY") {
		t.Fatalf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	var r report.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	v := r.Verification
	if r.Kind != report.KindVerify || r.Outcome != report.Checked || v == nil || v.Attempts["passed"] != 3 || len(v.Last) != 3 || v.Last[0].Revision != "abc" || v.Expect != "status 200, revision abc" {
		t.Errorf("got %s", stdout)
	}
}

// Files are opened before anything is asked, and no two forms share one.
func TestReportFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	asked := 0
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(app.Close)
	same := filepath.Join(dir, "same")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(same, link); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--report", same, "--markdown", same}, {"--report", same, "--junit", link}, {"--junit", dir}, {"--markdown", filepath.Join(dir, "no", "folder")}, {"--report", "/dev/full"},
	} {
		flag := args[len(args)-2]
		status, stdout, stderr := run(cli.Program{Args: append([]string{"verify", app.URL}, args...)})
		if status != 2 || stdout != "" || !strings.HasPrefix(stderr, "error: "+flag+": ") || strings.Count(stderr, "\n") != 2 {
			t.Errorf("%v: status %d, stdout %q, stderr %q", args, status, stdout, stderr)
		}
	}
	if asked > 0 {
		t.Errorf("%d requests", asked)
	}
	if status, _, stderr := run(cli.Program{Args: []string{"verify", app.URL, "--interval", "1ms", "--report", "/dev/null", "--markdown", "/dev/null"}}); status != 0 {
		t.Errorf("nowhere: status %d, %s", status, stderr)
	}
}
