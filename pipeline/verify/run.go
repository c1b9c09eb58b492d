package verify

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"
)

// Run asks until the verdict is clear or the deadline has passed:
//
//   - successful, at once, after Consecutive right answers in a row;
//   - failed, at once, after Consecutive wrong answers in a row from the very
//     revision that the check wants; other wrong answers may be those of an older
//     version on its way out, so they fail the check only when they are all there
//     is, or fill the last half of it, at the deadline;
//   - error when nobody could be asked at all, or not any more at the end;
//   - inconclusive when the answers were mixed.
//
// The error is for a check that makes no sense, or a ctx that ended; what the
// app did is in the Result.
func Run(ctx context.Context, c Check) (Result, error) {
	p, err := c.prepare()
	if err != nil {
		return Result{}, fmt.Errorf("checking: %w", err)
	}
	defer p.client.CloseIdleConnections()
	started := time.Now()
	j := &judge{need: p.Consecutive, counts: map[Outcome]int{}}
	err = p.run(ctx, started, j)
	verdict := j.verdict()
	return Result{
		Verdict: verdict, Reason: j.reason(verdict), Started: started, Took: time.Since(started),
		Attempts: j.attempts, Outcomes: j.counts, Last: j.last,
	}, err
}

func (p *prepared) run(ctx context.Context, started time.Time, j *judge) error {
	for {
		a, certain := p.attempt(ctx, j.attempts+1)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("checking %s: %w", redacted(p.URL), context.Cause(ctx))
		}
		j.add(a, certain)
		if p.Observe != nil {
			p.Observe(a)
		}
		if j.decided() || j.attempts == p.Attempts || time.Since(started)+p.Interval >= p.Deadline {
			return nil
		}
		wait := time.NewTimer(p.Interval)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return fmt.Errorf("checking %s: %w", redacted(p.URL), context.Cause(ctx))
		}
	}
}

// headerShown is how many characters of a header's value are kept: more than any
// revision has.
const headerShown = 200

// attempt asks once. It is certain that an answer is the wanted revision's own
// when it says so.
func (p *prepared) attempt(ctx context.Context, number int) (a Attempt, certain bool) {
	a = Attempt{Number: number, At: time.Now()}
	got := ask(ctx, p.client, question{url: p.URL, host: p.Host, header: p.Request, timeout: p.Timeout, keep: bodyLimit})
	a.Took = time.Since(a.At)
	if got.err != nil {
		a.Outcome, a.Reason = Unreachable, kind(got.err)
		return a, false
	}
	a.Status, a.Body = got.status, printable(got.body, 200)
	revision := got.header.Get(p.RevisionHeader)
	a.Version, a.Revision = printable([]byte(got.header.Get(p.VersionHeader)), headerShown), printable([]byte(revision), headerShown)
	a.Outcome, a.Reason = p.judge(got, revision)
	return a, p.Revision != "" && revision == p.Revision
}

// judge compares an answer with what the check wants.
func (p *prepared) judge(got answer, revision string) (Outcome, string) {
	if got.status != p.Status && gateway(got.status) && revision == "" {
		return Unreachable, fmt.Sprintf("status %d", got.status)
	}
	if p.Revision != "" && revision != "" && revision != p.Revision {
		return Stale, fmt.Sprintf("revision %s answers, not %s", printable([]byte(revision), headerShown), p.Revision)
	}
	var wrong []string
	note := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	note(got.status == p.Status, "status is %d, not %d", got.status, p.Status)
	note(p.Revision == "" || revision != "", "header %s is missing", p.RevisionHeader)
	note(bytes.Contains(got.body, []byte(p.Body)), "body lacks %q", p.Body)
	note(p.pattern.Match(got.body), "body doesn't match %q", p.Pattern)
	for _, name := range sorted(p.Headers) {
		note(got.header.Get(name) == p.Headers[name], "header %s is %q, not %q", name, printable([]byte(got.header.Get(name)), 100), p.Headers[name])
	}
	if wrong != nil {
		return Wrong, strings.Join(wrong, ", ")
	}
	return Passed, ""
}
