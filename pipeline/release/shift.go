package release

import (
	"context"
	"errors"
	"sync"
	"time"

	"orgship/pipeline/account"
	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/verify"
)

// shift is the time in which the stack changes: events, traffic and answers
// come in, and decisions go out. One goroutine owns all of it.
type shift struct {
	*work
	from stack.From

	events  chan stack.Event
	traffic chan stack.Traffic
	weights chan analysis.Weight // by the listener, when CodeDeploy may not be read
	answers chan analysis.Answer
	ended   chan ending
	back    chan error // what became of the request to cancel

	told    bool   // the weight was told once
	status  string // of the stack, by its own events
	shown   stack.Traffic
	latest  map[string]string // by URL: the meaning and mark of the last answer
	timeUp  <-chan time.Time
	running sync.WaitGroup
	follows bool // the traffic is being followed
	going   bool // back
}

// ending is what a watch came to.
type ending struct {
	stack.End
	err error
}

func (w *work) newShift(from stack.From) *shift {
	s := &shift{
		work: w, from: from,
		events: make(chan stack.Event), traffic: make(chan stack.Traffic), weights: make(chan analysis.Weight), answers: make(chan analysis.Answer),
		ended: make(chan ending, 1), back: make(chan error, 1),
		latest: map[string]string{},
	}
	if w.analysis == nil {
		w.analysis = w.newAnalysis() // nobody asks yet
	}
	w.analysis.Weigh(w.weightAtFirst())
	return s
}

// weightAtFirst is what is known about the traffic before anything moves.
func (w *work) weightAtFirst() analysis.Weight {
	switch {
	case w.plan.Class == stack.InfrastructureOnly:
		return analysis.Weight{Known: true, Percent: 100} // no second version to tell apart
	case w.existing != nil && w.hook.there && w.resume == nil:
		return analysis.Weight{Known: true} // the hook begins with all traffic on the old version
	}
	return analysis.Weight{}
}

// send hands a value to the shift, unless that is over.
func send[T any](ctx context.Context, to chan<- T, value T) {
	select {
	case to <- value:
	case <-ctx.Done():
	}
}

// run follows the stack to the end of its operation, or ctx's.
func (s *shift) run(ctx context.Context) (stack.End, error) {
	ctx, stop := context.WithCancel(ctx)
	defer s.running.Wait()
	defer stop()
	s.running.Go(func() {
		end, err := s.cfg.Stacks.Watch(ctx, s.from, func(e stack.Event) { send(ctx, s.events, e) })
		s.ended <- ending{end, err}
	})
	if s.url != "" {
		s.running.Go(func() { s.asking(ctx) })
	}
	tick := time.NewTicker(max(s.scaled(time.Second), 100*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case e := <-s.events:
			s.onEvent(ctx, e)
		case t := <-s.traffic:
			s.onTraffic(t)
		case now := <-s.weights:
			if now.Known {
				s.onWeight(now, report.Traffic{At: time.Now(), Percent: now.Percent, Status: "by the listener"})
			} else {
				s.analysis.Weigh(now)
			}
		case a := <-s.answers:
			s.onAnswer(ctx, a)
		case <-s.timeUp:
			s.act(ctx, s.analysis.TimeUp())
		case err := <-s.back:
			s.onBack(err)
		case <-tick.C:
			s.onProbe(ctx)
		case end := <-s.ended:
			return end.End, end.err
		}
	}
}

// asking asks production, and the test listener where there is one, over and over.
func (s *shift) asking(ctx context.Context) {
	for {
		for _, target := range []string{s.url, s.testURL} {
			if target == "" {
				continue
			}
			a, err := s.ask(ctx, target, target == s.testURL)
			if err != nil {
				return // ctx is done: the check itself was tried before
			}
			send(ctx, s.answers, a)
		}
		if pause(ctx, s.req.Check.Interval) != nil {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *shift) onEvent(ctx context.Context, e stack.Event) {
	s.rec.Event(eventOf(e))
	s.rec.Detail(stepApply, e.LogicalID+" "+e.Status)
	if e.OfStack() {
		s.status = e.Status
	}
	if !s.follows && s.hook.there && s.existing != nil {
		s.follows = true
		since := e.Time.Add(-time.Second)
		s.running.Go(func() { s.following(ctx, since) })
	}
}

// following follows CodeDeploy's deployment, or the listener where that may not
// be read.
func (s *shift) following(ctx context.Context, since time.Time) {
	err := s.cfg.Stacks.Traffic(ctx, s.from.StackID, since, func(t stack.Traffic) { send(ctx, s.traffic, t) })
	if err == nil || ctx.Err() != nil || account.Expired(err) { // expired: the watch says so
		return
	}
	s.advise(err.Error() + ": " + hint(err))
	if s.cfg.Balancer != nil && s.resume == nil {
		s.listening(ctx)
	}
	send(ctx, s.weights, analysis.Weight{}) // nobody tells any more
}

func (s *shift) onTraffic(t stack.Traffic) {
	for _, e := range stepEvents(s.shown, t) {
		s.rec.Event(e)
	}
	if t.Reason != "" && t.Reason != s.shown.Reason {
		s.rec.Event(report.Event{Source: report.FromTraffic, Subject: t.DeploymentID, Status: t.Status, Message: t.Reason})
	}
	s.shown = t
	now := analysis.Weight{Known: true, Percent: t.Percent, Since: time.Now()} // not when it was looked at: the answer came later
	if t.Rollback {
		now = s.analysis.Weight() // going back is decided: what is served then is the old version's
	}
	s.onWeight(now, trafficOf(t))
}

// onWeight takes in how the traffic is shared out. Once the new version has all
// of it, the time runs in which going back costs one call: four fifths of the
// termination wait leave room for that call.
func (s *shift) onWeight(now analysis.Weight, shown report.Traffic) {
	was := s.analysis.Weight()
	if now.Percent != was.Percent || !s.told {
		s.rec.Event(report.Event{At: shown.At, Source: report.FromTraffic, Subject: "production traffic", Message: percent(shown.Percent) + " on the new version"})
	}
	s.told = true
	s.rec.Traffic(shown)
	s.analysis.Weigh(now)
	s.noteWeight(now)
	decided, _, _ := s.analysis.Decision()
	if now.Full() && !was.Full() && s.url != "" && decided == analysis.Undecided {
		s.rec.Begin(stepDecide)
		if wait := s.scaled(s.hook.wait) * 4 / 5; wait > 0 {
			s.timeUp = time.After(wait)
		}
	}
}

func (s *shift) onAnswer(ctx context.Context, x analysis.Answer) {
	if x.Test && !x.Reached {
		return // the test listener may be closed to us: production decides then
	}
	if s.going || s.over() {
		s.show(x, s.classifier.Meaning(x, analysis.Weight{Known: true}))
		return
	}
	meaning, decision := s.analysis.Answer(x)
	s.show(x, meaning)
	s.act(ctx, decision)
}

// show records an answer that differs from the one before it.
func (s *shift) show(x analysis.Answer, m analysis.Meaning) {
	if key := answerKey(x, m); s.latest[x.URL] != key {
		s.latest[x.URL] = key
		s.rec.Event(answerEvent(x, m))
	}
}

// onProbe looks at what the probe has counted.
func (s *shift) onProbe(ctx context.Context) {
	seen, asked := s.showProbe()
	if asked && !s.going && !s.over() {
		s.act(ctx, s.analysis.Requests(seen.Answered, seen.Lost))
	}
}

// over reports whether the stack goes back by itself: the old version's answers
// are right then.
func (s *shift) over() bool {
	return s.status != "" && !stack.BlueLives(s.status) && !cleaning(s.status)
}

func cleaning(status string) bool { return status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" }

// act carries a decision out.
func (s *shift) act(ctx context.Context, d analysis.Decision) {
	if d == analysis.Undecided {
		return
	}
	_, _, reason := s.analysis.Decision()
	s.decidedAt, s.blueLived = time.Now(), s.status == "" || stack.BlueLives(s.status)
	if d == analysis.Keep {
		s.rec.Finish(stepDecide, report.Done, "keep it: "+reason)
		s.running.Go(func() { s.showEvidence(ctx) })
		return
	}
	s.going = true
	if !s.blueLived {
		s.rec.Finish(stepDecide, report.StepFailed, "too late to go back by cancelling: "+reason)
		return
	}
	s.rec.Finish(stepDecide, report.StepFailed, "go back: "+reason)
	s.cancelled = true
	s.running.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		defer cancel()
		s.back <- s.cfg.Stacks.RequestCancel(ctx, s.from.StackID)
	})
}

// showEvidence tells what AWS's records say at the decision.
func (s *shift) showEvidence(ctx context.Context) {
	if e := s.evidence(ctx, s.image); e != nil {
		s.rec.Event(report.Event{Source: report.FromVerify, Subject: "proof", Message: e.Reason})
	}
}

// onBack learns whether the update could be cancelled.
func (s *shift) onBack(err error) {
	var late *stack.TooLateError
	switch {
	case err == nil:
		s.rec.Event(report.Event{Source: report.FromRelease, Subject: "cancel", Message: "asked CloudFormation to cancel the update: traffic goes back"})
	case errors.As(err, &late):
		s.blueLived, s.cancelled = false, false
		s.rec.Event(report.Event{Source: report.FromRelease, Subject: "cancel", Message: err.Error(), Bad: true})
	default:
		s.cancelErr, s.cancelled = err, false
		s.rec.Event(report.Event{Source: report.FromRelease, Subject: "cancel", Message: err.Error(), Bad: true})
		s.rec.Event(report.Event{Source: report.FromRelease, Subject: "cancel", Bad: true,
			Message: "the new version is wrong and stays unless somebody who may cancels in time: aws cloudformation cancel-update-stack --stack-name " + s.req.Stack})
		s.rec.Problem(problem(stepDecide, err))
	}
}

// showProbe shows what the probe has seen so far, and returns it if there is one.
func (w *work) showProbe() (verify.Summary, bool) {
	if w.probe == nil {
		return verify.Summary{}, false
	}
	summary := w.probe.Snapshot()
	seen := probeOf(summary, w.role)
	w.rec.Edit(func(p *report.Report) { p.Probe = seen })
	return summary, true
}
