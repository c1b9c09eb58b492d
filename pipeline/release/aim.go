package release

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/verify"
)

// The defaults of a release's check. It asks more often than a check by
// itself: the time in which going back is cheap is short.
const (
	defaultInterval = 500 * time.Millisecond
	leastInterval   = 50 * time.Millisecond // where time runs faster
	defaultNeed     = 3
	defaultDeadline = 2 * time.Minute // after the deployment, for what isn't proved by then
	silencePatience = 15 * time.Second
)

// prepare fills in the check.
func (w *work) prepare() {
	c := &w.req.Check
	c.Interval = cmp.Or(c.Interval, max(w.scaled(defaultInterval), leastInterval))
	c.Consecutive = cmp.Or(c.Consecutive, defaultNeed)
	c.Deadline = cmp.Or(c.Deadline, defaultDeadline)
	if c.Transport == nil {
		c.Transport = w.cfg.Transport
	}
	if c.Revision == "" && !c.AnyRevision {
		c.Revision = w.image.Revision
	}
	w.crowd.expected = c.Revision
	w.ballot = newBallot(c.Consecutive, max(w.scaled(silencePatience), 2*time.Second))
	w.ballot.told = c.Revision != "" && c.Revision != w.crowd.before
}

// checkable refuses a check that makes no sense before anything is done.
func (c Check) checkable() error {
	if _, err := regexp.Compile(c.Pattern); err != nil {
		return fmt.Errorf("reading the pattern of the check: %w", err)
	}
	return nil
}

// aim finds out where the service answers.
func (w *work) aim(s stack.Stack) error {
	c := w.req.Check
	w.url = c.URL
	if w.url == "" {
		output := cmp.Or(c.Output, "LoadBalancerDNSName")
		name := s.Outputs[output]
		if name == "" {
			return &NoURLError{Stack: s.Name, Output: output}
		}
		w.url = "http://" + name + "/" + trimSlash(c.Path)
	}
	w.testURL = cmp.Or(c.TestURL, w.testListener())
	w.rec.Edit(func(p *report.Report) {
		p.URLs = map[string]string{"service": report.CleanURL(w.url)}
		if w.testURL != "" {
			p.URLs["test"] = report.CleanURL(w.testURL)
		}
	})
	return nil
}

func trimSlash(path string) string {
	if path != "" && path[0] == '/' {
		return path[1:]
	}
	return path
}

// testListener returns the service's URL on the test listener's port, "" if the
// hook has no test listener.
func (w *work) testListener() string {
	u, err := url.Parse(w.url)
	if err != nil || w.hook.test == "" || w.hook.testPort == "" {
		return ""
	}
	u.Host = net.JoinHostPort(u.Hostname(), w.hook.testPort)
	return u.String()
}

// NoURLError says that a stack doesn't tell where its service answers.
type NoURLError struct{ Stack, Output string }

func (e *NoURLError) Error() string {
	return fmt.Sprintf("stack %q has no output %q that tells where the service answers", e.Stack, e.Output)
}

// Hint says what to do about it.
func (e *NoURLError) Hint() string {
	return "name the URL (--check-url), or release without asking (--no-verify)"
}

// greet asks who answers before anything changes, and starts the probe.
func (w *work) greet(ctx context.Context) error {
	for range 2 {
		a, err := w.ask(ctx, w.url, false)
		if err != nil {
			return err
		}
		w.ballot.reached = w.ballot.reached || a.who != unreachable
		if w.resume == nil || w.crowd.before == "" {
			w.crowd.remember(a.Attempt) // in the middle of a shift the new version may answer already
		}
	}
	return w.startProbe(ctx)
}

func (w *work) startProbe(ctx context.Context) error {
	c := w.req.Check
	if c.Rate < 0 {
		return nil
	}
	probe, err := w.cfg.Probe(context.WithoutCancel(ctx), verify.Probe{
		URL: w.url, Rate: c.Rate, Timeout: c.Timeout, VersionHeader: c.VersionHeader, RevisionHeader: c.RevisionHeader,
		Request: c.Request, Transport: c.Transport,
	})
	if err == nil {
		w.probe = probe
	}
	return err
}

// ask makes one attempt.
func (w *work) ask(ctx context.Context, target string, test bool) (answer, error) {
	c := w.req.Check.Check
	c.URL = target
	a, err := w.cfg.Ask(ctx, c)
	if err != nil {
		return answer{}, err
	}
	return answer{Attempt: a, who: w.crowd.identify(a), url: target, test: test}, nil
}

// checked is the check as the report shows it.
func (w *work) checked() *report.Verification {
	c := w.req.Check.Check
	v := &report.Verification{
		URL: report.CleanURL(w.url), Expect: report.Clean(expects(c)), Revision: c.Revision, Consecutive: c.Consecutive,
		Verdict: w.ballot.verdict, Reason: report.Clean(w.ballot.reason), Decided: w.decidedAt, BlueLived: w.blueLived,
		Attempts: map[string]int{}, Last: w.ballot.last,
	}
	if v.Verdict == "" {
		v.Verdict, v.Reason = report.Inconclusive, "not decided"
	}
	for who, n := range w.ballot.counts {
		v.Attempts[string(who)] = n
	}
	return v
}
