package sandbox

import (
	"io"
	"net/http"
	"strings"

	"orgship/sandbox/codedeploy"
	"orgship/sandbox/wire"
)

// Fail orders trouble for requests: throttling, server errors, broken
// connections, slow answers, expired credentials, missing permissions, answers
// that aren't AWS's.
func (s *Sandbox) Fail(f wire.Fault) *wire.Injected { return s.handler.Fail(f) }

// FailHook makes the next blue/green deployment fail at a lifecycle event of
// the hook, from "BeforeInstall" to "AfterAllowTraffic", or in the
// "TerminationWait"; "" takes it back.
func (s *Sandbox) FailHook(event string) { s.rooms.codedeploy.FailAt(event) }

// AnswerHook says how a Lambda function that a lifecycle event of the hook names
// answers from now on: the sandbox runs none. "" takes it back.
func (s *Sandbox) AnswerHook(function string, a codedeploy.Answer) {
	s.rooms.codedeploy.Tell(function, a)
}

// serveHooks is AnswerHook over HTTP: PUT an answer to a function's name, or DELETE it.
func (s *Sandbox) serveHooks(w http.ResponseWriter, r *http.Request) {
	function := strings.TrimPrefix(r.URL.Path, codedeploy.FunctionsPath)
	var answer codedeploy.Answer
	switch {
	case r.Header.Get("Origin") != "": // a page in somebody's browser
		http.Error(w, "not for web pages", http.StatusForbidden)
		return
	case r.Method == http.MethodDelete:
	case r.Method == http.MethodPut:
		body, err := io.ReadAll(io.LimitReader(r.Body, 64))
		if err == nil {
			answer, err = codedeploy.ParseAnswer(strings.TrimSpace(string(body)))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	default:
		http.Error(w, "PUT an answer, or DELETE it", http.StatusMethodNotAllowed)
		return
	}
	s.AnswerHook(function, answer)
	w.WriteHeader(http.StatusNoContent)
}

// Unhealthy makes tasks whose image matches run without ever answering on
// their network, from now on; nil ends it. The image is as in the task
// definition.
func (s *Sandbox) Unhealthy(match func(image string) bool) { s.rooms.ecs.Unhealthy(match) }

// Calls returns the newest requests in the order in which they were answered.
func (s *Sandbox) Calls() []wire.Call { return s.handler.Calls() }
