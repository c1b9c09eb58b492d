package cli_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
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
		{release, "--account", []string{"--account", "dev-1 dev-2"}},
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
	}
	for _, test := range tests {
		args := append(append([]string{}, test.verb...), test.args...)
		if verb := test.verb[0]; verb != "verify" && verb != "sandbox" {
			args = append(args, "--endpoint", aws.URL)
		}
		t.Run(strings.Join(args, " "), func(t *testing.T) {
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
	for _, args := range [][]string{{"lint", "/dev/zero"}, {"lint", "-"}, {"release", "shop", "x:1", "--credentials", "/dev/zero"}} {
		var stdout, stderr bytes.Buffer
		status := cli.Run(cli.Program{Args: args, Stdin: endless{}, Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }})
		if status != 2 || !strings.Contains(stderr.String(), "it has more than 4 MiB") {
			t.Errorf("%v: status %d, %s", args, status, &stderr)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
