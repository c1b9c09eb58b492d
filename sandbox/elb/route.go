package elb

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// route makes a listener's data plane follow its rules. Requests that are
// under way keep the routes with which they began.
func (a *account) route(l *listener) {
	a.attach()
	var routes []route
	for _, r := range l.rules {
		rt := route{action: a.handler(l.front, r.Actions[0])}
		for _, c := range r.Conditions {
			rt.matchers = append(rt.matchers, compile(c))
		}
		routes = append(routes, rt)
	}
	l.front.routes.Store(&routes)
}

func (a *account) handler(f *front, act types.Action) http.Handler {
	switch act.Type {
	case types.ActionTypeEnumFixedResponse:
		return fixed(act.FixedResponseConfig)
	case types.ActionTypeEnumRedirect:
		return redirect{act.RedirectConfig, f}
	}
	s := &split{jar: f.edge.jar}
	if c := act.ForwardConfig.TargetGroupStickinessConfig; c != nil && val(c.Enabled) {
		s.keep = time.Duration(val(c.DurationSeconds)) * time.Second
	}
	for i, t := range act.ForwardConfig.TargetGroups {
		g, err := a.group(*t.TargetGroupArn)
		if err != nil {
			continue // can't be: a group that is forwarded to can't be deleted
		}
		s.keep = g.pool.clock.Scale(s.keep)
		s.add(share{handler: newProxy(f, g.pool, i), group: g.arn(), weight: int(*t.Weight)})
	}
	return s
}

// attach tells every target group which load balancer it stands behind: a
// group is in use when any action forwards to it, be it with weight 0.
//
// Assumption A54: AWS checks the health of targets whose group "is specified
// in a listener rule"; that weight 0 counts is not said in so many words.
func (a *account) attach() {
	users := map[string]*balancer{}
	for _, l := range a.listeners {
		b, err := a.balancer(*l.LoadBalancerArn)
		if err != nil {
			continue // its load balancer is being deleted
		}
		for _, r := range l.rules {
			if c := r.Actions[0].ForwardConfig; c != nil {
				for _, t := range c.TargetGroups {
					users[*t.TargetGroupArn] = b
				}
			}
		}
	}
	for _, g := range a.groups {
		b := users[g.arn()]
		if b == nil {
			g.LoadBalancerArns = []string{}
			g.pool.use(nil)
			continue
		}
		g.LoadBalancerArns = []string{b.arn()}
		g.pool.use(b.edge)
	}
}

// split shares requests among target groups by weight, as evenly in time as
// the weights allow: each request adds its weight to every share's credit and
// goes to the one with the most, which pays the sum of all weights.
type split struct {
	jar    *jar
	keep   time.Duration // how long a client is kept at a target group; 0: it isn't
	mu     sync.Mutex
	shares []share
	total  int
}

type share struct {
	handler        http.Handler
	group          string // ARN
	weight, credit int
}

func (s *split) add(sh share) {
	s.shares = append(s.shares, sh)
	s.total += sh.weight
}

// next returns whose turn it is; nil when all weights are 0.
func (s *split) next() *share {
	if s.total == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	best := -1
	for i := range s.shares {
		if s.shares[i].weight == 0 {
			continue
		}
		s.shares[i].credit += s.shares[i].weight
		if best < 0 || s.shares[i].credit > s.shares[best].credit {
			best = i
		}
	}
	s.shares[best].credit -= s.total
	return &s.shares[best]
}

// stuck is the name of the cookie that keeps a client at a target group.
const stuck = "AWSALBTG"

// kept returns the target group at which a client is kept, nil if at none. That comes
// before the weights, be they 0.
// https://repost.aws/questions/QUugYm4uzWSI2af5mnmMjlZQ/alb-to-automatically-redirect-traffic
func (s *split) kept(r *http.Request) *share {
	if s.keep == 0 {
		return nil
	}
	group, _ := s.jar.open(r, stuck, time.Now(), s.keep)
	if i := slices.IndexFunc(s.shares, func(sh share) bool { return sh.group == group }); i >= 0 {
		return &s.shares[i]
	}
	return nil
}

// ServeHTTP forwards to the target group at which the client is kept, else to the one
// whose turn it is.
func (s *split) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sh := s.kept(r)
	if sh == nil {
		sh = s.next()
	}
	if sh == nil {
		answer(w, http.StatusServiceUnavailable)
		return
	}
	if s.keep > 0 {
		s.jar.give(w.Header(), stuck, sh.group, r.TLS != nil)
	}
	sh.handler.ServeHTTP(w, r)
}
