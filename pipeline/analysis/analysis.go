// Package analysis decides about a release by its answers: it says whose an
// answer is, compares the new version with what was before, and says whether to
// keep it or to go back. It is pure: time, weights and answers come in, and a
// decision goes out.
//
// The words are those of Argo Rollouts' analysis and of Flagger's: a baseline,
// a success rate, a verdict.
// https://argo-rollouts.readthedocs.io/en/stable/features/analysis/
package analysis

import (
	"fmt"
	"time"

	"orgship/pipeline/report"
)

// Decision is what is to be done with a release.
type Decision int

// The decisions. A release that is kept can still go back, as long as that is
// possible; one that goes back is never kept.
const (
	Undecided Decision = iota
	Keep
	GoBack
)

// Config is by what to decide. All of it is required.
type Config struct {
	Need int // right answers in a row that keep the new version
	// Silence is how long nobody may answer once the new version has traffic.
	Silence time.Duration
	// MaxLost is the share of requests, 0 to 1, by which the success rate may
	// fall below what it was.
	MaxLost float64
	// Told says that right answers are the new version's own: they say its
	// revision, or what was before doesn't answer like this.
	Told bool
	// Reached says that production answered before anything was changed.
	Reached bool
}

// Analysis counts answers and requests, and decides. The zero value isn't ready:
// see [New]. It isn't safe for concurrent use.
type Analysis struct {
	cfg      Config
	classify *Classifier
	weight   Weight

	counts  map[Meaning]int
	last    []report.Attempt // at most ten
	streak  map[string]int   // right answers in a row, by URL
	silent  time.Time        // since when nobody has answered in production; zero: somebody did
	reached bool             // production has answered at least once
	rate    rate

	decision Decision
	verdict  report.Verdict
	reason   string
}

// New returns an analysis of answers that c tells apart.
func New(cfg Config, c *Classifier) *Analysis {
	return &Analysis{cfg: cfg, classify: c, reached: cfg.Reached, counts: map[Meaning]int{}, streak: map[string]int{}}
}

// Weigh takes in how the production traffic is shared out. What the new
// version's answers came to before it had all of it doesn't count as a row.
func (a *Analysis) Weigh(w Weight) {
	if w.Full() && !a.weight.Full() {
		clear(a.streak)
	}
	if w.Some() {
		a.rate.shifted()
	}
	a.weight = w
}

// Weight is the latest one.
func (a *Analysis) Weight() Weight { return a.weight }

// Answer takes in an answer, whose meaning it returns, and the decision if this
// answer makes or changes it.
func (a *Analysis) Answer(x Answer) (Meaning, Decision) {
	m := a.classify.Meaning(x, a.weight)
	a.note(x, m)
	switch {
	case a.decision == GoBack:
		return m, Undecided
	case m == Wrong:
		return m, a.decide(GoBack, report.Failed, blame(x))
	case a.outage(x, m):
		return m, a.decide(GoBack, report.Error, fmt.Sprintf("nobody has answered for %s: %s", x.At.Sub(a.silent).Round(time.Second), x.Reason))
	case a.decision == Undecided && a.enough(x, m):
		return m, a.decide(Keep, report.Successful, a.praise(x))
	}
	return m, Undecided
}

// Requests takes in how many requests were asked and lost since the release
// began, and returns the decision if they make or change it.
func (a *Analysis) Requests(answered, lost int) Decision {
	a.rate.now = Requests{answered, lost}
	if a.decision == GoBack || !a.rate.begun || !a.rate.fell(a.cfg.MaxLost, false) {
		return Undecided
	}
	return a.decide(GoBack, report.Failed, a.rate.String())
}

// Stuck takes in why the new version doesn't come up: the release goes back.
func (a *Analysis) Stuck(reason string) Decision {
	if a.decision == GoBack {
		return Undecided
	}
	return a.decide(GoBack, report.Failed, reason)
}

// TimeUp decides when the time to go back cheaply runs out: what isn't proved
// goes back.
func (a *Analysis) TimeUp() Decision {
	switch {
	case a.decision == GoBack:
		return Undecided
	case a.rate.begun && a.rate.fell(a.cfg.MaxLost, true):
		return a.decide(GoBack, report.Failed, a.rate.String())
	case a.decision == Keep:
		return Undecided
	case a.counts[Right]+a.counts[Old]+a.counts[Unknown] == 0:
		return a.decide(GoBack, report.Error, "nobody answered in time: "+a.latest())
	}
	return a.decide(GoBack, report.Inconclusive, fmt.Sprintf("not %d right answers in a row in time: %s", a.cfg.Need, a.latest()))
}

// Reconsider takes a Keep back: what was kept has to go on answering.
func (a *Analysis) Reconsider() {
	if a.decision == Keep {
		a.decision = Undecided
	}
}

// Decision is the latest one, with its verdict and reason.
func (a *Analysis) Decision() (Decision, report.Verdict, string) {
	return a.decision, a.verdict, a.reason
}

// Counts are the answers by what they mean.
func (a *Analysis) Counts() map[string]int {
	out := map[string]int{}
	for m, n := range a.counts {
		out[string(m)] = n
	}
	return out
}

// Last are the last answers, at most ten.
func (a *Analysis) Last() []report.Attempt { return a.last }

// Exposed are the requests since the new version had traffic.
func (a *Analysis) Exposed() Requests { return a.rate.after() }

func (a *Analysis) decide(d Decision, v report.Verdict, reason string) Decision {
	a.decision, a.verdict, a.reason = d, v, reason
	return d
}

// note counts an answer. A right one is part of a row only where the new
// version alone can have given it, or where nobody tells.
func (a *Analysis) note(x Answer, m Meaning) {
	a.counts[m]++
	if m == Right && (x.Test || !a.weight.Known || a.weight.Full()) {
		a.streak[x.URL]++
	} else {
		a.streak[x.URL] = 0
	}
	a.last = append(a.last, x.report(m))
	if len(a.last) > 10 {
		a.last = a.last[1:]
	}
	switch {
	case x.Test:
	case m != Unreachable:
		a.silent, a.reached = time.Time{}, true
	case a.silent.IsZero():
		a.silent = x.At
	}
}

// outage reports whether production fell silent under the new version.
func (a *Analysis) outage(x Answer, m Meaning) bool {
	return m == Unreachable && !x.Test && a.reached && a.weight.Known && a.weight.Some() && x.At.Sub(a.silent) >= a.cfg.Silence
}

// enough reports whether the answers prove the new version. On the test
// listener each answer is its own; in production only once it has all the
// traffic, for some right answers prove little. When nobody tells the weight, a
// longer row has to do: a canary of 15 percent gives twenty in a row once in
// 10^16 times.
func (a *Analysis) enough(x Answer, m Meaning) bool {
	need := a.cfg.Need
	switch {
	case m != Right:
		return false
	case !x.Test && !a.weight.Known && !a.cfg.Told:
		return false
	case !x.Test && !a.weight.Known:
		need = max(20, 2*a.cfg.Need)
	}
	return a.streak[x.URL] >= need
}

// blame says what was wrong, and whose answer it was.
func blame(x Answer) string {
	from := ""
	switch {
	case x.Version != "" && x.Revision != "":
		from = fmt.Sprintf(" (version %s, revision %s)", x.Version, x.Revision)
	case x.Revision != "":
		from = fmt.Sprintf(" (revision %s)", x.Revision)
	}
	if x.Test {
		from += " on the test listener"
	}
	reason := x.Reason
	if reason == "" {
		reason = "a version answers that is neither the new one nor the one from before"
	}
	return reason + from
}

func (a *Analysis) praise(x Answer) string {
	where := ""
	if x.Test {
		where = " on the test listener"
	}
	return fmt.Sprintf("%d right answers in a row%s", a.streak[x.URL], where)
}

func (a *Analysis) latest() string {
	if len(a.last) == 0 {
		return "nothing was asked"
	}
	x := a.last[len(a.last)-1]
	switch {
	case x.Outcome == string(Old):
		return "the version from before still answers"
	case x.Reason != "":
		return x.Reason
	case x.Outcome == string(Unknown):
		return "which version answers isn't known"
	}
	return "too few answers"
}
