package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

// script is a transport that plays answers one after the other; the last one
// goes on.
type script struct {
	steps []step
	n     int
}

type step struct {
	status   int // 0: err
	body     string
	revision string
	err      error
	takes    time.Duration
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	st := s.steps[min(s.n, len(s.steps)-1)]
	s.n++
	select {
	case <-time.After(st.takes):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if st.err != nil {
		return nil, st.err
	}
	header := http.Header{}
	if st.revision != "" {
		header.Set("X-Image-Revision", st.revision)
		header.Set("X-App-Version", "v-"+st.revision)
	}
	return &http.Response{StatusCode: st.status, Header: header, Body: io.NopCloser(strings.NewReader(st.body)), Request: r}, nil
}

func repeat(n int, s step) []step {
	var out []step
	for range n {
		out = append(out, s)
	}
	return out
}

func steps(groups ...[]step) []step {
	var out []step
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

var (
	right   = step{status: 200, body: "Hello World! (Green)", revision: "new"}
	old     = step{status: 200, body: "Hello World! (Blue)", revision: "old"}
	broken  = step{status: 500, body: "oops", revision: "new"}
	crash   = step{status: 500, body: "panic"}
	gateway = step{status: 503, body: "<html>503</html>"}
	refused = step{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	slow    = step{takes: time.Minute}
	noHost  = step{err: &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}}
)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	one := func(s step) []step { return []step{s} }
	tests := []struct {
		name    string
		steps   []step
		change  func(*verify.Check)
		verdict report.Verdict
		reason  string
		asked   int // attempts; 0: not checked
	}{
		{"right at once", one(right), nil, report.Successful, "3 right answers in a row by version v-new, revision new", 3},
		{"not reachable yet", steps(repeat(5, refused), repeat(5, gateway), one(right)), nil, report.Successful, "", 13},
		{"the old one still answers", steps(repeat(9, old), one(right)), nil, report.Successful, "", 12},
		{"a shift", steps(one(right), one(old), one(right), one(right), one(gateway), one(right)), nil, report.Successful, "", 8},
		{"the new one is wrong", one(broken), nil, report.Failed, "3 wrong answers in a row: status is 500, not 200, body lacks", 3},
		{"wrong after right", steps(repeat(2, right), one(broken)), nil, report.Failed, "", 5},
		{"wrong, by nobody knows whom", one(crash), nil, report.Failed, "header X-Image-Revision is missing", 60},
		{"never the new one", one(old), nil, report.Failed, "60 wrong answers in a row: revision old answers, not new", 60},
		{"nobody listens", one(refused), nil, report.Error, "no answer in the last 60 attempts: connection refused", 60},
		{"no such name", one(noHost), nil, report.Error, "no such host", 60},
		{"load balancer without target", one(gateway), nil, report.Error, "status 503", 60},
		{"no answer in time", one(slow), nil, report.Error, "timeout", 10},
		{"right, then gone", steps(repeat(2, right), one(refused)), nil, report.Error, "no answer in the last 58 attempts", 60},
		{"mixed", func() (s []step) {
			for range 20 {
				s = append(s, right, right, old)
			}
			return s
		}(), nil, report.Inconclusive, "mixed answers (40 passed, 20 stale), lately: revision old answers, not new", 60},
		{"flapping", func() (s []step) {
			for range 30 {
				s = append(s, old, refused)
			}
			return s
		}(), nil, report.Inconclusive, "mixed answers", 60},
		{"few attempts", one(right), func(c *verify.Check) { c.Consecutive, c.Attempts = 2, 2 }, report.Successful, "", 2},
		{"attempts used up", steps(repeat(3, old), one(right)), func(c *verify.Check) { c.Attempts = 5 }, report.Inconclusive, "", 5},
		{"wanted status", one(gateway), func(c *verify.Check) { *c = verify.Check{URL: c.URL, Status: 503, Transport: c.Transport} }, report.Successful, "", 3},
		{"503 of the app itself", one(step{status: 503, revision: "new"}), nil, report.Failed, "status is 503", 3},
		{"no revision wanted, wrong at first", steps(repeat(9, old), one(right)), func(c *verify.Check) { c.Revision = "" }, report.Successful, "", 12},
		{"pattern", one(right), func(c *verify.Check) { c.Pattern = `^Hello \w+! \((Blue|Green)\)$` }, report.Successful, "", 0},
		{"pattern that doesn't match", one(right), func(c *verify.Check) { c.Pattern = `^Bye` }, report.Failed, `body doesn't match "^Bye"`, 0},
		{"header", one(right), func(c *verify.Check) { c.Headers = map[string]string{"x-app-version": "v-new"} }, report.Successful, "", 0},
		{"another header", one(right), func(c *verify.Check) { c.Headers = map[string]string{"X-App-Version": "v2"} }, report.Failed, `header X-App-Version is "v-new", not "v2"`, 0},
		{"redirect", one(step{status: 302, revision: "new"}), nil, report.Failed, "status is 302, not 200", 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := verify.Check{
					URL: "http://app.test/", Body: "(Green)", Revision: "new",
					Deadline: time.Minute, Transport: &script{steps: test.steps},
				}
				if test.change != nil {
					test.change(&c)
				}
				r, err := verify.Run(context.Background(), c)
				if err != nil {
					t.Fatal(err)
				}
				if r.Verdict != test.verdict || !strings.Contains(r.Reason, test.reason) {
					t.Errorf("got %s: %s\nwant %s: …%s…", r.Verdict, r.Reason, test.verdict, test.reason)
				}
				if test.asked != 0 && r.Attempts != test.asked {
					t.Errorf("asked %d times, want %d", r.Attempts, test.asked)
				}
				if r.Took > time.Minute+5*time.Second || len(r.Last) > 10 {
					t.Errorf("took %v, kept %d attempts", r.Took, len(r.Last))
				}
			})
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		seen := 0
		c := verify.Check{URL: "http://app.test/", Transport: &script{steps: []step{refused}}, Observe: func(verify.Attempt) { seen++ }}
		r, err := verify.Run(ctx, c)
		if !errors.Is(err, context.DeadlineExceeded) || r.Took != 10*time.Second || seen != r.Attempts || seen == 0 {
			t.Errorf("got %v after %v, %d attempts seen of %d", err, r.Took, seen, r.Attempts)
		}
	})
}

func TestCheckThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]verify.Check{
		`URL "app" must be absolute`: {URL: "app"},
		`URL "ftp://x/" must be`:     {URL: "ftp://x/"},
		"URL can't be read":          {URL: "http://user:pass word@x/\x7f"},
		"pattern: error parsing":     {URL: "http://x/", Pattern: "("},
		"status 7 is no HTTP status": {URL: "http://x/", Status: 7},
		"must not be negative":       {URL: "http://x/", Interval: -1},
		"2 attempts can't give 3":    {URL: "http://x/", Attempts: 2},
	} {
		_, err := verify.Run(context.Background(), c)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "pass") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	_, err := verify.Run(context.Background(), verify.Check{URL: "x", Pattern: "(", Status: 7})
	if err == nil || strings.Count(err.Error(), ";") != 2 {
		t.Errorf("got %v, want all three faults", err)
	}
}

func TestFreshConnections(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("X-Token")) }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	r, err := verify.Run(context.Background(), verify.Check{
		URL: server.URL, Body: "canary", Interval: time.Millisecond, Consecutive: 5, Request: http.Header{"X-Token": {"canary"}},
	})
	if err != nil || r.Verdict != report.Successful {
		t.Fatalf("got %+v, %v", r, err)
	}
	if n := connections.Load(); n != 5 {
		t.Errorf("%d connections for 5 attempts", n)
	}
}

func TestHugeAndBrokenBodies(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "half")
			return
		}
		chunk := strings.Repeat("x", 1<<16)
		for range 1 << 10 { // 64 MiB, of which a client reads one
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	check := verify.Check{URL: server.URL + "/huge", Body: "xxx", Consecutive: 1}
	r, err := verify.Run(context.Background(), check)
	if err != nil || r.Verdict != report.Successful || len([]rune(r.Last[0].Body)) > 200 {
		t.Errorf("huge: got %s (%s), %v", r.Verdict, r.Reason, err)
	}
	check.URL, check.Attempts = server.URL+"/broken", 1
	r, err = verify.Run(context.Background(), check)
	if err != nil || r.Verdict != report.Error || !strings.Contains(r.Reason, "connection closed") {
		t.Errorf("broken: got %s (%s), %v", r.Verdict, r.Reason, err)
	}
}

func TestReportsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "session=canary")
		fmt.Fprint(w, "line one\x1b[31m\nline two")
	}))
	defer server.Close()
	url := strings.Replace(server.URL, "http://", "http://user:canary@", 1)
	check := verify.Check{URL: url, Request: http.Header{"Authorization": {"Bearer canary"}}, Consecutive: 1}
	r, err := verify.Run(context.Background(), check)
	if err != nil {
		t.Fatal(err)
	}
	probe, err := verify.Start(context.Background(), verify.Probe{URL: url, Rate: 100, Request: check.Request})
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return probe.Snapshot().Answered > 0 })
	text, err := json.Marshal([]any{r, probe.Stop()})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "canary") || strings.Contains(string(text), "\\u001b") {
		t.Errorf("a report holds a secret or a control character: %s", text)
	}
	if r.Last[0].Body != "line one [31m line two" {
		t.Errorf("got body %q", r.Last[0].Body)
	}
}

// until waits for a condition.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("waited 20 s in vain")
		}
		time.Sleep(time.Millisecond)
	}
}
