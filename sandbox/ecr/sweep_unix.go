//go:build unix

package ecr

import (
	"os"
	"path/filepath"
	"syscall"
)

// hold marks a folder as one that is in use, until the process ends, however that
// happens.
func hold(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// sweep removes the layers of registries that were killed: nobody holds them.
func sweep(temp string) {
	left, _ := filepath.Glob(filepath.Join(temp, layersPrefix+"*"))
	for _, dir := range left {
		if f, err := hold(dir); err == nil {
			_ = os.RemoveAll(dir)
			_ = f.Close()
		}
	}
}
