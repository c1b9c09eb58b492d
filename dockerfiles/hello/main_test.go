package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func green(t *testing.T) *app {
	t.Helper()
	a, err := newApp(env(map[string]string{"VARIANT": "Green", "VERSION": "1.2.3", "REVISION": "abc"}), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestHandler(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		draining     bool
		status       int
		body         string
	}{
		{"GET", "/", false, 200, "Hello World! (Green)\n"},
		{"HEAD", "/", false, 200, ""},
		{"GET", "/", true, 200, "Hello World! (Green)\n"},
		{"POST", "/", false, 405, "Method Not Allowed\n"},
		{"GET", "/other", false, 404, "404 page not found\n"},
		{"GET", "/healthz", false, 200, "ok\n"},
		{"GET", "/healthz", true, 503, "draining\n"},
	}
	for _, tt := range tests {
		a := green(t)
		a.draining.Store(tt.draining)
		server := httptest.NewServer(a.handler)
		defer server.Close()
		got := ask(t, tt.method, server.URL+tt.path)
		if got.status != tt.status || got.body != tt.body {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.path, got.status, got.body, tt.status, tt.body)
		}
		if v, r := got.header.Get("X-App-Version"), got.header.Get("X-Image-Revision"); v != "1.2.3" || r != "abc" {
			t.Errorf("%s %s: version %q, revision %q", tt.method, tt.path, v, r)
		}
	}
}

type answer struct {
	status int
	body   string
	header http.Header
}

func ask(t *testing.T, method, url string) answer {
	t.Helper()
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, string(body), response.Header}
}

func TestVariantIsRequired(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), env(nil), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "VARIANT") {
		t.Errorf("error %v, want one that names VARIANT", err)
	}
}

// slow is an app whose answer to / waits until the test lets it go.
type slow struct {
	url     string
	stop    context.CancelFunc
	entered chan struct{} // a request is being answered
	leave   chan struct{} // closed: answer it
	ended   chan error    // what serve returned
}

func startSlow(t *testing.T, drain time.Duration) *slow {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := &slow{
		url: "http://" + listener.Addr().String() + "/", stop: stop,
		entered: make(chan struct{}, 1), leave: make(chan struct{}), ended: make(chan error, 1),
	}
	a := green(t)
	a.drainTime = drain
	inner := a.handler
	a.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.entered <- struct{}{}
		<-s.leave
		inner.ServeHTTP(w, r)
	})
	go func() { s.ended <- a.serve(ctx, listener) }()
	return s
}

func TestDrainFinishesOpenRequests(t *testing.T) {
	t.Parallel()
	s := startSlow(t, time.Minute)
	answer := make(chan string, 1)
	go func() {
		response, err := http.Get(s.url)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		answer <- fmt.Sprintf("%q, error: %v, connection closed: %t", body, err, response.Close)
	}()
	<-s.entered
	s.stop()
	for { // until the listener is closed
		conn, err := net.Dial("tcp", strings.Trim(s.url, "htp:/"))
		if err != nil {
			break
		}
		conn.Close()
	}
	close(s.leave)
	if got := <-answer; got != `"Hello World! (Green)\n", error: <nil>, connection closed: true` {
		t.Errorf("the open request got %s", got)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("draining: %v", err)
	}
}

func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	s := startSlow(t, time.Millisecond)
	defer close(s.leave)
	go func() {
		if response, err := http.Get(s.url); err == nil { // it is cut
			_ = response.Body.Close()
		}
	}()
	<-s.entered
	s.stop()
	if err := <-s.ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the end of the drain time", err)
	}
}
