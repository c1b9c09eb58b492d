package verify

import "time"

// Summary is what a probe saw, from its start to now. Its size is bounded,
// however long the probe runs: moments get wider, never more than 600.
type Summary struct {
	URL     string    `json:"url"`
	Rate    float64   `json:"rate"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"` // of a snapshot: when it was taken

	Sent     int `json:"sent"`     // answered, lost and waiting together
	Answered int `json:"answered"` // by the app, whatever it said, but for status 5xx
	Lost     int `json:"lost"`     // no answer, or one of status 5xx
	Waiting  int `json:"waiting"`  // sent and not answered yet; 0 once stopped
	Skipped  int `json:"skipped"`  // not sent: too many were waiting for an answer

	Latency   Latency        `json:"latency"` // of what was answered
	Answerers []Answerer     `json:"answerers"`
	Errors    map[string]int `json:"errors"` // lost requests by kind: "connection refused", "status 503"
	Losses    []Loss         `json:"losses"` // the last of them, at most 20
	Moments   []Moment       `json:"moments"`
}

// Latency is measured in milliseconds from when a request was due. Percentiles
// are at most 4% or a microsecond too high, the maximum is exact.
type Latency struct {
	P50 float64 `json:"p50Ms"`
	P95 float64 `json:"p95Ms"`
	P99 float64 `json:"p99Ms"`
	Max float64 `json:"maxMs"`
}

// Answerer is one that answered: a version and revision, or, of an app that
// sends neither header, the first line of its body.
type Answerer struct {
	ID       string    `json:"id"` // short and unique in a summary: names it in moments
	Version  string    `json:"version,omitempty"`
	Revision string    `json:"revision,omitempty"`
	Body     string    `json:"body"` // the beginning of its first answer
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Count    int       `json:"count"`
	Failed   int       `json:"failed"` // of those with status 5xx, which count as lost
}

// Moment is a stretch of time. What happened to a request counts in the moment
// in which it was due.
type Moment struct {
	Start    time.Time      `json:"start"`
	Seconds  float64        `json:"seconds"`
	Sent     int            `json:"sent"`
	Answered map[string]int `json:"answered"` // by Answerer.ID
	Errors   map[string]int `json:"errors,omitempty"`
	Latency  Latency        `json:"latency"`
}

// Loss is one lost request.
type Loss struct {
	At   time.Time `json:"at"` // when it was due
	Kind string    `json:"kind"`
}
