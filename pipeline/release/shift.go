package release

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"orgship/pipeline/account"
	"orgship/pipeline/analysis"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy"
)

// shift is the time in which the stack changes: events, traffic and answers
// come in, and decisions go out. One goroutine owns all of it.
type shift struct {
	*run
	from stack.From

	events  chan stack.Event
	traffic chan report.Traffic
	unseen  chan struct{} // nobody tells any more how the traffic is shared out
	stuck   chan string   // why the new version doesn't come up
	answers chan analysis.Answer
	ended   chan ending
	back    chan error // what became of the request to cancel

	told    bool              // the weight was told once
	status  string            // of the stack, by its own events
	latest  map[string]string // by URL: the meaning and mark of the last answer
	timeUp  <-chan time.Time
	running sync.WaitGroup
	follows bool // the traffic is being followed
	going   bool // back
	failed  bool // a task that failed was looked for
}

// ending is what a watch came to.
type ending struct {
	stack.End
	err error
}

func (w *run) newShift(from stack.From) *shift {
	s := &shift{
		run: w, from: from,
		events: make(chan stack.Event), traffic: make(chan report.Traffic), unseen: make(chan struct{}), stuck: make(chan string), answers: make(chan analysis.Answer),
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
func (w *run) weightAtFirst() analysis.Weight {
	switch {
	case w.proposal.plan.Class == report.InfrastructureOnly:
		return analysis.Weight{Known: true, Percent: 100} // no second version to tell apart
	case w.current.stack != nil && w.proposal.resume == nil:
		return analysis.Weight{Known: true} // all traffic is on the old version
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

// watch follows the stack to the end of its operation, or ctx's.
func (s *shift) watch(ctx context.Context) (stack.End, error) {
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
		case <-s.unseen:
			s.analysis.Weigh(analysis.Weight{})
		case reason := <-s.stuck:
			if !s.going && !s.over() {
				s.rec.Begin(report.DecideStep)
				s.act(ctx, s.analysis.Stuck(reason))
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
	s.rec.Detail(report.ApplyStep, e.LogicalID+" "+e.Status)
	if e.OfStack() {
		s.status = e.Status
		if strings.HasSuffix(e.Status, "ROLLBACK_IN_PROGRESS") && !s.failed {
			s.failed = true
			s.running.Go(func() { s.showFailed(ctx) })
		}
	}
	if !s.follows && s.current.stack != nil && s.proposal.plan.Class != report.InfrastructureOnly {
		s.follows = true
		since := e.Time.Add(-time.Second)
		s.running.Go(func() { s.following(ctx, since) })
	}
}

// following follows the traffic as the strategy sees it.
func (s *shift) following(ctx context.Context, since time.Time) {
	u := strategy.Update{StackID: s.from.StackID, Since: since, Resumed: s.proposal.resume != nil, Weight: s.weigher()}
	o := &observer{s, ctx}
	if err := s.strategy.Follow(ctx, u, o); err != nil {
		o.Advise(err)
	}
	send(ctx, s.unseen, struct{}{})
}

// observer hands on what the strategy sees.
type observer struct {
	shift *shift
	ctx   context.Context
}

func (o *observer) Weight(t report.Traffic) { send(o.ctx, o.shift.traffic, t) }

func (o *observer) Event(e report.Event) { o.shift.rec.Event(e) }

func (o *observer) Stuck(reason string) { send(o.ctx, o.shift.stuck, reason) }

// Advise leaves out what the watch says anyway: that the credentials ended.
func (o *observer) Advise(err error) {
	if o.ctx.Err() != nil || account.Expired(err) {
		return
	}
	text := err.Error()
	if todo := hint(err); todo != "" {
		text += ": " + todo
	}
	o.shift.advise(text)
}

func (s *shift) onTraffic(t report.Traffic) {
	now := analysis.Weight{Known: true, Percent: t.Percent, Since: time.Now()} // not when it was looked at: the answer came later
	if t.Rollback {
		now = s.analysis.Weight() // going back is decided: what is served then is the old version's
	}
	s.onWeight(now, t)
}

// onWeight takes in how the traffic is shared out. Once the new version has all
// of it, the time runs in which going back costs one call: four fifths of the
// termination wait leave room for that call.
func (s *shift) onWeight(now analysis.Weight, shown report.Traffic) {
	was := s.analysis.Weight()
	if now.Percent != was.Percent || !s.told {
		s.rec.Event(report.Event{At: shown.At, Source: report.FromTraffic, Subject: "production traffic", Message: report.Percent(shown.Percent) + " on the new version"})
	}
	s.told = true
	s.rec.Traffic(shown)
	s.analysis.Weigh(now)
	s.noteWeight(now)
	decided, _, _ := s.analysis.Decision()
	if now.Full() && !was.Full() && s.url != "" && decided == analysis.Undecided {
		s.rec.Begin(report.DecideStep)
		if wait := s.scaled(s.strategy.Window()) * 4 / 5; wait > 0 {
			s.timeUp = time.After(wait)
			s.waits(fmt.Sprintf("%d right answers in a row", s.req.Check.Consecutive), wait)
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
	return s.status != "" && !stack.Cancellable(s.status) && !cleaning(s.status)
}

func cleaning(status string) bool { return status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" }

// act carries a decision out.
func (s *shift) act(ctx context.Context, d analysis.Decision) {
	if d == analysis.Undecided {
		return
	}
	_, _, reason := s.analysis.Decision()
	s.progress.decided, s.progress.blueLived = time.Now(), s.status == "" || stack.Cancellable(s.status)
	if d == analysis.Keep {
		s.rec.Finish(report.DecideStep, report.Done, "keep it: "+reason)
		if left := s.scaled(s.strategy.Window()) - time.Since(s.progress.full); s.analysis.Weight().Full() && left > 0 {
			s.waits("the old version's end", left)
		}
		s.running.Go(func() { s.showEvidence(ctx) })
		return
	}
	s.going = true
	if !s.progress.blueLived {
		s.rec.Finish(report.DecideStep, report.StepFailed, "too late to go back by cancelling: "+reason)
		return
	}
	s.rec.Finish(report.DecideStep, report.StepFailed, "go back: "+reason)
	s.progress.cancelled = true
	s.running.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		defer cancel()
		s.back <- s.strategy.GoBack(ctx, s.from.StackID)
	})
}

// waits tells for what the release waits, until when, and how to go back meanwhile.
func (s *shift) waits(what string, left time.Duration) {
	s.rec.Event(report.Event{Source: report.FromRelease, Subject: "waiting", Message: fmt.Sprintf(
		"for %s, until about %s; to go back now: %s", what, time.Now().Add(left).UTC().Format("15:04:05 MST"), s.command("rollback", s.req.Stack))})
}

// showEvidence tells what AWS's records say at the decision.
func (s *shift) showEvidence(ctx context.Context) {
	if e := s.evidence(ctx, s.proposal.image); e != nil {
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
		s.progress.blueLived, s.progress.cancelled = false, false
		s.rec.Event(report.Event{Source: report.FromRelease, Subject: "cancel", Message: err.Error(), Bad: true})
	default:
		s.progress.cancelErr, s.progress.cancelled = err, false
		s.rec.Event(report.Event{Source: report.FromRelease, Subject: "cancel", Message: err.Error(), Bad: true})
		s.rec.Event(report.Event{Source: report.FromRelease, Subject: "cancel", Bad: true,
			Message: "the new version is wrong and stays unless somebody who may cancels in time: aws cloudformation cancel-update-stack --stack-name " + s.req.Stack})
		s.rec.Problem(problem(report.DecideStep, err))
	}
}

// showProbe shows what the probe has seen so far, and returns it if there is one.
func (w *run) showProbe() (report.Probe, bool) {
	if w.probe == nil {
		return report.Probe{}, false
	}
	summary := w.probe.Snapshot()
	seen := w.probed(summary)
	w.rec.Edit(func(p *report.Report) { p.Probe = seen })
	return summary, true
}
