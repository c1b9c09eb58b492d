package task

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Names that the program is started under when it isn't to be itself.
const (
	initName    = "orgship-task-init"
	janitorName = "orgship-task-janitor"
)

// Init makes this process a task's first process, or the janitor of a
// runtime's files, when it was started as one; it then never returns. Else it
// does nothing. Call it first in main and in TestMain.
func Init() {
	switch os.Args[0] {
	case initName:
		os.Exit(initMain())
	case janitorName:
		os.Exit(janitorMain())
	}
}

// initMain is process 1 of a task. When it ends, the kernel ends the rest.
func initMain() int {
	// What the sandbox itself was started with is no business of a task's.
	_ = unix.CloseRange(controlFD, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	unix.Umask(0o022)
	control, err := controlConn(os.NewFile(controlFD, controlName))
	if err != nil {
		return 1
	}
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return 1
	}
	i := &first{order: o, control: control, execs: map[int]uint64{}}
	if o.Group {
		return i.group()
	}
	if err := i.surroundings(); err != nil {
		i.say(message{Kind: kindUnable, Text: err.Error()})
		return 1
	}
	if o.Probe {
		i.say(message{Kind: kindProbed, OK: i.overlay})
		return 0
	}
	return i.run()
}

// first is a task's first process.
type first struct {
	order   order
	control *net.UnixConn
	overlay bool // the root file system is an overlay
	child   int  // the entrypoint's process
	entry   *program

	mu    sync.Mutex
	execs map[int]uint64 // what runs beside it: which one, by process
}

func (i *first) say(m message) { _ = send(i.control, m) }

func (i *first) surroundings() error {
	for _, step := range []func() error{i.rootFS, i.ownNetwork, protectProc, i.names} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// run starts the entrypoint and serves the runtime until the entrypoint ends
// or the runtime is gone.
func (i *first) run() int {
	p, err := i.program()
	if err == nil && i.order.ReadOnly {
		err = protectRoot()
	}
	if err == nil {
		i.child, err = p.start(i.order.OneID)
	}
	if err != nil {
		i.say(message{Kind: kindUnstarted, Text: reason(err)})
		return 1
	}
	i.entry = p
	i.say(message{Kind: kindStarted})
	go func() {
		i.serve()
		os.Exit(1) // the runtime is gone, and with this process the task
	}()
	status := i.reap()
	m := message{Kind: kindExit, Code: status.ExitStatus()}
	if status.Signaled() {
		m.Signal = int(status.Signal())
		m.Code = 128 + m.Signal
	}
	i.say(m)
	return 0
}

// reason is a system error without the call that met it.
func reason(err error) string {
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// reap waits for the entrypoint, and on the way for what runs beside it and for all
// that lost their parent.
func (i *first) reap() unix.WaitStatus {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		if err == nil && (status.Exited() || status.Signaled()) {
			if pid == i.child {
				return status
			}
			i.executed(pid, status)
		}
		if errors.Is(err, unix.ECHILD) {
			return status // can't happen: child is ours to wait for
		}
	}
}

func (i *first) serve() {
	for {
		m, files, err := receive(i.control)
		if err != nil {
			return
		}
		switch m.Kind {
		case kindLaunch:
			i.launch(files)
		case kindExec:
			go i.exec(m)
		case kindCancel:
			i.cancel(m.ID)
		case kindDial:
			go i.dial(m)
		case kindSignal:
			_ = unix.Kill(i.child, unix.Signal(m.Signal))
		}
	}
}

// dialTimeout ends a connection attempt that nobody answers: a full backlog.
const dialTimeout = 30 * time.Second

func (i *first) dial(m message) {
	conn, err := i.connect(m.Port)
	if err != nil {
		errno := syscall.ETIMEDOUT
		_ = errors.As(err, &errno)
		i.say(message{Kind: kindDialled, ID: m.ID, Errno: int(errno)})
		return
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			_ = send(i.control, message{Kind: kindDialled, ID: m.ID}, int(fd))
		})
	}
	if err != nil {
		i.say(message{Kind: kindDialled, ID: m.ID, Errno: int(syscall.EIO)})
	}
}

func (i *first) connect(port int) (net.Conn, error) {
	ip := i.order.IP
	if !ip.IsValid() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	d := net.Dialer{Timeout: dialTimeout, KeepAlive: -1}
	return d.DialContext(context.Background(), "tcp", net.JoinHostPort(ip.String(), strconv.Itoa(port)))
}

// start runs the program from a thread that has given up what a task may not
// do, which what it starts inherits. The goroutine stays on that thread.
func (p *program) start(oneID bool) (int, error) {
	runtime.LockOSThread()
	if err := confine(); err != nil {
		return 0, err
	}
	attr := &syscall.ProcAttr{
		Dir:   p.dir,
		Env:   p.env,
		Files: p.files,
		Sys:   &syscall.SysProcAttr{Setsid: true},
	}
	switch {
	case !oneID:
		attr.Sys.Credential = &syscall.Credential{Uid: p.user.uid, Gid: p.user.gid, Groups: p.user.groups}
	case p.user.uid != 0 || p.user.gid != 0:
		attr.Sys.Cloneflags = syscall.CLONE_NEWUSER
		attr.Sys.UidMappings = []syscall.SysProcIDMap{{ContainerID: int(p.user.uid), HostID: 0, Size: 1}}
		attr.Sys.GidMappings = []syscall.SysProcIDMap{{ContainerID: int(p.user.gid), HostID: 0, Size: 1}}
	}
	for wait := time.Millisecond; ; wait *= 2 {
		pid, err := syscall.ForkExec(p.path, p.argv, attr)
		if !errors.Is(err, syscall.ETXTBSY) || wait > time.Second {
			return pid, err
		}
		// The sandbox just unpacked the file, and a process that it forked in
		// that moment has it open until its own exec.
		time.Sleep(wait)
	}
}
