package elb

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// front is the running side of a listener: a server on the load balancer's
// address and the routes it follows.
type front struct {
	edge    *edge
	address *address
	port    int // the listener's
	bound   net.Listener
	server  *http.Server
	routes  atomic.Pointer[[]route]
	secure  atomic.Pointer[secure] // nil: it speaks no TLS
	life    context.Context        // of upgraded connections and visits
	end     context.CancelFunc     // ends it
	visits  sync.WaitGroup         // requests that didn't come over a connection of its own

	mu    sync.Mutex
	fresh map[net.Conn]struct{}    // connected, nothing sent yet
	idle  map[net.Conn]*time.Timer // connected, nothing under way
}

// route is a rule ready to serve.
type route struct {
	matchers []matcher
	action   http.Handler
}

func (r route) matches(req *http.Request) bool {
	for _, m := range r.matchers {
		if !m(req) {
			return false
		}
	}
	return true
}

// openFront starts to serve a listener's port; without routes it answers 503.
func openFront(b *balancer, port int) (*front, error) {
	bound, err := b.address.listen(port)
	if err != nil {
		return nil, fmt.Errorf("listening for load balancer %q: %w", *b.LoadBalancerName, err)
	}
	ctx, end := context.WithCancel(context.Background())
	f := &front{edge: b.edge, address: b.address, port: port, bound: bound, life: ctx, end: end, fresh: map[net.Conn]struct{}{}, idle: map[net.Conn]*time.Timer{}}
	f.routes.Store(&[]route{})
	f.server = &http.Server{
		Handler:           f,
		ReadHeaderTimeout: time.Minute,
		IdleTimeout:       time.Hour, // client_keep_alive.seconds
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         f.track,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { _ = f.server.Serve(gate{bound, f}) }() // ends with the listener
	return f, nil
}

// ServeHTTP follows the first rule that matches.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, route := range *f.routes.Load() {
		if route.matches(r) {
			route.action.ServeHTTP(w, r)
			return
		}
	}
	answer(w, http.StatusServiceUnavailable)
}

// gate accepts the connections that the security groups let in, and speaks TLS with
// those of an HTTPS listener.
//
// Assumption A53: a connection that the security groups block is reset at
// once. AWS drops its packets, so that a client waits for its own timeout.
type gate struct {
	net.Listener
	front *front
}

func (g gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g.front.edge.allows(g.front.port) {
			return g.front.greet(conn), nil
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // the close then resets
		}
		_ = conn.Close()
	}
}

// greet returns a connection that speaks TLS, if the listener does.
func (f *front) greet(conn net.Conn) net.Conn {
	if s := f.secure.Load(); s != nil {
		return tls.Server(conn, s.config(f.edge.current.Load().http2))
	}
	return conn
}

// track remembers connections on which nothing came yet, which Shutdown would
// wait for, and closes those that are idle for too long.
func (f *front) track(conn net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.idle[conn]; t != nil {
		t.Stop()
		delete(f.idle, conn)
	}
	if state == http.StateIdle {
		f.idle[conn] = time.AfterFunc(f.edge.current.Load().idle, func() { _ = conn.Close() })
	}
	if state == http.StateNew {
		f.fresh[conn] = struct{}{}
	} else {
		delete(f.fresh, conn)
	}
}

// release stops listening; what is connected stays.
func (f *front) release() { _ = f.bound.Close() }

// shutdown stops listening, waits for open requests until ctx is done and
// closes what is still open then.
func (f *front) shutdown(ctx context.Context) error {
	f.release()
	f.mu.Lock()
	for conn := range f.fresh {
		_ = conn.Close()
	}
	f.mu.Unlock()
	err := f.server.Shutdown(ctx)
	f.seeOff(ctx)
	f.end()
	if err != nil && ctx.Err() != nil {
		return f.server.Close()
	}
	return nil
}

// seeOff waits for the end of visits until ctx is done.
func (f *front) seeOff(ctx context.Context) {
	left := make(chan struct{})
	go func() {
		f.visits.Wait()
		close(left)
	}()
	select {
	case <-left:
	case <-ctx.Done():
	}
}

// retire ends a deleted listener: its port is free when retire returns, and
// open requests may finish for ten seconds.
func (f *front) retire() {
	f.release()
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = f.shutdown(ctx)
	}()
}
