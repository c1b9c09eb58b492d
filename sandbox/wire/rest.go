package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"orgship/sandbox/id"
)

// REST is a service whose requests have paths and forms of their own, as S3's. It reads
// them and writes the answers itself; who asks, faults and the log of calls are this
// package's.
type REST interface {
	// Operation names what a request asks for; "" for nothing that there is.
	Operation(r *http.Request) string
	// Do performs it and writes the answer, or returns an error and writes nothing.
	Do(ctx context.Context, operation string, w http.ResponseWriter, r *http.Request, body []byte) error
	// Fail writes an error.
	Fail(w http.ResponseWriter, r *http.Request, e *Error, requestID string)
}

// rest returns the room that a request is signed for, if that is a REST service's.
func (h *Handler) rest(r *http.Request) *room {
	c, err := readClaim(r)
	if err != nil || h.rooms[c.service] == nil || h.rooms[c.service].REST == nil {
		return nil
	}
	return h.rooms[c.service]
}

func (h *Handler) serveREST(w http.ResponseWriter, r *http.Request, to *room) {
	x := &exchange{handler: h, w: w, r: r, id: id.UUID(), room: to}
	x.call.Time, x.call.Service, x.call.Path = h.now(), to.Name, r.URL.Path
	w.Header().Set("X-Amz-Request-Id", x.id)
	x.call.Status = http.StatusOK
	err := x.rest()
	switch {
	case errors.Is(err, errReset):
		x.reset()
	case errors.Is(err, errLoginPage):
		x.login()
	case err != nil:
		e := x.known(err)
		x.call.Status, x.call.Code, x.call.Message = e.HTTPStatus(), e.Code, e.Message
		to.REST.Fail(w, r, e, x.id)
	}
	h.record(x.call)
}

func (x *exchange) rest() (err error) {
	if x.body, err = readBody(x.w, x.r); err != nil {
		return err
	}
	c, err := readClaim(x.r)
	if err != nil {
		return err
	}
	ctx, err := x.signed(x.r.Context(), c)
	if err != nil {
		return err
	}
	x.call.Operation = x.room.REST.Operation(x.r)
	if x.call.Operation == "" {
		return NotModelled("%s %s of %s", x.r.Method, x.r.URL.RequestURI(), x.room.Name)
	}
	loseAnswer, err := x.handler.trouble(ctx, x.call, x.room)
	if err != nil {
		return err
	}
	to := x.w
	if loseAnswer {
		to = nowhere{http.Header{}}
	}
	defer func() {
		if p := recover(); p != nil {
			x.handler.log.Error("operation panicked", "service", x.room.Name, "operation", x.call.Operation, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("the sandbox failed: %v", p)
		}
	}()
	if err := x.room.REST.Do(ctx, x.call.Operation, to, x.r, x.body); err != nil {
		return err
	}
	if loseAnswer {
		return errReset
	}
	return nil
}

// nowhere takes an answer that gets lost.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n nowhere) WriteHeader(int)             {}

// plainPath has the signer leave a path as it is, as S3 wants it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func plainPath(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }
