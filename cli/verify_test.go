package cli_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
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
		{"usage", "", 2, "", "error: expected \"<url>\"\nhint: orgship --help"},
		{"through a proxy", "http://app.test/ --expect-body right --proxy " + server.URL, 0, "successful: 3 right answers in a row\n", "passed: status 200\n"},
		{"through a proxy, scheme left out", "app.test --proxy " + strings.TrimPrefix(server.URL, "http://"), 0, "successful: 3 right answers in a row\n", ""},
		{"no proxy there", server.URL + " --deadline 20ms --proxy " + gone.URL, 2, "", "error: no answer"},
		{"no URL of a proxy", server.URL + " --proxy ftp://user:CANARY@127.0.0.1", 2, "", "error: --proxy: must be the URL of an HTTP proxy\nhint: e.g. --proxy http://127.0.0.1:4566"},
		{"no URL at all", server.URL + " --proxy http://user:CANARY@[", 2, "", "error: --proxy: must be the URL of an HTTP proxy\nhint: e.g. --proxy"},
		{"json", server.URL + " --json", 0, "\"verdict\": \"successful\"", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			args := append([]string{"verify", "--interval", "1ms"}, strings.Fields(test.args)...)
			program := cli.Program{Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
			if got := cli.Run(program); got != test.status {
				t.Errorf("status %d, want %d", got, test.status)
			}
			if !strings.Contains(stdout.String(), test.stdout) || test.stdout == "" && stdout.Len() > 0 {
				t.Errorf("stdout %q", stdout.String())
			}
			if !strings.Contains(stderr.String(), test.stderr) || strings.Contains(stderr.String(), "CANARY") {
				t.Errorf("stderr %q", stderr.String())
			}
		})
	}
}
