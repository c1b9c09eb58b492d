// Package task runs a container image as an ECS task would run: with its own
// root file system, its own network and its own processes, pulled from a
// registry with the credentials it is given.
//
// The default runtime, [Local], uses the namespaces of the Linux kernel and
// needs neither a daemon nor root. A program that uses it calls [Init] first
// thing in main (and in TestMain): a task's first process is the program
// itself, started again.
package task

import (
	"context"
	"io"
	"net"
	"net/netip"
	"time"
)

// Runtime starts tasks.
type Runtime interface {
	// Start pulls the image, unpacks it and starts its entrypoint. It returns
	// once the entrypoint runs. A pull that fails is a [*PullError], an
	// entrypoint that cannot be started an [*EntrypointError]. Ending ctx while
	// Start works gives up; after that ctx has no hold on the task.
	Start(ctx context.Context, spec Spec) (Task, error)
}

// Spec says what to run.
type Spec struct {
	ID       string // names the task's files, e.g. 32 hex digits
	Image    string // host:port/account/repository@sha256:… or :tag
	Secure   bool   // pull by HTTPS
	Username string // registry credentials; both empty: none are sent
	Password string

	// EntryPoint, Command, Env, WorkingDir and User override what the image
	// says when they are set. Env entries are "NAME=value" and are added to the
	// image's. As in Docker, an EntryPoint drops the image's Cmd.
	EntryPoint []string
	Command    []string
	Env        []string
	WorkingDir string
	User       string // "name", "uid", "uid:gid", "name:group"

	ReadOnlyRoot bool // the root file system can't be written to; /dev/shm can

	Hostname string     // empty: made of IP, as awsvpc tasks have it
	IP       netip.Addr // the private address of the task's network interface

	Stdout io.Writer // nil: discarded; written by one goroutine
	Stderr io.Writer
}

// Task is a running (or ended) task.
type Task interface {
	// Digest is that of the image that runs: "sha256:…".
	Digest() string
	// Dial connects to a TCP port inside the task's network. A port nobody
	// listens on is refused at once (errors.Is syscall.ECONNREFUSED).
	Dial(ctx context.Context, port int) (net.Conn, error)
	// Done is closed when the entrypoint has ended, its output is written and
	// nothing of the task is left on the machine.
	Done() <-chan struct{}
	// Exit returns the exit code (128+n for signal n) and, where the code alone
	// does not say it, why: "killed by signal SIGSEGV". Only after Done.
	Exit() (code int, reason string)
	// Stop sends the image's stop signal (SIGTERM by default), kills the task
	// after grace or as soon as ctx is done, and returns when it is gone.
	Stop(ctx context.Context, grace time.Duration) error
}
