package verify_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"orgship/pipeline/report"
	"orgship/pipeline/verify"
)

func TestThrough(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.RequestURI {
		case "http://127.9.8.7:81/hello?a=b", "http://app.test/":
			_, _ = io.WriteString(w, "right")
		case "http://localhost/wrong":
			w.WriteHeader(http.StatusForbidden)
		default:
			http.Error(w, "nobody there", http.StatusBadGateway)
		}
	}))
	proxy.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	proxy.Start()
	t.Cleanup(proxy.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	asked := int64(0)
	for _, test := range []struct {
		name, proxy, url string
		verdict          report.Verdict
		reason           string
	}{
		{"loopback", proxy.URL, "http://127.9.8.7:81/hello?a=b", report.Successful, "2 right answers in a row"},
		{"a name that only the proxy knows", proxy.URL, "http://app.test/", report.Successful, "2 right answers in a row"},
		{"wrong", proxy.URL, "http://localhost/wrong", report.Failed, "2 wrong answers in a row: status is 403, not 200, body lacks \"right\""},
		{"nobody behind the proxy", proxy.URL, "http://127.9.8.7:82/", report.Error, "no answer in the last 2 attempts: status 502"},
		{"no tunnel", proxy.URL, "https://127.9.8.7/", report.Error, "no answer in the last 2 attempts: Bad Gateway"},
		{"no proxy", gone.URL, "http://127.9.8.7:81/hello", report.Error, "no answer in the last 2 attempts: connection refused"},
	} {
		u, err := url.Parse(test.proxy)
		if err != nil {
			t.Fatal(err)
		}
		got, err := verify.Run(context.Background(), verify.Check{
			URL: test.url, Body: "right", Attempts: 2, Consecutive: 2, Interval: time.Millisecond, Transport: verify.Through(u),
		})
		if err != nil || got.Verdict != test.verdict || got.Reason != test.reason {
			t.Errorf("%s: got %s, %q, error %v", test.name, got.Verdict, got.Reason, err)
		}
		if test.proxy == proxy.URL {
			asked += 2
		}
	}
	if got := connections.Load(); got != asked {
		t.Errorf("%d connections for %d requests", got, asked)
	}
}
