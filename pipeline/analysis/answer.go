package analysis

import (
	"fmt"
	"net/http"
	"time"

	"orgship/pipeline/report"
)

// Meaning is whose an answer is, and whether it is right.
type Meaning string

// What an answer can mean. The words are those of the report.
const (
	Right       Meaning = "passed"      // the new version's, as it should be
	Wrong       Meaning = "wrong"       // the new version's, as it should not be, or a stranger's
	Old         Meaning = "old"         // of the version from before
	Unknown     Meaning = "unknown"     // of either: nothing tells
	Unreachable Meaning = "unreachable" // nobody answered
)

// Weight is the share of production traffic on the new version.
type Weight struct {
	Known   bool      // somebody says how the traffic is shared out
	Percent float64   // on the new version
	Since   time.Time // when it was learned: earlier answers may be those of another weight
}

// Full reports whether all production traffic is on the new version.
func (w Weight) Full() bool { return w.Known && w.Percent >= 100 }

// Some reports whether the new version may have production traffic.
func (w Weight) Some() bool { return !w.Known || w.Percent > 0 }

// Answer is what came back for one question.
type Answer struct {
	At       time.Time // when it was asked
	Took     time.Duration
	URL      string
	Test     bool // asked of the test listener, which serves the new version alone
	Reached  bool // the app answered; false: nobody did, or a load balancer without a target
	Passed   bool // it is as the check asks
	Reason   string
	Status   int
	Revision string
	Version  string
	Body     string // its beginning
}

// fingerprint is by what an answer is recognised: what it came to, and its
// revision and version, or what it says when it sends neither.
func (x Answer) fingerprint() string {
	if x.Revision != "" || x.Version != "" {
		return fmt.Sprintf("%v\x00%s\x00%s", x.Passed, x.Revision, x.Version)
	}
	return fmt.Sprintf("%v\x00%d\x00%s", x.Passed, x.Status, x.Body)
}

func (x Answer) report(m Meaning) report.Attempt {
	return report.Attempt{
		At: x.At, URL: report.CleanURL(x.URL), Outcome: string(m), Reason: report.Clean(x.Reason), Status: x.Status,
		Revision: report.Clean(x.Revision), Version: report.Clean(x.Version), Body: report.Clean(x.Body),
		Millis: float64(x.Took.Microseconds()) / 1000,
	}
}

// baselineLimit is how many different answers of the baseline are kept.
const baselineLimit = 200

// Classifier tells the new version's answers from the old one's. Expected and
// Before are the revisions of their images, "" where they aren't known or where
// answers don't carry them.
type Classifier struct {
	Expected, Before string

	seen     map[string]bool // fingerprints of the baseline
	answers  int             // of the baseline, reached
	passed   int             // of them
	revision bool            // an answer of the baseline said a revision
}

// Remember takes an answer in as the baseline's: one that was given before
// anything changed.
func (c *Classifier) Remember(x Answer) {
	if !x.Reached {
		return
	}
	c.answers++
	if x.Passed {
		c.passed++
	}
	c.revision = c.revision || x.Revision != ""
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	if len(c.seen) < baselineLimit {
		c.seen[x.fingerprint()] = true
	}
}

// Forget empties the baseline: nothing is on its way out.
func (c *Classifier) Forget() { c.seen, c.answers, c.passed, c.revision = nil, 0, 0, false }

// Baseline reports how many answers the baseline has, and whether any of them
// said a revision.
func (c *Classifier) Baseline() (answers int, revision bool) { return c.answers, c.revision }

// Told reports whether a right answer is the new version's for sure: by its
// revision, or because the baseline never answered rightly.
func (c *Classifier) Told() bool {
	return c.byRevision() || c.neverPassed()
}

// neverPassed reports whether the old version answers, and never as the new one
// should.
func (c *Classifier) neverPassed() bool { return c.answers > 0 && c.passed == 0 }

func (c *Classifier) byRevision() bool { return c.Expected != "" && c.Expected != c.Before }

// Meaning says whose an answer is, at a weight:
//
//   - at 0 percent every answer is the old version's, whatever it says;
//   - while weights are mixed or unknown, what nothing tells apart is Unknown;
//   - at 100 percent, and on the test listener, it is the new version's, unless
//     it is one that the old version gives.
func (c *Classifier) Meaning(x Answer, w Weight) Meaning {
	said := c.byRevision() && x.Revision != ""
	switch {
	case !x.Reached:
		return Unreachable
	case !x.Test && !w.Some():
		return Old
	case said && x.Revision == c.Expected && x.Passed:
		return Right
	case said && x.Revision == c.Expected:
		return Wrong
	case said && x.Revision == c.Before:
		return Old
	case x.Test, w.Full() && !x.At.Before(w.Since):
		return c.alone(x)
	case c.seen[x.fingerprint()]:
		return Old
	case x.Passed && c.neverPassed():
		return Right
	}
	return Unknown
}

// alone says what an answer means that the new version alone should give.
func (c *Classifier) alone(x Answer) Meaning {
	switch {
	case x.Revision != "" && c.Expected != "" && x.Revision != c.Expected:
		if c.seen[x.fingerprint()] {
			return Old
		}
		return Wrong
	case x.Passed:
		return Right
	case c.seen[x.fingerprint()]:
		return Old
	}
	return Wrong
}

// Recovered reports whether an answer is one that the old version gives once it
// has all the traffic again: not the new one's, and no failure that it didn't
// show before.
func (c *Classifier) Recovered(x Answer) bool {
	switch {
	case !x.Reached:
		return false
	case c.byRevision() && x.Revision == c.Expected:
		return false
	}
	return x.Passed || x.Status < http.StatusInternalServerError || c.seen[x.fingerprint()]
}
