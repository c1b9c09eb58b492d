package stack

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// impatience is how long a call may find nobody that nothing depends on yet.
const impatience = 30 * time.Second

// Poller spaces the calls of one loop: Pace.Every apart while all is well,
// further apart after each throttled call, and back step by step.
type Poller struct {
	pace     Pace
	patient  bool // something is under way: nothing but time ends it
	interval time.Duration
	last     time.Time // when the latest call began
	failing  time.Time // since when no call was answered; zero: the last one was
	busy     time.Time // since when AWS throttles; zero: the last call went through
	tries    int       // that failed in a row
	failure  error     // of the last call; nil: it was answered
}

// newImpatient is for calls that may as well fail: they are repeated for a moment,
// and not at all where nobody listens.
func newImpatient(p Pace) *Poller { return &Poller{pace: p, interval: p.Every} }

// newComputing is for a change set that is being computed: a first look soon,
// then as usual.
func newComputing(p Pace) *Poller {
	return &Poller{pace: p, interval: p.Every, last: time.Now().Add(-p.Every * 7 / 10)}
}

// NewPoller is for what follows something that goes on without us.
func NewPoller(p Pace) *Poller {
	p = p.orDefault()
	return &Poller{pace: p, interval: p.Every, patient: true}
}

// Ask makes the call when it is due. It makes it again while AWS throttles it
// or cannot be reached, or what answers can't be read. A patient poller gives up with *LostError after
// Pace.Patience without any answer; throttling is an answer.
func Ask[O any](ctx context.Context, p *Poller, call func(context.Context) (O, error)) (O, error) {
	for {
		operation := operationOf[O]()
		if err := p.due(ctx, operation); err != nil {
			var none O
			return none, err
		}
		stop := p.pending(ctx, operation)
		out, err := timed(ctx, p.pace.Call, call)
		stop()
		if err == nil {
			p.answered()
			return out, nil
		}
		if err = p.failed(ctx, err); err != nil {
			return out, err
		}
		p.tell(ctx, operation)
	}
}

// left is how long it is until the next call may be made.
func (p *Poller) left() time.Duration { return time.Until(p.last.Add(p.interval)) }

func timed[O any](ctx context.Context, limit time.Duration, call func(context.Context) (O, error)) (O, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return call(ctx)
}

// due waits until the next call may be made. A long wait is told again and again.
func (p *Poller) due(ctx context.Context, operation string) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	for left := p.left(); left > 0; left = p.left() {
		if err := sleep(ctx, min(left, tellEvery)); err != nil {
			return err
		}
		if p.failure != nil && p.left() > 0 {
			p.tell(ctx, operation)
		}
	}
	p.last = time.Now()
	return nil
}

func (p *Poller) answered() {
	p.failing, p.busy, p.tries, p.failure = time.Time{}, time.Time{}, 0, nil
	p.interval = max(p.pace.Every, p.interval/2)
}

// failed decides what a failed call means: nil to try again, or the error.
func (p *Poller) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.tries++
	p.failure = err
	end := plain(err)
	switch {
	case throttled(err):
		end = p.throttled(err)
	case transient(err), unreadable(err):
		end = p.unreachable(err)
	}
	return end
}

// throttled goes slower. Where nothing depends on the call yet, it ends some time.
func (p *Poller) throttled(err error) error {
	p.failing = time.Time{}
	if p.busy.IsZero() {
		p.busy = time.Now()
	}
	if since := time.Since(p.busy); !p.patient && since > p.pace.Throttled {
		return &ThrottledError{For: since, Err: plain(err)}
	}
	p.slower()
	return nil
}

func (p *Poller) unreachable(err error) error {
	if p.failing.IsZero() {
		p.failing = time.Now()
	}
	since := time.Since(p.failing)
	switch {
	case p.patient && since > p.pace.Patience:
		return &LostError{For: since, Err: plain(err)}
	case !p.patient && (since > impatience || nobody(err)):
		return plain(err)
	}
	// A dropped connection says nothing about the rate: stay quick, but not hectic.
	p.interval = min(p.interval*3/2, 5*p.pace.Every)
	return nil
}

// slower doubles the interval, with jitter so that many watchers spread out.
func (p *Poller) slower() {
	p.interval = min(2*p.interval, p.pace.Slowest)
	p.interval += rand.N(p.interval/4 + 1)
}

// sleep waits d or until ctx is done, whose cause it then returns.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// throttled reports whether AWS said "too many requests". The SDK also counts
// LimitExceededException, which CloudFormation uses for quotas: more time
// doesn't cure those.
func throttled(err error) bool {
	if ErrorCode(err) == "LimitExceededException" {
		return false
	}
	check := retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}
	return check.IsErrorThrottle(err) == aws.TrueTernary
}

// transient reports whether the same call may succeed a little later: dropped
// connections, timeouts, HTTP 5xx.
func transient(err error) bool {
	if ErrorCode(err) == "LimitExceededException" {
		return false
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// nobody reports whether nobody listens at the endpoint, or it doesn't exist.
func nobody(err error) bool {
	var dns *net.DNSError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &dns) && dns.IsNotFound
}

// callError is an error of AWS without the SDK's wrapping (operation, status,
// request id): code and message say it all.
type callError struct{ err error }

func (e *callError) Error() string { return ErrorCode(e.err) + ": " + ErrorText(e.err) }
func (e *callError) Unwrap() error { return e.err }

// plain makes one clear line of a call's error, unless somebody has done so: of
// an error with a hint only the SDK's wrapping is left off.
func plain(err error) error {
	var explained interface {
		error
		Hint() string
	}
	switch {
	case unreadable(err):
		return &unreadableError{err}
	case errors.As(err, &explained):
		return explained
	case ErrorCode(err) == "":
		return err
	}
	return &callError{err}
}

// ErrorCode returns the service's error code, e.g. "ValidationError"; "" for
// an error that no service sent.
func ErrorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// ErrorText returns what the service said, without the SDK's prefix.
func ErrorText(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return err.Error()
}
