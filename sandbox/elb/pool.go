package elb

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/clock"
)

// errNoTargets says that a target group has nobody who could answer.
var errNoTargets = errors.New("no targets")

// pool holds the targets of a target group: it checks their health and
// forwards requests to them.
type pool struct {
	clock clock.Clock

	mu     sync.Mutex
	edge   *edge // of the load balancer it stands (or last stood) behind
	used   bool
	health health
	// unusedSince is when it went out of use; zero if it never was in use.
	unusedSince time.Time
	behaviour   behaviour
	members     []*member
	turn        int
}

// behaviour is what a target group's attributes say.
type behaviour struct {
	algorithm string
	delay     time.Duration // deregistration delay
	slow      time.Duration // slow start; 0: there is none
	sticky    stickiness
	http2     bool // targets speak HTTP/2, without TLS
}

// member is one target. Its pool's mutex guards it.
type member struct {
	endpoint
	zone        *string
	state       types.TargetHealthStateEnum
	reason      types.TargetHealthReasonEnum
	description string
	passed      int // consecutive health checks
	failed      int
	open        int       // requests under way
	risen       time.Time // the end of its slow start
	credit      float64   // while some target is in slow start
	transport   *http.Transport
	idle        time.Duration      // of the transport
	stopChecks  context.CancelFunc // nil while nobody checks
	gone        *time.Timer        // set while draining
	due, latest time.Time          // when it goes, without and with open requests
}

func newPool(c clock.Clock) *pool { return &pool{clock: c} }

// configure takes over a target group's settings.
func (p *pool) configure(h health, b behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed := !p.health.equal(h)
	p.health, p.behaviour = h, b
	for _, m := range p.members {
		if changed && m.stopChecks != nil {
			p.watch(m) // anew, keeping the state
		}
	}
}

// use puts the pool behind a load balancer, or (nil) behind none.
func (p *pool) use(e *edge) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.used
	p.used = e != nil
	if p.used {
		p.edge = e
	}
	if was == p.used {
		return
	}
	if !p.used {
		p.unusedSince = time.Now()
	}
	for _, m := range p.members {
		if m.gone == nil {
			p.begin(m)
		}
	}
}

// begin puts a registered target into its first state.
func (p *pool) begin(m *member) {
	m.passed, m.failed = 0, 0
	if !p.used {
		m.unwatch()
		m.set(types.TargetHealthStateEnumUnused, types.TargetHealthReasonEnumNotInUse, "Target group is not configured to receive traffic from the load balancer")
		return
	}
	m.set(types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumRegistrationInProgress, "Target registration is in progress")
	p.watch(m)
}

func (m *member) set(state types.TargetHealthStateEnum, reason types.TargetHealthReasonEnum, description string) {
	m.state, m.reason, m.description = state, reason, description
}

func (m *member) unwatch() {
	if m.stopChecks != nil {
		m.stopChecks()
		m.stopChecks = nil
	}
}

// register adds a target; one that drains comes back, one that is there stays.
func (p *pool) register(e endpoint, zone *string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.members, func(m *member) bool { return m.endpoint == e })
	if i < 0 {
		m := &member{endpoint: e, zone: zone}
		p.members = append(p.members, m)
		p.begin(m)
		return
	}
	if m := p.members[i]; m.gone != nil {
		m.gone.Stop()
		m.gone = nil
		p.begin(m)
	}
}

// Applications answer at real speed, however fast the clock runs, so a target
// that is deregistered is kept for as long as these say in real time.
const (
	// drainFloor is the least that requests get which are under way, unless the
	// deregistration delay is shorter.
	drainFloor = 5 * time.Second
	// routedFloor is how long a request may take from following a rule to
	// reaching a target, when the rule has changed in between.
	routedFloor = 250 * time.Millisecond
)

// deregister drains a target; port 0 means all ports of the address. One whose
// group is out of use goes as soon as nothing is under way to it: AWS completes
// a deregistration "immediately" if there are no requests in flight.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay
//
// Assumption A55: requests that are still open when the deregistration delay
// (divided by the clock's speed) is over are not cut off; they end with the
// target, which drains on for up to five seconds. AWS closes them after the
// delay, in real time.
func (p *pool) deregister(ip string, port int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, m := range slices.Clone(p.members) {
		if m.ip != ip || port != 0 && m.port != port || m.gone != nil {
			continue
		}
		m.unwatch()
		wait := p.clock.Scale(p.behaviour.delay)
		if !p.used {
			wait = max(0, p.unusedSince.Add(routedFloor).Sub(now))
		}
		if !p.used && wait == 0 && m.open == 0 {
			p.remove(m)
			continue
		}
		m.set(types.TargetHealthStateEnumDraining, types.TargetHealthReasonEnumDeregistrationInProgress, "Target deregistration is in progress")
		m.closeIdle()
		m.due, m.latest = now.Add(wait), now.Add(max(wait, min(p.behaviour.delay, drainFloor)))
		m.gone = time.AfterFunc(wait, func() { p.drained(m) })
	}
}

// drained removes a target that is due to go, if it has not been registered
// again; while requests to it are open it may stay until the latest moment.
func (p *pool) drained(m *member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	switch {
	case m.gone == nil || now.Before(m.due):
	case m.open > 0 && now.Before(m.latest):
		m.gone = time.AfterFunc(m.latest.Sub(now), func() { p.drained(m) })
	default:
		p.remove(m)
	}
}

func (p *pool) remove(m *member) {
	m.closeIdle()
	p.members = slices.DeleteFunc(p.members, func(o *member) bool { return o == m })
}

func (m *member) closeIdle() {
	if m.transport != nil {
		m.transport.CloseIdleConnections()
	}
}

// close stops everything that the pool does on its own.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range slices.Clone(p.members) {
		m.unwatch()
		if m.gone != nil {
			m.gone.Stop()
		}
		p.remove(m)
	}
}

// describe tells the state of all targets.
func (p *pool) describe() []types.TargetHealthDescription {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []types.TargetHealthDescription{}
	for _, m := range p.members {
		d := types.TargetHealthDescription{
			HealthCheckPort: new(strconv.Itoa(p.checkPort(m))),
			Target:          &types.TargetDescription{Id: new(m.ip), Port: new(int32(m.port)), AvailabilityZone: m.zone},
			TargetHealth:    &types.TargetHealth{State: m.state, Reason: m.reason},
		}
		if m.description != "" {
			d.TargetHealth.Description = new(m.description)
		}
		out = append(out, d)
	}
	return out
}

// done ends a request to a target.
func (p *pool) done(m *member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m.open--
	if m.gone == nil || m.open > 0 {
		return
	}
	m.closeIdle()
	if !time.Now().Before(m.due) {
		m.gone.Stop()
		p.remove(m)
	}
}

// send sends a request to a target, the wanted one if it may, and says to which one.
// When a target cannot be connected to, nothing has been sent, so another one gets the
// request.
func (p *pool) send(req *http.Request, wanted *endpoint) (*http.Response, *member, error) {
	if req.Body != nil {
		kept := *req
		kept.Body = io.NopCloser(req.Body) // the proxy closes it, attempts don't
		req = &kept
	}
	var tried []*member
	failure := errNoTargets
	for {
		m, transport := p.pick(tried, wanted)
		if m == nil {
			return nil, nil, failure
		}
		res, err := transport.RoundTrip(req)
		if err == nil {
			res.Body = p.onClose(res.Body, m)
			return res, m, nil
		}
		p.done(m)
		var unreached *dialError
		if !errors.As(err, &unreached) || req.Context().Err() != nil {
			return nil, nil, err
		}
		tried, failure = append(tried, m), err
	}
}

// onClose makes the end of an answer the end of a request.
func (p *pool) onClose(body io.ReadCloser, m *member) io.ReadCloser {
	once := sync.OnceFunc(func() { p.done(m) })
	if upgraded, ok := body.(io.ReadWriteCloser); ok {
		return &tunnel{upgraded, once}
	}
	return &answerBody{body, once}
}

type answerBody struct {
	io.ReadCloser
	done func()
}

// Close closes the body.
func (b *answerBody) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}

// tunnel is the connection of an upgraded request (WebSocket).
type tunnel struct {
	io.ReadWriteCloser
	done func()
}

// Close closes the connection.
func (t *tunnel) Close() error {
	defer t.done()
	return t.ReadWriteCloser.Close()
}
