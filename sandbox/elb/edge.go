package elb

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"orgship/sandbox/iam"
)

// edge is what the data plane knows of its load balancer. Requests read it
// while the control plane changes it.
type edge struct {
	account string
	network Network
	current atomic.Pointer[edgeSettings]
	buffers sync.Pool // of *[]byte, for copying bodies
	jar     *jar
	inside  bool // it is an internal load balancer
}

type edgeSettings struct {
	groups     []string      // security groups
	idle       time.Duration // how long a target may take to begin its answer, and a connection may be silent
	forwarded  string        // append, preserve or remove X-Forwarded-For
	clientPort bool          // X-Forwarded-For with the client's port
	http2      bool          // clients may speak it, over TLS
	strict     bool          // headers whose names have other characters than A-Z, 0-9 and - are dropped
	tlsHeaders bool          // targets are told the version of TLS and the cipher
}

func newEdge(account string, network Network, inside bool) *edge {
	e := &edge{account: account, network: network, inside: inside, jar: newJar()}
	e.current.Store(&edgeSettings{})
	return e
}

// configure takes over security groups and attributes.
//
// Assumption A52: idle_timeout.timeout_seconds is not divided by the clock's
// speed. It bounds the work of a real process, which runs at real speed.
func (e *edge) configure(groups []string, a attributes) {
	e.current.Store(&edgeSettings{
		groups:     groups,
		idle:       a.seconds("idle_timeout.timeout_seconds"),
		forwarded:  a["routing.http.xff_header_processing.mode"],
		clientPort: a["routing.http.xff_client_port.enabled"] == "true",
		http2:      a["routing.http2.enabled"] == "true",
		strict:     a["routing.http.drop_invalid_header_fields.enabled"] == "true",
		tlsHeaders: a["routing.http.x_amzn_tls_version_and_cipher_suite.enabled"] == "true",
	})
}

// allows reports whether clients may connect to a listener's port: they count
// as the internet, 0.0.0.0/0.
//
// Assumption A193: whoever runs the sandbox reaches an internal load balancer, too, as
// if they were in its network: at an address from which its security groups let
// somebody in. Nobody else asks it, since tasks reach nothing.
func (e *edge) allows(port int) bool {
	if e.inside {
		return e.network.AllowsAnybody(e.account, e.current.Load().groups, port)
	}
	return e.network.AllowsInternet(e.account, e.current.Load().groups, port)
}

// dial connects to a target as the load balancer.
func (e *edge) dial(ctx context.Context, to endpoint) (net.Conn, error) {
	ctx = iam.AsService(ctx, e.account, "elasticloadbalancing.amazonaws.com")
	return e.network.Dial(ctx, e.current.Load().groups, to.ip, to.port)
}

// Get and Put make the edge an httputil.BufferPool.
func (e *edge) Get() []byte {
	if b, ok := e.buffers.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 32<<10)
}

// Put takes a buffer back.
func (e *edge) Put(b []byte) { e.buffers.Put(&b) }
