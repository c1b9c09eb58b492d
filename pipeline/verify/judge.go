package verify

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"orgship/pipeline/report"
)

// judge makes a verdict of outcomes. It is pure.
type judge struct {
	need     int // outcomes in a row that decide
	attempts int
	counts   map[Outcome]int
	last     []Attempt // at most ten

	passed      int // in a row, up to now
	unreachable int // in a row
	bad         int // wrong or stale, in a row
	certain     int // wrong and certainly the wanted revision's, in a row
}

func (j *judge) add(a Attempt, certain bool) {
	j.attempts++
	j.counts[a.Outcome]++
	j.last = append(j.last, a)
	if len(j.last) > 10 {
		j.last = slices.Delete(j.last, 0, 1)
	}
	next := func(run int, goesOn bool) int {
		if goesOn {
			return run + 1
		}
		return 0
	}
	j.passed = next(j.passed, a.Outcome == Passed)
	j.unreachable = next(j.unreachable, a.Outcome == Unreachable)
	j.bad = next(j.bad, a.Outcome == Wrong || a.Outcome == Stale)
	j.certain = next(j.certain, a.Outcome == Wrong && certain)
}

// decided tells whether asking on would change nothing.
func (j *judge) decided() bool { return j.passed >= j.need || j.certain >= j.need }

// verdict judges what there is, as if the time were up.
func (j *judge) verdict() report.Verdict {
	need := min(j.need, j.attempts) // of few attempts all have to agree
	switch {
	case j.attempts == 0:
		return report.Error
	case j.passed >= j.need:
		return report.Successful
	case j.certain >= need, j.bad >= need && (j.counts[Passed] == 0 || 2*j.bad >= j.attempts):
		return report.Failed
	case j.unreachable >= need:
		return report.Error
	}
	return report.Inconclusive
}

// reason says why in one line.
func (j *judge) reason(v report.Verdict) string {
	if j.attempts == 0 {
		return "nothing was asked"
	}
	last := j.last[len(j.last)-1]
	switch v {
	case report.Successful:
		return fmt.Sprintf("%s in a row%s", count(j.passed, "right answer"), by(last))
	case report.Failed:
		return fmt.Sprintf("%s in a row: %s", count(j.bad, "wrong answer"), last.Reason)
	case report.Error:
		return fmt.Sprintf("no answer in the last %s: %s", count(j.unreachable, "attempt"), last.Reason)
	}
	var mix []string
	for _, o := range []Outcome{Passed, Wrong, Stale, Unreachable} {
		if n := j.counts[o]; n > 0 {
			mix = append(mix, fmt.Sprintf("%d %s", n, o))
		}
	}
	for _, a := range slices.Backward(j.last) {
		if a.Outcome != Passed {
			return fmt.Sprintf("mixed answers (%s), lately: %s", strings.Join(mix, ", "), a.Reason)
		}
	}
	return fmt.Sprintf("not enough right answers in a row (%s)", strings.Join(mix, ", "))
}

func by(a Attempt) string {
	switch {
	case a.Version != "" && a.Revision != "":
		return fmt.Sprintf(" by version %s, revision %s", a.Version, a.Revision)
	case a.Revision != "":
		return " by revision " + a.Revision
	}
	return ""
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// redacted returns a URL without the password it may hold.
func redacted(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "the URL"
	}
	return u.Redacted()
}
