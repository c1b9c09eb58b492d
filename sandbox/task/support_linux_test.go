package task_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"orgship/sandbox/task"
)

// forbiddenVariable makes the test program forbid namespaces to itself and say
// what the runtime says to that.
const forbiddenVariable = "ORGSHIP_TEST_FORBIDDEN"

func forbidden() {
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	_, err := task.NewLocal(task.Options{Dir: os.Getenv("TMPDIR")})
	if typed := (*task.UnsupportedError)(nil); errors.As(err, &typed) {
		fmt.Println(typed)
		fmt.Println(typed.Hint())
		os.Exit(0)
	}
	fmt.Println(err)
	os.Exit(1)
}

// TestUnsupported runs on a machine that allows no user namespaces: one
// namespace further in, where that can be forbidden.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), forbiddenVariable+"=1", "TMPDIR="+tmp)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{
		"running tasks: user namespaces are switched off on this machine: starting a task's first process: fork/exec /proc/self/exe: no space left on device\n",
		"allow them with: sudo sysctl -w user.max_user_namespaces=15000\n",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it says:\n%s\nand not: %s", out, want)
		}
	}
	if left := list(t, tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
