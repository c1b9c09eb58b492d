package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"orgship/cli"
)

// The exit status is the verdict.
func TestExitStatus(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/mixed" && asked.Add(1)%2 == 0 {
			_, _ = io.WriteString(w, "wrong")
			return
		}
		_, _ = io.WriteString(w, "right")
	}))
	t.Cleanup(server.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, test := range []struct {
		name   string
		args   string
		status int
		stdout string
		stderr string
	}{
		{"successful", server.URL + " --expect-body right", 0, "successful: 3 right answers in a row\n", "passed: status 200\n"},
		{"scheme left out", strings.TrimPrefix(server.URL, "http://"), 0, "successful: 3 right answers in a row\n", "passed: status 200\n"},
		{"failed", server.URL + " --expect-body wrong --deadline 20ms", 1, "", "error: failed: "},
		{"error", gone.URL + " --deadline 20ms", 2, "", "error: no answer"},
		{"inconclusive", server.URL + "/mixed --expect-body right --deadline 50ms", 3, "", "error: inconclusive: "},
		{"usage", "", 2, "", "error: expected \"<url>\"\nhint: orgship verify --help"},
		{"through a proxy", "http://app.test/ --expect-body right --proxy " + server.URL, 0, "successful: 3 right answers in a row\n", "passed: status 200\n"},
		{"through a proxy, scheme left out", "app.test --proxy " + strings.TrimPrefix(server.URL, "http://"), 0, "successful: 3 right answers in a row\n", ""},
		{"no proxy there", server.URL + " --deadline 20ms --proxy " + gone.URL, 2, "", "error: no answer"},
		{"no URL of a proxy", server.URL + " --proxy ftp://user:CANARY@127.0.0.1", 2, "", "error: --proxy: must be the URL of an HTTP proxy\nhint: e.g. --proxy http://127.0.0.1:4566"},
		{"no URL at all", server.URL + " --proxy http://user:CANARY@[", 2, "", "error: --proxy: must be the URL of an HTTP proxy\nhint: e.g. --proxy"},
		{"proxy that isn't given", server.URL + " --proxy=", 0, "successful: 3 right answers in a row\n", ""},
		{"no place for a report", server.URL + " --report /dev/null/report.json", 2, "", "error: --report: writing \"/dev/null/report.json\": not a directory\n"},
		{"no room for a report", server.URL + " --markdown /dev/full", 2, "", "error: --markdown: writing \"/dev/full\": no space left on device\n"},
		{"json", server.URL + " --json", 0, "\"verdict\": \"successful\"", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := run(cli.Program{Args: append([]string{"verify", "--interval", "1ms"}, strings.Fields(test.args)...)})
			if status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			if !strings.Contains(stdout, test.stdout) || test.stdout == "" && stdout != "" {
				t.Errorf("stdout %q", stdout)
			}
			if !strings.Contains(stderr, test.stderr) || strings.Contains(stderr, "CANARY") {
				t.Errorf("stderr %q", stderr)
			}
		})
	}
}

// The reports are written whatever the verdict, and nothing in an answer is markup.
func TestVerifyReports(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-App-Version", "<b>|@all")
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(server.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, test := range []struct {
		name, url string
		status    int
		verdict   string
		page      []string
	}{
		{"failed", server.URL + "/?key=CANARY", 1, "failed", []string{
			" in a row: status is 418, not 200\n", "| service | " + server.URL + "/?key=… |\n", "| wrong | ",
			" | wrong | 418 | &lt;b&gt;\\|\\@all |  | status is 418, not 200 |\n",
		}},
		{"error", gone.URL, 2, "error", []string{"\nno answer in the last ", "\nHint: is the URL reachable from here", " | unreachable |  |  |  | connection refused |\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			document, page := filepath.Join(t.TempDir(), "report.json"), filepath.Join(t.TempDir(), "report.md")
			status, _, stderr := run(cli.Program{Args: []string{
				"verify", test.url, "--interval", "1ms", "--deadline", "20ms", "--report", document, "--markdown", page,
			}})
			if status != test.status {
				t.Errorf("status %d, want %d: %s", status, test.status, stderr)
			}
			if got := read(t, document); !strings.Contains(got, `"verdict": "`+test.verdict+`"`) {
				t.Errorf("the report is\n%s", got)
			}
			got := read(t, page)
			for _, want := range append(test.page, "verify: "+test.verdict+", checked\n") {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in\n%s", want, got)
				}
			}
			if strings.Contains(got, "CANARY") {
				t.Errorf("a secret is in\n%s", got)
			}
		})
	}
}

// Who interrupts a verification still has a report.
func TestVerifyInterrupted(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(server.Close)
	document := filepath.Join(t.TempDir(), "report.json")
	cmd, _ := orgship(t, "verify", server.URL, "--report", document)
	<-asked
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != 3 {
		t.Errorf("status %d", status)
	}
	if got := read(t, document); !strings.Contains(got, `"verdict": "inconclusive"`) || !strings.Contains(got, `"summary": "interrupted"`) {
		t.Errorf("the report is\n%s", got)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
