package wire

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/aws/smithy-go"
)

// exchange is one request and its answer.
type exchange struct {
	handler *Handler
	w       http.ResponseWriter
	r       *http.Request
	id      string

	body     []byte
	form     url.Values // nil for JSON11
	protocol Protocol   // how to answer
	room     *room
	op       *operation
	call     Call
}

// perform does all but write the answer.
func (x *exchange) perform() (any, error) {
	var err error
	if x.body, err = readBody(x.w, x.r); err != nil {
		return nil, err
	}
	if err := x.readName(); err != nil {
		return nil, err
	}
	ctx, err := x.authenticate(x.r.Context())
	if err != nil {
		return nil, err
	}
	if err := x.findOperation(); err != nil {
		return nil, err
	}
	loseAnswer, err := x.handler.trouble(ctx, x.call, x.room)
	if err != nil {
		return nil, err
	}
	out, err := x.do(ctx)
	if loseAnswer {
		return nil, errReset
	}
	return out, err
}

// readName finds out which operation is asked for, before knowing who asks, so
// that even an unsigned request is answered in its own protocol.
func (x *exchange) readName() error {
	if target := x.r.Header.Get("X-Amz-Target"); target != "" {
		x.protocol = JSON11
		prefix, name, _ := strings.Cut(target, ".")
		x.call.Operation = name
		x.room = x.handler.find(func(r *room) bool { return r.TargetPrefix != "" && r.TargetPrefix == prefix })
		return nil
	}
	mediaType, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if strings.HasPrefix(mediaType, "application/") && mediaType != "application/x-www-form-urlencoded" {
		x.protocol = JSON11
		return NotModelled("requests of type %q without an X-Amz-Target", mediaType)
	}
	query, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		return Errorf("MalformedQueryString", "The query string is malformed: %v", err)
	}
	if x.form, err = url.ParseQuery(string(x.body)); err != nil {
		return Errorf("MalformedQueryString", "The body is not a form: %v", err)
	}
	maps.Copy(x.form, query)
	x.call.Operation = x.form.Get("Action")
	x.room = x.handler.find(func(r *room) bool {
		return r.Version != "" && r.Version == x.form.Get("Version") && r.operations[x.call.Operation] != nil
	})
	return nil
}

func (h *Handler) find(match func(*room) bool) *room {
	for _, name := range sortedKeys(h.rooms) {
		if match(h.rooms[name]) {
			return h.rooms[name]
		}
	}
	return nil
}

// authenticate finds the room by the signature's scope and checks the signature.
// An operation that takes none has been found by its name.
func (x *exchange) authenticate(ctx context.Context) (context.Context, error) {
	if x.form != nil && x.room != nil && x.room.operations[x.call.Operation].unsigned {
		x.call.Service, x.protocol = x.room.Name, x.room.Protocol
		return ctx, nil
	}
	c, err := readClaim(x.r)
	if err != nil {
		return nil, err
	}
	x.call.Service = c.service
	named := x.room
	x.room = x.handler.rooms[c.service]
	if x.room != nil {
		x.protocol = x.room.Protocol
	}
	switch {
	case x.room == nil:
		return nil, NotModelled("the service %s (it has %s)", c.service, strings.Join(sortedKeys(x.handler.rooms), ", "))
	case x.form == nil && named != x.room:
		return nil, NotModelled("%s for the service %s", x.r.Header.Get("X-Amz-Target"), c.service)
	case c.region != x.handler.region && (!x.room.Global || c.region != "us-east-1"):
		return nil, mismatch("Credential should be scoped to a valid region, not '%s'. (This orgship sandbox is the region %s.)", c.region, x.handler.region)
	}
	return x.signed(ctx, c)
}

// signed checks the signature.
func (x *exchange) signed(ctx context.Context, c *claim) (context.Context, error) {
	secret, ctx, err := x.handler.keys.Secret(ctx, c.accessKey, c.token)
	if err != nil {
		return nil, err
	}
	if err := c.fresh(x.handler.now()); err != nil {
		return nil, err
	}
	if err := c.verify(ctx, x.handler.signer, x.r, x.body, secret); err != nil {
		return nil, err
	}
	x.call.Account, x.call.Caller = x.handler.caller(ctx)
	return ctx, nil
}

func (x *exchange) findOperation() error {
	name := x.call.Operation
	if name == "" {
		return Errorf("MissingAction", "The request names no operation: it needs an Action parameter or an X-Amz-Target header")
	}
	x.op = x.room.operations[name]
	if x.op == nil {
		return NotModelled("%s:%s", x.room.Name, name)
	}
	if version := x.form.Get("Version"); version != x.room.Version {
		return NotModelled("version %q of %s (only %s)", version, x.room.Name, x.room.Version)
	}
	return nil
}

// do decodes the input and calls the operation, turning a panic in a room into
// an answer.
func (x *exchange) do(ctx context.Context) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			x.handler.log.Error("operation panicked", "service", x.room.Name, "operation", x.op.Name, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("the sandbox failed: %v", p)
		}
	}()
	return x.op.call(ctx, x.decode)
}

// decode reads the request into in, a pointer to the operation's input.
func (x *exchange) decode(in any) error {
	v := reflect.ValueOf(in).Elem()
	if err := x.protocol.decode(x, v); err != nil {
		return x.refusal(err)
	}
	for i := range x.op.in.members {
		m := &x.op.in.members[i]
		if m.set(v) && !x.op.allowed[m.field] {
			return x.refuse(m.request)
		}
	}
	if err := x.checkRequired(v); err != nil {
		return err
	}
	if err := x.op.check(v); err != nil {
		return x.refusal(err)
	}
	return nil
}

func (x *exchange) refuse(path string) error {
	return NotModelled("the parameter %s of %s:%s", path, x.room.Name, x.op.Name)
}

func (x *exchange) checkRequired(v reflect.Value) error {
	var missing []string
	for _, field := range x.op.required {
		if m := x.op.in.member(field); !m.set(v) {
			missing = append(missing, m.request)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return x.room.missing(missing)
}

// answer writes what an operation returned.
func (x *exchange) answer(out any) {
	d, err := x.protocol.encode(x, reflect.ValueOf(out).Elem())
	if err != nil {
		x.fail(err)
		return
	}
	x.call.Status = http.StatusOK
	x.write(d)
}

// fail writes an error. One that is no AWS error is the sandbox's own fault.
func (x *exchange) fail(err error) {
	e := x.awsError(err)
	x.call.Status, x.call.Code, x.call.Message = e.HTTPStatus(), e.Code, e.Message
	x.write(x.protocol.encodeError(x, e))
}

func (x *exchange) awsError(err error) *Error { return x.protocol.translate(x.known(err)) }

// known is an error as an AWS error.
func (x *exchange) known(err error) *Error {
	var known *Error
	var modelled smithy.APIError
	switch {
	case errors.As(err, &known):
	case errors.As(err, &modelled):
		known = &Error{Code: modelled.ErrorCode(), Message: modelled.ErrorMessage()}
	default:
		x.handler.log.Error("request failed", "service", x.call.Service, "operation", x.call.Operation, "error", err)
		known = &Error{Code: "InternalFailure", Message: "the orgship sandbox failed: " + err.Error(), Status: 500}
	}
	return known
}

// write sends the answer. A client that has gone away is no error of ours.
func (x *exchange) write(d document) {
	header := x.w.Header()
	header.Set("Content-Type", d.contentType)
	header.Set("X-Amzn-Requestid", x.id)
	header.Set("Content-Length", strconv.Itoa(len(d.body)))
	x.w.WriteHeader(x.call.Status)
	if _, err := x.w.Write(d.body); err != nil {
		x.handler.log.Debug("client went away", "service", x.call.Service, "operation", x.call.Operation, "error", err)
	}
}
