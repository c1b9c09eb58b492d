package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

// verifyCommand is the verb verify.
type verifyCommand struct {
	URL      string   `arg:"" name:"url" help:"Where the service answers; http:// may be left out."`
	Revision line     `placeholder:"REVISION" help:"Image revision that has to answer." group:"Verification:"`
	Interval duration `default:"1s" help:"Time between two questions (${default})." group:"Verification:"`
	Deadline duration `default:"2m" help:"How long to go on asking (${default})." group:"Verification:"`
	output
	answer
}

// Run asks until the verdict is clear.
func (c *verifyCommand) Run(p *running) error {
	check := c.check()
	check.URL, check.Revision, check.Interval, check.Deadline = c.URL, string(c.Revision), time.Duration(c.Interval), time.Duration(c.Deadline)
	if !strings.Contains(check.URL, "://") {
		check.URL = "http://" + check.URL
	}
	last := ""
	check.Observe = func(a verify.Attempt) {
		if text := attempt(a); text != last { // the same answer again is no news
			fmt.Fprintln(p.Stderr, text)
			last = text
		}
	}
	rec := report.NewRecorder(report.KindVerify, version(), nil, report.VerifyStep)
	rec.Begin(report.VerifyStep)
	result, err := verify.Run(p.ctx, check)
	if err != nil && p.ctx.Err() == nil {
		return c.refused(p, report.KindVerify, "", err)
	}
	state := map[report.Verdict]report.State{report.Successful: report.Done}[result.Verdict]
	if err != nil {
		result.Verdict, result.Reason, state = report.Inconclusive, "interrupted", report.Interrupted
	}
	verdict := verdictOf(result)
	rec.Edit(func(r *report.Report) {
		r.URLs = map[string]string{"service": report.CleanURL(check.URL)}
		r.Verification = verificationOf(check, result)
	})
	if no := (*verdictError)(nil); errors.As(verdict, &no) {
		rec.Problem(report.Problem{Step: report.VerifyStep, Message: result.Reason, Hint: no.Hint()})
	}
	rec.Finish(report.VerifyStep, cmp.Or(state, report.StepFailed), result.Reason)
	r := rec.Close(result.Verdict, report.Checked, result.Reason)
	return c.finish(p, &work{end: func(bool) {}}, r, fmt.Sprintf("%s: %s", result.Verdict, report.Clean(result.Reason)), verdict)
}

// verdictOf is the error of a verdict; nil if it is successful.
func verdictOf(r verify.Result) error {
	if r.Verdict == report.Successful {
		return nil
	}
	return &verdictError{r.Verdict, r.Reason}
}

// verificationOf is a result for the report.
func verificationOf(check verify.Check, result verify.Result) *report.Verification {
	v := &report.Verification{
		URL: report.CleanURL(check.URL), Expect: report.Clean(check.Expects()), Revision: report.Clean(check.Revision), Consecutive: check.Consecutive,
		Verdict: result.Verdict, Reason: report.Clean(result.Reason), Decided: result.Started.Add(result.Took), Attempts: map[string]int{},
	}
	for outcome, n := range result.Outcomes {
		v.Attempts[string(outcome)] = n
	}
	for _, a := range result.Last {
		v.Last = append(v.Last, report.Attempt{
			At: a.At, URL: v.URL, Outcome: string(a.Outcome), Reason: report.Clean(a.Reason), Status: a.Status, Revision: report.Clean(a.Revision),
			Version: report.Clean(a.Version), Body: report.Clean(a.Body), Millis: float64(a.Took.Microseconds()) / 1000,
		})
	}
	return v
}

// attempt renders one answer.
func attempt(a verify.Attempt) string {
	text := fmt.Sprintf("%s: status %d", a.Outcome, a.Status)
	if a.Status == 0 {
		text = string(a.Outcome)
	}
	if a.Version != "" || a.Revision != "" {
		text += fmt.Sprintf(", version %s, revision %s", a.Version, a.Revision)
	}
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	return report.Clean(text)
}

// verdictError is a verdict against a service.
type verdictError struct {
	verdict report.Verdict
	reason  string
}

func (e *verdictError) Error() string {
	if e.verdict == report.Error {
		return e.reason // the line says error already
	}
	return fmt.Sprintf("%s: %s", e.verdict, e.reason)
}

// Hint says what to do about it.
func (e *verdictError) Hint() string {
	switch {
	case strings.Contains(e.reason, verify.CertificateFor):
		return "name the host that the certificate is for (--check-host NAME), or ask at an address that has that name"
	case e.verdict == report.Failed:
		return "the service answers, and not as it should: look at its answers"
	}
	return "is the URL reachable from here, and had the service enough time (--deadline)?"
}

// ExitCode is that of the verdict.
func (e *verdictError) ExitCode() int { return e.verdict.ExitStatus() }
