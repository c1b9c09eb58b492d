package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Where things are in a task's container, beside what its image holds.
const (
	innerPath  = "/.orgship/task" // this program, which becomes the task's first process
	socketPath = "/.orgship/socket"
)

// defaultPath is the PATH of an image that sets none.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// lastOutput is how long the output of a task is waited for that its entrypoint
// left behind in other processes.
const lastOutput = time.Second

// kind says what a message is about.
type kind string

// The messages of a task's first process, and the one it gets.
const (
	kindStarted   kind = "started"   // IP
	kindUnstarted kind = "unstarted" // Text: why
	kindOutput    kind = "output"    // Stream, Data
	kindExit      kind = "exit"      // Code, Signal
	kindSignal    kind = "signal"    // Signal, for the entrypoint
)

// message is what a task's first process and the runtime tell each other, as JSON.
type message struct {
	Kind   kind   `json:"kind"`
	IP     string `json:"ip,omitempty"`
	Text   string `json:"text,omitempty"`
	Stream int    `json:"stream,omitempty"` // 1 stdout, 2 stderr
	Data   []byte `json:"data,omitempty"`
	Code   int    `json:"code,omitempty"`
	Signal int    `json:"signal,omitempty"`
}

// link is a connection that carries messages. Sending is safe for concurrent use.
type link struct {
	net.Conn
	mu      sync.Mutex
	encoder *json.Encoder
	decoder *json.Decoder
}

func newLink(c net.Conn) *link {
	return &link{Conn: c, encoder: json.NewEncoder(c), decoder: json.NewDecoder(c)}
}

func (l *link) send(m message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.encoder.Encode(m)
}

func (l *link) receive() (m message, err error) {
	err = l.decoder.Decode(&m)
	return m, err
}

// runInner is a task's first process: it starts the entrypoint, tells the runtime
// what becomes of it and hands on the signals that the runtime sends. When the
// runtime is gone it ends the task.
func runInner(argv []string, socket string, stdout, stderr io.Writer) (status int) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Fprintln(stderr, "orgship: reaching the runtime of this task:", err)
		return 1
	}
	defer func() { _ = conn.Close() }()
	l := newLink(conn)
	// What the entrypoint writes goes to the runtime, and on: the engine shows it.
	cmd, err := start(argv, io.MultiWriter(stdout, &output{l, 1}), io.MultiWriter(stderr, &output{l, 2}))
	if err != nil {
		_ = l.send(message{Kind: kindUnstarted, Text: reason(err)})
		return 1
	}
	_ = l.send(message{Kind: kindStarted, IP: ownAddress()})
	go obey(l, cmd.Process)
	_ = cmd.Wait() // how it ended is in its state
	m := ending(cmd.ProcessState)
	_ = l.send(m)
	return m.Code
}

// start starts the entrypoint.
func start(argv []string, stdout, stderr io.Writer) (*exec.Cmd, error) {
	if len(argv) == 0 {
		return nil, errors.New("the image names no entrypoint and no command")
	}
	if os.Getenv("PATH") == "" {
		if err := os.Setenv("PATH", defaultPath); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = lastOutput
	return cmd, cmd.Start()
}

// obey hands on signals, of the runtime and of the engine, until the runtime is
// gone: then the entrypoint is killed.
func obey(l *link, p *os.Process) {
	engine := make(chan os.Signal, 1)
	signal.Notify(engine, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		for s := range engine {
			_ = p.Signal(s)
		}
	}()
	for {
		m, err := l.receive()
		if err != nil {
			_ = p.Kill()
			return
		}
		if m.Kind == kindSignal {
			_ = p.Signal(syscall.Signal(m.Signal))
		}
	}
}

// output is one stream of the task.
type output struct {
	link   *link
	stream int
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	_ = o.link.send(message{Kind: kindOutput, Stream: o.stream, Data: p}) // nobody reads it: the task goes on
	return len(p), nil
}

// ending says how the entrypoint ended: 128+n for signal n, as shells do.
func ending(s *os.ProcessState) message {
	m := message{Kind: kindExit, Code: s.ExitCode()}
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		m.Signal = int(w.Signal())
		m.Code = 128 + m.Signal
	}
	return m
}

// reason is why the entrypoint didn't start, without the call that found out.
func reason(err error) string {
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return errno.Error()
	}
	if lookup := (*exec.Error)(nil); errors.As(err, &lookup) {
		return lookup.Err.Error()
	}
	return err.Error()
}

// ownAddress is the address by which the engine's other containers reach this
// one; "" if it has none.
func ownAddress() string {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() && ip.IP.To4() != nil {
			return ip.IP.String()
		}
	}
	return ""
}
