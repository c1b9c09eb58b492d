//go:build !linux

package task

import (
	"context"
	"runtime"
)

// Local is the default runtime; it exists on Linux alone.
type Local struct{}

// NewLocal fails with an [*UnsupportedError] that names the system.
func NewLocal(Options) (*Local, error) {
	return nil, &UnsupportedError{
		Reason: "the sandbox runs containers with Linux namespaces, this is " + runtime.GOOS,
		hint:   "run it on Linux: in a virtual machine, WSL 2, or docker run --privileged golang:1.26",
	}
}

// Start implements [Runtime].
func (l *Local) Start(context.Context, Spec) (Task, error) {
	_, err := NewLocal(Options{})
	return nil, err
}

// Share implements [Sharer].
func (l *Local) Share(context.Context, Shared) (Group, error) {
	_, err := NewLocal(Options{})
	return nil, err
}

// Close does nothing.
func (l *Local) Close() error { return nil }

// Init does nothing on this system.
func Init() {}
