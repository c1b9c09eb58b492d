package sandbox

import (
	"context"
	"sync"

	"orgship/sandbox/task"
)

// CanRunTasks returns nil when tasks can run, else why they can't: on this
// machine, a *task.UnsupportedError.
func (s *Sandbox) CanRunTasks() error {
	if s.runtime == nil {
		return nil
	}
	_, err := s.runtime.get()
	return err
}

// lazyRuntime makes the machine's own runtime when the first task starts: many
// a sandbox never runs one.
type lazyRuntime struct {
	mu     sync.Mutex
	local  *task.Local
	closed bool
}

// Start implements task.Runtime. On a machine that can't run tasks it returns a
// *task.UnsupportedError.
func (l *lazyRuntime) Start(ctx context.Context, spec task.Spec) (task.Task, error) {
	local, err := l.get()
	if err != nil {
		return nil, err
	}
	return local.Start(ctx, spec)
}

// Share implements task.Sharer.
func (l *lazyRuntime) Share(ctx context.Context, spec task.Shared) (task.Group, error) {
	local, err := l.get()
	if err != nil {
		return nil, err
	}
	return local.Share(ctx, spec)
}

func (l *lazyRuntime) get() (*task.Local, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, context.Canceled
	case l.local != nil:
		return l.local, nil
	}
	var err error
	l.local, err = task.NewLocal(task.Options{})
	return l.local, err
}

// Close ends every task.
func (l *lazyRuntime) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.local == nil {
		return nil
	}
	return l.local.Close()
}
