package task

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// What a task's first process is told on its standard input.
type order struct {
	Lower    string   `json:",omitempty"` // the unpacked image, shared and left as it is; or
	Copy     string   `json:",omitempty"` // a copy of it that the task may write to
	Argv     []string `json:",omitempty"`
	Env      []string `json:",omitempty"`
	Dir      string   `json:",omitempty"`
	User     string   `json:",omitempty"`
	Hostname string   `json:",omitempty"`
	IP       netip.Addr
	ReadOnly bool `json:",omitempty"` // the root file system, once the program is to start
	OneID    bool `json:",omitempty"` // only root is mapped: another user gets a namespace of its own
	Probe    bool `json:",omitempty"` // try what a task needs and end

	Volumes int          `json:",omitempty"` // how many there are; only for a group
	Group   bool         `json:",omitempty"` // make what containers share, and start those that come
	Joined  bool         `json:",omitempty"` // the network is there already
	Mounts  []mountOrder `json:",omitempty"`
}

// mountOrder says where a volume goes.
type mountOrder struct {
	Source   string // absolute, in the runtime's directory
	Path     string
	ReadOnly bool `json:",omitempty"`
	Like     bool `json:",omitempty"` // the image declares it: its owner and mode are those of the image's directory
}

// The files that a task's first process starts with.
const (
	controlFD   = 3
	controlName = "control"
)

// A message goes over the socket between the runtime and a task's first process.
type message struct {
	Kind   kind
	ID     uint64 `json:",omitempty"` // dial, dialled: which one
	Port   int    `json:",omitempty"` // dial
	Errno  int    `json:",omitempty"` // dialled: why not; else a connection comes along
	Signal int    `json:",omitempty"` // signal; exit: the signal that ended the entrypoint
	Code   int    `json:",omitempty"` // exit
	Text   string `json:",omitempty"` // unable, unstarted: why
	OK     bool   `json:",omitempty"` // probed: overlayfs can be used

	Argv []string `json:",omitempty"` // exec: the program
}

type kind string

const (
	kindProbed    kind = "probed"    // the machine can run tasks
	kindStarted   kind = "started"   // the entrypoint runs
	kindUnable    kind = "unable"    // the task's surroundings could not be made
	kindUnstarted kind = "unstarted" // the entrypoint could not be started
	kindExit      kind = "exit"      // the entrypoint ended
	kindDial      kind = "dial"      // connect to a port
	kindDialled   kind = "dialled"   // a connection, or why there is none
	kindSignal    kind = "signal"    // send the entrypoint a signal
	kindLaunch    kind = "launch"    // start a container in a group: its input, output, errors and control come along
	kindExec      kind = "exec"      // run a program
	kindCancel    kind = "cancel"    // kill it
	kindExecuted  kind = "executed"  // it ended, or why it didn't begin
)

// controlPair returns the two ends of a socket that keeps messages apart.
func controlPair() (mine *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("making a control socket: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), controlName)
	mine, err = controlConn(os.NewFile(uintptr(fds[0]), controlName))
	if err != nil {
		_ = theirs.Close()
	}
	return mine, theirs, err
}

// controlConn makes a connection of a socket's file, which it closes.
func controlConn(f *os.File) (*net.UnixConn, error) {
	defer func() { _ = f.Close() }()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("opening the control socket: %w", err)
	}
	return c.(*net.UnixConn), nil
}

// send writes one message, and files with it.
func send(c *net.UnixConn, m message, fds ...int) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(body) > maxMessage {
		return fmt.Errorf("a message of %d bytes (at most %d)", len(body), maxMessage)
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	_, _, err = c.WriteMsgUnix(body, rights, nil)
	return err
}

// Limits of a message.
const (
	maxMessage = 16 << 10 // bytes
	maxFiles   = 4
)

// receive reads one message and the files that came with it.
func receive(c *net.UnixConn) (message, []*os.File, error) {
	body, rights := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(4*maxFiles))
	n, nrights, _, _, err := c.ReadMsgUnix(body, rights)
	if err != nil {
		return message{}, nil, err
	}
	if n == 0 {
		return message{}, nil, net.ErrClosed
	}
	files, err := received(rights[:nrights])
	if err != nil {
		return message{}, nil, err
	}
	var m message
	if err := json.Unmarshal(body[:n], &m); err != nil {
		return message{}, nil, fmt.Errorf("reading a message: %w", err)
	}
	return m, files, nil
}

func received(rights []byte) ([]*os.File, error) {
	if len(rights) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil || len(messages) == 0 {
		return nil, err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	var files []*os.File
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		files = append(files, os.NewFile(uintptr(fd), "received"))
	}
	return files, err
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
