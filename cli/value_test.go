package cli_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"orgship/cli"
)

// TestCannotBeMeant gives every verb values that nobody can mean: each is refused
// in one line that names the flag, before anything is asked.
func TestCannotBeMeant(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(aws.Close)
	release := []string{"release", "shop", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}
	plan := []string{"plan", "shop", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}
	push := []string{"push", "demo:blue", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}
	tests := []struct {
		verb []string
		flag string // that is named, "" where an argument is wrong
		args []string
	}{
		{release, "--account", []string{"--account", ""}},
		{release, "--account", []string{"--account="}},
		{release, "--account", []string{"--account", "dev-1", "--account", "dev-2"}},
		{release, "--account", []string{"--account", "dev-1,dev-2"}},
		{release, "--account", []string{"--account", "dev-1\ndev-2"}},
		{release, "--ou", []string{"--ou", ""}},
		{release, "--unit", []string{"--unit", ""}},
		{release, "--ou", []string{"--ou", "a", "--unit", "b"}},
		{release, "--rate", []string{"--rate", "NaN"}},
		{release, "--rate", []string{"--rate", "Inf"}},
		{release, "--rate", []string{"--rate=-Inf"}},
		{release, "--rate", []string{"--rate=-2"}},
		{release, "--rate", []string{"--rate", "1001"}},
		{release, "--rate", []string{"--rate", "fast"}},
		{release, "--rate", []string{"--rate", ""}},
		{release, "--consecutive", []string{"--consecutive=-1"}},
		{release, "--consecutive", []string{"--consecutive", "0"}},
		{release, "--consecutive", []string{"--consecutive", "1.5"}},
		{release, "--max-lost", []string{"--max-lost", "0"}},
		{release, "--max-lost", []string{"--max-lost", "NaN"}},
		{release, "--max-lost", []string{"--max-lost", "100%"}},
		{release, "--max-lost", []string{"--max-lost=-1%"}},
		{release, "--baseline", []string{"--baseline", "perhaps"}},
		{release, "--on-interrupt", []string{"--on-interrupt", "panic"}},
		{release, "--interval", []string{"--interval", "0"}},
		{release, "--interval", []string{"--interval=-1s"}},
		{release, "--interval", []string{"--interval", "1"}},
		{release, "--timeout", []string{"--timeout", "0s"}},
		{release, "--timeout", []string{"--timeout", "10000h"}},
		{release, "--speed", []string{"--speed", "0"}},
		{release, "--speed", []string{"--speed", "NaN"}},
		{release, "--speed", []string{"--speed", "Inf"}},
		{release, "--speed", []string{"--speed=-1"}},
		{release, "--speed", []string{"--speed", "1e300"}},
		{release, "--region", []string{"--region", "x"}},
		{release, "--region", []string{"--region", "eu west"}},
		{release, "--region", []string{"--region", "EU-WEST-1"}},
		{release, "--routing", []string{"--routing", "canary:0:5"}},
		{release, "--routing", []string{"--routing", "canary:20:0"}},
		{release, "--routing", []string{"--routing", "linear:0:0"}},
		{release, "--routing", []string{"--routing", "canary:101:5"}},
		{release, "--routing", []string{"--routing", "canary:-1:5"}},
		{release, "--routing", []string{"--routing", "blue"}},
		{release, "--cpu", []string{"--cpu", "0"}},
		{release, "--cpu", []string{"--cpu=-256"}},
		{release, "--cpu", []string{"--cpu", "100"}},
		{release, "--memory", []string{"--memory", "513"}},
		{release, "--memory", []string{"--memory", "9999999"}},
		{release, "--memory", []string{"--memory", "half"}},
		{release, "--tasks", []string{"--tasks=-1"}},
		{release, "--expect-status", []string{"--expect-status", "ok"}},
		{release, "credentials", []string{"--credentials", "/no/such/file"}},
		{plan, "--account", []string{"--account", ""}},
		{plan, "--cpu", []string{"--cpu=-1"}},
		{[]string{"rollback", "shop"}, "--account", []string{"--account", ""}},
		{[]string{"rollback", "shop"}, "--ou", []string{"--ou", ""}},
		{[]string{"rollback", "shop"}, "--rate", []string{"--rate", "NaN"}},
		{[]string{"destroy", "shop", "--yes"}, "--account", []string{"--account", ""}},
		{[]string{"destroy", "shop", "--yes"}, "--unit", []string{"--unit="}},
		{[]string{"destroy", "shop"}, "--yes", nil},
		{[]string{"share", "development"}, "--images-to-keep", []string{"--images-to-keep=-1"}},
		{[]string{"share", "development"}, "--account", []string{"--account", ""}},
		{[]string{"access", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop"}, "--unit", []string{"--unit", ""}},
		{push, "--version", []string{"--version", "a\nb"}},
		{push, "--revision", []string{"--revision", "a\x1b[31mb"}},
		{[]string{"push", "demo:blue", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:"}, "", nil},
		{[]string{"verify", "127.0.0.1:1"}, "--deadline", []string{"--deadline", "0"}},
		{[]string{"verify", "127.0.0.1:1"}, "--deadline", []string{"--deadline=-1s"}},
		{[]string{"verify", "127.0.0.1:1"}, "--interval", []string{"--interval", "0"}},
		{[]string{"sandbox"}, "--speed", []string{"--speed", "0"}},
		{[]string{"sandbox"}, "--speed", []string{"--speed", "NaN"}},
		{[]string{"sandbox"}, "--speed", []string{"--speed", "Inf"}},
		{[]string{"sandbox"}, "--region", []string{"--region", "x"}},
		{[]string{"release", "", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}, "<stack>", nil},
		{[]string{"release", " ", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}, "<stack>", nil},
		{[]string{"release", "9shop", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}, "<stack>", nil},
		{[]string{"release", "a b", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}, "<stack>", nil},
		{[]string{"release", "shop\n", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}, "<stack>", nil},
		{[]string{"release", strings.Repeat("s", 129), "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}, "<stack>", nil},
		{[]string{"rollback", ""}, "<stack>", nil},
		{[]string{"destroy", ""}, "<stack>", nil},
		{[]string{"plan", "", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}, "<stack>", nil},
		{[]string{"release", "shop", ""}, "<image>", nil},
		{[]string{"release", "shop", " "}, "<image>", nil},
		{[]string{"release", "shop", "nginx"}, "<image>", nil},
		{[]string{"release", "shop", "docker.io/library/nginx:1"}, "<image>", nil},
		{[]string{"release", "shop", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop"}, "<image>", nil},
		{[]string{"release", "shop", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:a b"}, "<image>", nil},
		{[]string{"release", "shop", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:12"}, "<image>", nil},
		{[]string{"release", "shop", "x\ny"}, "<image>", nil},
		{[]string{"release", "shop", strings.Repeat("x", 100_000)}, "<image>", nil},
		{[]string{"plan", "shop", "nginx"}, "<image>", nil},
		{[]string{"rollback", "shop"}, "--image", []string{"--image", "nginx"}},
		{release, "--account", []string{"--account", " "}},
		{release, "--account", []string{"--account", "1234567890123"}},
		{release, "--account", []string{"--account", "12345"}},
		{release, "--account", []string{"--account", "a\tb"}},
		{release, "--account", []string{"--account", "a\x00b"}},
		{release, "--ou", []string{"--ou", " "}},
		{release, "--ou", []string{"--ou", "\n"}},
		{release, "--ou", []string{"--ou", "a\nb"}},
		{release, "--termination-wait", []string{"--termination-wait", "90s"}},
		{release, "--termination-wait", []string{"--termination-wait", "1"}},
		{release, "--termination-wait", []string{"--termination-wait", "100h"}},
		{release, "--termination-wait", []string{"--termination-wait", "0.5m"}},
		{release, "--termination-wait", []string{"--termination-wait", ""}},
		{release, "--termination-wait", []string{"--termination-wait", "never"}},
		{release, "--tasks", []string{"--tasks", "1.5"}},
		{release, "--tasks", []string{"--tasks", "999999999"}},
		{release, "--tasks", []string{"--tasks", ""}},
		{release, "--consecutive", []string{"--consecutive", "999999999"}},
		{release, "--consecutive", []string{"--consecutive", ""}},
		{release, "--rate", []string{"--rate", "0.0000001"}},
		{release, "--expect-status", []string{"--expect-status", "0"}},
		{release, "--expect-status", []string{"--expect-status", "99"}},
		{release, "--expect-status", []string{"--expect-status", "600"}},
		{release, "--expect-status", []string{"--expect-status", "1000"}},
		{release, "--expect-status", []string{"--expect-status", ""}},
		{release, "--expect-pattern", []string{"--expect-pattern", "("}},
		{release, "--expect-header", []string{"--expect-header", "=x"}},
		{release, "--expect-header", []string{"--expect-header", "a b=c"}},
		{release, "--expect-header", []string{"--expect-header", "x"}},
		{release, "--revision-header", []string{"--revision-header", "a b"}},
		{release, "--revision-header", []string{"--revision-header", "a:"}},
		{release, "--version-header", []string{"--version-header", "a\nb"}},
		{release, "--check-url", []string{"--check-url", "shop"}},
		{release, "--check-url", []string{"--check-url", "ftp://shop"}},
		{release, "--check-url", []string{"--check-url", "http://"}},
		{release, "--check-url", []string{"--check-url", "http://shop:99999"}},
		{release, "--check-url", []string{"--check-url", "http://["}},
		{release, "--check-path", []string{"--check-path", "/a\nb"}},
		{release, "--check-output", []string{"--check-output", "a\nb"}},
		{release, "--check-host", []string{"--check-host", ""}},
		{release, "--check-host", []string{"--check-host", "http://shop"}},
		{release, "--check-host", []string{"--check-host", "a/b"}},
		{release, "--check-host", []string{"--check-host", "a b"}},
		{release, "--parameter", []string{"--parameter", "Vpc"}},
		{release, "--parameter", []string{"--parameter", "=x"}},
		{release, "--parameter", []string{"--parameter", "a b=c"}},
		{release, "--tag", []string{"--tag", "=x"}},
		{release, "--tag", []string{"--tag", "aws:x=1"}},
		{release, "--tag", []string{"--tag", "x"}},
		{release, "--stack-role", []string{"--stack-role", "admin"}},
		{release, "--container", []string{"--container", "a b"}},
		{release, "--container", []string{"--container", "a\nb"}},
		{release, "--role", []string{"--role", "a b"}},
		{release, "template", []string{"--template", "/no/such/file"}},
		{release, "template", []string{"--template", "/dev/null"}},
		{release, "template", []string{"--template", "/"}},
		{release, "--proof", []string{"--proof", "trust"}},
		{release, "--report", []string{"--report", "/dev/full"}},
		{release, "--report", []string{"--report", "/"}},
		{release, "--report", []string{"--report", "/no/such/folder/report.json"}},
		{release, "--report", []string{"--report", "/dev/null/report.json"}},
		{release, "--markdown", []string{"--markdown", "/dev/full"}},
		{release, "--junit", []string{"--junit", "/dev/full"}},
		{[]string{"share", ""}, "<unit>", nil},
		{[]string{"share", " "}, "<unit>", nil},
		{[]string{"share", "a\nb"}, "<unit>", nil},
		{[]string{"share", "development"}, "--stack", []string{"--stack", ""}},
		{[]string{"share", "development"}, "--stack", []string{"--stack", "a b"}},
		{[]string{"share", "development"}, "--repository", []string{"--repository", ""}},
		{[]string{"share", "development"}, "--repository", []string{"--repository", "x"}},
		{[]string{"share", "development"}, "--repository", []string{"--repository", "UPPER"}},
		{[]string{"share", "development"}, "--repository", []string{"--repository", "a b"}},
		{[]string{"share", "development"}, "--repository", []string{"--repository", "a//b"}},
		{[]string{"share", "development"}, "--images-to-keep", []string{"--images-to-keep", "0"}},
		{[]string{"share", "development"}, "--images-to-keep", []string{"--images-to-keep", "99999999"}},
		{[]string{"share", "development"}, "--ou", []string{"--ou", ""}},
		{[]string{"access", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop", ""}, "<account>", nil},
		{[]string{"access", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop", "123"}, "<account>", nil},
		{[]string{"access", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop", "a,b"}, "<account>", nil},
		{[]string{"access", "nginx"}, "", nil},
		{[]string{"access", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop"}, "--pull-role", []string{"--pull-role", "a b"}},
		{[]string{"access", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop"}, "--junit", []string{"--junit", "/dev/full"}},
		{[]string{"push", "demo:blue", ""}, "", nil},
		{[]string{"push", "demo:blue", "nginx"}, "", nil},
		{[]string{"push", "demo:blue", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:a b"}, "", nil},
		{push, "--report", []string{"--report", "/dev/full"}},
		{[]string{"verify", ""}, "", nil},
		{[]string{"verify", "ftp://shop"}, "", nil},
		{[]string{"verify", "127.0.0.1:99999"}, "", nil},
		{[]string{"verify", "127.0.0.1:1"}, "--revision", []string{"--revision", "a\nb"}},
		{[]string{"verify", "127.0.0.1:1"}, "--expect-status", []string{"--expect-status", "0"}},
		{[]string{"verify", "127.0.0.1:1"}, "--check-host", []string{"--check-host", ""}},
		{[]string{"demo"}, "--speed", []string{"--speed", "NaN"}},
		{[]string{"demo"}, "--speed", []string{"--speed", "0.5"}},
		{[]string{"credentials"}, "--github-role", []string{"--github-role", ""}},
		{[]string{"credentials"}, "--github-role", []string{"--github-role", "admin"}},
		{[]string{"credentials"}, "--duration", []string{"--duration", "0"}},
		{[]string{"credentials"}, "--duration", []string{"--duration", "1m"}},
		{[]string{"credentials"}, "--duration", []string{"--duration", "13h"}},
		{[]string{"credentials"}, "--region", []string{"--region", "x"}},
	}
	for _, test := range tests {
		args := append(append([]string{}, test.verb...), test.args...)
		if verb := test.verb[0]; !slices.Contains([]string{"verify", "sandbox", "demo"}, verb) {
			args = append(args, "--endpoint", aws.URL)
		}
		t.Run(fmt.Sprintf("%.120s", strings.Join(args, " ")), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := cli.Run(cli.Program{
				Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" },
			})
			first, rest, _ := strings.Cut(stderr.String(), "\n")
			if status != 2 || !strings.HasPrefix(first, "error: ") || !strings.Contains(stderr.String(), test.flag) || len(first) > 300 {
				t.Errorf("status %d, stderr:\n%s", status, &stderr)
			}
			if stdout.Len() > 0 || rest != "" && !strings.HasPrefix(rest, "hint: ") || strings.Count(rest, "\n") > 1 {
				t.Errorf("stdout %q, and more than an error and a hint:\n%s", &stdout, &stderr)
			}
		})
	}
	t.Cleanup(func() {
		if n := asked.Load(); n > 0 {
			t.Errorf("%d requests were made", n)
		}
	})
}

// TestEndlessFiles are read no further than what can be meant.
func TestEndlessFiles(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"lint", "/dev/zero"}, {"lint", "-"},
		{"release", "shop", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1", "--credentials", "/dev/zero"},
		{"plan", "shop", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1", "--template", "/dev/zero"},
		{"share", "development", "--template", "/dev/zero"}, {"sandbox", "--organization", "/dev/zero"}, {"sandbox", "--credentials", "/dev/zero"},
	} {
		var stdout, stderr bytes.Buffer
		status := cli.Run(cli.Program{Args: args, Stdin: endless{}, Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }})
		if status != 2 || !strings.Contains(stderr.String(), "it has more than 4 MiB") {
			t.Errorf("%v: status %d, %s", args, status, &stderr)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
