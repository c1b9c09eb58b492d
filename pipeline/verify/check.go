package verify

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"orgship/pipeline/report"
)

// The headers by which the demo app says which version and which image answers.
const (
	DefaultVersionHeader  = "X-App-Version"
	DefaultRevisionHeader = "X-Image-Revision"
)

// Check says what to ask and what the right answer is. All that is set must
// hold. A redirect is an answer: it is not followed.
type Check struct {
	URL string `json:"url"`
	// Host is asked for in the Host header and by SNI, and is what the certificate has
	// to be for: the public name of a service that is asked at a private address. "" is
	// the URL's.
	Host string `json:"host,omitempty"`
	// AnyName takes any name that a certificate is for, where Host says none: for a load
	// balancer that is asked by its own name, which no certificate has. Who signed it, and
	// until when it is valid, is checked all the same.
	AnyName bool `json:"-"`

	Status         int               `json:"status,omitempty"`         // 0: 200
	Body           string            `json:"body,omitempty"`           // text the body holds
	Pattern        string            `json:"pattern,omitempty"`        // regular expression (RE2) the body matches
	Headers        map[string]string `json:"headers,omitempty"`        // headers the answer carries, with their values
	Revision       string            `json:"revision,omitempty"`       // the image revision that has to answer
	RevisionHeader string            `json:"revisionHeader,omitempty"` // "": DefaultRevisionHeader
	VersionHeader  string            `json:"versionHeader,omitempty"`  // "": DefaultVersionHeader

	Timeout     time.Duration `json:"-"` // of one attempt; 0: 5 s
	Interval    time.Duration `json:"-"` // from the end of an attempt to the next; 0: 1 s
	Deadline    time.Duration `json:"-"` // no attempt begins later; 0: 2 min
	Attempts    int           `json:"-"` // at most so many; 0: until the deadline
	Consecutive int           `json:"-"` // answers in a row that decide; 0: 3

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
	Verdict  report.Verdict  `json:"verdict"`
	Reason   string          `json:"reason"` // one line for people
	Started  time.Time       `json:"started"`
	Took     time.Duration   `json:"tookNs"`
	Attempts int             `json:"attempts"`
	Outcomes map[Outcome]int `json:"outcomes"`
	Last     []Attempt       `json:"last"` // the last attempts, oldest first, at most ten
}

// prepared is a check with its defaults filled in and its pattern compiled.
type prepared struct {
	Check
	pattern *regexp.Regexp
	client  *http.Client
}

// prepare fills in defaults and says all that makes no sense about a check.
func (c Check) prepare() (*prepared, error) {
	faults := []error{checkURL(c.URL), checkHost(c.Host, c.URL, c.Transport)}
	if c.Timeout < 0 || c.Interval < 0 || c.Deadline < 0 || c.Attempts < 0 || c.Consecutive < 0 {
		faults = append(faults, errors.New("timeout, interval, deadline, attempts and consecutive must not be negative"))
	}
	if c.Status != 0 && (c.Status < 100 || c.Status > 999) {
		faults = append(faults, fmt.Errorf("status %d is no HTTP status", c.Status))
	}
	pattern, err := regexp.Compile(c.Pattern)
	if err != nil {
		faults = append(faults, fmt.Errorf("pattern: %w", err))
	}
	c.Consecutive = cmp.Or(c.Consecutive, 3)
	if c.Attempts > 0 && c.Attempts < c.Consecutive {
		faults = append(faults, fmt.Errorf("%d attempts can't give %d answers in a row", c.Attempts, c.Consecutive))
	}
	c.Status = cmp.Or(c.Status, http.StatusOK)
	c.Timeout = cmp.Or(c.Timeout, 5*time.Second)
	c.Interval = cmp.Or(c.Interval, time.Second)
	c.Deadline = cmp.Or(c.Deadline, 2*time.Minute)
	c.RevisionHeader = cmp.Or(c.RevisionHeader, DefaultRevisionHeader)
	c.VersionHeader = cmp.Or(c.VersionHeader, DefaultVersionHeader)
	return &prepared{Check: c, pattern: pattern, client: newClient(c.Transport, true, c.Host, c.AnyName)}, oneLine(faults)
}

// Expects says in words what the right answer is.
func (c Check) Expects() string {
	parts := []string{fmt.Sprintf("status %d", cmp.Or(c.Status, http.StatusOK))}
	if c.Body != "" {
		parts = append(parts, fmt.Sprintf("a body with %q", c.Body))
	}
	if c.Pattern != "" {
		parts = append(parts, fmt.Sprintf("a body like %q", c.Pattern))
	}
	if n := len(c.Headers); n > 0 {
		parts = append(parts, fmt.Sprintf("%d headers", n))
	}
	if c.Revision != "" {
		parts = append(parts, "revision "+c.Revision)
	}
	return strings.Join(parts, ", ")
}

// CheckURL says whether a text can be a [Check]'s URL.
func CheckURL(text string) error { return checkURL(text) }

// checkURL wants an absolute http or https URL.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("the URL can't be read") // its error would hold the password of a URL with one
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("URL %q must be absolute, with http or https", u.Redacted())
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("URL %q has no port that there is", u.Redacted())
		}
	}
	return nil
}
