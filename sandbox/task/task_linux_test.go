package task_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/sandbox/task"
)

func TestTwoTasksListenOnTheSamePort(t *testing.T) {
	t.Parallel()
	r, image := newRuntime(t), newHub(t).app(t, "serve", "80")
	one := start(t, r, task.Spec{Image: image, IP: ip("172.31.0.4")})
	two := start(t, r, task.Spec{Image: image, IP: ip("172.31.0.5")})
	got := []string{one.info(t, 80).Hostname, two.info(t, 80).Hostname}
	if want := []string{"ip-172-31-0-4", "ip-172-31-0-5"}; !cmp.Equal(got, want) {
		t.Errorf("answered by %q, want %q", got, want)
	}
	if _, want, _ := strings.Cut(image, "@"); one.Digest() != want {
		t.Errorf("digest %s, want %s", one.Digest(), want)
	}
}

func TestUser(t *testing.T) {
	t.Parallel()
	r, h := newRuntime(t), newHub(t)
	accounts := layer(t,
		entry{name: "etc/passwd", body: "root:x:0:0:root:/root:/bin/sh\nweb:x:1234:99:Web:/srv/web:/bin/sh\n"},
		entry{name: "etc/group", body: "root:x:0:\nstaff:x:50:web\nguests:x:77:\n"})
	for user, want := range map[string]info{
		"":           {UID: 0, GID: 0},
		"web":        {UID: 1234, GID: 99},
		"1234":       {UID: 1234, GID: 99},
		"65532":      {UID: 65532, GID: 0},
		"65532:7":    {UID: 65532, GID: 7},
		"web:guests": {UID: 1234, GID: 77},
	} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			image := h.push(t, v1.Config{Entrypoint: []string{"/app", "serve", "80"}, User: user}, appLayer(t), accounts)
			got := start(t, r, task.Spec{Image: image}).info(t, 80)
			if got.UID != want.UID || got.GID != want.GID {
				t.Errorf("runs as %d:%d, want %d:%d", got.UID, got.GID, want.UID, want.GID)
			}
			if want.UID != 0 && got.Status["CapEff"] != "0000000000000000" {
				t.Errorf("has capabilities %s", got.Status["CapEff"])
			}
		})
	}
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		image := h.push(t, v1.Config{Entrypoint: []string{"/app"}, User: "nobody-here"}, appLayer(t))
		_, err := r.Start(t.Context(), task.Spec{Image: image, Username: "AWS", Password: password})
		if want := (*task.EntrypointError)(nil); !errors.As(err, &want) || !strings.Contains(err.Error(), "no matching entries in passwd file") {
			t.Errorf("error %v", err)
		}
	})
}

func TestConfigurationOfTheProcess(t *testing.T) {
	t.Parallel()
	r, h := newRuntime(t), newHub(t)
	image := h.push(t, v1.Config{
		Entrypoint: []string{"app"}, Cmd: []string{"exit", "9"}, WorkingDir: "/srv/work",
		Env: []string{"PATH=/nowhere:/", "COLOUR=blue", "KEPT=yes"},
	}, appLayer(t))
	got := start(t, r, task.Spec{
		Image: image, Command: []string{"serve", "8080"}, Env: []string{"COLOUR=green", "MORE=1"},
		IP: ip("10.0.0.9"), Hostname: "ip-10-0-0-9.eu-west-1.compute.internal",
	})
	i := got.info(t, 8080)
	want := []string{"PATH=/nowhere:/", "COLOUR=green", "KEPT=yes", "MORE=1", "HOME=/", "HOSTNAME=ip-10-0-0-9.eu-west-1.compute.internal"}
	if diff := cmp.Diff(want, i.Env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if i.Dir != "/srv/work" {
		t.Errorf("working directory %q", i.Dir)
	}
	if _, hosts := got.get(t, 8080, "/read", "path", "/etc/hosts"); !strings.Contains(hosts, "10.0.0.9 ip-10-0-0-9.eu-west-1.compute.internal ip-10-0-0-9\n") {
		t.Errorf("/etc/hosts:\n%s", hosts)
	}
}

// TestConfinement looks at the machine from inside a task that runs as root.
func TestConfinement(t *testing.T) {
	t.Parallel()
	leaked, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer leaked.Close()
	inheritable, err := syscall.Dup(int(leaked.Fd())) // dup leaves it open in children
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(inheritable)
	r := newRuntime(t)
	got := start(t, r, task.Spec{Image: newHub(t).app(t, "serve", "80")})
	i := got.info(t, 80)
	if i.Status["NoNewPrivs"] != "1" {
		t.Error("it may gain privileges")
	}
	if want := "00000000a00425fb"; i.Status["CapEff"] != want || i.Status["CapBnd"] != want { // Docker's without CAP_MKNOD
		t.Errorf("capabilities %s of %s, want %s", i.Status["CapEff"], i.Status["CapBnd"], want)
	}
	for _, fd := range i.FDs {
		if n, target, _ := strings.Cut(fd, " "); n > "2" && strings.HasPrefix(target, "/") {
			t.Errorf("it was given file %s", fd)
		}
	}
	for pid, p := range i.Processes {
		if !strings.Contains(p, "(app)") && pid != "1" {
			t.Errorf("it sees process %s: %s", pid, p)
		}
	}
	for _, path := range []string{"/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/exe", "/sys/kernel/uevent_helper"} {
		if status, body := got.get(t, 80, "/write", "path", path, "text", "x"); status != http.StatusForbidden {
			t.Errorf("it may write to %s: %s", path, body)
		}
	}
	if status, body := got.get(t, 80, "/read", "path", r.Dir()); status != http.StatusForbidden {
		t.Errorf("it sees the machine's files: %s", body)
	}
}

func TestWritesAreItsOwn(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*task.Local){"overlay": func(*task.Local) {}, "copy": (*task.Local).WithoutOverlay} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, h := newRuntime(t), newHub(t)
			prepare(r)
			image := h.push(t, v1.Config{Entrypoint: []string{"/app", "serve", "80"}}, appLayer(t), layer(t, entry{name: "data/old/file", body: "from the image"}))
			one, two := start(t, r, task.Spec{Image: image}), start(t, r, task.Spec{Image: image})
			for _, request := range [][]string{
				{"/write", "path", "/data/old/file", "text", "changed"}, {"/write", "path", "/dev/shm/x", "text", "y"},
				{"/write", "path", "/tmp/new", "text", "z"}, {"/replace", "path", "/data/old"},
			} {
				if status, body := one.get(t, 80, request[0], request[1:]...); status != http.StatusOK {
					t.Errorf("%v: %s", request, body)
				}
			}
			if _, body := two.get(t, 80, "/read", "path", "/data/old/file"); body != "from the image" {
				t.Errorf("the other task sees %q", body)
			}
			if status, _ := one.get(t, 80, "/read", "path", "/data/old/file"); status != http.StatusForbidden {
				t.Error("what a task removed is still there")
			}
		})
	}
}

func TestReadOnlyRoot(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*task.Local){"overlay": func(*task.Local) {}, "copy": (*task.Local).WithoutOverlay} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuntime(t)
			prepare(r)
			image := newHub(t).push(t, v1.Config{Entrypoint: []string{"/app", "serve", "80"}, WorkingDir: "/made/for/it"}, appLayer(t))
			one := start(t, r, task.Spec{Image: image, ReadOnlyRoot: true})
			if status, body := one.get(t, 80, "/write", "path", "/tmp/new", "text", "z"); status == http.StatusOK || !strings.Contains(body, "read-only file system") {
				t.Errorf("writing to the root file system: %d %s", status, body)
			}
			if status, body := one.get(t, 80, "/write", "path", "/dev/shm/x", "text", "y"); status != http.StatusOK {
				t.Errorf("writing to shared memory: %s", body)
			}
		})
	}
}

func TestShellScript(t *testing.T) {
	t.Parallel()
	shell, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Skip("no /bin/busybox on this machine to make an image with a shell of")
	}
	r, h := newRuntime(t), newHub(t)
	image := h.push(t, v1.Config{Entrypoint: []string{"/entrypoint.sh"}, Cmd: []string{"there"}},
		layer(t, entry{name: "bin/busybox", body: string(shell), mode: 0o755}, entry{name: "bin/sh", kind: '2', link: "busybox"},
			entry{name: "entrypoint.sh", body: "#!/bin/sh\necho hello $1\ncat /nothing\nexit 5\n", mode: 0o755}))
	got := start(t, r, task.Spec{Image: image})
	if code, reason := got.ends(t); code != 5 || reason != "" {
		t.Errorf("exit %d %q:\n%s", code, reason, got.output)
	}
	got.says(t, "hello there\n")
}

func TestExit(t *testing.T) {
	t.Parallel()
	r, h := newRuntime(t), newHub(t)
	t.Run("code and output", func(t *testing.T) {
		t.Parallel()
		got := start(t, r, task.Spec{Image: h.app(t, "exit", "3")})
		if code, reason := got.ends(t); code != 3 || reason != "" {
			t.Errorf("exit %d %q", code, reason)
		}
		if got.output.String() != "out\nerr\n" {
			t.Errorf("output %q", got.output)
		}
	})
	t.Run("signal", func(t *testing.T) {
		t.Parallel()
		got := start(t, r, task.Spec{Image: h.app(t, "segv")})
		if code, reason := got.ends(t); code != 139 && code != 2 { // Go's own handler may turn it into 2
			t.Errorf("exit %d %q", code, reason)
		}
	})
	t.Run("while serving", func(t *testing.T) {
		t.Parallel()
		got := start(t, r, task.Spec{Image: h.app(t, "serve", "80")})
		got.says(t, "ready")
		conn, err := got.Dial(t.Context(), 80)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("GET /exit HTTP/1.0\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if code, _ := got.ends(t); code != 7 {
			t.Errorf("exit %d", code)
		}
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	r, h := newRuntime(t), newHub(t)
	t.Run("SIGTERM", func(t *testing.T) {
		t.Parallel()
		got := start(t, r, task.Spec{Image: h.app(t, "serve", "80")})
		got.says(t, "ready")
		if err := got.Stop(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if code, reason := got.Exit(); code != 0 || reason != "" {
			t.Errorf("exit %d %q", code, reason)
		}
		got.says(t, "stopped by terminated")
	})
	t.Run("the image's signal", func(t *testing.T) {
		t.Parallel()
		image := h.push(t, v1.Config{Entrypoint: []string{"/app", "serve", "80"}, StopSignal: "SIGQUIT"}, appLayer(t))
		got := start(t, r, task.Spec{Image: image})
		got.says(t, "ready")
		if err := got.Stop(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		got.says(t, "stopped by quit")
	})
	t.Run("SIGKILL after the grace", func(t *testing.T) {
		t.Parallel()
		got := start(t, r, task.Spec{Image: h.app(t, "deaf")})
		got.says(t, "ready")
		if err := got.Stop(t.Context(), time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if code, reason := got.Exit(); code != 137 || reason != "killed by signal SIGKILL" {
			t.Errorf("exit %d %q", code, reason)
		}
	})
	t.Run("the context's end cuts the grace short", func(t *testing.T) {
		t.Parallel()
		got := start(t, r, task.Spec{Image: h.app(t, "deaf")})
		got.says(t, "ready")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := got.Stop(ctx, time.Hour); err != nil {
			t.Fatal(err)
		}
	})
}

// TestReaping starts processes whose parent ends: the task's first process is
// the one to wait for them.
func TestReaping(t *testing.T) {
	t.Parallel()
	r := newRuntime(t)
	got := start(t, r, task.Spec{Image: newHub(t).app(t, "orphan", "80")})
	eventually(t, "one orphan lives and none is left unburied", func() bool {
		alive := 0
		for _, p := range got.info(t, 80).Processes {
			if strings.HasPrefix(p, "Z") {
				return false
			}
			if strings.Contains(p, "(app)") {
				alive++
			}
		}
		return alive == 2
	})
}

func TestEntrypointErrors(t *testing.T) {
	t.Parallel()
	r, h := newRuntime(t), newHub(t)
	files := layer(t, entry{name: "text", body: "no program", mode: 0o755}, entry{name: "locked", body: "x", mode: 0o600},
		entry{name: "script", body: "#!/no/such/shell\n", mode: 0o755})
	for name, c := range map[string]struct {
		config v1.Config
		want   string
	}{
		"missing":        {v1.Config{Entrypoint: []string{"/nothing"}}, `starting entrypoint "/nothing": no such file or directory`},
		"not in PATH":    {v1.Config{Cmd: []string{"nothing"}}, `starting entrypoint "nothing": executable file not found in $PATH`},
		"not a program":  {v1.Config{Entrypoint: []string{"/text"}}, `starting entrypoint "/text": exec format error`},
		"not executable": {v1.Config{Entrypoint: []string{"/locked"}}, `starting entrypoint "/locked": permission denied`},
		"no interpreter": {v1.Config{Entrypoint: []string{"/script"}}, `starting entrypoint "/script": no such file or directory`},
		"none":           {v1.Config{}, `starting entrypoint "": the image names no entrypoint and no command`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := r.Start(t.Context(), task.Spec{Image: h.push(t, c.config, files), Username: "AWS", Password: password})
			if typed := (*task.EntrypointError)(nil); !errors.As(err, &typed) || err.Error() != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func TestDial(t *testing.T) {
	t.Parallel()
	r, h := newRuntime(t), newHub(t)
	got := start(t, r, task.Spec{Image: h.app(t, "serve", "80"), IP: ip("172.31.9.9")})
	got.says(t, "ready")
	t.Run("refused", func(t *testing.T) {
		_, err := got.Dial(t.Context(), 81)
		if !errors.Is(err, syscall.ECONNREFUSED) || err.Error() != "dial tcp 172.31.9.9:81: connect: connection refused" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("context over", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if conn, err := got.Dial(ctx, 80); err == nil {
			conn.Close()
		} else if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		var all sync.WaitGroup
		for range 300 {
			all.Go(func() {
				if status, body := got.get(t, 80, "/read", "path", "/etc/hostname"); status != http.StatusOK || body != "ip-172-31-9-9\n" {
					t.Errorf("status %d: %s", status, body)
				}
			})
		}
		all.Wait()
	})
	t.Run("after its end", func(t *testing.T) {
		if err := got.Stop(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		_, err := got.Dial(t.Context(), 80)
		if e := net.Error(nil); !errors.Is(err, syscall.EHOSTUNREACH) || !errors.As(err, &e) {
			t.Errorf("error %v", err)
		}
	})
}
