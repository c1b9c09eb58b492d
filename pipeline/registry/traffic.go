package registry

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// traffic carries requests to the registry and counts the blobs among them.
type traffic struct {
	login *login

	bytes   atomic.Int64 // of blobs that were sent, again when a part had to be sent again
	sent    atomic.Int64 // blobs that the registry took
	skipped atomic.Int64 // blobs that were there
}

func (t *traffic) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := r
	r, err := t.login.direct(r)
	if err != nil {
		return nil, err
	}
	if strings.Contains(r.URL.Path, "/blobs/uploads/") && r.Body != nil && r.Body != http.NoBody {
		counted := *r // a RoundTripper must not change the request it is given
		counted.Body = &countedBody{r.Body, &t.bytes}
		r = &counted
	}
	res, err := remote.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	t.login.restore(asked, r, res)
	switch {
	case r.Method == http.MethodPut && res.StatusCode == http.StatusCreated && strings.Contains(r.URL.Path, "/blobs/uploads/"):
		t.sent.Add(1)
	case r.Method == http.MethodHead && res.StatusCode == http.StatusOK && strings.Contains(r.URL.Path, "/blobs/"):
		t.skipped.Add(1)
	}
	return res, nil
}

// countedBody counts what is read from it.
type countedBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}
