package verify_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"orgship/pipeline/verify"
)

// A kind is a way to answer.
type kindOfBody struct {
	name    string
	write   func(w io.Writer, r *http.Request)
	header  http.Header
	timeout time.Duration // of one request; 0: longer than any answer takes
	outcome verify.Outcome
	reason  string
}

var chunk = bytes.Repeat([]byte("0123456789abcdef"), 4096)

// endless writes until nobody reads any more.
func endless(w io.Writer) {
	for err := error(nil); err == nil; {
		_, err = w.Write(chunk)
	}
}

func flush(w io.Writer) { _ = http.NewResponseController(w.(http.ResponseWriter)).Flush() }

const brief = 100 * time.Millisecond

func kinds(bomb []byte) []kindOfBody {
	begin := func(w io.Writer) { _, _ = io.WriteString(w, "right") }
	return []kindOfBody{
		{"empty", func(io.Writer, *http.Request) {}, nil, 0, verify.Wrong, `body lacks "right"`},
		{"endless, and begins rightly", func(w io.Writer, _ *http.Request) { begin(w); endless(w) }, nil, 0, verify.Passed, ""},
		{"endless, and wrong", func(w io.Writer, _ *http.Request) { endless(w) }, nil, 0, verify.Wrong, `body lacks "right"`},
		{"1 GiB, and right at the end alone", func(w io.Writer, _ *http.Request) {
			for range 1 << 30 / len(chunk) {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
			begin(w)
		}, nil, 0, verify.Wrong, `body lacks "right"`},
		{"of 1 GiB by its length", func(w io.Writer, _ *http.Request) { begin(w); endless(w) }, http.Header{"Content-Length": {"1073741824"}}, 0, verify.Passed, ""},
		{"gzip", func(w io.Writer, _ *http.Request) {
			z := gzip.NewWriter(w)
			begin(z)
			_ = z.Close()
		}, http.Header{"Content-Encoding": {"gzip"}}, 0, verify.Passed, ""},
		{"gzip that grows to 1 GiB", func(w io.Writer, _ *http.Request) { _, _ = w.Write(bomb) }, http.Header{"Content-Encoding": {"gzip"}}, 0, verify.Passed, ""},
		{"gzip that isn't", func(w io.Writer, _ *http.Request) { begin(w) }, http.Header{"Content-Encoding": {"gzip"}}, 0, verify.Unreachable, "connection closed"},
		{"binary", func(w io.Writer, _ *http.Request) { _, _ = w.Write([]byte{0, 0xff, 0xfe, 27, '[', 'r'}); begin(w) }, nil, 0, verify.Passed, ""},
		{"shorter than it said", func(w io.Writer, _ *http.Request) { begin(w); flush(w); panic(http.ErrAbortHandler) }, http.Header{"Content-Length": {"1000"}}, 0, verify.Unreachable, "connection closed"},
		{"stalls", func(w io.Writer, r *http.Request) { begin(w); flush(w); <-r.Context().Done() }, nil, brief, verify.Unreachable, "timeout"},
		{"a byte at a time, for ever", func(w io.Writer, r *http.Request) {
			begin(w)
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, ".")
				flush(w)
			}
		}, nil, brief, verify.Unreachable, "timeout"},
		{"no answer at all", func(_ io.Writer, r *http.Request) { <-r.Context().Done() }, nil, brief, verify.Unreachable, "timeout"},
		{"headers without end", func(io.Writer, *http.Request) {}, http.Header{"X-Long": {strings.Repeat("x", 2<<20)}}, 0, verify.Unreachable, "headers of more than 1 MiB"},
	}
}

// bomb is 1 GiB that begins rightly, compressed.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(z, "right")
	zeros := make([]byte, 1<<20)
	for range 1 << 10 {
		_, _ = z.Write(zeros)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// counted counts what is written.
type counted struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n.Add(int64(n))
	return n, err
}

func (c counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Whatever a body is like, it is read no further than it is judged by, and no
// longer than an answer may take.
func TestBodies(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds(bomb(t)) {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for name, values := range kind.header {
					w.Header()[name] = values
				}
				kind.write(counted{w, &sent}, r)
			}))
			t.Cleanup(func() {
				app.Close() // when all handlers are done
				if n := sent.Load(); n > 64<<20 {
					t.Errorf("%d bytes were taken", n)
				}
			})
			timeout := kind.timeout
			if timeout == 0 {
				timeout = time.Minute
			}
			got, err := verify.Run(context.Background(), verify.Check{URL: app.URL, Body: "right", Attempts: 1, Consecutive: 1, Timeout: timeout})
			if err != nil {
				t.Fatal(err)
			}
			if last := got.Last[0]; last.Outcome != kind.outcome || last.Reason != kind.reason {
				t.Errorf("the check got %s, %q, want %s, %q", last.Outcome, last.Reason, kind.outcome, kind.reason)
			}
			if len(got.Last[0].Body) > 1000 {
				t.Errorf("%d bytes of the body are kept", len(got.Last[0].Body))
			}
			p, err := verify.Start(context.Background(), verify.Probe{URL: app.URL, Rate: 1, Timeout: timeout})
			if err != nil {
				t.Fatal(err)
			}
			for p.Snapshot().Sent == 0 {
				time.Sleep(time.Millisecond)
			}
			s := p.Stop()
			if lost := kind.outcome == verify.Unreachable; (s.Lost > 0) != lost || lost && s.Errors[kind.reason] != s.Lost {
				t.Errorf("the probe lost %d of %d: %v", s.Lost, s.Sent, s.Errors)
			}
		})
	}
}

// A header is shown no longer than anything it can mean.
func TestLongHeaders(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("r", 10_000)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Image-Revision", long)
		w.Header().Set("X-App-Version", long)
	}))
	t.Cleanup(app.Close)
	for _, test := range []struct {
		revision string
		outcome  verify.Outcome
	}{{long, verify.Passed}, {long[1:], verify.Stale}} {
		got, err := verify.Run(context.Background(), verify.Check{URL: app.URL, Revision: test.revision, Attempts: 1, Consecutive: 1})
		if err != nil || got.Last[0].Outcome != test.outcome {
			t.Errorf("got %s, %v, want %s", got.Last[0].Outcome, err, test.outcome)
		}
		if a := got.Last[0]; len(a.Revision) > 300 || len(a.Version) > 300 {
			t.Errorf("%d bytes of a revision, %d of a version", len(a.Revision), len(a.Version))
		}
	}
}
