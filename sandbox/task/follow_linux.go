package task

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"archive/tar"
	"time"
)

// makeParent returns the real path, below the root, of the directory that an
// entry goes into, and makes what is missing of it.
func (u *unpacker) makeParent(dir string) (string, error) { return u.follow(dir, true) }

// follow resolves dir as a process would whose root directory is the image:
// links that start with a slash start at the image's root, and .. ends there.
func (u *unpacker) follow(dir string, create bool) (string, error) {
	at, rest, links := ".", strings.Split(dir, "/"), 0
	for len(rest) > 0 {
		step := rest[0]
		rest = rest[1:]
		switch step {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, step)
		target, err := u.step(next, create)
		if err != nil {
			return "", err
		}
		if target == "" {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return "", errors.New("too many levels of symbolic links")
		}
		if path.IsAbs(target) {
			at = "."
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at, nil
}

// step looks at one component: it returns where a symbolic link points, or
// nothing for a directory.
func (u *unpacker) step(name string, create bool) (string, error) {
	info, err := u.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && create:
		u.dirs[name] = &tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Now()}
		return "", u.root.Mkdir(name, 0o700)
	case err != nil:
		return "", err
	case info.Mode()&fs.ModeSymlink != 0:
		return u.root.Readlink(name)
	case !info.IsDir():
		return "", fmt.Errorf("%q is not a directory", name)
	}
	return "", nil
}
