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

// Sharer is a runtime whose containers can share what those of a task share, and run
// further programs.
type Sharer interface {
	Runtime
	// Share makes a network, and empty volumes, for the containers of one task. The
	// tasks that a [Group] starts are [Execer]s.
	Share(ctx context.Context, spec Shared) (Group, error)
}

// Shared says what the containers of a task share.
type Shared struct {
	Hostname string     // empty: made of IP, as awsvpc tasks have it
	IP       netip.Addr // the private address of the task's network interface
	Volumes  []string   // names of volumes
}

// Group is what the containers of a task share. Its Start starts one there: the Spec's
// Hostname and IP are those of the group.
type Group interface {
	Runtime
	// Close ends all that still runs there, and the volumes with it.
	Close() error
}

// Execer is a task in which further programs can be run.
type Execer interface {
	// Exec runs a program beside the entrypoint, as its user and with its environment,
	// and returns its exit code. What it writes is discarded. It is killed when ctx is done.
	Exec(ctx context.Context, argv []string) (code int, err error)
}

// Mount puts a volume of a [Group] into a container.
type Mount struct {
	Volume   string
	Path     string // absolute, in the container
	ReadOnly bool
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

	ReadOnlyRoot bool    // the root file system can't be written to; /dev/shm can
	Mounts       []Mount // in a Group alone

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
