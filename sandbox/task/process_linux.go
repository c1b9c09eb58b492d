package task

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A process is a task as the runtime sees it: its first process and the socket
// to it.
type process struct {
	spec    Spec
	digest  string
	stop    syscall.Signal
	cmd     *exec.Cmd // nil in a group: its process is the group's child
	control *net.UnixConn
	first   chan message  // the first thing it says
	done    chan struct{} // closed when nothing is left

	mu      sync.Mutex
	dials   map[uint64]chan dialled
	execs   map[uint64]chan message
	last    uint64
	exit    *message // what it said about the entrypoint's end
	killed  bool
	cleaned error
}

type dialled struct {
	conn net.Conn
	err  error
}

// start starts a task's first process, and returns when the entrypoint runs.
// clean is called when the task is gone, also when it never ran.
func (l *Local) start(ctx context.Context, spec Spec, o order, g *group, clean func() error) (*process, error) {
	launch := l.launch
	if g != nil {
		launch = g.launch
	}
	p, err := launch(spec, o, clean)
	if err != nil {
		return nil, errors.Join(err, clean())
	}
	if err := l.adopt(p); err != nil {
		p.kill()
		<-p.done
		return nil, err
	}
	select {
	case m := <-p.first:
		err = p.began(m, o)
	case <-ctx.Done():
		err = fmt.Errorf("starting a task: %w", context.Cause(ctx))
	}
	if err != nil {
		p.kill()
		<-p.done
		return nil, err
	}
	return p, nil
}

// began turns the first message of a task into an error, or none.
func (p *process) began(m message, o order) error {
	switch m.Kind {
	case kindStarted, kindProbed:
		return nil
	case kindUnstarted:
		name := ""
		if len(o.Argv) > 0 {
			name = o.Argv[0]
		}
		return &EntrypointError{Entrypoint: name, Reason: m.Text}
	case kindUnable:
		return fmt.Errorf("making a task's surroundings: %s", m.Text)
	}
	return errors.New("starting a task: its first process died at once")
}

func (l *Local) launch(spec Spec, o order, clean func() error) (*process, error) {
	mine, theirs, err := controlPair()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	cmd, err := l.command(spec, o, theirs)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_ = mine.Close()
		return nil, fmt.Errorf("starting a task's first process: %w", err)
	}
	// How it ended is told by its last message.
	return l.follow(spec, cmd, mine, func() { _ = cmd.Wait() }, clean), nil
}

// follow begins to listen to a task's first process, cmd's unless that is nil. Ended
// waits for it and its output.
func (l *Local) follow(spec Spec, cmd *exec.Cmd, control *net.UnixConn, ended func(), clean func() error) *process {
	p := &process{
		spec: spec, cmd: cmd, control: control,
		first: make(chan message, 1), done: make(chan struct{}), dials: map[uint64]chan dialled{}, execs: map[uint64]chan message{},
	}
	listening := make(chan struct{})
	go func() {
		p.listen()
		close(listening)
	}()
	go func() {
		ended()
		<-listening // ends with the process: it had the other end
		_ = control.Close()
		p.cleaned = clean()
		l.forget(p)
		close(p.done)
	}()
	return p
}

// command is the program itself, as a task's first process in new namespaces.
func (l *Local) command(spec Spec, o order, control *os.File) (*exec.Cmd, error) {
	body, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	uids, gids, err := mappings()
	if err != nil {
		return nil, err
	}
	return &exec.Cmd{
		Path:       "/proc/self/exe",
		Args:       []string{initName},
		Env:        initEnv(),
		Dir:        l.dir,
		Stdin:      bytes.NewReader(body),
		Stdout:     spec.Stdout,
		Stderr:     spec.Stderr,
		ExtraFiles: []*os.File{control}, // becomes controlFD
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID |
				syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
			UidMappings:                uids,
			GidMappings:                gids,
			GidMappingsEnableSetgroups: os.Geteuid() == 0,
			Setsid:                     true, // Ctrl-C is for the sandbox, which stops its tasks
		},
	}, nil
}

func initEnv() []string { return []string{"GOMAXPROCS=2"} }

// listen takes what the task's first process says, until it is gone.
func (p *process) listen() {
	defer p.gone()
	for {
		m, files, err := receive(p.control)
		if err != nil {
			return
		}
		switch m.Kind {
		case kindDialled:
			p.deliver(m, files)
		case kindExecuted:
			p.executed(m)
		case kindExit:
			p.mu.Lock()
			p.exit = &m
			p.mu.Unlock()
		default:
			select {
			case p.first <- m:
			default: // it begins once
			}
		}
	}
}

// gone tells those who wait that the task's first process says nothing more.
func (p *process) gone() {
	select {
	case p.first <- message{}:
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, to := range p.dials {
		to <- dialled{err: syscall.EHOSTUNREACH}
		delete(p.dials, id)
	}
	p.dials = nil
	for _, to := range p.execs {
		close(to)
	}
	p.execs = nil
}

func (p *process) deliver(m message, files []*os.File) {
	defer closeAll(files)
	var d dialled
	switch {
	case m.Errno != 0:
		d.err = os.NewSyscallError("connect", syscall.Errno(m.Errno))
	case len(files) == 0:
		d.err = errors.New("the connection did not come along")
	default:
		d.conn, d.err = net.FileConn(files[0])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if to := p.dials[m.ID]; to != nil {
		to <- d // holds one
		delete(p.dials, m.ID)
	} else if d.conn != nil {
		_ = d.conn.Close() // nobody waits for it any more
	}
}

// Digest implements [Task].
func (p *process) Digest() string { return p.digest }

// Done implements [Task].
func (p *process) Done() <-chan struct{} { return p.done }

// Dial implements [Task].
func (p *process) Dial(ctx context.Context, port int) (net.Conn, error) {
	conn, err := p.dial(ctx, port)
	if err != nil {
		to := &net.TCPAddr{IP: p.spec.IP.AsSlice(), Port: port}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: to, Err: err}
	}
	return conn, nil
}

func (p *process) dial(ctx context.Context, port int) (net.Conn, error) {
	to := make(chan dialled, 1)
	p.mu.Lock()
	if p.dials == nil {
		p.mu.Unlock()
		return nil, syscall.EHOSTUNREACH
	}
	p.last++
	id := p.last
	p.dials[id] = to
	p.mu.Unlock()
	if err := send(p.control, message{Kind: kindDial, ID: id, Port: port}); err != nil {
		p.giveUp(id, to)
		return nil, syscall.EHOSTUNREACH
	}
	select {
	case d := <-to:
		return d.conn, d.err
	case <-ctx.Done():
		p.giveUp(id, to)
		return nil, ctx.Err()
	}
}

// giveUp forgets a dial; a connection that arrived meanwhile is closed.
func (p *process) giveUp(id uint64, to chan dialled) {
	p.mu.Lock()
	delete(p.dials, id)
	p.mu.Unlock()
	select {
	case d := <-to:
		if d.conn != nil {
			_ = d.conn.Close()
		}
	default:
	}
}

// Exit implements [Task].
func (p *process) Exit() (int, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.exit == nil: // its first process was killed, by us or by someone else
		return 128 + int(syscall.SIGKILL), killedBy(syscall.SIGKILL)
	case p.exit.Signal != 0:
		return p.exit.Code, killedBy(syscall.Signal(p.exit.Signal))
	}
	return p.exit.Code, ""
}

func killedBy(s syscall.Signal) string { return "killed by signal " + unix.SignalName(s) }

// Stop implements [Task].
func (p *process) Stop(ctx context.Context, grace time.Duration) error {
	_ = send(p.control, message{Kind: kindSignal, Signal: int(p.stop)})
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-p.done:
	case <-patience.C:
	case <-ctx.Done():
	}
	p.kill()
	<-p.done
	return p.cleaned
}

// kill ends the first process, and with it the kernel ends all of the task.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.killed {
		p.killed = true
		if p.cmd == nil {
			_ = p.control.CloseWrite() // it ends when nobody speaks to it any more
			return
		}
		_ = p.cmd.Process.Kill()
	}
}
