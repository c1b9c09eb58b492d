package task

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// A janitor is a process that removes the runtime's directory when the runtime
// is gone, however it went: it waits for the end of a pipe.
type janitor struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

func startJanitor(dir string) (*janitor, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{janitorName, dir}
	cmd.Env = []string{"GOMAXPROCS=1"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is for the sandbox
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the janitor: %w", err)
	}
	return &janitor{cmd: cmd, pipe: pipe}, nil
}

// dismiss lets the janitor remove what is left and waits for it to end.
func (j *janitor) dismiss() error {
	_ = j.pipe.Close()
	if err := j.cmd.Wait(); err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	return nil
}

// janitorMain is the janitor. It removes only what a runtime made.
func janitorMain() int {
	if len(os.Args) != 2 {
		return 2
	}
	if ok, err := filepath.Match(dirPattern, filepath.Base(os.Args[1])); err != nil || !ok {
		return 2
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := removeTree(os.Args[1]); err != nil {
		return 1
	}
	return 0
}

// removeTree removes a directory and what is in it, including directories
// that their owner may not write to.
func removeTree(dir string) error {
	err := os.RemoveAll(dir)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read is tried all the same, below
		}
		if d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
