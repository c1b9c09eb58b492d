package elb

import (
	"context"
	"net"
	"net/http"
	"time"
)

// dialTimeout is how long a load balancer waits for a connection to a target.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
const dialTimeout = 10 * time.Second

// dialError says that a target could not be connected to: nothing was sent.
type dialError struct{ err error }

func (e *dialError) Error() string { return "connecting to target: " + e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// connect returns a target's transport; the pool's mutex must be held.
func (p *pool) connect(m *member) *http.Transport {
	idle := p.edge.current.Load().idle
	if m.transport != nil && m.idle == idle {
		return m.transport
	}
	m.closeIdle()
	m.idle = idle
	m.transport = &http.Transport{
		DialContext:           func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dial(ctx, m.endpoint) },
		DisableCompression:    true,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       idle,
		MaxIdleConnsPerHost:   256,
		ResponseHeaderTimeout: idle,
		Protocols:             protocols(p.behaviour.http2),
	}
	return m.transport
}

// protocols are what targets are spoken to in: HTTP/2 or HTTP/1.1, without TLS.
func protocols(http2 bool) *http.Protocols {
	p := &http.Protocols{}
	p.SetUnencryptedHTTP2(http2)
	p.SetHTTP1(!http2)
	return p
}

func (p *pool) dial(ctx context.Context, to endpoint) (net.Conn, error) {
	p.mu.Lock()
	e := p.edge
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := e.dial(ctx, to)
	if err != nil {
		return nil, &dialError{err}
	}
	return conn, nil
}
