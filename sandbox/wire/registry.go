package wire

import (
	"net/http"
)

// registry serves the OCI distribution protocol through next, which checks
// credentials itself, with its share of faults and of the log.
func (h *Handler) registry(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := Call{Time: h.now(), Service: Registry, Operation: r.Method, Path: r.URL.Path}
		sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			c.Status = sw.status
			h.record(c)
		}()
		for _, f := range h.takeFaults(c) {
			if f.Kind == LoseAnswer {
				next.ServeHTTP(&lostWriter{header: http.Header{}}, r)
			}
			if !f.applyToRegistry(sw, r) {
				return
			}
		}
		next.ServeHTTP(sw, r)
	})
}

// applyToRegistry makes trouble for a registry request and says whether the
// request still goes on.
func (f Fault) applyToRegistry(w *statusWriter, r *http.Request) bool {
	switch f.Kind {
	case Delay:
		return wait(r.Context(), f.Delay) == nil
	case Throttle:
		w.registryError(http.StatusTooManyRequests, "TOOMANYREQUESTS", "Rate exceeded")
	case ServerError:
		e := f.serverError()
		w.registryError(e.Status, "UNKNOWN", e.Message)
	case ExpiredCredentials:
		w.registryError(http.StatusForbidden, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
	case Denied:
		w.registryError(http.StatusForbidden, "DENIED", "User is not authorized")
	case LoginPage:
		sendLoginPage(w)
	case Reset, LoseAnswer:
		w.status = 0
		breakConnection(w)
	}
	return false
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// registryError answers as the distribution specification says:
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
func (w *statusWriter) registryError(status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	b := appendJSONString([]byte(`{"errors":[{"code":`), code)
	b = appendJSONString(append(b, `,"message":`...), message)
	_, _ = w.Write(append(b, `}]}`...)) // a client that went away needs no answer
}

// lostWriter takes an answer that nobody gets.
type lostWriter struct{ header http.Header }

func (w *lostWriter) Header() http.Header         { return w.header }
func (w *lostWriter) WriteHeader(int)             {}
func (w *lostWriter) Write(p []byte) (int, error) { return len(p), nil }
