package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"dagger.io/dagger"
	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/sys/unix"

	"orgship/sandbox/task"
)

// startTimeout is how long a started service may take to run its first process,
// which takes milliseconds. The engine doesn't tell when it can't.
const startTimeout = 15 * time.Second

// errSilent is a service that the engine started, and nothing came of it.
var errSilent = errors.New("nothing is heard of it, and the engine's log says why: the image may not have its user, or no /etc/group where the user is a name")

// goneTimeout is how long the engine may take to take an ended service away.
const goneTimeout = 10 * time.Second

// tasks is a task.Runtime whose tasks are services of the engine. The engine pulls
// their images; who may pull is asked of the registry for each task before. A
// task's first process is this program, which starts the image's entrypoint, and
// tells of its output and its end.
//
// What the engine can't do: ReadOnlyRoot, the root file system is the task's own
// and lost with it, but it can be written to; Hostname and IP, it gives its own;
// ports below 1024 are for root alone; a user by name needs an /etc/group. It adds
// environment variables of its own, OTEL_* and TRACEPARENT, and what the entrypoint
// writes shows in its log too.
type tasks struct {
	engine *engine
	dir    string // for sockets; "": os.TempDir

	pull sync.Mutex // the engine knows one login for a registry at a time
}

// Start implements [task.Runtime].
func (t *tasks) Start(ctx context.Context, spec task.Spec) (task.Task, error) {
	image, err := task.Ask(ctx, spec)
	if err != nil {
		return nil, err
	}
	p := &process{spec: spec, image: image, patience: startTimeout, done: make(chan struct{})}
	socket := filepath.Join(cmp.Or(t.dir, os.TempDir()), "orgship-"+spec.ID)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("listening for the task's first process: %w", err)
	}
	defer func() { _ = listener.Close() }() // which removes the socket; there is one first process
	err = t.engine.shown.aside(ctx, "task of "+short(spec.Image, image.Digest), func(ctx context.Context) error { return t.serve(ctx, p, socket) })
	if err != nil {
		return nil, p.unserved(err)
	}
	if err := p.began(ctx, listener); err != nil {
		p.discard()
		return nil, err
	}
	go p.attend()
	return p, nil
}

// noUser is what the engine says of a user that the image doesn't have.
var noUser = regexp.MustCompile(`no such (user|group)|unable to find (user|groups?) `)

// unserved is why the engine started no service.
func (p *process) unserved(err error) error {
	err = plain(err)
	if noUser.MatchString(err.Error()) {
		return &task.EntrypointError{Entrypoint: first(p.image.Argv), Reason: err.Error()}
	}
	return fmt.Errorf("starting a task: %w", err)
}

// serve has the engine pull the image and start the service.
func (t *tasks) serve(ctx context.Context, p *process, socket string) error {
	client, err := t.engine.connect(ctx)
	if err != nil {
		return err
	}
	c, err := t.container(ctx, client, p)
	if err != nil {
		return err
	}
	program, err := t.engine.program(client)
	if err != nil {
		return err
	}
	user := cmp.Or(p.spec.User, p.image.Config.User)
	t.pull.Lock()
	defer t.pull.Unlock()
	service, err := c.WithMountedFile(innerPath, program).
		WithUnixSocket(socketPath, client.Host().UnixSocket(socket), dagger.ContainerWithUnixSocketOpts{Owner: user}).
		AsService(dagger.ContainerAsServiceOpts{Args: append([]string{innerPath, p.spec.ID}, p.image.Argv...)}). // the id: services that are alike run once
		Start(ctx)
	p.remove = func(ctx context.Context) error {
		return t.engine.shown.aside(ctx, "the task's end", func(ctx context.Context) error {
			_, err := service.Stop(ctx, dagger.ServiceStopOpts{Kill: true})
			return err
		})
	}
	return err
}

// container is the task's image with the settings of its spec.
func (t *tasks) container(ctx context.Context, client *dagger.Client, p *process) (*dagger.Container, error) {
	host, _, _ := strings.Cut(p.spec.Image, "/")
	registry, err := t.engine.registry(ctx, host)
	if err != nil {
		return nil, err
	}
	c := client.Container()
	if p.spec.Username != "" || p.spec.Password != "" {
		c = c.WithRegistryAuth(host, p.spec.Username, client.SetSecret("registry-password-of-task-"+p.spec.ID, p.spec.Password))
	}
	c = c.From(byDigest(p.spec.Image, p.image.Digest), dagger.ContainerFromOpts{RegistryService: registry}).
		WithoutDockerHealthcheck() // ECS takes no notice of it either
	for _, e := range p.spec.Env {
		name, value, _ := strings.Cut(e, "=")
		c = c.WithEnvVariable(name, value)
	}
	if p.spec.WorkingDir != "" {
		c = c.WithWorkdir(p.spec.WorkingDir)
	}
	if p.spec.User != "" {
		c = c.WithUser(p.spec.User)
	}
	return c, nil
}

// byDigest names an image by its digest: repository@sha256:…. What can't be read is
// for the engine to refuse.
func byDigest(reference, digest string) string {
	r, err := name.ParseReference(reference)
	if err != nil {
		return reference
	}
	return r.Context().Digest(digest).String()
}

// short names an image for people: "hello@sha256:0123456789ab".
func short(reference, digest string) string {
	return path.Base(strings.TrimSuffix(byDigest(reference, digest), digest)) + digest[:min(len(digest), len("sha256:")+12)]
}

// process is a task as the runtime sees it: a service of the engine, and the link
// to the first process in it.
type process struct {
	spec     task.Spec
	image    task.Asked
	patience time.Duration               // with the first process, until it says something
	remove   func(context.Context) error // has the engine take the service away
	link     *link
	ip       string
	done     chan struct{} // closed when nothing is left

	exit    *message // what was told of the entrypoint's end; read it after done
	cleaned error
}

// began waits for the first process and for what it says of the entrypoint.
func (p *process) began(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.patience, errSilent)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	conn, err := l.Accept()
	if err != nil {
		return fmt.Errorf("starting a task: waiting for its first process: %w", cmp.Or(context.Cause(ctx), err))
	}
	p.link = newLink(conn)
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	for {
		m, err := p.link.receive()
		switch {
		case err != nil:
			return fmt.Errorf("starting a task: its first process ended: %w", cmp.Or(context.Cause(ctx), err))
		case m.Kind == kindStarted:
			p.ip = m.IP
			return nil
		case m.Kind == kindUnstarted:
			return &task.EntrypointError{Entrypoint: first(p.image.Argv), Reason: m.Text}
		case m.Kind == kindOutput:
			p.write(m) // the entrypoint was faster
		}
	}
}

func first(argv []string) string {
	if len(argv) == 0 {
		return ""
	}
	return argv[0]
}

// attend takes what the task tells, until it is gone.
func (p *process) attend() {
	for {
		m, err := p.link.receive()
		if err != nil {
			break
		}
		switch m.Kind {
		case kindOutput:
			p.write(m)
		case kindExit:
			p.exit = &m
		}
	}
	p.discard()
	close(p.done)
}

func (p *process) write(m message) {
	w := p.spec.Stdout
	if m.Stream == 2 {
		w = p.spec.Stderr
	}
	if w != nil {
		_, _ = w.Write(m.Data)
	}
}

// discard ends the link, which ends the task, and has the engine take the service
// away.
func (p *process) discard() {
	if p.link != nil {
		_ = p.link.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), goneTimeout)
	defer cancel()
	if err := p.remove(ctx); err != nil {
		p.cleaned = fmt.Errorf("ending a task: %w", plain(err))
	}
}

// Digest implements [task.Task].
func (p *process) Digest() string { return p.image.Digest }

// Done implements [task.Task].
func (p *process) Done() <-chan struct{} { return p.done }

// Dial implements [task.Task]. A task that is gone refuses.
func (p *process) Dial(ctx context.Context, port int) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(p.ip, strconv.Itoa(port)))
	if err == nil {
		return conn, nil
	}
	select {
	case <-p.done:
		to := &net.TCPAddr{IP: net.ParseIP(p.ip), Port: port}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: to, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	default:
		return nil, err
	}
}

// Exit implements [task.Task].
func (p *process) Exit() (code int, reason string) {
	switch {
	case p.exit == nil: // its first process was killed, by us or by the engine
		return 128 + int(syscall.SIGKILL), killedBy(syscall.SIGKILL)
	case p.exit.Signal != 0:
		return p.exit.Code, killedBy(syscall.Signal(p.exit.Signal))
	}
	return p.exit.Code, ""
}

func killedBy(s syscall.Signal) string { return "killed by signal " + unix.SignalName(s) }

// Stop implements [task.Task].
func (p *process) Stop(ctx context.Context, grace time.Duration) error {
	_ = p.link.send(message{Kind: kindSignal, Signal: int(p.image.StopSignal)})
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-p.done:
	case <-patience.C:
	case <-ctx.Done():
	}
	_ = p.link.Close() // its first process kills it
	<-p.done
	return p.cleaned
}
