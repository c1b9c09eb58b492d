package task

import "fmt"

// PullError says that an image could not be had from its registry.
type PullError struct {
	Image  string
	Reason string // the registry's own words where it answered: "denied: User: arn:…"
	Err    error
}

func (e *PullError) Error() string { return fmt.Sprintf("pulling image %q: %s", e.Image, e.Reason) }

// Unwrap returns what the registry client said.
func (e *PullError) Unwrap() error { return e.Err }

// EntrypointError says that an image's entrypoint could not be started: it is
// not in the image, not executable, made for another machine, or its user is
// unknown.
type EntrypointError struct {
	Entrypoint string
	Reason     string // "no such file or directory", "exec format error"
}

func (e *EntrypointError) Error() string {
	return fmt.Sprintf("starting entrypoint %q: %s", e.Entrypoint, e.Reason)
}

// UnsupportedError says why this machine cannot run tasks, and what helps.
type UnsupportedError struct {
	Reason string
	hint   string
}

func (e *UnsupportedError) Error() string { return "running tasks: " + e.Reason }

// Hint says what to do about it.
func (e *UnsupportedError) Hint() string { return e.hint }
