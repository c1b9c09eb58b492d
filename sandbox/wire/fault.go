package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// FaultKind is a way for a request to go wrong.
type FaultKind int

// The kinds of trouble.
const (
	Throttle           FaultKind = iota // "Rate exceeded", in the service's words
	ServerError                         // status 500, or Fault.Status
	Reset                               // the connection breaks before anything happens
	LoseAnswer                          // the operation is performed, then the connection breaks
	Delay                               // the answer takes Fault.Delay longer, in real time
	ExpiredCredentials                  // the caller's session is said to have expired
	Denied                              // the caller is said not to be allowed
	LoginPage                           // status 200 and a page of HTML: something else than AWS answers, and nothing happens
)

// Registry is the Fault.Service and Call.Service of requests below /v2/, whose
// operation is the HTTP method.
const Registry = "registry"

// Fault is trouble on order for requests that match: signed ones, where an
// operation wants a signature, for operations that exist.
type Fault struct {
	Service   string // signing name; "" means any
	Operation string // "" means any
	Account   string // of the caller; "" means any
	After     int    // let so many matching requests pass first
	Times     int    // then fail so many; 0 means all, until Clear
	Kind      FaultKind
	Delay     time.Duration // of kind Delay
	Status    int           // of kind ServerError; 0 means 500
}

// Injected is a fault at work.
type Injected struct {
	handler *Handler
	fault   Fault
	seen    int
	hits    int
	cleared bool
}

// Hits returns how many requests the fault has hit.
func (i *Injected) Hits() int {
	i.handler.mu.Lock()
	defer i.handler.mu.Unlock()
	return i.hits
}

// Clear ends the fault.
func (i *Injected) Clear() {
	i.handler.mu.Lock()
	defer i.handler.mu.Unlock()
	i.cleared = true
}

// Fail orders trouble. Of several faults that match a request the first one
// hits, and delays add to it.
func (h *Handler) Fail(f Fault) *Injected {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := &Injected{handler: h, fault: f}
	h.faults = append(h.faults, i)
	return i
}

// takeFaults counts the call against the faults on order and returns the ones
// that hit it: delays, and at most one other.
func (h *Handler) takeFaults(c Call) []Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	var hit []Fault
	for _, i := range h.faults {
		if !i.matches(c) {
			continue
		}
		i.seen++
		if i.seen <= i.fault.After {
			continue
		}
		i.hits++
		hit = append(hit, i.fault)
		if i.fault.Kind != Delay {
			break
		}
	}
	return hit
}

func (i *Injected) matches(c Call) bool {
	f := i.fault
	spent := f.Times > 0 && i.hits >= f.Times
	return !i.cleared && !spent &&
		(f.Service == "" || f.Service == c.Service) &&
		(f.Operation == "" || f.Operation == c.Operation) &&
		(f.Account == "" || f.Account == c.Account)
}

// What is done instead of an answer: the connection is broken, or a page is sent.
var (
	errReset     = errors.New("connection reset on order")
	errLoginPage = errors.New("login page on order")
)

// loginPage is what a proxy or a captive portal answers where AWS should.
const loginPage = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form method=post>Please sign in.</form></body></html>\n"

func sendLoginPage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, loginPage) // a client that went away needs no answer
}

// trouble applies the faults that hit a call: it waits, or returns the error to
// answer with (or what is done instead), or says that the answer is to be lost.
func (h *Handler) trouble(ctx context.Context, c Call, r *room) (loseAnswer bool, err error) {
	for _, f := range h.takeFaults(c) {
		switch f.Kind {
		case Delay:
			if err := wait(ctx, f.Delay); err != nil {
				return false, err
			}
		case Throttle:
			return false, r.throttled()
		case ServerError:
			return false, f.serverError()
		case ExpiredCredentials:
			return false, &Error{Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: 403}
		case Denied:
			return false, &Error{Code: "AccessDenied", Message: "User: " + c.Caller + " is not authorized to perform: " + c.Service + ":" + c.Operation, Status: 403}
		case LoginPage:
			return false, errLoginPage
		case Reset:
			return false, errReset
		case LoseAnswer:
			return true, nil
		}
	}
	return false, nil
}

func (f Fault) serverError() *Error {
	switch f.Status {
	case 0, http.StatusInternalServerError:
		return &Error{Code: "InternalFailure", Message: "The request processing has failed because of an unknown error, exception or failure.", Status: 500}
	case http.StatusServiceUnavailable:
		return &Error{Code: "ServiceUnavailable", Message: "The request has failed due to a temporary failure of the server.", Status: 503}
	}
	return &Error{Code: "InternalFailure", Message: http.StatusText(f.Status), Status: f.Status}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// login sends the page of somebody who isn't AWS.
func (x *exchange) login() {
	x.call.Status, x.call.Code = http.StatusOK, "LoginPage"
	sendLoginPage(x.w)
}

// reset breaks the connection with a TCP reset.
func (x *exchange) reset() {
	x.call.Code = "ConnectionReset"
	breakConnection(x.w)
}

func breakConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 or a test's recorder: net/http breaks it off
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a connection that is gone already is what is wanted
	}
	_ = conn.Close()
}
