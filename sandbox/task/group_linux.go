package task

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
)

// A group is a process that holds a network and volumes, and starts containers there
// as its children: they are in its user namespace and its network, and have the rest
// to themselves. Whatever ends it ends them.
type group struct {
	local  *Local
	shared Shared
	holder *process
}

// Share implements [Sharer].
func (l *Local) Share(ctx context.Context, spec Shared) (Group, error) {
	g := &group{local: l, shared: spec}
	var err error
	g.holder, err = l.start(ctx, Spec{IP: spec.IP}, order{Group: true, IP: spec.IP.Unmap(), Volumes: len(spec.Volumes)}, nil, func() error { return nil })
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Start implements [Runtime].
func (g *group) Start(ctx context.Context, spec Spec) (Task, error) {
	spec.IP, spec.Hostname = g.shared.IP, g.shared.Hostname
	return g.local.run(ctx, spec, g)
}

// Close implements [Group].
func (g *group) Close() error {
	g.holder.kill()
	<-g.holder.done
	return g.holder.cleaned
}

// join makes an order that of a container of the group.
func (g *group) join(o *order, spec Spec, img *image) error {
	o.Joined = true
	for _, m := range spec.Mounts {
		at := slices.Index(g.shared.Volumes, m.Volume)
		if at < 0 || !filepath.IsAbs(m.Path) {
			return fmt.Errorf("mounting volume %q on %q: there is no such volume, or the path isn't absolute", m.Volume, m.Path)
		}
		_, declared := img.config.Volumes[m.Path]
		o.Mounts = append(o.Mounts, mountOrder{
			Source: filepath.Join(g.local.dir, volumesDir, strconv.Itoa(at)), Path: m.Path, ReadOnly: m.ReadOnly, Like: declared,
		})
	}
	return nil
}

// launch has the holder start a container's first process.
func (g *group) launch(spec Spec, o order, clean func() error) (*process, error) {
	body, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	mine, theirs, err := controlPair()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	var p pipes
	defer p.closeTheirs()
	err = p.open(body, spec)
	if err == nil {
		err = send(g.holder.control, message{Kind: kindLaunch}, append(p.fds(), int(theirs.Fd()))...)
	}
	if err != nil {
		p.closeTheirs()
		p.copying.Wait()
		_ = mine.Close()
		return nil, fmt.Errorf("starting a container's first process: %w", err)
	}
	return g.local.follow(spec, nil, mine, p.copying.Wait, clean), nil
}

// pipes are the standard streams of a container's first process.
type pipes struct {
	theirs  []*os.File // input, output, errors
	copying sync.WaitGroup
}

func (p *pipes) open(input []byte, spec Spec) error {
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	p.theirs = append(p.theirs, in)
	p.copying.Go(func() {
		_, _ = io.Copy(out, bytes.NewReader(input))
		_ = out.Close()
	})
	if err := p.output(spec.Stdout); err != nil {
		return err
	}
	if spec.Stderr == spec.Stdout { // written by one goroutine
		p.theirs = append(p.theirs, p.theirs[1])
		return nil
	}
	return p.output(spec.Stderr)
}

func (p *pipes) output(w io.Writer) error {
	if w == nil {
		w = io.Discard
	}
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	p.theirs = append(p.theirs, out)
	p.copying.Go(func() {
		_, _ = io.Copy(w, in)
		_ = in.Close()
	})
	return nil
}

func (p *pipes) fds() []int {
	var fds []int
	for _, f := range p.theirs {
		fds = append(fds, int(f.Fd()))
	}
	return fds
}

func (p *pipes) closeTheirs() { closeAll(p.theirs) }

// Exec implements [Execer].
func (p *process) Exec(ctx context.Context, argv []string) (int, error) {
	to := make(chan message, 1)
	p.mu.Lock()
	if p.execs == nil {
		p.mu.Unlock()
		return 0, net.ErrClosed
	}
	p.last++
	id := p.last
	p.execs[id] = to
	p.mu.Unlock()
	if err := send(p.control, message{Kind: kindExec, ID: id, Argv: argv}); err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.execs, id)
		return 0, err
	}
	select {
	case m, ok := <-to:
		switch {
		case !ok:
			return 0, net.ErrClosed
		case m.Text != "":
			return 0, &EntrypointError{Entrypoint: argv[0], Reason: m.Text}
		}
		return m.Code, nil
	case <-ctx.Done():
		_ = send(p.control, message{Kind: kindCancel, ID: id})
		return 0, context.Cause(ctx)
	}
}

// executed tells who waits for it how a program ended.
func (p *process) executed(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if to := p.execs[m.ID]; to != nil {
		to <- m // holds one
		delete(p.execs, m.ID)
	}
}

var _ Sharer = (*Local)(nil)
