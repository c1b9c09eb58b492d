package verify

import (
	"math"
	"math/bits"
	"time"

	"orgship/pipeline/report"
)

// A histogram counts durations in buckets whose width grows with the value:
// 32 to each power of two of microseconds, so that a bucket is at most 1/32 of
// its value wide. What lasts more than two minutes counts as that.
const (
	subBits    = 5
	subBuckets = 1 << subBits
	topBits    = 27 // 2^27 µs are 134 s
	buckets    = (topBits - subBits + 1) * subBuckets
)

type histogram struct {
	counts []uint32 // nil while nothing is counted
	n      int
	max    time.Duration
}

func (h *histogram) add(d time.Duration) {
	if h.counts == nil {
		h.counts = make([]uint32, buckets)
	}
	h.counts[bucketOf(d)]++
	h.n++
	h.max = max(h.max, d)
}

// merge adds what another histogram counted.
func (h *histogram) merge(other *histogram) {
	if other.n == 0 {
		return
	}
	if h.counts == nil {
		h.counts = make([]uint32, buckets)
	}
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.max = max(h.max, other.max)
}

func bucketOf(d time.Duration) int {
	us := uint64(max(0, d.Microseconds()))
	if us < subBuckets {
		return int(us)
	}
	shift := bits.Len64(us) - 1 - subBits
	if shift >= topBits-subBits {
		return buckets - 1
	}
	return shift<<subBits + int(us>>shift)
}

// topOf returns the largest duration that a bucket counts.
func topOf(bucket int) time.Duration {
	if bucket < 2*subBuckets {
		return time.Duration(bucket+1) * time.Microsecond
	}
	shift := bucket>>subBits - 1
	return time.Duration(uint64(bucket&(subBuckets-1)+subBuckets+1)<<shift) * time.Microsecond
}

// quantile returns a duration that at least the q-th part of what was counted
// did not exceed.
func (h *histogram) quantile(q float64) time.Duration {
	need := int(math.Ceil(q*float64(h.n) - 1e-9))
	seen := 0
	for i, n := range h.counts {
		if seen += int(n); n > 0 && seen >= need {
			return min(topOf(i), h.max)
		}
	}
	return h.max
}

// latency is at most 4 % or a microsecond too high; the maximum is exact.
func (h *histogram) latency() report.Latency {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return report.Latency{P50: ms(h.quantile(0.50)), P95: ms(h.quantile(0.95)), P99: ms(h.quantile(0.99)), Max: ms(h.max)}
}
