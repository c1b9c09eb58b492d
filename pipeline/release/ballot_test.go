package release

import (
	"strings"
	"testing"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

var began = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func passed(revision string) verify.Attempt {
	return verify.Attempt{Outcome: verify.Passed, Status: 200, Revision: revision, Version: "v"}
}

func stale(revision string) verify.Attempt {
	return verify.Attempt{Outcome: verify.Stale, Status: 200, Revision: revision, Reason: "another revision"}
}

func bad(revision, body string) verify.Attempt {
	return verify.Attempt{Outcome: verify.Wrong, Status: 200, Revision: revision, Body: body, Reason: "body lacks Green"}
}

func silence() verify.Attempt {
	return verify.Attempt{Outcome: verify.Unreachable, Reason: "connection refused"}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		expected, before string
		seen             []verify.Attempt
		answer           verify.Attempt
		want             who
	}{
		{"the new version", "new", "old", nil, passed("new"), right},
		{"the new version, wrong", "new", "old", nil, bad("new", "oops"), wrong},
		{"the old one by its label", "new", "old", nil, stale("old"), old},
		{"the old one as seen before", "new", "", []verify.Attempt{stale("older")}, stale("older"), old},
		{"a stranger", "new", "old", []verify.Attempt{stale("old")}, stale("third"), wrong},
		{"a new version that doesn't say so", "new", "old", []verify.Attempt{stale("old")}, bad("", "Hello"), wrong},
		{"an old one without header", "new", "", []verify.Attempt{bad("", "Blue")}, bad("", "Blue"), old},
		{"another than the old one without header", "new", "", []verify.Attempt{bad("", "Blue")}, bad("", "Red"), wrong},
		{"the same image, right", "same", "same", []verify.Attempt{passed("same")}, passed("same"), right},
		{"the same image, that was right and is wrong", "same", "same", []verify.Attempt{passed("same")}, bad("same", "oops"), wrong},
		{"the same image, as wrong as before", "same", "same", []verify.Attempt{bad("same", "oops")}, bad("same", "oops"), old},
		{"nobody", "new", "old", []verify.Attempt{silence()}, silence(), unreachable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &crowd{expected: test.expected, before: test.before, seen: map[string]bool{}}
			for _, a := range test.seen {
				c.remember(a)
			}
			if got := c.identify(test.answer); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// vote is an answer in a story: who, and the share of traffic known then.
type vote struct {
	who   who
	share share
	test  bool
}

func run(votes ...vote) (*ballot, []decision) {
	b := newBallot(3, 10*time.Second)
	b.told = true
	var made []decision
	for i, v := range votes {
		a := answer{who: v.who, url: "http://demo", test: v.test, Attempt: verify.Attempt{At: began.Add(time.Duration(i) * time.Second), Reason: string(v.who)}}
		if v.test {
			a.url = "http://test"
		}
		if d := b.count(a, v.share); d != undecided {
			made = append(made, d)
		}
	}
	return b, made
}

func times(n int, v vote) []vote {
	votes := make([]vote, n)
	for i := range votes {
		votes[i] = v
	}
	return votes
}

func TestBallot(t *testing.T) {
	t.Parallel()
	none, canary, full, unknown := share{known: true}, share{known: true, percent: 15}, share{known: true, percent: 100}, share{}
	tests := []struct {
		name    string
		votes   []vote
		want    []decision
		verdict report.Verdict
	}{
		{"right answers once it has all traffic", times(3, vote{right, full, false}), []decision{keep}, report.Successful},
		{"right answers of a canary prove nothing", times(50, vote{right, canary, false}), nil, ""},
		{"nor do they count later", append(times(50, vote{right, canary, false}), times(2, vote{right, full, false})...), nil, ""},
		{"the old version in between", []vote{{right, full, false}, {right, full, false}, {old, full, false}, {right, full, false}, {right, full, false}}, nil, ""},
		{"the test listener, before any production traffic", append(times(5, vote{old, none, true}), times(3, vote{right, none, true})...), []decision{keep}, report.Successful},
		{"nobody tells the share: a longer row", times(19, vote{right, unknown, false}), nil, ""},
		{"nobody tells the share: long enough", times(20, vote{right, unknown, false}), []decision{keep}, report.Successful},
		{"one wrong answer of a canary", append(times(9, vote{old, canary, false}), vote{wrong, canary, false}), []decision{goBack}, report.Failed},
		{"one wrong answer on the test listener", []vote{{wrong, none, true}}, []decision{goBack}, report.Failed},
		{"a wrong answer after it was kept", append(times(3, vote{right, full, false}), vote{wrong, full, false}), []decision{keep, goBack}, report.Failed},
		{"gone back stays gone back", append([]vote{{wrong, full, false}}, times(9, vote{right, full, false})...), []decision{goBack}, report.Failed},
		{"not reachable yet is never wrong", times(60, vote{unreachable, none, false}), nil, ""},
		{"nor without anyone ever having answered", times(60, vote{unreachable, full, false}), nil, ""},
		{"a moment of silence", append([]vote{{old, canary, false}}, times(9, vote{unreachable, canary, false})...), nil, ""},
		{"silence since the new version has traffic", append([]vote{{old, canary, false}}, times(12, vote{unreachable, canary, false})...), []decision{goBack}, report.Error},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, got := run(test.votes...)
			if len(got) != len(test.want) || len(got) > 0 && got[0] != test.want[0] || len(got) > 1 && got[1] != test.want[1] {
				t.Errorf("decided %v, want %v", got, test.want)
			}
			if b.verdict != test.verdict {
				t.Errorf("verdict %q (%s), want %q", b.verdict, b.reason, test.verdict)
			}
		})
	}
}

func TestBallotWithoutRevision(t *testing.T) {
	t.Parallel()
	b := newBallot(3, time.Second)
	for i := range 100 {
		a := answer{who: right, url: "http://demo", Attempt: verify.Attempt{At: began.Add(time.Duration(i) * time.Second)}}
		if d := b.count(a, share{}); d != undecided {
			t.Fatalf("decided %v by answers that the version from before may have given", d)
		}
	}
}

func TestBallotTimeUp(t *testing.T) {
	t.Parallel()
	full := share{known: true, percent: 100}
	tests := []struct {
		name    string
		votes   []vote
		verdict report.Verdict
		text    string
	}{
		{"nobody ever", times(5, vote{unreachable, full, false}), report.Error, "nobody answered in time"},
		{"the old one still", times(5, vote{old, full, false}), report.Inconclusive, "not 3 right answers"},
		{"nothing asked", nil, report.Error, "nothing was asked"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, _ := run(test.votes...)
			if d := b.timeUp(); d != goBack || b.verdict != test.verdict || !strings.Contains(b.reason, test.text) {
				t.Errorf("decided %v, verdict %q: %s", d, b.verdict, b.reason)
			}
		})
	}
	b, _ := run(times(3, vote{right, full, false})...)
	if d := b.timeUp(); d != undecided || b.verdict != report.Successful {
		t.Errorf("a kept release went back when the time was up: %v", d)
	}
}
