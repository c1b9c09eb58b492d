package task

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"
)

// maxUnpacked is as much as an image may hold: what Fargate gives a task.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
const maxUnpacked = 20 << 30

// maxLinks is how many symbolic links a path may go through, as in Linux.
const maxLinks = 40

// An unpacker lays layers one over the other in a directory. Nothing that a
// layer says reaches out of it: paths are followed as the image's own root
// would follow them, and os.Root refuses what is left.
type unpacker struct {
	root   *os.Root
	owners bool // files get the layers' owners; only root may do that
	left   int64
	dirs   map[string]*tar.Header // modes and times are set last: a directory may be read-only
}

// unpack writes the layers, lowest first, into the empty directory dir.
func unpack(dir string, layers []v1.Layer) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	u := &unpacker{root: root, owners: os.Geteuid() == 0, left: maxUnpacked, dirs: map[string]*tar.Header{}}
	for _, layer := range layers {
		if err := u.layer(layer); err != nil {
			return err
		}
	}
	return u.finishDirs()
}

func (u *unpacker) layer(layer v1.Layer) error {
	contents, err := layer.Uncompressed()
	if err != nil {
		return err
	}
	defer func() { _ = contents.Close() }()
	if err := u.archive(contents); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, contents) // the digest is checked at the very end
	return err
}

// archive unpacks one layer. What it adds is remembered, because whiteouts
// hide only the layers below.
func (u *unpacker) archive(contents io.Reader) error {
	added := map[string]bool{}
	for r := tar.NewReader(contents); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading layer: %w", err)
		}
		name, err := u.add(h, r, added)
		if err != nil {
			return fmt.Errorf("unpacking %q: %w", h.Name, err)
		}
		for ; name != "."; name = path.Dir(name) {
			added[name] = true
		}
	}
}

// add creates one entry and returns where it landed; "." for nothing.
func (u *unpacker) add(h *tar.Header, r io.Reader, added map[string]bool) (string, error) {
	parent, base := path.Split(path.Clean("/" + h.Name))
	if base == "" { // the root itself
		u.dirs["."] = h
		return ".", nil
	}
	dir, err := u.makeParent(parent)
	if err != nil {
		return "", err
	}
	if hidden, ok := strings.CutPrefix(base, ".wh."); ok {
		return ".", u.whiteout(dir, hidden, added)
	}
	name := path.Join(dir, base)
	if err := u.clear(name, h.Typeflag); err != nil {
		return "", err
	}
	return name, u.create(name, h, r)
}

// whiteout removes what lower layers put at hidden, or, for an opaque
// directory, all that they put into dir.
// https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
func (u *unpacker) whiteout(dir, hidden string, added map[string]bool) error {
	if hidden != ".wh..opq" {
		if strings.HasPrefix(hidden, ".wh.") || hidden == "" || hidden == "." || hidden == ".." {
			return nil // other marks of aufs, which nobody needs
		}
		return u.remove(path.Join(dir, hidden), added)
	}
	names, err := u.names(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := u.remove(path.Join(dir, name), added); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) names(dir string) ([]string, error) {
	d, err := u.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	return d.Readdirnames(-1)
}

// remove takes away what was at name before this layer.
func (u *unpacker) remove(name string, added map[string]bool) error {
	if !added[name] {
		u.forget(name)
		return u.root.RemoveAll(name)
	}
	info, err := u.root.Lstat(name)
	if err != nil || !info.IsDir() {
		return err
	}
	return u.whiteout(name, ".wh..opq", added)
}

// clear makes place for an entry: all that it isn't merged with goes.
func (u *unpacker) clear(name string, kind byte) error {
	info, err := u.root.Lstat(name)
	if err != nil || kind == tar.TypeDir && info.IsDir() {
		return ignoreMissing(err)
	}
	u.forget(name)
	return u.root.RemoveAll(name)
}

func (u *unpacker) forget(name string) {
	for dir := range u.dirs {
		if dir == name || strings.HasPrefix(dir, name+"/") {
			delete(u.dirs, dir)
		}
	}
}

func (u *unpacker) create(name string, h *tar.Header, r io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		u.dirs[name] = h
		return ignoreExisting(u.root.Mkdir(name, 0o700))
	case tar.TypeReg:
		return u.file(name, h, r)
	case tar.TypeSymlink:
		if err := u.root.Symlink(h.Linkname, name); err != nil {
			return err
		}
		return u.own(name, h)
	case tar.TypeLink:
		return u.link(name, h)
	case tar.TypeFifo:
		return u.fifo(name, h)
	case tar.TypeChar, tar.TypeBlock:
		return nil // a task has its own /dev, and no other device
	}
	return fmt.Errorf("unknown kind of entry %q", h.Typeflag)
}

func (u *unpacker) file(name string, h *tar.Header, r io.Reader) error {
	if u.left -= h.Size; u.left < 0 {
		return fmt.Errorf("the image is larger than %d GiB", maxUnpacked>>30)
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return u.finish(name, h)
}

func (u *unpacker) link(name string, h *tar.Header) error {
	parent, base := path.Split(path.Clean("/" + h.Linkname))
	dir, err := u.follow(parent, false)
	if err != nil {
		return err
	}
	return u.root.Link(path.Join(dir, base), name)
}

func (u *unpacker) fifo(name string, h *tar.Header) error {
	dir, err := u.root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if err := unix.Mkfifoat(int(dir.Fd()), path.Base(name), 0o600); err != nil {
		return err
	}
	return u.finish(name, h)
}

// own gives an entry its owner, without following a symbolic link.
func (u *unpacker) own(name string, h *tar.Header) error {
	if !u.owners {
		return nil
	}
	return u.root.Lchown(name, h.Uid, h.Gid)
}

// finish sets the owner before the mode: chown takes set-user-id bits away.
func (u *unpacker) finish(name string, h *tar.Header) error {
	if err := u.own(name, h); err != nil {
		return err
	}
	if err := u.root.Chmod(name, h.FileInfo().Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky)); err != nil {
		return err
	}
	return u.root.Chtimes(name, time.Now(), h.ModTime)
}

func (u *unpacker) finishDirs() error {
	if u.dirs["."] == nil {
		u.dirs["."] = &tar.Header{Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Now()}
	}
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(u.dirs))) { // children before parents
		if err := u.finish(name, u.dirs[name]); err != nil {
			return fmt.Errorf("unpacking %q: %w", name, err)
		}
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func ignoreExisting(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}
