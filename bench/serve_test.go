package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"orgship/sandbox"
)

// serveVariable makes the test binary a sandbox in a process of its own, so
// that it has as much of the machine as a peer's server has.
const serveVariable = "ORGSHIP_BENCH_SERVE"

// serve runs a sandbox until stdin ends. It prints what it is as JSON.
func serve() int {
	box, err := sandbox.New(sandbox.Options{Speed: 60})
	if err == nil {
		err = box.Listen("127.0.0.1:0")
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(box.Info())
	}
	if err == nil {
		_, err = io.Copy(io.Discard, os.Stdin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = box.Close(ctx) // the process ends anyway
	return 0
}

// served starts such a process, which ends with the benchmark.
func served(b *testing.B) sandbox.Info {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), serveVariable+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	var info sandbox.Info
	if err := json.NewDecoder(stdout).Decode(&info); err != nil {
		b.Fatalf("reading what the sandbox is: %v", err)
	}
	return info
}
