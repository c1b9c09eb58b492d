package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"orgship/cli"
)

// Credentials that are of no use are an error, not a verdict: status 2, one line
// and a hint, and nothing of what the file holds.
func TestCredentials(t *testing.T) {
	t.Parallel()
	const good = `{"Version": 1, "AccessKeyId": "AKIACANARY", "SecretAccessKey": "CANARY"}`
	for _, test := range []struct {
		name, file, line, hint string
	}{
		{"malformed", `{"SecretAccessKey": "CANARY`, `reading credentials: they are not a JSON object`, `log in`},
		{"another form", `{"Credentials": {"SecretAccessKey": "CANARY"}}`, `reading credentials: they are the answer of an STS operation, .*`, `log in`},
		{"half", `{"Version": 1, "SecretAccessKey": "CANARY"}`, `reading credentials: AccessKeyId is missing`, `log in`},
		{"empty", ` `, `no credentials were given`, `log in`},
		{"expired", strings.TrimSuffix(good, "}") + `, "Expiration": "2020-01-02T03:04:05Z"}`, `the credentials expired at 2020-01-02T03:04:05Z`, `log in`},
		{"nobody listens", good, `asking who the credentials belong to: can't reach http://127\.0\.0\.1:1: connection refused`, `nobody listens there`},
		{"missing", "", `reading credentials ".*/missing": no such file or directory`, `name a file`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := filepath.Join(t.TempDir(), "missing")
			if test.file != "" {
				if err := os.WriteFile(name, []byte(test.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, verb := range [][]string{{"share", "unit"}, {"access", "h:1/111111111111/a"}, {"release", "s", "h:1/111111111111/a:1"}, {"rollback", "s"}, {"destroy", "s", "--yes"}} {
				status, stdout, stderr := run(cli.Program{Args: append(verb, "--credentials", name, "--endpoint", "http://127.0.0.1:1", "--region", "eu-west-1")})
				want := regexp.MustCompile(`^error: ` + test.line + `\nhint: ` + test.hint + `.*\n$`)
				if status != 2 || stdout != "" || !want.MatchString(stderr) || strings.Contains(stderr, "CANARY") {
					t.Errorf("%s: status %d, stdout %q, stderr %q", verb[0], status, stdout, stderr)
				}
			}
		})
	}
}
