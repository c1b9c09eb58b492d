package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"orgship/pipeline/report"
)

// Probe asks a URL at a steady rate and keeps what it sees. The rate holds
// whatever the answers do: a late answer doesn't hold up the next request, and
// latency counts from the moment a request was due.
type Probe struct {
	URL  string
	Rate float64 // requests a second, above 0 and at most 1000; 0: 10

	Timeout        time.Duration // of one request; 0: 5 s
	VersionHeader  string        // "": DefaultVersionHeader
	RevisionHeader string        // "": DefaultRevisionHeader
	Moment         time.Duration // width of a moment to begin with; 0: 1 s

	Host             string            // for the Host header, and for what the certificate has to be; "": the URL's
	AnyName          bool              // as a Check's
	FreshConnections bool              // open a connection for every request
	Request          http.Header       // headers to send; never logged or reported
	Transport        http.RoundTripper // nil: a transport of its own
}

// waitingLimit is how many requests may wait for an answer at once. Beyond it
// requests are counted as skipped instead of sent, to bound the probe's memory.
const waitingLimit = 5000

// probeKeeps is how many bytes of a body the probe keeps: it tells answerers apart
// by less.
const probeKeeps = 512

// Running is a probe at work.
type Running struct {
	probe    Probe
	client   *http.Client
	recorder *recorder
	cancel   context.CancelFunc
	ticking  chan struct{} // closed when no more requests are sent
	waiting  sync.WaitGroup
	slots    chan struct{}
	stop     sync.Once
}

// Start begins to ask. The error is for a probe that makes no sense. The probe
// asks until Stop is called or ctx ends; Stop must be called in any case.
func Start(ctx context.Context, p Probe) (*Running, error) {
	var faults []error
	faults = append(faults, checkURL(p.URL), checkHost(p.Host, p.URL, p.Transport))
	if !(p.Rate >= 0 && p.Rate <= 1000) {
		faults = append(faults, fmt.Errorf("rate %v must be above 0 and at most 1000 requests a second", p.Rate))
	}
	if p.Timeout < 0 || p.Moment < 0 {
		faults = append(faults, errors.New("timeout and moment must not be negative"))
	}
	if err := oneLine(faults); err != nil {
		return nil, fmt.Errorf("probing: %w", err)
	}
	p.Rate = cmp.Or(p.Rate, 10)
	p.Timeout = cmp.Or(p.Timeout, 5*time.Second)
	p.VersionHeader = cmp.Or(p.VersionHeader, DefaultVersionHeader)
	p.RevisionHeader = cmp.Or(p.RevisionHeader, DefaultRevisionHeader)
	ctx, cancel := context.WithCancel(ctx)
	r := &Running{
		probe: p, client: newClient(p.Transport, p.FreshConnections, p.Host, p.AnyName),
		recorder: newRecorder(time.Now(), cmp.Or(p.Moment, time.Second)),
		cancel:   cancel, ticking: make(chan struct{}), slots: make(chan struct{}, waitingLimit),
	}
	go r.tick(ctx, time.Now())
	return r, nil
}

// tick sends each request when it is due. When it wakes up late it sends what
// is overdue at once, so that the rate holds on a busy machine.
func (r *Running) tick(ctx context.Context, start time.Time) {
	defer close(r.ticking)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		due := start.Add(time.Duration(float64(n) / r.probe.Rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		} else if ctx.Err() != nil {
			return
		}
		select {
		case r.slots <- struct{}{}:
			r.recorder.sent(due)
			r.waiting.Add(1)
			go r.ask(context.WithoutCancel(ctx), due)
		default:
			r.recorder.skip()
		}
	}
}

// ask sends one request and records what came of it.
func (r *Running) ask(ctx context.Context, due time.Time) {
	defer r.waiting.Done()
	got := ask(ctx, r.client, question{url: r.probe.URL, host: r.probe.Host, header: r.probe.Request, timeout: r.probe.Timeout, keep: probeKeeps})
	now := time.Now()
	if got.err != nil {
		r.recorder.lost(due, kind(got.err))
	} else {
		r.recorder.answered(due, now, got, identity{
			version: printable([]byte(got.header.Get(r.probe.VersionHeader)), 80), revision: printable([]byte(got.header.Get(r.probe.RevisionHeader)), 80),
		})
	}
	<-r.slots
}

// Snapshot returns what was seen so far.
func (r *Running) Snapshot() report.Probe { return r.summary(time.Now()) }

// Stop ends the probe, waits for the answers on their way (as long as the
// probe's timeout, at most) and returns all that was seen. A second call
// returns the same.
func (r *Running) Stop() report.Probe {
	r.stop.Do(func() {
		r.cancel()
		<-r.ticking
		r.waiting.Wait()
		r.recorder.end(time.Now())
		r.client.CloseIdleConnections()
	})
	return r.summary(time.Now())
}

func (r *Running) summary(now time.Time) report.Probe {
	s := r.recorder.summary(now)
	s.URL, s.Rate = redacted(r.probe.URL), r.probe.Rate
	return s
}
