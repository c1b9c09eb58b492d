package report

import "time"

// Probe is who answered through the whole release. Its size is bounded, however
// long that takes: moments get wider, never more than 600.
type Probe struct {
	URL       string         `json:"url"`
	Rate      float64        `json:"rate"` // requests a second
	Started   time.Time      `json:"started"`
	Ended     time.Time      `json:"ended"` // while it goes on: when it was looked at
	Sent      int            `json:"sent"`
	Answered  int            `json:"answered"` // by the app, whatever it said, but for status 5xx
	Lost      int            `json:"lost"`     // no answer, or one of status 5xx
	Skipped   int            `json:"skipped"`  // not sent: too many were waiting
	Latency   Latency        `json:"latency"`
	Answerers []Answerer     `json:"answerers"`
	Errors    map[string]int `json:"errors,omitempty"` // lost requests by kind
	Losses    []Loss         `json:"losses,omitempty"` // the last of them
	Moments   []Moment       `json:"moments"`
}

// Latency is in milliseconds, from when a request was due to its answer.
type Latency struct {
	P50 float64 `json:"p50Ms"`
	P95 float64 `json:"p95Ms"`
	P99 float64 `json:"p99Ms"`
	Max float64 `json:"maxMs"`
}

// Answerer is one that answered: a version and revision, or, of an app that
// sends neither header, the first line of its body.
type Answerer struct {
	ID       string    `json:"id"` // names it in moments
	Role     string    `json:"role,omitempty"`
	Version  string    `json:"version,omitempty"`
	Revision string    `json:"revision,omitempty"`
	Body     string    `json:"body,omitempty"` // the first line of its first answer
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Count    int       `json:"count"`
	Failed   int       `json:"failed,omitempty"` // of those with status 5xx, which count as lost
}

// The roles of answerers.
const (
	RoleOld   = "old"   // what was there before the release
	RoleNew   = "new"   // what is released
	RoleOther = "other" // neither
)

// Loss is one lost request.
type Loss struct {
	At   time.Time `json:"at"` // when it was due
	Kind string    `json:"kind"`
}

// Moment is a stretch of time and who answered in it. What happened to a request
// counts in the moment in which it was due.
type Moment struct {
	Start    time.Time      `json:"start"`
	Seconds  float64        `json:"seconds"`
	Sent     int            `json:"sent"`
	Answered map[string]int `json:"answered"` // by Answerer.ID
	Lost     map[string]int `json:"lost,omitempty"`
	P95      float64        `json:"p95Ms"`
}

// Name returns what to call an answerer: its version and a short revision, or
// what it says.
func (a Answerer) Name() string {
	switch {
	case a.Version != "" && a.Revision != "":
		return a.Version + " (" + short(a.Revision) + ")"
	case a.Version != "":
		return a.Version
	case a.Revision != "":
		return short(a.Revision)
	case a.Body != "":
		return Quote(a.Body, 40)
	}
	return a.ID
}

func short(revision string) string {
	if len(revision) > 12 {
		return revision[:12]
	}
	return revision
}
