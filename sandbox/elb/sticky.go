package elb

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// stickiness is how a target group keeps a client at a target.
type stickiness struct {
	kind string // lb_cookie, app_cookie; "": it doesn't
	name string // of the application's cookie
	life time.Duration
}

// sticky forwards requests to a pool; those of a client that was there before go to the
// same target, as long as it is healthy.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/sticky-sessions.html
//
// Assumption A195: how long a client is kept is divided by the clock's speed, and begins
// anew with each answer; how long a browser keeps the cookies isn't.
type sticky struct {
	pool  *pool
	jar   *jar
	index int // of the target group in its action
}

// RoundTrip implements http.RoundTripper.
func (s *sticky) RoundTrip(r *http.Request) (*http.Response, error) {
	how := s.pool.stickiness()
	if how.kind == "" {
		res, _, err := s.pool.send(r, nil)
		return res, err
	}
	wanted := s.wanted(r, how)
	res, m, err := s.pool.send(r, wanted)
	if err != nil {
		return nil, err
	}
	switch {
	case how.kind == "lb_cookie":
		s.jar.give(res.Header, "AWSALB", m.String(), r.Header.Get("X-Forwarded-Proto") == "https")
	case wanted != nil || sets(res, how.name):
		c := &http.Cookie{Name: s.appCookie(), Value: s.jar.seal(s.appCookie(), m.String(), time.Now()), Path: "/", Expires: time.Now().Add(cookieLife)}
		res.Header.Add("Set-Cookie", c.String())
	}
	return res, nil
}

func (s *sticky) appCookie() string { return "AWSALBAPP-" + strconv.Itoa(s.index) }

// sets reports whether an answer sets a cookie.
func sets(res *http.Response, name string) bool {
	return slices.ContainsFunc(res.Cookies(), func(c *http.Cookie) bool { return c.Name == name })
}

// wanted is the target that a client was at before, nil if there is none. With the
// application's cookie both that and the load balancer's have to be there.
func (s *sticky) wanted(r *http.Request, how stickiness) *endpoint {
	name := "AWSALB"
	if how.kind == "app_cookie" {
		if name = s.appCookie(); len(r.CookiesNamed(how.name)) == 0 {
			return nil
		}
	}
	to, ok := s.jar.open(r, name, time.Now(), s.pool.clock.Scale(how.life))
	if !ok {
		return nil
	}
	return s.pool.named(to)
}
