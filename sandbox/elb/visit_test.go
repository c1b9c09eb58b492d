package elb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"orgship/sandbox/elb"
)

// visitor is a server whose requests are visits to the address in their Host.
func (w *world) visitor() string {
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := w.Visit(r.Host, rw, r); err != nil {
			http.Error(rw, err.Error(), http.StatusTeapot)
		}
	}))
	w.t.Cleanup(s.Close)
	return s.URL
}

func at(address string) func(*http.Request) {
	return func(r *http.Request) { r.Host = address }
}

// ip is a load balancer's address without the port that its name may have.
func ip(b types.LoadBalancer) string { return (&url.URL{Host: *b.DNSName}).Hostname() }

func TestVisitIsAnsweredAsAConnectionIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	b, _, _ := w.web(echo)
	visitor := w.visitor()
	trace := regexp.MustCompile(`X-Amzn-Trace-Id: .*`)
	for _, edit := range []func(*http.Request){
		func(*http.Request) {},
		func(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.7") },
		func(r *http.Request) { r.Method, r.Body = "POST", io.NopCloser(strings.NewReader("the body")) },
	} {
		const path = "/a%2Fb?x=1&y=%zz;"
		direct := w.ask(base(b, 80)+path, edit, at(*b.DNSName))
		visit := w.ask(visitor+path, edit, at(*b.DNSName))
		if !strings.Contains(visit.body, "X-Forwarded-For: ") || visit.status != 200 {
			t.Errorf("got %+v", visit)
		}
		if got, want := trace.ReplaceAllString(visit.body, ""), trace.ReplaceAllString(direct.body, ""); got != want {
			t.Errorf("the target got\n%s\nof a visit, and\n%s\nof a connection", got, want)
		}
	}
}

func TestVisitFindsTheListener(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	text := func(body string) []types.Action {
		return []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: new("200"), MessageBody: &body}}}
	}
	one, two := w.balancer("one"), w.balancer("two")
	w.listener(one, 80, text("one"))
	w.listener(one, 8081, text("one, 8081"))
	w.listener(one, 8082, text("closed"))
	w.listener(two, 8081, text("two, 8081"))
	w.net.set(w.net.closed, "8082", true)
	visitor := w.visitor()
	tests := []struct {
		address string
		status  int
		body    string
	}{
		{*one.DNSName, 200, "one"},
		{ip(one), 200, "one"},
		{ip(one) + ":80", 200, "one"},
		{ip(one) + ":8081", 200, "one, 8081"},
		{ip(two) + ":8081", 200, "two, 8081"},
		{ip(one) + ":8082", 418, "the security groups of the load balancer at \"" + ip(one) + ":8082\" let nobody in on port 8082\n"},
		{ip(two), 418, "the load balancer at \"" + ip(two) + "\" has no listener on port 80\n"},
		{"127.0.0.1:8081", 418, "\"127.0.0.1:8081\" is not the address of a load balancer\n"},
		{"example.com", 418, "\"example.com\" is not the address of a load balancer\n"},
		{ip(one) + ":http", 418, "is not the address of a load balancer"},
	}
	for _, test := range tests {
		got := httptest.NewRecorder()
		err := w.Visit(test.address, got, httptest.NewRequest(http.MethodGet, "/", nil))
		if err != nil {
			http.Error(got, err.Error(), http.StatusTeapot)
		}
		if foreign := strings.Contains(test.body, "is not the address"); errors.Is(err, elb.ErrForeign) != foreign {
			t.Errorf("%s: error %v", test.address, err)
		}
		if got.Code != test.status || !strings.Contains(got.Body.String(), test.body) {
			t.Errorf("%s: got %d %q", test.address, got.Code, got.Body)
		}
	}
	if got := w.ask(visitor, at(*one.DNSName)); got.header.Get("Server") != "awselb/2.0" {
		t.Errorf("got %+v", got)
	}
}

// A listener's end treats visits as it does connections: they may finish, but
// not beyond the end's own time.
func TestVisitsWhenTheListenerEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(w *world, listener string)
		want string
	}{
		{"deleted", func(w *world, listener string) {
			must[*elbv2.DeleteListenerOutput](w.t)(w.DeleteListener(w.ctx, &elbv2.DeleteListenerInput{ListenerArn: &listener}))
		}, "the end"},
		{"closed", func(w *world, _ string) {
			ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
			defer cancel()
			if err := w.Close(ctx); err != nil {
				w.t.Errorf("closing: %v", err)
			}
		}, "the end"},
		{"broken off", func(w *world, _ string) {
			ctx, cancel := context.WithCancel(w.ctx)
			cancel()
			_ = w.Close(ctx)
		}, "EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1000)
			came, goOn := make(chan struct{}), make(chan struct{})
			b, _, listener := w.web(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					close(came)
					select {
					case <-goOn:
					case <-r.Context().Done():
					}
				}
				fmt.Fprint(rw, "the end")
			}))
			answers := make(chan string, 1)
			visitor := w.visitor()
			go func() { answers <- tell(visitor+"/slow", *b.DNSName) }()
			<-came
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				test.end(w, listener)
			}()
			await(t, func() (string, bool) {
				got := tell(visitor, *b.DNSName)
				return "a visit still came to " + got, got != "the end"
			})
			if test.want == "the end" {
				close(goOn)
			}
			if got := <-answers; !strings.HasSuffix(got, test.want) {
				t.Errorf("the visit came to %q", got)
			}
			<-ended
		})
	}
}

// tell returns the body of a visit, or its error.
func tell(visitor, address string) string {
	r, err := http.NewRequest(http.MethodGet, visitor, nil)
	if err != nil {
		return err.Error()
	}
	r.Host = address
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}
