package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

// verifyCommand is the verb verify.
type verifyCommand struct {
	URL      string   `arg:"" name:"url" help:"Where the service answers; http:// may be left out."`
	Revision string   `placeholder:"REVISION" help:"Image revision that has to answer." group:"Verification:"`
	Interval duration `default:"1s" help:"Time between two questions (${default})." group:"Verification:"`
	Deadline duration `default:"2m" help:"How long to go on asking (${default})." group:"Verification:"`
	JSON     bool     `name:"json" help:"Print JSON."`
	reports
	answer
}

// Run asks until the verdict is clear.
func (c *verifyCommand) Run(p *running) error {
	check := c.check()
	check.URL, check.Revision, check.Interval, check.Deadline = c.URL, c.Revision, time.Duration(c.Interval), time.Duration(c.Deadline)
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
	result, err := verify.Run(p.ctx, check)
	if err != nil && p.ctx.Err() == nil {
		return err
	}
	interrupted := err != nil
	if interrupted {
		result.Verdict, result.Reason = verify.Inconclusive, "interrupted"
	}
	document, err := encode(result)
	if err != nil {
		return err
	}
	if !interrupted {
		if err := c.print(p, result, document); err != nil {
			return err
		}
	}
	return c.write(p, document, verifyPage(check.URL, result), verdictOf(result))
}

// verdictOf is the error of a verdict; nil if it is successful.
func verdictOf(r verify.Result) error {
	if r.Verdict == verify.Successful {
		return nil
	}
	return &verdictError{r.Verdict, r.Reason}
}

// verifyPage renders a result in Markdown.
func verifyPage(url string, r verify.Result) string {
	facts := [][]string{
		{"", ""}, {"URL", report.CleanURL(url)}, {"Asked", fmt.Sprintf("%d times in %s", r.Attempts, r.Took.Round(time.Millisecond))},
	}
	for _, o := range slices.Sorted(maps.Keys(r.Outcomes)) {
		facts = append(facts, []string{string(o), strconv.Itoa(r.Outcomes[o])})
	}
	rows := [][]string{{"Attempt", "At", "Outcome", "Status", "Version", "Revision", "Why"}}
	for _, a := range r.Last {
		status := ""
		if a.Status != 0 {
			status = strconv.Itoa(a.Status)
		}
		rows = append(rows, []string{strconv.Itoa(a.Number), a.At.UTC().Format("15:04:05.000"), string(a.Outcome), status, a.Version, a.Revision, a.Reason})
	}
	hint := ""
	if r.Verdict == verify.Error || r.Verdict == verify.Inconclusive {
		hint = (&verdictError{r.Verdict, r.Reason}).Hint()
	}
	return page("verify", report.Verdict(r.Verdict), r.Reason, hint, facts, rows)
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

func (c *verifyCommand) print(p *running, result verify.Result, document []byte) error {
	if c.JSON {
		_, err := p.Stdout.Write(document)
		return err
	}
	if result.Verdict != verify.Successful {
		return nil
	}
	_, err := fmt.Fprintf(p.Stdout, "%s: %s\n", result.Verdict, report.Clean(result.Reason))
	return err
}

// verdictError is a verdict against a service.
type verdictError struct {
	verdict verify.Verdict
	reason  string
}

func (e *verdictError) Error() string {
	if e.verdict == verify.Error {
		return e.reason // the line says error already
	}
	return fmt.Sprintf("%s: %s", e.verdict, e.reason)
}

// Hint says what to do about it.
func (e *verdictError) Hint() string {
	if e.verdict == verify.Failed {
		return "the service answers, and not as it should: see the lines above"
	}
	return "is the URL reachable from here, and had the service enough time (--deadline)?"
}

// ExitCode is that of the verdict.
func (e *verdictError) ExitCode() int { return report.Verdict(e.verdict).ExitStatus() }
