package analysis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
)

var began = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func passed(revision string) analysis.Answer {
	return analysis.Answer{Reached: true, Passed: true, Status: 200, Revision: revision}
}

func failing(revision, body string) analysis.Answer {
	return analysis.Answer{Reached: true, Status: 200, Revision: revision, Body: body, Reason: "body lacks \"Green\""}
}

var silence = analysis.Answer{Reason: "connection refused"}

var (
	none    = analysis.Weight{Known: true}
	canary  = analysis.Weight{Known: true, Percent: 15}
	full    = analysis.Weight{Known: true, Percent: 100}
	unknown = analysis.Weight{}
)

func onTest(x analysis.Answer) analysis.Answer {
	x.Test, x.URL = true, "http://test"
	return x
}

func TestMeaning(t *testing.T) {
	t.Parallel()
	timed := func(n int) analysis.Answer { return failing("", fmt.Sprintf("shop 5 at %d", n)) }
	tests := []struct {
		name             string
		expected, before string
		baseline         []analysis.Answer
		answer           analysis.Answer
		weight           analysis.Weight
		want             analysis.Meaning
	}{
		{"at 0 % even a body never seen is the old version's", "", "", []analysis.Answer{timed(1)}, timed(2), none, analysis.Old},
		{"at 0 % even what says the new revision", "new", "old", nil, failing("new", "oops"), none, analysis.Old},
		{"at 0 % nobody is nobody", "new", "old", nil, silence, none, analysis.Unreachable},
		{"on the test listener it is the new version's", "new", "old", nil, onTest(failing("new", "oops")), none, analysis.Wrong},
		{"on the test listener, without a revision", "", "", []analysis.Answer{failing("", "old")}, onTest(failing("", "oops")), none, analysis.Wrong},

		{"the new version", "new", "old", nil, passed("new"), canary, analysis.Right},
		{"the new version, wrong", "new", "old", nil, failing("new", "oops"), canary, analysis.Wrong},
		{"the old one by its revision, which the check takes for right", "new", "old", nil, passed("old"), canary, analysis.Old},
		{"the old one by its revision, at 100 %", "new", "old", nil, passed("old"), full, analysis.Old},
		{"the old one as seen before", "new", "", []analysis.Answer{failing("older", "")}, failing("older", ""), canary, analysis.Old},
		{"a stranger waits for 100 %", "new", "old", []analysis.Answer{passed("old")}, passed("third"), canary, analysis.Unknown},
		{"a stranger at 100 %", "new", "old", []analysis.Answer{passed("old")}, passed("third"), full, analysis.Wrong},
		{"a new version that doesn't say so waits for 100 %", "new", "old", []analysis.Answer{passed("old")}, failing("", "Hello"), canary, analysis.Unknown},
		{"a new version that doesn't say so, at 100 %", "new", "old", []analysis.Answer{passed("old")}, failing("", "Hello"), full, analysis.Wrong},
		{"right without its revision, at 100 %", "new", "old", []analysis.Answer{passed("old")}, passed(""), full, analysis.Right},

		{"an app that prints the time, mixed", "", "", []analysis.Answer{timed(1)}, timed(2), canary, analysis.Unknown},
		{"an app that prints the time, nobody tells", "", "", []analysis.Answer{timed(1)}, timed(2), unknown, analysis.Unknown},
		{"an app that prints the time, at 100 %", "", "", []analysis.Answer{timed(1)}, timed(2), full, analysis.Wrong},
		{"asked before 100 % was learned", "", "", []analysis.Answer{timed(1)}, timed(2), analysis.Weight{Known: true, Percent: 100, Since: began}, analysis.Unknown},
		{"what the old version never was", "", "", []analysis.Answer{timed(1)}, passed(""), canary, analysis.Right},
		{"either could have said it", "", "", []analysis.Answer{passed("")}, passed(""), canary, analysis.Old},
		{"another right body", "", "", []analysis.Answer{passed("")}, analysis.Answer{Reached: true, Passed: true, Status: 200, Body: "x"}, canary, analysis.Unknown},
		{"right at 100 %, though the old one was too", "", "", []analysis.Answer{passed("")}, passed(""), full, analysis.Right},
		{"the old one goes on at 100 %", "", "", []analysis.Answer{failing("", "Blue")}, failing("", "Blue"), full, analysis.Old},
		{"several instances, one body each", "", "", []analysis.Answer{failing("", "a"), failing("", "b")}, failing("", "b"), full, analysis.Old},

		{"the same image, right", "same", "same", []analysis.Answer{passed("same")}, passed("same"), full, analysis.Right},
		{"the same image, that was right and is wrong", "same", "same", []analysis.Answer{passed("same")}, failing("same", "oops"), full, analysis.Wrong},
		{"the same image, as wrong as before", "same", "same", []analysis.Answer{failing("same", "oops")}, failing("same", "oops"), full, analysis.Old},
		{"nobody", "new", "old", []analysis.Answer{silence}, silence, full, analysis.Unreachable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &analysis.Classifier{Expected: test.expected, Before: test.before}
			for _, x := range test.baseline {
				c.Remember(x)
			}
			if got := c.Meaning(test.answer, test.weight); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// moment is something that happens: a weight, an answer, or requests.
type moment struct {
	weight   *analysis.Weight
	answer   *analysis.Answer
	requests *analysis.Requests // in all
}

func weigh(w analysis.Weight) moment { return moment{weight: &w} }
func says(x analysis.Answer) moment  { return moment{answer: &x} }
func requests(answered, lost int) moment {
	return moment{requests: &analysis.Requests{Answered: answered, Lost: lost}}
}
func times(n int, m ...moment) []moment { return slices.Repeat(m, n) }
func story(parts ...[]moment) []moment  { return slices.Concat(parts...) }
func one(m ...moment) []moment          { return m }

func play(a *analysis.Analysis, moments []moment) (made []analysis.Decision) {
	for i, m := range moments {
		d := analysis.Undecided
		switch {
		case m.weight != nil:
			a.Weigh(*m.weight)
		case m.requests != nil:
			d = a.Requests(m.requests.Answered, m.requests.Lost)
		default:
			x := *m.answer
			x.At = began.Add(time.Duration(i) * time.Second)
			if x.URL == "" {
				x.URL = "http://demo"
			}
			_, d = a.Answer(x)
		}
		if d != analysis.Undecided {
			made = append(made, d)
		}
	}
	return made
}

func newAnalysis() *analysis.Analysis {
	c := &analysis.Classifier{Expected: "new", Before: "old"}
	return analysis.New(analysis.Config{Need: 3, Silence: 10 * time.Second, MaxLost: 0.01, Told: c.Told()}, c)
}

func TestDecision(t *testing.T) {
	t.Parallel()
	right, wrong, old, stranger := says(passed("new")), says(failing("new", "oops")), says(passed("old")), says(failing("", "?"))
	quiet := says(silence)
	keep, back := analysis.Keep, analysis.GoBack
	tests := []struct {
		name    string
		moments []moment
		want    []analysis.Decision
		verdict report.Verdict
	}{
		{"right answers once it has all traffic", story(one(weigh(full)), times(3, right)), []analysis.Decision{keep}, report.Successful},
		{"right answers of a canary prove nothing", story(one(weigh(canary)), times(50, right)), nil, ""},
		{"nor do they count later", story(one(weigh(canary)), times(50, right), one(weigh(full)), times(2, right)), nil, ""},
		{"the old version in between", story(one(weigh(full)), times(2, right), one(old), times(2, right)), nil, ""},
		{"the test listener, before any production traffic", story(one(weigh(none)), times(3, says(onTest(passed("new"))))), []analysis.Decision{keep}, report.Successful},
		{"nobody tells the weight: a longer row", times(19, right), nil, ""},
		{"nobody tells the weight: long enough", times(20, right), []analysis.Decision{keep}, report.Successful},
		{"one wrong answer of a canary", story(one(weigh(canary)), times(9, old), one(wrong)), []analysis.Decision{back}, report.Failed},
		{"one wrong answer on the test listener", story(one(weigh(none)), one(says(onTest(failing("new", "oops"))))), []analysis.Decision{back}, report.Failed},
		{"wrong answers without weight", story(one(weigh(none)), times(50, wrong)), nil, ""},
		{"unknown answers under mixed weights", story(one(weigh(canary)), times(50, stranger)), nil, ""},
		{"unknown answers, still there at 100 %", story(one(weigh(canary)), times(50, stranger), one(weigh(full)), one(stranger)), []analysis.Decision{back}, report.Failed},
		{"a wrong answer after it was kept", story(one(weigh(full)), times(3, right), one(wrong)), []analysis.Decision{keep, back}, report.Failed},
		{"gone back stays gone back", story(one(weigh(full)), one(wrong), times(9, right)), []analysis.Decision{back}, report.Failed},
		{"not reachable yet is never wrong", story(one(weigh(none)), times(60, quiet)), nil, ""},
		{"nor without anyone ever having answered", story(one(weigh(full)), times(60, quiet)), nil, ""},
		{"a moment of silence", story(one(weigh(canary)), one(old), times(9, quiet)), nil, ""},
		{"silence since the new version has traffic", story(one(weigh(canary)), one(old), times(12, quiet)), []analysis.Decision{back}, report.Error},

		{"a third of the requests lost", story(one(weigh(none), requests(100, 0), weigh(full)), times(3, right), one(requests(140, 20))), []analysis.Decision{keep, back}, report.Failed},
		{"a third lost, too few to tell", one(weigh(none), requests(100, 0), weigh(full), requests(120, 10)), nil, ""},
		{"lost before the shift alone", one(weigh(none), requests(100, 40), weigh(full), requests(300, 40)), nil, ""},
		{"as many as before", one(weigh(none), requests(90, 10), weigh(full), requests(180, 20)), nil, ""},
		{"more than before", one(weigh(none), requests(90, 10), weigh(full), requests(170, 30)), []analysis.Decision{back}, report.Failed},
		{"one lost request is no rate", one(weigh(none), requests(100, 0), weigh(full), requests(159, 1)), nil, ""},
		{"two of sixty are", one(weigh(none), requests(100, 0), weigh(full), requests(158, 2)), []analysis.Decision{back}, report.Failed},
		{"lost within the margin", one(weigh(none), requests(100, 0), weigh(full), requests(1095, 5)), nil, ""},
		{"lost late, after thousands that weren't", story(one(weigh(none), requests(100, 0), weigh(full), requests(9000, 0)), one(requests(9180, 20))), []analysis.Decision{back}, report.Failed},
		{"lost under a canary", one(weigh(none), requests(100, 0), weigh(canary), requests(190, 10)), []analysis.Decision{back}, report.Failed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := newAnalysis()
			got := play(a, test.moments)
			_, verdict, reason := a.Decision()
			if !slices.Equal(got, test.want) || verdict != test.verdict {
				t.Errorf("decided %v, verdict %q (%s), want %v, %q", got, verdict, reason, test.want, test.verdict)
			}
		})
	}
}

func TestNobodyTells(t *testing.T) {
	t.Parallel()
	c := &analysis.Classifier{}
	c.Remember(passed(""))
	a := analysis.New(analysis.Config{Need: 3, Silence: time.Second, MaxLost: 0.01, Told: c.Told()}, c)
	if d := play(a, times(100, says(passed("")))); d != nil {
		t.Errorf("decided %v by answers that the version from before may have given", d)
	}
}

func TestTimeUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		moments []moment
		want    analysis.Decision
		verdict report.Verdict
		text    string
	}{
		{"nobody ever", story(one(weigh(full)), times(5, says(silence))), analysis.GoBack, report.Error, "nobody answered in time"},
		{"the old one still", story(one(weigh(full)), times(5, says(passed("old")))), analysis.GoBack, report.Inconclusive, "the version from before still answers"},
		{"too few", story(one(weigh(full)), times(2, says(passed("new")))), analysis.GoBack, report.Inconclusive, "too few answers"},
		{"nothing asked", nil, analysis.GoBack, report.Error, "nothing was asked"},
		{"kept stays", story(one(weigh(full)), times(3, says(passed("new")))), analysis.Undecided, report.Successful, "3 right answers in a row"},
		{"kept, but one of sixty lost", story(one(weigh(full)), times(3, says(passed("new"))), one(requests(59, 1))), analysis.GoBack, report.Failed, "1 of 60 requests"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := newAnalysis()
			play(a, test.moments)
			d := a.TimeUp()
			_, verdict, reason := a.Decision()
			if d != test.want || verdict != test.verdict || !strings.Contains(reason, test.text) {
				t.Errorf("decided %v, verdict %q: %s", d, verdict, reason)
			}
		})
	}
}
