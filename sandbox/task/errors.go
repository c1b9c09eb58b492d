package task

import "fmt"

// PullError says that an image could not be had from its registry.
type PullError struct {
	Image string
	Err   error // the registry's own words where it answered
}

func (e *PullError) Error() string { return fmt.Sprintf("pulling image %q: %v", e.Image, e.Err) }

// Unwrap returns what the registry client said.
func (e *PullError) Unwrap() error { return e.Err }

// EntrypointError says that an image's entrypoint could not be started: it is
// not in the image, not executable, made for another machine.
type EntrypointError struct {
	Entrypoint string
	Err        error
}

func (e *EntrypointError) Error() string {
	return fmt.Sprintf("starting entrypoint %q: %v", e.Entrypoint, e.Err)
}

// Unwrap returns the system's error.
func (e *EntrypointError) Unwrap() error { return e.Err }

// UnsupportedError says why this machine cannot run tasks, and what helps.
type UnsupportedError struct {
	Reason string
	hint   string
}

func (e *UnsupportedError) Error() string { return "running tasks: " + e.Reason }

// Hint says what to do about it.
func (e *UnsupportedError) Hint() string { return e.hint }
