package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// bodyLimit is how much of an answer's body is read, after any compression is
// taken off: one that goes on is judged by what was read, however long it is.
const bodyLimit = 1 << 20

// newClient returns a client that follows no redirects; without a transport it
// gets a newTransport. Host is the name that certificates have to be for, "" being
// the URL's, or any with anyName.
func newClient(transport http.RoundTripper, fresh bool, host string, anyName bool) *http.Client {
	if transport == nil {
		transport = newTransport(fresh)
	}
	return &http.Client{
		Transport:     named(transport, host, anyName),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what came back for one request: err, or the rest.
type answer struct {
	err    error
	status int
	header http.Header
	body   []byte // as much of it as was to be kept
}

// question is one GET.
type question struct {
	url     string
	host    string      // for the Host header; "": the URL's
	header  http.Header // to send
	timeout time.Duration
	keep    int // bytes of the body, at most bodyLimit
}

// ask sends a question and reads the answer, within its timeout.
func ask(ctx context.Context, client *http.Client, q question) answer {
	ctx, cancel := context.WithTimeout(ctx, q.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, q.url, nil)
	if err != nil {
		return answer{err: err}
	}
	for name, values := range q.header {
		r.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "orgship")
	}
	if host := cmp.Or(q.host, r.Header.Get("Host")); host != "" {
		r.Host = host
	}
	res, err := client.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	body, err := read(io.LimitReader(res.Body, bodyLimit), q.keep)
	if err != nil {
		return answer{err: fmt.Errorf("the answer broke off: %w", err)}
	}
	return answer{status: res.StatusCode, header: res.Header, body: body}
}

// read reads all of a body, and keeps its beginning.
func read(body io.Reader, keep int) ([]byte, error) {
	kept, err := io.ReadAll(io.LimitReader(body, int64(keep)))
	if err == nil {
		_, err = io.Copy(io.Discard, body)
	}
	return kept, err
}

// kind names an error of the network in few words, the same for the same
// trouble: reports count by it.
func kind(err error) string {
	var dns *net.DNSError
	var netError net.Error
	if text := certificate(err); text != "" {
		return text
	}
	switch {
	case errors.As(err, &dns):
		return "no such host"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &netError) && netError.Timeout():
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route"
	case strings.Contains(err.Error(), "response headers exceeded"): // net/http has no error of its own for it
		return "headers of more than 1 MiB"
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err // without the URL
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// gateway tells whether a status is one that a load balancer answers with when
// it finds nobody to ask.
func gateway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// printable returns the beginning of a text on one line: at most n runes.
func printable(text []byte, n int) string {
	runes := []rune(strings.ToValidUTF8(string(text[:min(len(text), 4*n)]), "\uFFFD"))
	for i, r := range runes {
		if !unicode.IsPrint(r) {
			runes[i] = ' '
		}
	}
	out := strings.Join(strings.Fields(string(runes)), " ")
	if cut := []rune(out); len(cut) > n {
		return string(cut[:n-1]) + "…"
	}
	return out
}

// oneLine puts faults into one error, nil when there are none.
func oneLine(faults []error) error {
	var texts []string
	for _, f := range faults {
		if f != nil {
			texts = append(texts, f.Error())
		}
	}
	if texts == nil {
		return nil
	}
	return errors.New(strings.Join(texts, "; "))
}
