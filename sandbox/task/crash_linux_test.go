package task_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"orgship/sandbox/task"
)

// crashVariable names an image: the test program started with it is not to
// test, but to run the image, tell about it, and wait to be killed.
const crashVariable = "ORGSHIP_TEST_CRASH"

func crash() {
	r, err := task.NewLocal(task.Options{Dir: os.Getenv("TMPDIR")})
	if err == nil {
		var started task.Task
		started, err = r.Start(context.Background(), task.Spec{Image: os.Getenv(crashVariable), Username: "AWS", Password: password})
		if err == nil {
			fmt.Println(r.Dir(), r.Janitor(), task.PID(started))
			select {}
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

// TestCrash kills the sandbox, which then can clean nothing up.
func TestCrash(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), crashVariable+"="+newHub(t).app(t, "deaf"), "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("it says %q: %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	fields := strings.Fields(line)
	if len(fields) != 3 {
		t.Fatalf("it says %q", line)
	}
	for _, field := range fields[1:] {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "process "+field+" is gone", func() bool { return gone(pid) })
	}
	if _, err := os.Stat(fields[0]); !os.IsNotExist(err) {
		t.Errorf("its directory is left: %v", err)
	}
}

// gone reports whether a process has ended, buried or not.
func gone(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, after, _ := strings.Cut(string(b), ") ")
	return strings.HasPrefix(after, "Z") || strings.HasPrefix(after, "X")
}

func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*task.Local){"overlay": func(*task.Local) {}, "copy": (*task.Local).WithoutOverlay} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := task.NewLocal(task.Options{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			prepare(r)
			image := newHub(t).app(t, "orphan", "80")
			stopped, running := start(t, r, task.Spec{Image: image}), start(t, r, task.Spec{Image: image})
			stopped.says(t, "ready")
			if err := stopped.Stop(t.Context(), time.Minute); err != nil {
				t.Fatal(err)
			}
			if left := list(t, filepath.Join(r.Dir(), "tasks")); len(left) > 0 && name == "overlay" || len(left) > 1 {
				t.Errorf("of the stopped task is left: %v", left)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			for _, pid := range []int{task.PID(stopped.Task), task.PID(running.Task), r.Janitor()} {
				if !gone(pid) {
					t.Errorf("process %d is left", pid)
				}
			}
			if _, err := os.Stat(r.Dir()); !os.IsNotExist(err) {
				t.Errorf("the directory is left: %v", err)
			}
			if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounts), r.Dir()) {
				t.Errorf("mounts are left: %v\n%s", err, mounts)
			}
			if code, _ := running.Exit(); code != 137 {
				t.Errorf("exit %d", code)
			}
			if _, err := r.Start(t.Context(), task.Spec{Image: image, Username: "AWS", Password: password}); err == nil {
				t.Error("a closed runtime starts tasks")
			}
		})
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// unprivilegedVariable is set in the test program that runs as nobody.
const unprivilegedVariable = "ORGSHIP_TEST_UNPRIVILEGED"

// TestAsNobody runs the other tests once more without root.
func TestAsNobody(t *testing.T) {
	if os.Getenv(unprivilegedVariable) != "" {
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("these tests run without root already")
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("", "orgship-test-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o755, tmp: 0o700} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(tmp, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	test, app := copyProgram(t, "/proc/self/exe", filepath.Join(dir, "test")), copyProgram(t, os.Getenv(appVariable), filepath.Join(dir, "app"))
	cmd := exec.Command(test, "-test.parallel=4")
	cmd.Dir = tmp
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + tmp, "TMPDIR=" + tmp, appVariable + "=" + app, unprivilegedVariable + "=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	if left := list(t, tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func copyProgram(t *testing.T, from, to string) string {
	t.Helper()
	r, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, r); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return to
}
