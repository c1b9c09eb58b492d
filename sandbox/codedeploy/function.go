package codedeploy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"orgship/sandbox/id"
	"orgship/sandbox/wire"
)

// Answer is what the sandbox answers for a Lambda function that a lifecycle event
// names: it runs none.
type Answer string

// The answers.
const (
	AnswerSucceeded Answer = "succeeded"
	AnswerFailed    Answer = "failed"
	// AnswerTimeout says nothing: unless somebody else calls
	// PutLifecycleEventHookExecutionStatus, the event times out.
	AnswerTimeout Answer = "timeout"
)

// ParseAnswer reads an answer. Its error says what there is.
func ParseAnswer(text string) (Answer, error) {
	switch a := Answer(text); a {
	case AnswerSucceeded, AnswerFailed, AnswerTimeout:
		return a, nil
	}
	return "", fmt.Errorf("a function answers %s, %s or %s, not %q", AnswerSucceeded, AnswerFailed, AnswerTimeout, text)
}

// answerWithin is how long a function may take to say how it went.
// https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
const answerWithin = time.Hour

// execution is a function that was called and hasn't said how it went.
type execution struct {
	id, function string
	status       chan types.LifecycleEventStatus
}

// Tell says how a function answers from now on, in every account; "" takes that back.
func (s *Service) Tell(function string, a Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a == "" {
		delete(s.answers, function)
		return
	}
	s.answers[function] = a
}

func (s *Service) answer(function string) (Answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, told := s.answers[function]
	return a, told
}

// CheckFunctions refuses functions, by lifecycle event, for which nobody told how they
// answer.
func (s *Service) CheckFunctions(functions map[string]string) error {
	for _, event := range slices.Sorted(maps.Keys(functions)) {
		if _, told := s.answer(functions[event]); !told {
			return untold(event, functions[event])
		}
	}
	return nil
}

func untold(event, function string) *wire.Error {
	return wire.NotModelled("running the Lambda function %s of the lifecycle event %s; say how it answers: orgship sandbox --hook %s=succeeded (or failed, timeout), "+
		"or while it runs: curl -X PUT -d succeeded $AWS_ENDPOINT_URL%s%s", function, event, function, FunctionsPath, function)
}

// FunctionsPath is where a running sandbox is told over HTTP: PUT the answer to the
// function's name below it; DELETE takes it back.
const FunctionsPath = "/_sandbox/hooks/"

// call has the function of a lifecycle event answer, if it has one.
func (r *run) call(ctx context.Context, event string) error {
	function := r.spec.Functions[event]
	if function == "" {
		return nil
	}
	answer, told := r.answer(function)
	if !told {
		return fail(types.ErrorCodeInvalidLambdaFunction, "%s", untold(event, function).Message)
	}
	e := &execution{id: executionID(), function: function, status: make(chan types.LifecycleEventStatus, 1)}
	r.change(r.d, func(d *deployment) { d.waitsFor = e })
	defer r.change(r.d, func(d *deployment) { d.waitsFor = nil })
	switch answer {
	case AnswerSucceeded:
		e.status <- types.LifecycleEventStatusSucceeded
	case AnswerFailed:
		e.status <- types.LifecycleEventStatusFailed
	}
	r.note("The sandbox doesn't run the function %s: it answers %s, as it was told (execution %s)", function, answer, e.id)
	return r.await(ctx, e)
}

// await waits for a function's word.
//
// Assumption A258: what CodeDeploy says about a function that fails or never answers
// isn't documented; its codes are.
func (r *run) await(ctx context.Context, e *execution) error {
	waited, stop := context.WithCancel(ctx)
	defer stop()
	late := make(chan error, 1)
	go func() { late <- r.cfg.Clock.Sleep(waited, answerWithin) }()
	select {
	case status := <-e.status:
		if status == types.LifecycleEventStatusFailed {
			return fail(types.ErrorCodeHookExecutionFailure, "The lifecycle event hook function %s returned the status Failed", e.function)
		}
		return nil
	case err := <-late:
		if err != nil {
			return context.Cause(ctx)
		}
		return fail(types.ErrorCodeTimeout, "The lifecycle event hook function %s did not return a status within one hour", e.function)
	}
}

// executionID returns an id as CodeDeploy gives them: opaque, of letters and digits.
func executionID() string { return id.Of(strings.ToLower(id.Capitals), 64) }

// PutLifecycleEventHookExecutionStatus is how a function says how it went.
// https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_PutLifecycleEventHookExecutionStatus.html
func (s *Service) PutLifecycleEventHookExecutionStatus(ctx context.Context, in *codedeploy.PutLifecycleEventHookExecutionStatusInput) (*codedeploy.PutLifecycleEventHookExecutionStatusOutput, error) {
	if err := s.authorize(ctx, "PutLifecycleEventHookExecutionStatus"); err != nil {
		return nil, err
	}
	if in.Status != types.LifecycleEventStatusSucceeded && in.Status != types.LifecycleEventStatusFailed {
		return nil, wire.Errorf("InvalidLifecycleEventHookExecutionStatusException", "The status must be Succeeded or Failed, not %q", in.Status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.find(ctx, in.DeploymentId)
	if err != nil {
		return nil, err
	}
	if e := d.waitsFor; e == nil || in.LifecycleEventHookExecutionId == nil || e.id != *in.LifecycleEventHookExecutionId {
		return nil, wire.Errorf("InvalidLifecycleEventHookExecutionIdException", "The lifecycle event hook execution ID is not valid for the deployment %s", d.id)
	}
	select {
	case d.waitsFor.status <- in.Status:
	default:
		return nil, wire.Errorf("LifecycleEventAlreadyCompletedException", "The lifecycle event has already completed")
	}
	return &codedeploy.PutLifecycleEventHookExecutionStatusOutput{LifecycleEventHookExecutionId: in.LifecycleEventHookExecutionId}, nil
}
