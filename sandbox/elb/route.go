package elb

import (
	"net/http"
	"sync"

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
	s := &split{}
	for _, t := range act.ForwardConfig.TargetGroups {
		g, err := a.group(*t.TargetGroupArn)
		if err != nil {
			continue // can't be: a group that is forwarded to can't be deleted
		}
		s.add(newProxy(f, g.pool), int(*t.Weight))
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
	mu     sync.Mutex
	shares []share
	total  int
}

type share struct {
	handler        http.Handler
	weight, credit int
}

func (s *split) add(h http.Handler, weight int) {
	s.shares = append(s.shares, share{handler: h, weight: weight})
	s.total += weight
}

// next returns whose turn it is; nil when all weights are 0.
func (s *split) next() http.Handler {
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
	return s.shares[best].handler
}

// ServeHTTP forwards to the target group whose turn it is.
func (s *split) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := s.next()
	if h == nil {
		answer(w, http.StatusServiceUnavailable)
		return
	}
	h.ServeHTTP(w, r)
}
