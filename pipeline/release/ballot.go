package release

import (
	"fmt"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

// who tells an answer's meaning in a release apart.
type who string

// What an answer can mean. The words are those of the report.
const (
	right       who = "passed"      // the new version, as it should be
	wrong       who = "wrong"       // the new version as it should not be, or a stranger
	old         who = "old"         // the version from before
	unreachable who = "unreachable" // nobody
)

// answer is an attempt with its meaning.
type answer struct {
	verify.Attempt
	who  who
	url  string
	test bool // asked of the test listener, which serves the new version alone
}

// crowd knows who answered before anything was changed, to tell the version
// from before from the new one and from strangers.
type crowd struct {
	expected string // revision of the new image; "" when it has none
	before   string // revision of the image from before; "" when unknown
	seen     map[string]bool
}

// mark is by what an answer is recognised: what it came to, and its revision and
// version, or what it says when it sends neither.
func mark(a verify.Attempt) string {
	if a.Revision != "" || a.Version != "" {
		return fmt.Sprintf("%s\x00%s\x00%s", a.Outcome, a.Revision, a.Version)
	}
	return fmt.Sprintf("%s\x00%d\x00%s", a.Outcome, a.Status, a.Body)
}

// remember notes an answer of the time before the change.
func (c *crowd) remember(a verify.Attempt) {
	if a.Status != 0 && a.Outcome != verify.Unreachable {
		c.seen[mark(a)] = true
	}
}

// identify tells what an answer means. Where the image stays the same, a wrong
// answer is the old version's only if it gave the same before.
func (c *crowd) identify(a verify.Attempt) who {
	told := c.expected != c.before // the revision tells the two apart
	switch {
	case a.Outcome == verify.Unreachable:
		return unreachable
	case a.Outcome == verify.Passed:
		return right
	case told && a.Revision != "" && a.Revision == c.expected:
		return wrong
	case told && a.Revision != "" && a.Revision == c.before, c.seen[mark(a)]:
		return old
	}
	return wrong
}

// share is what is known about the traffic at a moment.
type share struct {
	known   bool    // someone says how the traffic is shared out
	percent float64 // on the new version
}

// full reports whether all production traffic is on the new version.
func (s share) full() bool { return s.known && s.percent >= 100 }

// decision is what the answers say is to be done.
type decision int

// The decisions.
const (
	undecided decision = iota
	keep
	goBack
)

// ballot counts answers and decides. It is pure: time comes with the answers.
type ballot struct {
	need     int           // right answers in a row
	told     bool          // a right answer is the new version's for sure: its revision says so
	patience time.Duration // how long nobody may answer once the new version has traffic

	counts  map[who]int
	last    []report.Attempt
	streak  map[string]int // right answers in a row, by URL
	silent  time.Time      // since when nobody has answered at the production URL; zero: somebody did
	reached bool           // production has answered at least once
	decided decision
	verdict report.Verdict
	reason  string
}

func newBallot(need int, patience time.Duration) *ballot {
	return &ballot{need: need, patience: patience, counts: map[who]int{}, streak: map[string]int{}}
}

// count takes an answer in, and returns the decision if this answer makes or
// changes it: a kept release can still go back, never the other way round.
func (b *ballot) count(a answer, s share) decision {
	b.note(a, s)
	switch {
	case b.decided == goBack:
		return undecided
	case a.who == wrong:
		return b.decide(goBack, report.Failed, blame(a))
	case b.outage(a, s):
		return b.decide(goBack, report.Error, fmt.Sprintf("nobody has answered for %s: %s", a.At.Sub(b.silent).Round(time.Second), a.Reason))
	case b.decided == undecided && b.enough(a, s):
		return b.decide(keep, report.Successful, b.praise(a))
	}
	return undecided
}

func (b *ballot) decide(d decision, v report.Verdict, reason string) decision {
	b.decided, b.verdict, b.reason = d, v, reason
	return d
}

// note counts an answer. A right one is part of a row only where the new
// version alone can have given it, or where nobody tells.
func (b *ballot) note(a answer, s share) {
	b.counts[a.who]++
	if a.who == right && (a.test || !s.known || s.full()) {
		b.streak[a.url]++
	} else {
		b.streak[a.url] = 0
	}
	b.last = append(b.last, a.report())
	if len(b.last) > 10 {
		b.last = b.last[1:]
	}
	if a.test {
		return
	}
	switch {
	case a.who != unreachable:
		b.silent, b.reached = time.Time{}, true
	case b.silent.IsZero():
		b.silent = a.At
	}
}

// restart begins a URL's row of right answers anew.
func (b *ballot) restart(url string) { delete(b.streak, url) }

// outage reports whether production fell silent under the new version.
func (b *ballot) outage(a answer, s share) bool {
	return !a.test && b.reached && s.known && s.percent > 0 && !b.silent.IsZero() && a.At.Sub(b.silent) >= b.patience
}

// enough reports whether the answers prove the new version. On the test
// listener each answer is its own; in production only once it has all the
// traffic, for a share of right answers proves little. When nobody tells the
// share, a longer row has to do: a canary of 15 percent gives twenty in a row
// once in 10^16 times.
func (b *ballot) enough(a answer, s share) bool {
	need := b.need
	switch {
	case a.who != right:
		return false
	case !a.test && !s.known && !b.told:
		return false
	case !a.test && !s.known:
		need = max(20, 2*b.need)
	}
	return b.streak[a.url] >= need
}

// blame says what was wrong, and whose answer it was.
func blame(a answer) string {
	from := ""
	switch {
	case a.Version != "" && a.Revision != "":
		from = fmt.Sprintf(" (version %s, revision %s)", a.Version, a.Revision)
	case a.Revision != "":
		from = fmt.Sprintf(" (revision %s)", a.Revision)
	}
	if a.test {
		from += " on the test listener"
	}
	return a.Reason + from
}

func (b *ballot) praise(a answer) string {
	where := ""
	if a.test {
		where = " on the test listener"
	}
	return fmt.Sprintf("%d right answers in a row%s", b.streak[a.url], where)
}

// timeUp decides when the time to go back cheaply runs out: what isn't proved
// goes back.
func (b *ballot) timeUp() decision {
	if b.decided != undecided {
		return undecided
	}
	if b.counts[right]+b.counts[old] == 0 {
		return b.decide(goBack, report.Error, "nobody answered in time: "+b.latest())
	}
	return b.decide(goBack, report.Inconclusive, fmt.Sprintf("not %d right answers in a row in time: %s", b.need, b.latest()))
}

func (b *ballot) latest() string {
	if len(b.last) == 0 {
		return "nothing was asked"
	}
	a := b.last[len(b.last)-1]
	if a.Reason == "" {
		return "the last answer was " + a.Outcome
	}
	return a.Reason
}

// report renders an answer for the report.
func (a answer) report() report.Attempt {
	return report.Attempt{
		At: a.At, URL: report.CleanURL(a.url), Outcome: string(a.who), Reason: report.Clean(a.Reason), Status: a.Status,
		Revision: report.Clean(a.Revision), Version: report.Clean(a.Version), Body: report.Clean(a.Body),
		Millis: float64(a.Took.Microseconds()) / 1000,
	}
}
