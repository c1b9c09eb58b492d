package release

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"time"

	"orgship/pipeline/analysis"
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
	defaultMaxLost  = 0.01
	silencePatience = 15 * time.Second
	baselineAsked   = 3 // times, before anything changes
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
	c.MaxLost = cmp.Or(c.MaxLost, defaultMaxLost)
	w.classifier.Expected = c.Revision
	if c.Revision == "" && !c.AnyRevision {
		w.classifier.Expected = w.image.Revision
	}
}

// newAnalysis begins to decide, by what the baseline was.
func (w *work) newAnalysis() *analysis.Analysis {
	answers, _ := w.classifier.Baseline()
	return analysis.New(analysis.Config{
		Need: w.req.Check.Consecutive, Silence: max(w.scaled(silencePatience), 2*time.Second), MaxLost: w.req.Check.MaxLost,
		Told: w.classifier.Told(), Reached: answers > 0,
	}, w.classifier)
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

// baseline asks who answers before anything changes, and starts the probe. The
// error is a *BaselineError if nobody does.
func (w *work) baseline(ctx context.Context) error {
	reached, said := 0, false
	reason := ""
	for n := range baselineAsked {
		if n > 0 && reached < n { // it may be a moment of silence
			if err := pause(ctx, w.req.Check.Interval); err != nil {
				return err
			}
		}
		x, err := w.ask(ctx, w.url, false)
		if err != nil {
			return err
		}
		if !x.Reached {
			reason = x.Reason
			continue
		}
		reached++
		said = said || x.Revision != ""
		if w.resume == nil { // in the middle of a shift the new version may answer already
			w.classifier.Remember(x)
		}
	}
	if reached == 0 && w.resume == nil && !w.req.Check.IgnoreBaseline {
		return &BaselineError{URL: report.CleanURL(w.url), Reason: reason}
	}
	if reached > 0 && !said {
		w.withoutHeader()
	}
	w.analysis = w.newAnalysis()
	return w.startProbe(ctx)
}

// withoutHeader does without revisions: the service doesn't send any, so they
// say nothing about who answers.
func (w *work) withoutHeader() {
	if w.classifier.Expected != "" && w.req.Check.Revision == "" {
		w.advise(fmt.Sprintf("the service sends no header %s, so its answers don't say which image they are of",
			cmp.Or(w.req.Check.RevisionHeader, verify.DefaultRevisionHeader)))
	}
	w.classifier.Expected, w.classifier.Before = w.req.Check.Revision, ""
}

// BaselineError says that nobody answers before anything was changed: a release
// could not be judged.
type BaselineError struct{ URL, Reason string }

func (e *BaselineError) Error() string {
	return fmt.Sprintf("the version that serves now doesn't answer at %s from here (%s): nothing was touched", e.URL, e.Reason)
}

// Hint says what to do about it.
func (e *BaselineError) Hint() string {
	return "name the address that is reachable from here (--check-url URL), or, to mend a service that is down, go on all the same: --baseline=ignore"
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
func (w *work) ask(ctx context.Context, target string, test bool) (analysis.Answer, error) {
	c := w.req.Check.Check
	c.URL = target
	a, err := w.cfg.Ask(ctx, c)
	if err != nil {
		return analysis.Answer{}, err
	}
	return analysis.Answer{
		At: a.At, Took: a.Took, URL: target, Test: test, Reached: a.Outcome != verify.Unreachable, Passed: a.Outcome == verify.Passed,
		Reason: a.Reason, Status: a.Status, Revision: a.Revision, Version: a.Version, Body: a.Body,
	}, nil
}

// checked is the check as the report shows it.
func (w *work) checked() *report.Verification {
	_, verdict, reason := w.analysis.Decision()
	v := &report.Verification{
		URL: report.CleanURL(w.url), Expect: report.Clean(w.expects()), Revision: w.classifier.Expected, Consecutive: w.req.Check.Consecutive,
		Verdict: verdict, Reason: report.Clean(reason), Decided: w.decidedAt, BlueLived: w.blueLived,
		Attempts: w.analysis.Counts(), Last: w.analysis.Last(),
	}
	if v.Verdict == "" {
		v.Verdict, v.Reason = report.Inconclusive, "not decided"
	}
	return v
}
