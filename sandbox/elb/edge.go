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
}

type edgeSettings struct {
	groups     []string      // security groups
	idle       time.Duration // how long a target may take to begin its answer
	forwarded  string        // append, preserve or remove X-Forwarded-For
	clientPort bool          // X-Forwarded-For with the client's port
}

func newEdge(account string, network Network) *edge {
	e := &edge{account: account, network: network}
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
	})
}

// allows reports whether clients may connect to a listener's port: they count
// as the internet, 0.0.0.0/0.
func (e *edge) allows(port int) bool {
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
