package elb

import (
	"cmp"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// The algorithms by which targets are chosen.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
const (
	roundRobin       = "round_robin"
	leastOutstanding = "least_outstanding_requests"
	weightedRandom   = "weighted_random"
)

// String is a target's address: 10.0.0.1:8080.
func (e endpoint) String() string { return net.JoinHostPort(e.ip, strconv.Itoa(e.port)) }

// named returns the target with an address, nil if there is none.
func (p *pool) named(address string) *endpoint {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.members, func(m *member) bool { return m.String() == address }); i >= 0 {
		return new(p.members[i].endpoint)
	}
	return nil
}

func (p *pool) stickiness() stickiness {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.behaviour.sticky
}

// pick chooses a target for a request that the tried ones could not serve: the wanted
// one if it may, else one by the algorithm. If none is healthy, all registered ones
// count as healthy (AWS: "fails open").
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
//
// Assumption A56: targets whose first checks are under way count among those.
//
// While the pool is out of use, only requests that followed a rule before it
// changed come here: they may go to a target that drains.
func (p *pool) pick(tried []*member, wanted *endpoint) (*member, *http.Transport) {
	p.mu.Lock()
	defer p.mu.Unlock()
	eligible := make([]*member, 0, len(p.members))
	healthy := slices.ContainsFunc(p.members, func(m *member) bool { return m.state == types.TargetHealthStateEnumHealthy })
	for _, m := range p.members {
		if (m.gone == nil || !p.used) && (!healthy || m.state == types.TargetHealthStateEnumHealthy) && !slices.Contains(tried, m) {
			eligible = append(eligible, m)
		}
	}
	if len(eligible) == 0 || p.edge == nil {
		return nil, nil
	}
	m := p.next(eligible, wanted)
	m.open++
	return m, p.connect(m)
}

// next is the wanted target if it is eligible, else one by the algorithm.
func (p *pool) next(eligible []*member, wanted *endpoint) *member {
	if i := slices.IndexFunc(eligible, func(m *member) bool { return wanted != nil && m.endpoint == *wanted }); i >= 0 {
		return eligible[i]
	}
	switch p.behaviour.algorithm {
	case leastOutstanding:
		return slices.MinFunc(eligible, func(a, b *member) int { return a.open - b.open })
	case weightedRandom:
		return eligible[rand.IntN(len(eligible))]
	}
	now := time.Now()
	if slices.ContainsFunc(eligible, func(m *member) bool { return m.rising(now) }) {
		return p.ease(eligible, now)
	}
	p.turn++
	return eligible[p.turn%len(eligible)]
}

// rising reports whether a target is in slow start.
func (m *member) rising(now time.Time) bool { return now.Before(m.risen) }

// share is the part of its full share that a target gets: from 0 to 1 in slow start.
func (p *pool) share(m *member, now time.Time) float64 {
	if !m.rising(now) {
		return 1
	}
	return 1 - float64(m.risen.Sub(now))/float64(p.clock.Scale(p.behaviour.slow))
}

// ease shares requests among targets of which some are in slow start, as split does.
func (p *pool) ease(eligible []*member, now time.Time) *member {
	total := 0.0
	for _, m := range eligible {
		share := p.share(m, now)
		m.credit += share
		total += share
	}
	best := slices.MaxFunc(eligible, func(a, b *member) int { return cmp.Compare(a.credit, b.credit) })
	best.credit -= total
	return best
}

// rise begins the slow start of a target that has become healthy, if there is another
// one that gets its full share.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#slow-start-mode
func (p *pool) rise(m *member) {
	now := time.Now()
	m.risen, m.credit = time.Time{}, 0
	if p.behaviour.slow > 0 && slices.ContainsFunc(p.members, func(o *member) bool {
		return o != m && o.state == types.TargetHealthStateEnumHealthy && !o.rising(now)
	}) {
		m.risen = now.Add(p.clock.Scale(p.behaviour.slow))
	}
}
