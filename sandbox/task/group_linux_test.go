package task_test

import (
	"context"
	"errors"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/sandbox/task"
)

// share makes what containers share; the test's end closes it.
func share(t *testing.T, r *task.Local, spec task.Shared) task.Group {
	t.Helper()
	g, err := r.Share(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// TestGroup has two containers of one task: they share their network and a volume, and
// nothing else.
func TestGroup(t *testing.T) {
	t.Parallel()
	r, h := newRuntime(t), newHub(t)
	g := share(t, r, task.Shared{IP: ip("172.31.0.7"), Volumes: []string{"data", "logs"}})
	image := h.push(t, v1.Config{Entrypoint: []string{"/app"}, Volumes: map[string]struct{}{"/srv/data": {}}, User: "1000"},
		appLayer(t), layer(t, entry{name: "srv/data", kind: '5', uid: 1000, gid: 1000, mode: 0o700}))
	one := start(t, g, task.Spec{Image: image, Command: []string{"serve", "80"}, Mounts: []task.Mount{{Volume: "data", Path: "/srv/data"}}})
	two := start(t, g, task.Spec{Image: image, User: "0", Command: []string{"serve", "81"}, Mounts: []task.Mount{{Volume: "data", Path: "/deep/in", ReadOnly: true}}})
	if a, b := one.info(t, 80), two.info(t, 81); a.Hostname != "ip-172-31-0-7" || a.UID != 1000 || b.UID != 0 || len(a.Processes) != 2 {
		t.Errorf("got %+v and %+v", a, b)
	}
	if got := two.info(t, 80); got.UID != 1000 {
		t.Errorf("the network isn't shared: %+v", got)
	}
	one.get(t, 80, "/write", "path", "/srv/data/note", "text", "hello")
	if _, got := two.get(t, 81, "/read", "path", "/deep/in/note"); got != "hello" {
		t.Errorf("the volume isn't shared: %q", got)
	}
	if _, got := two.get(t, 81, "/write", "path", "/deep/in/note", "text", "bye"); got == "written" {
		t.Error("a volume that is read-only was written to")
	}
	if _, got := two.get(t, 81, "/read", "path", "/srv/data/note"); got == "hello" {
		t.Error("a container sees what it doesn't mount")
	}
	if err := two.Stop(t.Context(), time.Minute); err != nil {
		t.Error(err)
	}
	if code, why := two.Exit(); code != 0 {
		t.Errorf("stopped with %d, %s", code, why)
	}
	if got := one.info(t, 80); got.UID != 1000 {
		t.Error("one has ended with two")
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	<-one.Done()
	if _, err := g.Start(t.Context(), task.Spec{Image: image, Username: "AWS", Password: password}); err == nil {
		t.Error("a container was started in a group that is closed")
	}
}

// TestExec runs programs beside the entrypoint.
func TestExec(t *testing.T) {
	t.Parallel()
	r, h := newRuntime(t), newHub(t)
	g := share(t, r, task.Shared{IP: ip("172.31.0.8")})
	image := h.push(t, v1.Config{Entrypoint: []string{"/app"}, Env: []string{"PATH=/"}, User: "1000"}, appLayer(t))
	one := start(t, g, task.Spec{Image: image, Command: []string{"serve", "80"}}).Task.(task.Execer)
	for _, want := range []int{0, 3, 1} {
		code, err := one.Exec(t.Context(), []string{"app", "exit", string(rune('0' + want))})
		if err != nil || code != want {
			t.Errorf("exit %d: %d, %v", want, code, err)
		}
	}
	var unstarted *task.EntrypointError
	if _, err := one.Exec(t.Context(), []string{"nothing"}); !errors.As(err, &unstarted) {
		t.Errorf("a program that isn't there: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := one.Exec(ctx, []string{"app", "deaf"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a program that goes on: %v", err)
	}
}
