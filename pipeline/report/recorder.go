package report

import (
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"
)

// Recorder collects a report while the work goes on. It is safe for concurrent
// use. The zero time in what it is given means now.
type Recorder struct {
	mu     sync.Mutex
	report Report
	now    func() time.Time
	listen []func(Event)
}

// NewRecorder begins a report of the given kind with steps that are still to
// be done. Now tells the time; nil is time.Now.
func NewRecorder(kind Kind, version string, now func() time.Time, steps ...string) *Recorder {
	if now == nil {
		now = time.Now
	}
	r := &Recorder{now: now, report: Report{
		Schema: Schema, Tool: Tool{Name: "orgship", Version: version}, Kind: kind,
		Verdict: Inconclusive, Outcome: InProgress, Started: now(), Events: []Event{},
	}}
	for _, name := range steps {
		r.report.Steps = append(r.report.Steps, Step{Name: name, State: Pending})
	}
	return r
}

// Listen has f called for every event from now on, in order and one at a time.
// F must not call the recorder, except for Snapshot in another goroutine.
func (r *Recorder) Listen(f func(Event)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listen = append(r.listen, f)
}

// Event records that something happened.
func (r *Recorder) Event(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(e)
}

func (r *Recorder) add(e Event) {
	if e.At.IsZero() {
		e.At = r.now()
	}
	e.Subject, e.Type, e.Status, e.Message = Clean(e.Subject), Clean(e.Type), Clean(e.Status), Clean(e.Message)
	r.report.Events = append(r.report.Events, e)
	for _, f := range r.listen {
		f(e)
	}
}

// Begin notes that a step begins; one that isn't known yet is put at the end.
func (r *Recorder) Begin(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.step(name)
	s.State, s.Started = Running, r.now()
	r.add(Event{At: s.Started, Source: FromRelease, Subject: name, Status: string(Running)})
}

// Detail replaces what is said about a running step, without an event.
func (r *Recorder) Detail(name, detail string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.step(name).Detail = Clean(detail)
}

// Finish notes how a step ended.
func (r *Recorder) Finish(name string, state State, detail string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.step(name)
	s.State, s.Ended = state, r.now()
	if s.Started.IsZero() {
		s.Started = s.Ended
	}
	s.Seconds = seconds(s.Ended.Sub(s.Started))
	if detail != "" {
		s.Detail = Clean(detail)
	}
	r.add(Event{
		At: s.Ended, Source: FromRelease, Subject: name, Status: string(state), Message: s.Detail, Bad: state == StepFailed,
	})
}

func (r *Recorder) step(name string) *Step {
	for i := range r.report.Steps {
		if r.report.Steps[i].Name == name {
			return &r.report.Steps[i]
		}
	}
	r.report.Steps = append(r.report.Steps, Step{Name: name, State: Pending})
	return &r.report.Steps[len(r.report.Steps)-1]
}

// Traffic notes how the traffic is shared out, if that changed.
func (r *Recorder) Traffic(t Traffic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t.At.IsZero() {
		t.At = r.now()
	}
	if n := len(r.report.Traffic); n > 0 {
		last := r.report.Traffic[n-1]
		last.At = t.At
		if last == t {
			return
		}
	}
	r.report.Traffic = append(r.report.Traffic, t)
}

// Problem notes an error; what it says must hold no secret.
func (r *Recorder) Problem(p Problem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.Message, p.Hint = Clean(p.Message), Clean(p.Hint)
	if p.Cause != nil {
		c := *p.Cause
		c.Reason = Clean(c.Reason)
		p.Cause = &c
	}
	r.report.Errors = append(r.report.Errors, p)
}

// Edit changes the report's other fields than steps, traffic and events. What they
// say is cleaned here, whoever said it.
func (r *Recorder) Edit(f func(*Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	steps, traffic, events := r.report.Steps, r.report.Traffic, r.report.Events
	r.report.Steps, r.report.Traffic, r.report.Events = nil, nil, nil
	f(&r.report)
	cleanAll(reflect.ValueOf(&r.report).Elem())
	r.report.Steps, r.report.Traffic, r.report.Events = steps, traffic, events
}

// Close notes the end of the work and returns the whole report.
func (r *Recorder) Close(verdict Verdict, outcome Outcome, summary string) Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Verdict, r.report.Outcome, r.report.Summary = verdict, outcome, Clean(summary)
	r.report.Ended = r.now()
	r.report.Seconds = seconds(r.report.Ended.Sub(r.report.Started))
	for i := range r.report.Steps {
		if s := &r.report.Steps[i]; s.State == Running {
			s.State, s.Ended = Interrupted, r.report.Ended
			s.Seconds = seconds(s.Ended.Sub(s.Started))
		}
	}
	// Sources are read one after the other: put what they told into one order.
	slices.SortStableFunc(r.report.Events, func(a, b Event) int { return a.At.Compare(b.At) })
	r.add(Event{At: r.report.Ended, Source: FromRelease, Subject: "verdict", Status: string(verdict), Message: summary, Bad: verdict != Successful})
	r.report.Links = console(r.report)
	return r.copied()
}

// Snapshot returns the report as it is now.
func (r *Recorder) Snapshot() Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.copied()
}

// copied returns a copy that later records don't change. What hangs on
// pointers is replaced as a whole, never changed in place.
func (r *Recorder) copied() Report {
	c := r.report
	c.URLs, c.Links = maps.Clone(c.URLs), maps.Clone(c.Links)
	c.Steps = slices.Clone(c.Steps)
	c.Traffic = slices.Clone(c.Traffic)
	c.Events = slices.Clone(c.Events)
	c.Errors = slices.Clone(c.Errors)
	c.Hints = slices.Clone(c.Hints)
	return c
}

// seconds rounds to milliseconds.
func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond)) / float64(time.Second)
}
