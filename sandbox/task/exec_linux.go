package task

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// exec runs a program as the entrypoint's user, in its surroundings.
func (i *first) exec(m message) {
	err := i.execute(m)
	if err != nil {
		i.say(message{Kind: kindExecuted, ID: m.ID, Text: reason(err)})
	}
}

func (i *first) execute(m message) error {
	if len(m.Argv) == 0 {
		return errors.New("no program is named")
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = null.Close() }()
	p := *i.entry
	p.argv, p.files = m.Argv, []uintptr{null.Fd(), null.Fd(), null.Fd()}
	if p.path, err = p.find(m.Argv[0]); err != nil {
		return err
	}
	i.mu.Lock() // it may end before it is noted
	defer i.mu.Unlock()
	pid, err := p.start(i.order.OneID)
	if err == nil {
		i.execs[pid] = m.ID
	}
	return err
}

// executed tells how a program ended, if this was one.
func (i *first) executed(pid int, status unix.WaitStatus) {
	i.mu.Lock()
	id, ours := i.execs[pid]
	delete(i.execs, pid)
	i.mu.Unlock()
	if !ours {
		return
	}
	code := status.ExitStatus()
	if status.Signaled() {
		code = 128 + int(status.Signal())
	}
	i.say(message{Kind: kindExecuted, ID: id, Code: code})
}

// cancel kills a program and what it started.
func (i *first) cancel(id uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for pid, running := range i.execs {
		if running == id {
			_ = unix.Kill(-pid, unix.SIGKILL) // it leads a session
		}
	}
}
