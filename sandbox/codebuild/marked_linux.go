package codebuild

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// killMarked kills the processes that began with a variable, "NAME=value", in
// their environment: those that left their process group (setsid) as well.
func killMarked(variable string) {
	for range 100 { // what a process starts meanwhile is found in the next round
		found := false
		paths, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is right
		for _, path := range paths {
			environ, err := os.ReadFile(path) // other people's can't be read, and aren't ours
			if err != nil || !slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(v []byte) bool { return string(v) == variable }) {
				continue
			}
			id, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			found = syscall.Kill(id, syscall.SIGKILL) == nil || found
		}
		if !found {
			return
		}
	}
}
