package account

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// patientBody mends a race of the SDK with net/http. When a server answers very
// fast, as one on this machine does, the SDK closes the request's body while
// net/http still looks whether it is longer than announced. The body's WriteTo
// then returns io.EOF, which counts as a failed write: the connection is closed,
// and the rest of a long answer is lost. Its Read has no such fault, so only that
// is shown.
// https://github.com/aws/smithy-go/blob/v1.28.9/transport/http/internal/io/safe.go
type patientBody struct{ next aws.HTTPClient }

// Do implements aws.HTTPClient.
func (c patientBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		shown := *r
		shown.Body = struct{ io.ReadCloser }{r.Body}
		r = &shown
	}
	return c.next.Do(r)
}
