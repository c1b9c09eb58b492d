package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asError is errors.As.
func asError[E error](err error, target *E) bool { return errors.As(err, target) }

// result is what came of a call of dagger.
type result struct {
	stdout, stderr string // without colours
	status         int    // -1: it never ended by itself
}

// colours are what a terminal doesn't show as text.
var colours = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)

// dagger runs the command line until ctx ends.
func dagger(ctx context.Context, dir string, env []string, args ...string) result {
	cmd := exec.CommandContext(ctx, "dagger", args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &stdout, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) } // ends the session too
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	r := result{colours.ReplaceAllString(stdout.String(), ""), colours.ReplaceAllString(stderr.String(), ""), cmd.ProcessState.ExitCode()}
	if cmd.ProcessState == nil {
		r.stderr += err.Error()
	}
	return r
}

// call is a call of the module.
type call struct {
	*world
	dir         string            // where it runs; "" is a fresh folder
	env         map[string]string // beside the test's own
	progress    string            // "" is logs
	verbose     string            // such as -vvv
	constructor []string          // flags of the module itself
}

// in returns a call in a sandbox, with the management account's credentials.
func (b *box) in(t *testing.T) call {
	t.Helper()
	return b.as(t, "management")
}

// as returns a call in a sandbox, with an account's credentials.
func (b *box) as(t *testing.T, account string) call {
	t.Helper()
	return call{
		world: b.world,
		env:   map[string]string{credentialsName: b.credentials(t, account)},
		constructor: []string{
			"--credentials=env://" + credentialsName, "--endpoint=tcp://" + host(b.Endpoint()), "--unit=" + unit,
		},
	}
}

// credentialsName is the environment variable that holds credentials.
const credentialsName = "ORGSHIP_TEST_CREDENTIALS"

// call calls a function: dagger call.
func (c call) call(t *testing.T, args ...string) result {
	t.Helper()
	flags := append([]string{"call"}, c.global()...)
	flags = append(flags, "--go-image="+c.goImage)
	flags = append(flags, c.constructor...)
	return c.run(t, append(flags, args...))
}

// shell runs a script of Dagger's shell, in which $o is the module: dagger -c.
func (c call) shell(t *testing.T, script string) result {
	t.Helper()
	constructor := []string{".", "--go-image=" + c.goImage}
	for _, f := range c.constructor {
		constructor = append(constructor, quote(f))
	}
	script = strings.ReplaceAll(script, "$o", strings.Join(constructor, " "))
	return c.run(t, append(c.global(), "-c", script))
}

func (c call) global() []string {
	flags := []string{"--mod=" + c.module, "--progress=" + c.progress}
	if c.progress == "" {
		flags[1] = "--progress=logs"
	}
	if c.verbose != "" {
		flags = append(flags, c.verbose)
	}
	return flags
}

func (c call) run(t *testing.T, args []string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	defer cancel()
	env := os.Environ()
	for name, value := range c.env {
		env = append(env, name+"="+value)
	}
	dir := c.dir
	if dir == "" {
		dir = t.TempDir()
	}
	started := time.Now()
	r := dagger(ctx, dir, env, args...)
	if ctx.Err() != nil {
		t.Fatalf("dagger did not end in time: %s\n%s", ctx.Err(), r)
	}
	t.Logf("%5.1fs  status %d  dagger %s", time.Since(started).Seconds(), r.status, strings.Join(args, " "))
	if strings.Contains(r.stdout+r.stderr, planted) {
		t.Error("the secret access key shows") // and is not shown again
	}
	return r
}

// quote writes a word for Dagger's shell.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// String shows all of it.
func (r result) String() string {
	return fmt.Sprintf("status %d\n--- stdout\n%s\n--- stderr\n%s", r.status, r.stdout, r.stderr)
}

// ok fails the test unless the call succeeded, and returns what it printed.
func (r result) ok(t *testing.T) string {
	t.Helper()
	if r.status != 0 {
		t.Fatalf("the call failed: %s", r)
	}
	return strings.TrimSpace(r.stdout)
}
