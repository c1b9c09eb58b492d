package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"orgship/sandbox/id"
)

// Keys finds the secret of an access key and says whom it belongs to. Errors
// are *Error: InvalidClientTokenId, ExpiredToken.
type Keys interface {
	Secret(ctx context.Context, accessKeyID, sessionToken string) (secret string, authenticated context.Context, err error)
}

// Config is what a Handler needs.
type Config struct {
	Region string
	Now    func() time.Time // nil means time.Now
	Keys   Keys
	// Caller names the owner of a context that Keys returned, for the log of
	// calls: account and ARN.
	Caller func(context.Context) (account, arn string)
	// Registry serves /v2/, the OCI distribution protocol.
	Registry http.Handler
	// Log gets requests that failed in a way that is the sandbox's own fault; nil
	// drops them.
	Log *slog.Logger
}

// Handler serves all services at one endpoint.
type Handler struct {
	region string
	now    func() time.Time
	keys   Keys
	caller func(context.Context) (account, arn string)
	log    *slog.Logger
	signer *v4.Signer
	rooms  map[string]*room // by signing name
	mux    *http.ServeMux

	mu     sync.Mutex
	faults []*Injected
	calls  callLog
}

// room is a service, ready to be asked.
type room struct {
	Service
	operations map[string]*operation
}

type operation struct {
	Operation
	in, out *shape
	allowed map[string]bool // members, by Go field name
}

// New returns a handler for services. It refuses an operation that names
// members which its input hasn't got, and types that have no form on the wire.
func New(c Config, services ...Service) (*Handler, error) {
	h := &Handler{
		region: c.Region, now: c.Now, keys: c.Keys, caller: c.Caller, log: c.Log,
		signer: v4.NewSigner(), rooms: map[string]*room{}, mux: http.NewServeMux(),
	}
	if h.now == nil {
		h.now = time.Now
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.caller == nil {
		h.caller = func(context.Context) (string, string) { return "", "" }
	}
	for _, s := range services {
		r, err := newRoom(s)
		if err != nil {
			return nil, fmt.Errorf("preparing service %s: %w", s.Name, err)
		}
		if h.rooms[s.Name] != nil {
			return nil, fmt.Errorf("preparing service %s: there are two of this name", s.Name)
		}
		h.rooms[s.Name] = r
	}
	h.mux.HandleFunc("/{$}", h.serveAWS)
	h.mux.HandleFunc("/", h.serveUnknownPath)
	if c.Registry != nil {
		h.mux.Handle("/v2/", h.registry(c.Registry))
	}
	return h, nil
}

func newRoom(s Service) (*room, error) {
	if s.Protocol == nil && s.REST == nil {
		return nil, errors.New("it has no protocol")
	}
	r := &room{Service: s, operations: map[string]*operation{}}
	if s.REST != nil {
		return r, nil
	}
	known := newShapes(s)
	for _, op := range s.Operations {
		o, err := newOperation(op, known)
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", op.Name, err)
		}
		if r.operations[op.Name] != nil {
			return nil, fmt.Errorf("operation %s is there twice", op.Name)
		}
		r.operations[op.Name] = o
	}
	return r, nil
}

func newOperation(op Operation, known *shapes) (*operation, error) {
	o := &operation{Operation: op, allowed: map[string]bool{}}
	var err error
	if o.in, err = known.of(op.in); err != nil {
		return nil, err
	}
	if o.out, err = known.of(op.out); err != nil {
		return nil, err
	}
	for _, field := range append(append([]string(nil), op.required...), op.optional...) {
		if o.in.member(field) == nil {
			return nil, fmt.Errorf("%v has no member %s", op.in, field)
		}
		o.allowed[field] = true
	}
	for _, b := range op.bounds {
		if !o.allowed[b.field] {
			return nil, fmt.Errorf("%s is bounded, and no member that it models", b.field)
		}
	}
	return o, nil
}

// ServeHTTP answers AWS requests at /, registry requests below /v2/, and what is signed
// for a REST service anywhere.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if to := h.rest(r); to != nil {
		h.serveREST(w, r, to)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// serveAWS answers a request of the protocols that have one path for all operations.
func (h *Handler) serveAWS(w http.ResponseWriter, r *http.Request) {
	x := &exchange{handler: h, w: w, r: r, id: id.UUID(), protocol: Query}
	x.call.Time = h.now()
	out, err := x.perform()
	switch {
	case errors.Is(err, errReset):
		x.reset()
	case errors.Is(err, errLoginPage):
		x.login()
	case err != nil:
		x.fail(err)
	default:
		x.answer(out)
	}
	h.record(x.call)
}

// maxBody is far above the largest request that a service here takes: a layer
// part of ECR's UploadLayerPart, 20 MiB in base64.
const maxBody = 32 << 20

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &Error{Code: "RequestEntityTooLarge", Message: fmt.Sprintf("The request body is larger than %d bytes", tooLarge.Limit), Status: 413}
	case err != nil:
		return nil, Errorf("IncompleteBody", "The request body ended before its length: %v", err)
	case r.Header.Get("Content-Encoding") != "" && r.Header.Get("Content-Encoding") != "identity" && r.Header.Get("Content-Encoding") != "amz-1.0":
		return nil, NotModelled("requests with Content-Encoding %q", r.Header.Get("Content-Encoding"))
	}
	return body, nil
}

// serveUnknownPath refuses the REST services that there are not (Lambda …) by name.
func (h *Handler) serveUnknownPath(w http.ResponseWriter, r *http.Request) {
	x := &exchange{handler: h, w: w, r: r, id: id.UUID(), protocol: JSON11}
	x.call.Time = h.now()
	what := "the path " + r.URL.Path
	if c, err := readClaim(r); err == nil {
		what = "the service " + c.service
		x.call.Service = c.service
	}
	x.fail(NotModelled("%s", what))
	h.record(x.call)
}
