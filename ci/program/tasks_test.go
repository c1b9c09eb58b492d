package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"orgship/sandbox/task"
)

// TestMain is also what the tasks of the tests run: TASK says what to do.
func TestMain(m *testing.M) {
	what, with, _ := strings.Cut(os.Getenv("TASK"), " ")
	switch what {
	case "":
		os.Exit(m.Run())
	case "exit":
		_, _ = io.WriteString(os.Stdout, "out\n")
		_, _ = io.WriteString(os.Stderr, "err\n")
		code, _ := strconv.Atoi(with)
		os.Exit(code)
	case "wait": // for a signal, and say which
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM, syscall.SIGQUIT)
		_, _ = io.WriteString(os.Stdout, "ready\n")
		_, _ = io.WriteString(os.Stdout, "got "+(<-c).String()+"\n")
		os.Exit(3)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		_, _ = io.WriteString(os.Stdout, "ready\n")
		select {}
	case "crash": // as a shell: Go's own runtime catches the signal
		fmt.Fprintln(os.Stderr, syscall.Exec("/bin/sh", []string{"sh", "-c", "kill -s SEGV $$"}, os.Environ()))
		os.Exit(1)
	}
}

// watched is output that tells when something is in it.
type watched struct {
	bytes.Buffer
	want string
	seen chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	had := strings.Contains(w.String(), w.want)
	n, err := w.Buffer.Write(p)
	if !had && strings.Contains(w.String(), w.want) {
		close(w.seen)
	}
	return n, err
}

// started runs argv as a task without an engine: its first process is a goroutine
// here, and "the service" is gone when that has ended.
func started(t *testing.T, out, errs io.Writer, argv ...string) (*process, error) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	gone := make(chan struct{})
	go func() {
		runInner(argv, socket, io.Discard, io.Discard)
		close(gone)
	}()
	p := &process{
		spec: task.Spec{Stdout: out, Stderr: errs}, image: task.Asked{Digest: "sha256:1", Argv: argv, StopSignal: syscall.SIGQUIT},
		patience: time.Hour,
		remove: func(ctx context.Context) error {
			select {
			case <-gone:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		done: make(chan struct{}),
	}
	if err := p.began(t.Context(), l); err != nil {
		p.discard()
		return nil, err
	}
	p.ip = "127.0.0.1"
	go p.attend()
	return p, nil
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTaskEnds(t *testing.T) {
	for _, tt := range []struct {
		task, out, errs, reason string
		code                    int
	}{
		{"exit 0", "out\n", "err\n", "", 0},
		{"exit 7", "out\n", "err\n", "", 7},
		{"crash", "", "", "killed by signal SIGSEGV", 128 + 11},
	} {
		t.Run(tt.task, func(t *testing.T) {
			t.Setenv("TASK", tt.task)
			var out, errs bytes.Buffer
			p, err := started(t, &out, &errs, self(t))
			if err != nil {
				t.Fatal(err)
			}
			<-p.Done()
			if code, reason := p.Exit(); code != tt.code || reason != tt.reason {
				t.Errorf("exit %d, %q; want %d, %q", code, reason, tt.code, tt.reason)
			}
			if out.String() != tt.out || errs.String() != tt.errs {
				t.Errorf("wrote %q and %q", out.String(), errs.String())
			}
			if _, err := p.Dial(t.Context(), 80); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("dialling what is gone: %v", err)
			}
		})
	}
}

func TestTaskStops(t *testing.T) {
	for _, tt := range []struct {
		task, out, reason string
		grace             time.Duration
		code              int
	}{
		{"wait", "ready\ngot quit\n", "", time.Hour, 3}, // the image's stop signal, and its own end
		{"stubborn", "ready\n", "killed by signal SIGKILL", 0, 128 + 9},
	} {
		t.Run(tt.task, func(t *testing.T) {
			t.Setenv("TASK", tt.task)
			out := &watched{want: "ready\n", seen: make(chan struct{})}
			p, err := started(t, out, nil, self(t))
			if err != nil {
				t.Fatal(err)
			}
			<-out.seen
			if err := p.Stop(t.Context(), tt.grace); err != nil {
				t.Fatal(err)
			}
			if code, reason := p.Exit(); code != tt.code || reason != tt.reason {
				t.Errorf("exit %d, %q; want %d, %q", code, reason, tt.code, tt.reason)
			}
			if out.String() != tt.out {
				t.Errorf("wrote %q, want %q", out.String(), tt.out)
			}
		})
	}
}

func TestTaskDial(t *testing.T) {
	t.Setenv("TASK", "wait")
	p, err := started(t, nil, nil, self(t))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.NotFoundHandler())
	port := s.Listener.Addr().(*net.TCPAddr).Port
	c, err := p.Dial(t.Context(), port)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	s.Close()
	if _, err := p.Dial(t.Context(), port); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling a port that nobody listens on: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Dial(ended, port); err == nil || errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling with a context that has ended: %v", err)
	}
	if err := p.Stop(t.Context(), time.Hour); err != nil {
		t.Error(err)
	}
}

func TestEntrypointThatCannotStart(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		argv []string
		want task.EntrypointError
	}{
		{[]string{"/nowhere"}, task.EntrypointError{Entrypoint: "/nowhere", Reason: "no such file or directory"}},
		{[]string{"nowhere-on-the-path"}, task.EntrypointError{Entrypoint: "nowhere-on-the-path", Reason: "executable file not found in $PATH"}},
		{[]string{text}, task.EntrypointError{Entrypoint: text, Reason: "exec format error"}},
		{nil, task.EntrypointError{Reason: "the image names no entrypoint and no command"}},
	} {
		_, err := started(t, nil, nil, tt.argv...)
		var got *task.EntrypointError
		if !errors.As(err, &got) || *got != tt.want {
			t.Errorf("%q: error %v, want %v", tt.argv, err, &tt.want)
		}
	}
}

// A first process that never comes, or comes and says nothing.
func TestSilence(t *testing.T) {
	t.Parallel()
	for name, come := range map[string]func(address string){
		"never comes":  func(string) {},
		"says nothing": func(address string) { _, _ = net.Dial("unix", address) },
	} {
		l, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
		if err != nil {
			t.Fatal(err)
		}
		come(l.Addr().String())
		if err := (&process{patience: time.Millisecond}).began(t.Context(), l); !errors.Is(err, errSilent) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestNoService(t *testing.T) {
	t.Parallel()
	p := &process{image: task.Asked{Argv: []string{"/app"}}}
	for said, want := range map[string]string{
		"find uid: no such user: web": `starting entrypoint "/app": find uid: no such user: web`,
		"get user: unable to find groups for spec web [traceparent:" + strings.Repeat("0", 32) + "-" + strings.Repeat("0", 16) + "]": `starting entrypoint "/app": get user: unable to find groups for spec web`,
		"no space\nleft": "starting a task: no space left",
	} {
		err := p.unserved(errors.New(said))
		var entrypoint *task.EntrypointError
		if err.Error() != want || errors.As(err, &entrypoint) != strings.HasPrefix(want, "starting entrypoint") {
			t.Errorf("%q: %T %v", said, err, err)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	digest := "sha256:0123456789abcdef" + strings.Repeat("0", 48)
	for reference, want := range map[string][2]string{
		"127.0.0.1:4566/111111111111/hello:1.0.0":                             {"127.0.0.1:4566/111111111111/hello@" + digest, "hello@sha256:0123456789ab"},
		"127.0.0.1:4566/111111111111/a/b":                                     {"127.0.0.1:4566/111111111111/a/b@" + digest, "b@sha256:0123456789ab"},
		"127.0.0.1:4566/111111111111/hello@sha256:" + strings.Repeat("f", 64): {"127.0.0.1:4566/111111111111/hello@" + digest, "hello@sha256:0123456789ab"},
	} {
		if got := [2]string{byDigest(reference, digest), short(reference, digest)}; got != want {
			t.Errorf("%q: %q, want %q", reference, got, want)
		}
	}
}

// Outside of an engine the hint says which program is meant.
func TestNoEngine(t *testing.T) {
	t.Parallel()
	e := newEngine(func(string) string { return "" }, nil)
	_, err := e.connect(t.Context())
	var hinted interface{ Hint() string }
	if !errors.As(plain(err), &hinted) || !strings.Contains(hinted.Hint(), "cmd/orgship") {
		t.Errorf("error %v", err)
	}
	if s, err := e.registry(t.Context(), "111111111111.dkr.ecr.eu-west-1.amazonaws.com"); s != nil || err != nil {
		t.Errorf("a registry of AWS needs no way: %v, %v", s, err)
	}
}
