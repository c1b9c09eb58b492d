package task

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/singleflight"
)

// dirPattern is how the runtime's directories are called.
const dirPattern = "orgship-tasks-*"

// Local is the default runtime: each task in Linux namespaces of its own, with
// a copy-on-write root file system over its unpacked image.
//
// Run by root, all users of an image exist in its tasks. Run by anyone else,
// the kernel maps a single user: all files of the image then belong to the
// user that the task runs as, and a task that runs as root can switch to no
// other user. What a task writes is kept in memory (on disk before Linux 6.6)
// and lost when it ends. CPU and memory are not limited, and a task's network
// leads nowhere: it is reached through [Task.Dial] alone.
type Local struct {
	dir     string
	janitor *janitor
	overlay bool // images can be shared; else each task unpacks its own

	unpacking singleflight.Group

	mu     sync.Mutex
	tasks  map[*process]struct{}
	closed bool
}

// NewLocal returns the default runtime, having tried that this machine can run
// tasks: one that cannot is an [*UnsupportedError], which has a Hint.
func NewLocal(o Options) (*Local, error) {
	dir, err := os.MkdirTemp(o.Dir, dirPattern)
	if err != nil {
		return nil, fmt.Errorf("making a directory for tasks: %w", err)
	}
	l := &Local{dir: dir, tasks: map[*process]struct{}{}}
	if l.janitor, err = startJanitor(dir); err != nil {
		return nil, errors.Join(err, removeTree(dir))
	}
	for _, sub := range []string{imagesDir, mountDir, tasksDir, volumesDir, filepath.Join(probeImage, probeDir)} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	if l.overlay, err = l.probe(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Where things are, below the runtime's directory.
const (
	imagesDir  = "images" // an unpacked image each, named by digest
	tasksDir   = "tasks"  // a task's own copy, where images cannot be shared
	volumesDir = "volumes"
	probeImage = "probe"
)

// Start implements [Runtime].
func (l *Local) Start(ctx context.Context, spec Spec) (Task, error) {
	return l.run(ctx, spec, nil)
}

// run starts a task, in a group if there is one.
func (l *Local) run(ctx context.Context, spec Spec, g *group) (Task, error) {
	img, err := resolve(ctx, spec)
	if err != nil {
		return nil, err
	}
	o := plan(spec, img)
	if g != nil {
		if err := g.join(&o, spec, img); err != nil {
			return nil, err
		}
	}
	own := "" // the task's own files, if any
	if l.overlay {
		o.Lower, err = l.shared(spec, img)
	} else {
		own, err = l.copyFor(spec, img)
		o.Copy = own
	}
	if err != nil {
		return nil, err
	}
	p, err := l.start(ctx, spec, o, g, func() error {
		if own == "" {
			return nil
		}
		return removeTree(filepath.Join(l.dir, own))
	})
	if err != nil {
		return nil, err
	}
	p.digest, p.stop = img.digest, stopSignal(img.config.StopSignal)
	return p, nil
}

// shared returns the directory of the unpacked image, below the runtime's, and
// unpacks it first if this is the first task that needs it.
func (l *Local) shared(spec Spec, img *image) (string, error) {
	dir := filepath.Join(imagesDir, img.unpacked)
	fresh := false
	_, err, _ := l.unpacking.Do(img.unpacked, func() (any, error) {
		if _, err := os.Stat(filepath.Join(l.dir, dir)); err == nil {
			return nil, nil
		}
		fresh = true
		tmp, err := os.MkdirTemp(filepath.Join(l.dir, imagesDir), "unpacking-")
		if err != nil {
			return nil, err
		}
		if err := unpack(tmp, img.layers); err != nil {
			return nil, errors.Join(unpackError(spec, err), removeTree(tmp))
		}
		return nil, os.Rename(tmp, filepath.Join(l.dir, dir))
	})
	if err == nil && !fresh {
		err = img.mayRead(spec)
	}
	return dir, err
}

func (l *Local) copyFor(spec Spec, img *image) (string, error) {
	tmp, err := os.MkdirTemp(filepath.Join(l.dir, tasksDir), "task-")
	if err != nil {
		return "", err
	}
	if err := unpack(tmp, img.layers); err != nil {
		return "", errors.Join(unpackError(spec, err), removeTree(tmp))
	}
	return filepath.Rel(l.dir, tmp)
}

func unpackError(spec Spec, err error) error {
	return &PullError{Image: spec.Image, Reason: words(err), Err: err}
}

// Close kills every task and removes the runtime's files. It returns when
// nothing is left.
func (l *Local) Close() error {
	l.mu.Lock()
	l.closed = true
	var tasks []*process
	for p := range l.tasks {
		tasks = append(tasks, p)
	}
	l.mu.Unlock()
	for _, p := range tasks {
		p.kill()
	}
	for _, p := range tasks {
		<-p.done
	}
	return errors.Join(removeTree(l.dir), l.janitor.dismiss())
}

// adopt makes Close end the task; it refuses once the runtime is closed.
func (l *Local) adopt(p *process) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("starting a task: the runtime is closed: %w", net.ErrClosed)
	}
	l.tasks[p] = struct{}{}
	return nil
}

func (l *Local) forget(p *process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tasks, p)
}
