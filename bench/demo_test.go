package bench

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	demoGoal   = 15 * time.Second
	memoryGoal = 300 << 20
)

// BenchmarkDemo runs `orgship demo`, built before, and measures its wall time
// and how much memory it and all that it starts hold at most.
func BenchmarkDemo(b *testing.B) {
	if err := newWorld(b, 60).box.CanRunTasks(); err != nil {
		skip(b, err.Error())
	}
	program := build(b)
	if err := exec.CommandContext(b.Context(), program, "demo", "--help").Run(); err != nil {
		skip(b, "orgship has no verb demo")
	}
	var took time.Duration
	var most int64
	for b.Loop() {
		begin := time.Now()
		most = max(most, demo(b, program))
		took = max(took, time.Since(begin))
	}
	b.ReportMetric(float64(most)/(1<<20), "MiB")
	results.add(row{what: "orgship demo", ours: seconds(took), goal: "<= 15 s", met: took <= demoGoal})
	results.add(row{what: "  memory of all its processes, at most", ours: size(most), goal: "<= 300 MiB", met: most <= memoryGoal})
}

// build compiles the program.
func build(b *testing.B) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "orgship")
	if err := run(exec.CommandContext(b.Context(), "go", "build", "-o", program, "orgship/cmd/orgship")); err != nil {
		b.Fatal(err)
	}
	return program
}

// demo runs the demo and returns the most memory that it held.
func demo(b *testing.B, program string) int64 {
	b.Helper()
	var said strings.Builder
	cmd := exec.CommandContext(b.Context(), program, "demo")
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	most := int64(0)
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-over:
			if err != nil {
				b.Fatalf("orgship demo: %v\n%s", err, said.String())
			}
			return most
		case <-look.C:
			held, err := memory(cmd.Process.Pid)
			if err != nil {
				b.Fatal(err)
			}
			most = max(most, held)
		}
	}
}

// memory returns the proportional set size of a process and all below it: a
// page that several share counts once, in parts.
// https://www.kernel.org/doc/html/latest/filesystems/proc.html
func memory(pid int) (int64, error) {
	held, err := proportional(pid)
	if err != nil {
		return 0, err
	}
	children, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return 0, err
	}
	for _, file := range children {
		list, _ := os.ReadFile(file) // a thread may end meanwhile
		for _, field := range strings.Fields(string(list)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return 0, err
			}
			below, err := memory(child)
			if err != nil {
				return 0, err
			}
			held += below
		}
	}
	return held, nil
}

// proportional returns what one process holds; nothing once it has ended.
func proportional(pid int) (int64, error) {
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if gone := errors.Is(err, fs.ErrNotExist) || err != nil && strings.Contains(err.Error(), "no such process"); gone {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the memory of process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(rollup)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, nil
}
