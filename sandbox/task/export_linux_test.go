package task

import v1 "github.com/google/go-containerregistry/pkg/v1"

// Unpack is unpack.
func Unpack(dir string, layers []v1.Layer) error { return unpack(dir, layers) }

// PID returns the process id, on this machine, of a task's first process.
func PID(t Task) int { return t.(*process).cmd.Process.Pid }

// Dir returns the runtime's directory.
func (l *Local) Dir() string { return l.dir }

// Janitor returns the process id of the runtime's janitor.
func (l *Local) Janitor() int { return l.janitor.cmd.Process.Pid }

// WithoutOverlay makes the runtime behave as on a kernel whose overlayfs is of no use.
func (l *Local) WithoutOverlay() { l.overlay = false }
