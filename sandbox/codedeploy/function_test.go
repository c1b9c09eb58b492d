package codedeploy_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	awsdeploy "github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"orgship/sandbox/codedeploy"
	"orgship/sandbox/wire"
)

// TestFunctions lets functions of every event answer what they are told to.
func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, event := range []string{codedeploy.BeforeInstall, codedeploy.AfterInstall, codedeploy.AfterAllowTestTraffic, codedeploy.BeforeAllowTraffic, codedeploy.AfterAllowTraffic} {
		for answer, code := range map[codedeploy.Answer]types.ErrorCode{
			codedeploy.AnswerSucceeded: "", codedeploy.AnswerFailed: types.ErrorCodeHookExecutionFailure, codedeploy.AnswerTimeout: types.ErrorCodeTimeout, "": types.ErrorCodeInvalidLambdaFunction,
		} {
			t.Run(event+" "+string(answer), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, 20_000)
				w.spec.Functions = map[string]string{event: "CodeDeployHook_ask"}
				w.Tell("CodeDeployHook_ask", answer)
				var told string
				err := w.Run(w.ctx, w.spec, func(e codedeploy.Event) {
					if strings.Contains(e.Message, "doesn't run the function CodeDeployHook_ask") {
						told = e.Lifecycle
					}
				})
				if answer != "" && told != event {
					t.Errorf("it was said at %q that nothing is run", told)
				}
				if code == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				var failed *codedeploy.FailedError
				if !errors.As(err, &failed) || failed.Event != event || failed.Code != code {
					t.Errorf("error %v", err)
				}
				if got := w.traffic(); got != before {
					t.Errorf("traffic %q, want %q", got, before)
				}
			})
		}
	}
}

// TestPutStatus has somebody else say how a function went that says nothing itself.
func TestPutStatus(t *testing.T) {
	t.Parallel()
	execution := regexp.MustCompile(`execution ([a-z0-9]+)`)
	for status, fails := range map[types.LifecycleEventStatus]bool{types.LifecycleEventStatusSucceeded: false, types.LifecycleEventStatusFailed: true} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1000) // an hour is 3.6 seconds
			w.spec.Functions = map[string]string{codedeploy.BeforeAllowTraffic: "f"}
			w.spec.TerminationWait = 0
			w.Tell("f", codedeploy.AnswerTimeout)
			put := func(deployment, id string, s types.LifecycleEventStatus) error {
				_, err := w.PutLifecycleEventHookExecutionStatus(w.ctx, &awsdeploy.PutLifecycleEventHookExecutionStatusInput{DeploymentId: &deployment, LifecycleEventHookExecutionId: &id, Status: s})
				return err
			}
			err := w.Run(w.ctx, w.spec, func(e codedeploy.Event) {
				found := execution.FindStringSubmatch(e.Message)
				if found == nil {
					return
				}
				wantCode(t, put(e.DeploymentID, "other", status), "InvalidLifecycleEventHookExecutionIdException")
				wantCode(t, put(e.DeploymentID, found[1], types.LifecycleEventStatusSkipped), "InvalidLifecycleEventHookExecutionStatusException")
				wantCode(t, put("d-000000000", found[1], status), "DeploymentDoesNotExistException")
				if err := put(e.DeploymentID, found[1], status); err != nil {
					t.Error(err)
				}
				wantCode(t, put(e.DeploymentID, found[1], status), "LifecycleEventAlreadyCompletedException")
			})
			if (err != nil) != fails {
				t.Errorf("error %v", err)
			}
		})
	}
}

// A cancelled update doesn't wait for a function.
func TestCancelWhileAFunctionRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.spec.Functions = map[string]string{codedeploy.BeforeInstall: "f"}
	w.Tell("f", codedeploy.AnswerTimeout)
	reason := errors.New("cancelled")
	ctx, cancel := context.WithCancelCause(w.ctx)
	timer := time.AfterFunc(10*time.Millisecond, func() { cancel(reason) })
	defer timer.Stop()
	if err := w.Run(ctx, w.spec, nil); !errors.Is(err, reason) {
		t.Errorf("error %v", err)
	}
}

func TestUntoldFunctions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	functions := map[string]string{codedeploy.AfterInstall: "told", codedeploy.BeforeInstall: "untold"}
	w.Tell("told", codedeploy.AnswerFailed)
	wantCode(t, w.CheckFunctions(functions), "NotModelled")
	w.Tell("untold", codedeploy.AnswerSucceeded)
	if err := w.CheckFunctions(functions); err != nil {
		t.Error(err)
	}
	if _, err := codedeploy.ParseAnswer("yes"); err == nil || !strings.Contains(err.Error(), "succeeded, failed or timeout") {
		t.Errorf("error %v", err)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var answered *wire.Error
	if !errors.As(err, &answered) || answered.Code != code {
		t.Errorf("error %v, want %s", err, code)
	}
}
