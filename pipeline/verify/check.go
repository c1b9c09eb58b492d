package verify

import (
	"net/http"
	"time"
)

// The headers by which the demo app says which version and which image answers.
const (
	DefaultVersionHeader  = "X-App-Version"
	DefaultRevisionHeader = "X-Image-Revision"
)

// Check says what to ask and what the right answer is. All that is set must
// hold. The answer to a redirect is the redirect: it is not followed.
type Check struct {
	URL string `json:"url"`

	Status         int               `json:"status,omitempty"`         // 0: 200
	Body           string            `json:"body,omitempty"`           // text the body holds
	Pattern        string            `json:"pattern,omitempty"`        // regular expression (RE2) the body matches
	Headers        map[string]string `json:"headers,omitempty"`        // headers the answer carries, with their values
	Revision       string            `json:"revision,omitempty"`       // the image revision that has to answer
	RevisionHeader string            `json:"revisionHeader,omitempty"` // "": DefaultRevisionHeader

	Timeout     time.Duration `json:"-"` // of one attempt; 0: 5 s
	Interval    time.Duration `json:"-"` // from the end of an attempt to the next; 0: 1 s
	Deadline    time.Duration `json:"-"` // of the whole check; 0: 2 min
	Attempts    int           `json:"-"` // at most so many; 0: until the deadline
	Consecutive int           `json:"-"` // passes in a row that succeed, wrong answers in a row that fail; 0: 3

	Request   http.Header       `json:"-"` // headers to send; never logged or reported
	Transport http.RoundTripper `json:"-"` // nil: a new connection for every attempt
	Observe   func(Attempt)     `json:"-"` // called after each attempt; may be nil
}

// Outcome is what one attempt came to.
type Outcome string

// The outcomes of an attempt.
const (
	Passed      Outcome = "passed"      // all that the check asks for holds
	Wrong       Outcome = "wrong"       // the app answered, and not as it should
	Stale       Outcome = "stale"       // another revision than the one asked for answered
	Unreachable Outcome = "unreachable" // nobody answered, or a load balancer without a target did
)

// Attempt is one request of a check.
type Attempt struct {
	Number   int           `json:"number"` // from 1
	At       time.Time     `json:"at"`
	Took     time.Duration `json:"tookNs"`
	Outcome  Outcome       `json:"outcome"`
	Reason   string        `json:"reason,omitempty"` // why it did not pass
	Status   int           `json:"status,omitempty"` // 0: no answer
	Revision string        `json:"revision,omitempty"`
	Version  string        `json:"version,omitempty"`
	Body     string        `json:"body,omitempty"` // the beginning of the body, printable
}

// Result is what a check came to.
type Result struct {
	Verdict  Verdict         `json:"verdict"`
	Reason   string          `json:"reason"` // one line for people
	Started  time.Time       `json:"started"`
	Took     time.Duration   `json:"tookNs"`
	Attempts int             `json:"attempts"`
	Outcomes map[Outcome]int `json:"outcomes"`
	Last     []Attempt       `json:"last"` // the last attempts, oldest first, at most ten
}
