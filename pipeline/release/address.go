package release

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/verify"
	"orgship/template"
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

// withDefaults fills in the check.
func (w *run) withDefaults() {
	c := &w.req.Check
	c.Interval = cmp.Or(c.Interval, max(w.scaled(defaultInterval), leastInterval))
	c.Consecutive = cmp.Or(c.Consecutive, defaultNeed)
	c.Deadline = cmp.Or(c.Deadline, defaultDeadline)
	if c.Transport == nil {
		c.Transport = w.cfg.Transport
	}
	c.MaxLost = cmp.Or(c.MaxLost, defaultMaxLost)
	w.classifier.Expected = c.Revision
	if w.req.Check.Proof == ProofHeader && c.Revision == "" {
		c.Revision, w.classifier.Expected = w.proposal.image.Revision, w.proposal.image.Revision
	}
	if c.Revision == "" && !c.AnyRevision {
		w.classifier.Expected = w.proposal.image.Revision
	}
}

// newAnalysis begins to decide, by what the baseline was.
func (w *run) newAnalysis() *analysis.Analysis {
	answers, _ := w.classifier.Baseline()
	return analysis.New(analysis.Config{
		Need: w.req.Check.Consecutive, Silence: max(w.scaled(silencePatience), 2*time.Second), MaxLost: w.req.Check.MaxLost,
		Told: w.classifier.Told(), Reached: answers > 0,
	}, w.classifier)
}

// validate refuses a check that makes no sense before anything is done.
func (c Check) validate() error {
	if _, err := regexp.Compile(c.Pattern); err != nil {
		return fmt.Errorf("reading the pattern of the check: %w", err)
	}
	return nil
}

// defaultOutput is the output that many templates have.
const defaultOutput = "LoadBalancerDNSName"

// checkAddress finds out where the template's service gets its traffic, and refuses
// what nobody could ask.
func (w *run) checkAddress(t *template.Template) error {
	c := w.req.Check
	output := cmp.Or(c.Output, defaultOutput)
	known := c.URL != "" || t.Section("Outputs").Entry(output) != nil || w.current.stack != nil && w.current.stack.Outputs[output] != "" ||
		c.Output == "" && w.serves.Listener != ""
	switch {
	case known:
		return nil
	case w.req.DryRun:
		w.advise((&NoURLError{Stack: w.req.Stack, Output: c.Output}).Error())
		return nil
	case c.Skip:
		return nil
	}
	return &NoURLError{Stack: w.req.Stack, Output: c.Output}
}

// resolveURLs finds out where the service answers.
func (w *run) resolveURLs(ctx context.Context, s stack.Stack) error {
	var err error
	if w.url, w.own, err = w.address(ctx, s); err != nil {
		return err
	}
	w.testURL = cmp.Or(w.req.Check.TestURL, w.testListener())
	w.rec.Edit(func(p *report.Report) {
		p.URLs = map[string]string{"service": report.CleanURL(w.url)}
		if w.testURL != "" {
			p.URLs["test"] = report.CleanURL(w.testURL)
		}
	})
	return nil
}

// address is the URL to ask: as it is given, else as an output says, else the
// production listener's own. Own is the name of its load balancer, where the URL has
// that.
func (w *run) address(ctx context.Context, s stack.Stack) (found, own string, err error) {
	c := w.req.Check
	if c.URL != "" {
		return c.URL, "", nil
	}
	base := s.Outputs[cmp.Or(c.Output, defaultOutput)]
	listener, err := w.listenerAddress(ctx, s)
	switch {
	case base == "" && c.Output == "" && listener != nil:
		base = listener.String()
	case base == "" && c.Output == "" && err != nil:
		return "", "", err
	case base == "":
		return "", "", &NoURLError{Stack: s.Name, Output: c.Output}
	}
	base = complete(base, listener)
	if u, err := url.Parse(base); err == nil && listener != nil && strings.EqualFold(u.Hostname(), listener.Hostname()) {
		own = u.Hostname()
	}
	path := trimSlash(c.Path)
	if strings.Contains(s.Outputs[cmp.Or(c.Output, defaultOutput)], "://") && path == "" {
		return base, own, nil // as it is
	}
	return strings.TrimSuffix(base, "/") + "/" + path, own, nil
}

// listenerAddress is where the production listener answers by AWS's records, nil where
// they don't say.
func (w *run) listenerAddress(ctx context.Context, s stack.Stack) (*url.URL, error) {
	if w.serves.Listener == "" || w.cfg.Records == nil {
		return nil, nil
	}
	arn, err := w.cfg.Stacks.PhysicalID(ctx, s.ID, w.serves.Listener)
	if err != nil {
		return nil, err
	}
	text, err := w.cfg.Records.Address(ctx, arn)
	if err != nil {
		return nil, err
	}
	return url.Parse(text)
}

// complete makes a URL of an output that is a host alone: by https where the production
// listener answers so, at its port.
func complete(base string, listener *url.URL) string {
	host := &url.URL{Host: base}
	switch {
	case strings.Contains(base, "://"):
		return base
	case listener == nil || listener.Scheme != "https":
		return "http://" + base
	case strings.EqualFold(host.Hostname(), listener.Hostname()):
		return listener.String()
	case host.Port() == "" && listener.Port() != "":
		base = net.JoinHostPort(host.Hostname(), listener.Port())
	}
	return "https://" + base
}

func trimSlash(path string) string {
	if path != "" && path[0] == '/' {
		return path[1:]
	}
	return path
}

// testListener returns the service's URL where the new version alone answers, ""
// if it doesn't anywhere.
func (w *run) testListener() string {
	u, err := url.Parse(w.url)
	if err != nil || w.strategy.TestPort() == "" {
		return ""
	}
	u.Scheme, u.Host = w.strategy.TestScheme(), net.JoinHostPort(u.Hostname(), w.strategy.TestPort())
	return u.String()
}

// NoURLError says that a stack doesn't tell where its service answers.
type NoURLError struct{ Stack, Output string }

func (e *NoURLError) Error() string {
	if e.Output == "" {
		return fmt.Sprintf("where the service of stack %q answers can't be told: it has no listener that forwards to a service of its own, and no output %s", e.Stack, defaultOutput)
	}
	return fmt.Sprintf("stack %q has no output %q that tells where the service answers", e.Stack, e.Output)
}

// Refusal says that it is a refusal, not work that could not be done.
func (e *NoURLError) Refusal() bool { return true }

// Hint says what to do about it.
func (e *NoURLError) Hint() string {
	return "name the URL (--check-url URL) or the output that has it (--check-output NAME), or release without asking (--no-verify)"
}

// baseline asks who answers before anything changes, and starts the probe. The
// error is a *BaselineError if nobody does.
func (w *run) baseline(ctx context.Context) error {
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
		if w.proposal.resume == nil { // in the middle of a shift the new version may answer already
			w.classifier.Remember(x)
		}
	}
	if reached == 0 && w.proposal.resume == nil && !w.req.Check.IgnoreBaseline {
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
func (w *run) withoutHeader() {
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
	if strings.HasPrefix(e.Reason, verify.CertificateFor) {
		return "name the host that the certificate is for (--check-host NAME), or an address that has that name (--check-url URL)"
	}
	return "name the address that is reachable from here (--check-url URL), or, to mend a service that is down, go on all the same: --baseline=ignore"
}

func (w *run) startProbe(ctx context.Context) error {
	c := w.req.Check
	if c.Rate < 0 {
		return nil
	}
	probe, err := w.cfg.Probe(context.WithoutCancel(ctx), verify.Probe{
		URL: w.url, Rate: c.Rate, Timeout: c.Timeout, VersionHeader: c.VersionHeader, RevisionHeader: c.RevisionHeader,
		Host: c.Host, AnyName: w.byOwnName(w.url), Request: c.Request, Transport: c.Transport,
	})
	if err == nil {
		w.probe = probe
	}
	return err
}

// byOwnName tells whether a URL has the load balancer's own name, which no certificate
// is for: that it is the load balancer AWS's records say.
func (w *run) byOwnName(target string) bool {
	u, err := url.Parse(target)
	return err == nil && w.own != "" && strings.EqualFold(u.Hostname(), w.own)
}

// ask makes one attempt.
func (w *run) ask(ctx context.Context, target string, test bool) (analysis.Answer, error) {
	c := w.req.Check.Check
	c.URL, c.AnyName = target, w.byOwnName(target)
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
func (w *run) checked() *report.Verification {
	_, verdict, reason := w.analysis.Decision()
	v := &report.Verification{
		URL: report.CleanURL(w.url), Expect: w.expects(), Revision: w.classifier.Expected, Consecutive: w.req.Check.Consecutive,
		Verdict: verdict, Reason: reason, Decided: w.progress.decided, BlueLived: w.progress.blueLived,
		Attempts: w.analysis.Counts(), Last: w.analysis.Last(),
	}
	if v.Verdict == "" {
		v.Verdict, v.Reason = report.Inconclusive, "not decided"
	}
	return v
}
