package verify

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestHistogramAgainstSorting compares percentiles with those of the sorted values.
func TestHistogramAgainstSorting(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + r.IntN(2000)
		scale := math.Pow(10, 1+7*r.Float64()) // values up to 10 µs … 100 s
		var h, left, right histogram
		var values []time.Duration
		for range n {
			d := time.Duration(r.Float64()*scale) * time.Microsecond
			values = append(values, d)
			h.add(d)
			if r.IntN(2) == 0 {
				left.add(d)
			} else {
				right.add(d)
			}
		}
		slices.Sort(values)
		left.merge(&right)
		for _, q := range []float64{0.01, 0.5, 0.95, 0.99, 1} {
			want := values[int(math.Ceil(q*float64(n)-1e-9))-1]
			got := h.quantile(q)
			if got < want || got > want+want/25+time.Microsecond {
				t.Fatalf("%d values, quantile %v: got %v, want %v", n, q, got, want)
			}
			if merged := left.quantile(q); merged != got {
				t.Fatalf("merged: got %v, want %v", merged, got)
			}
		}
		if h.max != values[n-1] {
			t.Fatalf("got maximum %v, want %v", h.max, values[n-1])
		}
	}
}

func TestHistogramEdges(t *testing.T) {
	t.Parallel()
	var h histogram
	if got := h.quantile(0.5); got != 0 {
		t.Errorf("of nothing: got %v", got)
	}
	for _, d := range []time.Duration{-time.Second, 0, time.Hour} {
		h.add(d)
	}
	if h.quantile(0.5) > time.Microsecond || h.quantile(1) < 2*time.Minute || h.max != time.Hour {
		t.Errorf("got %v, %v, %v", h.quantile(0.5), h.quantile(1), h.max)
	}
}
