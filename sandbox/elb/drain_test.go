package elb_test

import (
	"io"
	"net/http"
	"sync"
	"testing"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

// slow answers once it is let go, and says when it was asked.
type slow struct{ asked, letGo chan struct{} }

func newSlow() slow { return slow{make(chan struct{}, 1), make(chan struct{})} }

func (s slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/slow" {
		s.asked <- struct{}{}
		<-s.letGo
	}
	_, _ = io.WriteString(w, "answered") // a client that is gone
}

// TestOpenRequestsKeepATargetDraining takes a target away under a request: by
// going back to another group first, and by draining on a clock so fast that
// the deregistration delay is over before any request.
func TestOpenRequestsKeepATargetDraining(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		unused bool // the group goes out of use before
	}{{"the group is in use", false}, {"nothing forwards to the group any more", true}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 100_000)
			s := newSlow()
			letGo := sync.OnceFunc(func() { close(s.letGo) })
			b, group, listener := w.web(s)
			t.Cleanup(letGo) // before the server is closed, which waits for requests
			done := make(chan reply, 1)
			go func() { done <- w.ask(base(b, 80) + "/slow") }()
			<-s.asked
			if test.unused {
				other := w.group("other")
				must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &listener, DefaultActions: forward(other)}))
			}
			w.serve(group, "10.0.0.2", named("idle"))
			w.deregister(group, "10.0.0.1")
			w.deregister(group, "10.0.0.2")
			// The other is gone, so the first has been kept beyond the delay.
			w.awaitStates(group, "10.0.0.1 draining Target.DeregistrationInProgress")
			letGo()
			if got := <-done; got.status != http.StatusOK || got.body != "answered" {
				t.Errorf("the open request got %d %q", got.status, got.body)
			}
			w.awaitStates(group)
		})
	}
}

// TestIdleTargetsLeaveAtOnce has nobody wait for a target without requests.
func TestIdleTargetsLeaveAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	group := w.group("never-used")
	w.serve(group, "10.0.0.1", named("x"))
	w.deregister(group, "10.0.0.1")
	if got := w.states(group); len(got) != 0 {
		t.Errorf("a group that nothing ever used still has %q", got)
	}
	_, used, listener := w.web(named("y"))
	other := w.group("other")
	must[*elbv2.ModifyListenerOutput](t)(w.ModifyListener(w.ctx, &elbv2.ModifyListenerInput{ListenerArn: &listener, DefaultActions: forward(other)}))
	w.deregister(used, "10.0.0.1")
	w.awaitStates(used) // long before the deregistration delay of five minutes
}
