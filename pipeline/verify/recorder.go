package verify

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"orgship/pipeline/report"
)

// Bounds of what a recorder keeps.
const (
	momentLimit   = 600 // then moments get twice as wide
	answererLimit = 10  // then the others count by their status
	statusLimit   = 5   // then as one
	kindLimit     = 50  // kinds of error, likewise
	lossLimit     = 20
)

// others stands for what came after a limit was reached.
const others = "others"

// recorder keeps what a probe sees. Its size is bounded.
type recorder struct {
	mu      sync.Mutex
	started time.Time
	ended   time.Time // zero while the probe runs
	width   time.Duration

	count     struct{ sent, answered, lost, skipped int }
	latency   histogram
	answerers []*report.Answerer
	known     map[identity]*report.Answerer
	errors    map[string]int
	losses    []report.Loss
	moments   []moment
}

type moment struct {
	sent     int
	answered map[string]int
	errors   map[string]int
	latency  histogram
}

// identity is by what answerers differ. The body counts only for those that
// send neither header.
type identity struct{ version, revision, body string }

func newRecorder(started time.Time, width time.Duration) *recorder {
	return &recorder{started: started, width: width, known: map[identity]*report.Answerer{}, errors: map[string]int{}, losses: []report.Loss{}}
}

func (r *recorder) sent(due time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count.sent++
	r.at(due).sent++
}

func (r *recorder) skip() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count.skipped++
}

// lost records a request that came to nothing.
func (r *recorder) lost(due time.Time, kind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lose(due, kind)
}

func (r *recorder) lose(due time.Time, kind string) {
	r.count.lost++
	if r.errors[kind] == 0 && len(r.errors) >= kindLimit {
		kind = others
	}
	r.errors[kind]++
	add(&r.at(due).errors, kind)
	r.losses = append(r.losses, report.Loss{At: due, Kind: kind})
	if len(r.losses) > lossLimit {
		r.losses = slices.Delete(r.losses, 0, 1)
	}
}

// answered records an answer: one of status 5xx is a lost request, but tells
// who answered all the same when it says so in a header.
func (r *recorder) answered(due, now time.Time, got answer, who identity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	named := who != identity{}
	if got.status >= http.StatusInternalServerError {
		r.lose(due, fmt.Sprintf("status %d", got.status))
		if named {
			r.meet(who, now, got).Failed++
		}
		return
	}
	if !named {
		who.body = printable(got.body, 60)
	}
	a := r.meet(who, now, got)
	r.count.answered++
	took := now.Sub(due)
	r.latency.add(took)
	m := r.at(due)
	m.latency.add(took)
	add(&m.answered, a.ID)
}

// meet returns the answerer that an identity means, with this answer counted.
// Beyond the limit those of a status count together: an app may say something
// else every time.
func (r *recorder) meet(who identity, now time.Time, got answer) *report.Answerer {
	body := printable(got.body, 80)
	if r.known[who] == nil && len(r.answerers) >= answererLimit {
		who, body = r.others(got.status), ""
	}
	a := r.known[who]
	if a == nil {
		a = &report.Answerer{ID: r.name(who), Version: who.version, Revision: who.revision, Body: body, First: now}
		r.known[who] = a
		r.answerers = append(r.answerers, a)
	}
	a.Count++
	a.Last = now
	return a
}

// others is who answers of a status count as beyond the limit.
func (r *recorder) others(status int) identity {
	who := identity{body: fmt.Sprintf("%s, status %d", others, status)}
	if r.known[who] == nil && len(r.answerers) >= answererLimit+statusLimit {
		who.body = others
	}
	return who
}

// name returns a short id that no other answerer has.
func (r *recorder) name(who identity) string {
	short := printable([]byte(who.revision), 12)
	id := cmp.Or(who.version, short, who.body, "(empty)")
	taken := func(id string) bool {
		return slices.ContainsFunc(r.answerers, func(a *report.Answerer) bool { return a.ID == id })
	}
	if taken(id) && who.version != "" && short != "" {
		id += "@" + short
	}
	for n, base := 2, id; taken(id); n++ {
		id = fmt.Sprintf("%s#%d", base, n)
	}
	return id
}

func (r *recorder) end(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = now
}

// at returns the moment that a time falls into, and widens all moments when
// there would be too many.
func (r *recorder) at(t time.Time) *moment {
	i := int(max(0, t.Sub(r.started)) / r.width)
	for i >= momentLimit {
		r.widen()
		i = int(max(0, t.Sub(r.started)) / r.width)
	}
	for len(r.moments) <= i {
		r.moments = append(r.moments, moment{})
	}
	return &r.moments[i]
}

// widen makes one moment of each two.
func (r *recorder) widen() {
	r.width *= 2
	half := r.moments[:0]
	for i := 0; i < len(r.moments); i += 2 {
		m := r.moments[i]
		if i+1 < len(r.moments) {
			m.merge(&r.moments[i+1])
		}
		half = append(half, m)
	}
	clear(r.moments[len(half):])
	r.moments = half
}

func (m *moment) merge(other *moment) {
	m.sent += other.sent
	for id, n := range other.answered {
		addN(&m.answered, id, n)
	}
	for kind, n := range other.errors {
		addN(&m.errors, kind, n)
	}
	m.latency.merge(&other.latency)
}

func add(counts *map[string]int, key string) { addN(counts, key, 1) }

func addN(counts *map[string]int, key string, n int) {
	if *counts == nil {
		*counts = map[string]int{}
	}
	(*counts)[key] += n
}

// summary copies all there is.
func (r *recorder) summary(now time.Time) report.Probe {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended.IsZero() {
		now = r.ended
	}
	s := report.Probe{
		Started: r.started, Ended: now,
		Sent: r.count.sent, Answered: r.count.answered, Lost: r.count.lost, Skipped: r.count.skipped,
		Latency: r.latency.latency(), Errors: maps.Clone(r.errors), Losses: slices.Clone(r.losses),
		Answerers: []report.Answerer{}, Moments: []report.Moment{},
	}
	for _, a := range r.answerers {
		s.Answerers = append(s.Answerers, *a)
	}
	for i := range r.moments {
		s.Moments = append(s.Moments, r.moments[i].show(r.started.Add(time.Duration(i)*r.width), r.width))
	}
	return s
}

func (m *moment) show(start time.Time, width time.Duration) report.Moment {
	answered := maps.Clone(m.answered)
	if answered == nil {
		answered = map[string]int{}
	}
	return report.Moment{
		Start: start, Seconds: width.Seconds(), Sent: m.sent,
		Answered: answered, Lost: maps.Clone(m.errors), P95: m.latency.latency().P95,
	}
}
