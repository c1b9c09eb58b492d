package elb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Floors of what the clock's speed makes of a target group's settings.
//
// Assumption A57: intervals are divided by the speed, down to 20 ms; timeouts
// too, but only down to one second (or the setting itself): a target answers
// at real speed, on a machine that may be busy.
const (
	minInterval = 20 * time.Millisecond
	minTimeout  = time.Second
)

// verdict is the result of one health check; the zero value is a pass.
type verdict struct {
	reason      types.TargetHealthReasonEnum
	description string
}

// watch checks a target's health until it is told to stop; the pool's mutex
// must be held.
func (p *pool) watch(m *member) {
	m.unwatch()
	ctx, cancel := context.WithCancel(context.Background())
	m.stopChecks = cancel
	h, e, port, http2 := p.health, p.edge, p.checkPort(m), p.behaviour.http2
	go func() {
		client := checker(e, endpoint{m.ip, port}, http2)
		next := time.NewTicker(max(p.clock.Scale(h.interval), minInterval))
		defer next.Stop()
		for ctx.Err() == nil {
			p.starting(ctx, m)
			p.record(ctx, m, h, p.check(ctx, client, h, port, m.ip))
			select {
			case <-next.C:
			case <-ctx.Done():
			}
		}
	}()
}

// checkPort returns the port on which a target's health is checked.
func (p *pool) checkPort(m *member) int {
	if p.health.port != 0 {
		return p.health.port
	}
	return m.port
}

// checker returns a client for health checks: one connection each, no redirects.
func checker(e *edge, to endpoint, http2 bool) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return e.dial(ctx, to) },
			DisableKeepAlives: true,
			Protocols:         protocols(http2),
		},
	}
}

// check asks a target once.
func (p *pool) check(ctx context.Context, client *http.Client, h health, port int, ip string) verdict {
	ctx, cancel := context.WithTimeout(ctx, max(p.clock.Scale(h.timeout), min(h.timeout, minTimeout)))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(ip, strconv.Itoa(port))+h.path, nil)
	if err != nil {
		return verdict{types.TargetHealthReasonEnumFailedHealthChecks, "Health checks failed"}
	}
	req.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	res, err := client.Do(req)
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return verdict{types.TargetHealthReasonEnumTimeout, "Request timed out"}
	case err != nil:
		return verdict{types.TargetHealthReasonEnumFailedHealthChecks, "Health checks failed"}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // the status alone counts
	_ = res.Body.Close()
	if !h.matches(res.StatusCode) {
		return verdict{types.TargetHealthReasonEnumResponseCodeMismatch, fmt.Sprintf("Health checks failed with these codes: [%d]", res.StatusCode)}
	}
	return verdict{}
}

// starting notes that the first check of a target begins.
func (p *pool) starting(ctx context.Context, m *member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() == nil && m.reason == types.TargetHealthReasonEnumRegistrationInProgress {
		m.set(m.state, types.TargetHealthReasonEnumInitialHealthChecking, "Initial health checks in progress")
	}
}

// record counts a check: a new target needs one pass to be healthy, one that
// was unhealthy as many as the threshold says.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
func (p *pool) record(ctx context.Context, m *member, h health, v verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return // stopped: the state is no longer this watcher's
	}
	if v == (verdict{}) {
		m.passed, m.failed = m.passed+1, 0
		if m.state != types.TargetHealthStateEnumHealthy && (m.state == types.TargetHealthStateEnumInitial || m.passed >= h.healthy) {
			p.rise(m)
			m.set(types.TargetHealthStateEnumHealthy, "", "")
		}
		return
	}
	m.passed, m.failed = 0, m.failed+1
	if m.state == types.TargetHealthStateEnumUnhealthy || m.failed >= h.unhealthy {
		m.set(types.TargetHealthStateEnumUnhealthy, v.reason, v.description)
	}
}
