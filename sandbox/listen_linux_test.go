package sandbox_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"orgship/sandbox"
)

// inNetwork tells the test binary that it runs in a network of its own.
const inNetwork = "ORGSHIP_TEST_IN_NETWORK"

// ownNetwork runs the test again in a network of its own, as in a container:
// nothing outside reaches what it listens on. It returns whether this is that run.
func ownNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inNetwork) != "" {
		return true
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inNetwork+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skipf("SKIP: no network namespace to be had here: %v", err)
	case err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())):
		t.Errorf("in a network of its own: %v\n%s", err, out)
	}
	return false
}

// loopbackUp brings the loopback interface of a new network up.
func loopbackUp(t *testing.T) {
	t.Helper()
	s := must(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0))(t)
	defer unix.Close(s)
	r := must(unix.NewIfreq("lo"))(t)
	r.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, r); err != nil {
		t.Fatal(err)
	}
}

func TestListenInContainer(t *testing.T) {
	t.Parallel()
	if !ownNetwork(t) {
		return
	}
	loopbackUp(t)
	box := must(sandbox.New(sandbox.Options{InContainer: true}))(t)
	for _, address := range []string{"192.0.2.1:0", ":0", "[::]:0", "example.com:0", "[::1]:0"} {
		err := box.Listen(address)
		var refused *sandbox.AddressError
		if !errors.As(err, &refused) || refused.Hint() == "" {
			t.Errorf("%s: got %v", address, err)
		}
	}
	if err := box.Listen("0.0.0.0:0"); err != nil {
		t.Fatal(err)
	}
	defer box.Close(t.Context())
	port, ok := strings.CutPrefix(box.Endpoint(), "http://127.0.0.1:")
	if !ok || port == "0" {
		t.Fatalf("it says that it listens at %s", box.Endpoint())
	}
	container := "http://127.0.0.2:" + port // stands for the container's address
	for _, url := range []string{box.Endpoint(), container} {
		for by, client := range map[string]*http.Client{"directly": {}, "through itself": through(t, container)} {
			if got := answered(client, url+"/v2/"); got != "401 Not Authorized\n" {
				t.Errorf("%s %s: got %q", url, by, got)
			}
		}
	}
}
