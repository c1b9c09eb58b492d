package analysis

import "fmt"

// Requests are requests of the probe that came to an end.
type Requests struct{ Answered, Lost int }

// All is how many there are.
func (r Requests) All() int { return r.Answered + r.Lost }

// success is the share that was answered, 0 to 1; 1 of none.
func (r Requests) success() float64 {
	if r.All() == 0 {
		return 1
	}
	return float64(r.Answered) / float64(r.All())
}

func (r Requests) minus(other Requests) Requests {
	return Requests{r.Answered - other.Answered, r.Lost - other.Lost}
}

// fewest is how many requests have to be counted before their rate decides.
// Flagger calls it a metric without enough data.
const fewest = 50

// recent is how many of the latest requests are looked at by themselves, so that
// a long good time doesn't hide what has begun to fail.
const recent = 200

// rate compares the requests before the shift with those after it.
type rate struct {
	begun  bool       // the new version has or had traffic
	before Requests   // the baseline
	now    Requests   // all up to now
	marks  []Requests // totals on the way, the oldest at most about recent requests back
}

// shifted notes that the new version begins to have traffic.
func (r *rate) shifted() {
	if r.begun {
		return
	}
	r.begun, r.before = true, r.now
}

// after are the requests since the shift began.
func (r *rate) after() Requests {
	if !r.begun {
		return Requests{}
	}
	return r.now.minus(r.before)
}

// window are the latest requests.
func (r *rate) window() Requests {
	r.marks = append(r.marks, r.now)
	for len(r.marks) > 1 && r.now.minus(r.marks[1]).All() >= recent {
		r.marks = r.marks[1:]
	}
	from := r.marks[0]
	if from.All() < r.before.All() {
		from = r.before
	}
	return r.now.minus(from)
}

// fell reports whether the success rate is by more than maxLost below what it
// was. A single lost request is no rate yet: it decides only at the end.
func (r *rate) fell(maxLost float64, end bool) bool {
	floor := r.before.success() * (1 - maxLost)
	for _, part := range []Requests{r.after(), r.window()} {
		if part.All() >= fewest && (part.Lost > 1 || end) && part.success() < floor {
			return true
		}
	}
	return false
}

func (r *rate) String() string {
	after := r.after()
	return fmt.Sprintf("%d of %d requests were lost since the new version has traffic (before: %d of %d)",
		after.Lost, after.All(), r.before.Lost, r.before.All())
}
