package bench

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// row is one line of the table: what was measured, ours, a peer's, and the goal.
type row struct {
	what, ours, peer, goal string
	met                    bool // means something only where there is a goal
}

// table collects rows while benchmarks run, and what was left out.
type table struct {
	mu      sync.Mutex
	rows    []row
	skipped []string
}

// results is what all benchmarks of a run fill and TestMain prints: nothing else
// outlives a benchmark.
var results table

// add adds rows. A benchmark that runs again (-count) replaces what it said before.
func (t *table) add(rows ...row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range rows {
		if i := slices.IndexFunc(t.rows, func(old row) bool { return old.what == r.what }); i >= 0 {
			t.rows[i] = r
			continue
		}
		t.rows = append(t.rows, r)
	}
}

func (t *table) leaveOut(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.skipped, what) {
		t.skipped = append(t.skipped, what)
	}
}

// skip says aloud what is not measured, and why.
func skip(b testing.TB, why string) {
	b.Helper()
	leaveOut(b, why)
	b.SkipNow()
}

// leaveOut says aloud that a part, a peer mostly, is not measured.
func leaveOut(b testing.TB, why string) {
	b.Helper()
	b.Logf("SKIP: %s", why)
	results.leaveOut(b.Name() + ": " + why)
}

// print prints the table, if anything was measured.
func (t *table) print(loadBefore string) {
	if len(t.rows)+len(t.skipped) == 0 {
		return
	}
	fmt.Printf("\n%s/%s, %d CPUs (%s), %s; load before: %s; after: %s\n\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpu(), runtime.Version(), loadBefore, load())
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "MEASURED\tORGSHIP\tPEER\tGOAL")
	for _, r := range t.rows {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", r.what, r.ours, dash(r.peer), r.verdict())
	}
	_ = out.Flush() // stdout
	for _, s := range t.skipped {
		fmt.Println("SKIP", s)
	}
	fmt.Println()
}

func (r row) verdict() string {
	switch {
	case r.goal == "":
		return "-"
	case r.met:
		return r.goal + ": met"
	}
	return r.goal + ": NOT MET"
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// cpu is the processor's name, as Linux tells it.
func cpu() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, " \t:\n")
		}
	}
	return "unknown processor"
}

// load is the machine's load over one, five and fifteen minutes.
func load() string {
	line, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(line))[:3], " ")
}

// seconds renders a duration with as many digits as are worth reading.
func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// spread is several durations, sorted.
type spread []time.Duration

func newSpread(of []time.Duration) spread { return slices.Sorted(slices.Values(of)) }

// at returns the quantile q, 0 to 1, by the nearest rank; 0 of nothing.
func (s spread) at(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

func (s spread) median() time.Duration { return s.at(0.5) }

func (s spread) String() string {
	return fmt.Sprintf("median %s, p95 %s, max %s (%d)", seconds(s.median()), seconds(s.at(0.95)), seconds(s.at(1)), len(s))
}
