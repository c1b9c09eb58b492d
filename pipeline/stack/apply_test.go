package stack_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"orgship/pipeline/stack"
)

var errInterrupted = errors.New("interrupted by a test")

func contextAfter(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(t.Context(), d, errInterrupted)
}

// planned returns a client, its fake and a plan for a green deployment.
func planned(t *testing.T) (*stack.Client, *fake, stack.Plan) {
	t.Helper()
	f := living()
	f.set = computed(green()...)
	client := stack.New(f)
	plan, err := client.Plan(t.Context(), request("b"))
	if err != nil {
		t.Fatal(err)
	}
	return client, f, plan
}

func TestApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, f, plan := planned(t)
		f.execute = func() { f.story(update()...) }
		var got log
		end, err := client.Apply(t.Context(), plan, got.add)
		if err != nil || end.Status != "UPDATE_COMPLETE" {
			t.Fatalf("ended %+v, error %v", end, err)
		}
		if diff := cmp.Diff(updateSeen, got.lines); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if token := *f.started[0].ClientRequestToken; !strings.HasPrefix(token, "orgship-") || len(token) > 128 {
			t.Errorf("token %q", token)
		}
	})
}

func TestApplyLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, f, plan := planned(t)
		f.trouble = func(operation string, n int) error {
			switch {
			case operation != "ExecuteChangeSet":
			case n == 1:
				f.story(update()...) // it was executed, and the answer lost
				return &netError{io.ErrUnexpectedEOF}
			default:
				return apiError("InvalidChangeSetStatus", "ChangeSet [arn:change-set] cannot be executed in its current status of [EXECUTE_IN_PROGRESS]")
			}
			return nil
		}
		f.set = func(int) *cloudformation.DescribeChangeSetOutput {
			return &cloudformation.DescribeChangeSetOutput{Status: types.ChangeSetStatusCreateComplete, ExecutionStatus: types.ExecutionStatusExecuteInProgress}
		}
		if end, err := client.Apply(t.Context(), plan, nil); err != nil || end.Status != "UPDATE_COMPLETE" {
			t.Errorf("ended %+v, error %v", end, err)
		}
	})
}

func TestApplyRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, f, plan := planned(t)
		f.trouble = func(operation string, _ int) error {
			if operation == "ExecuteChangeSet" {
				return apiError("InvalidChangeSetStatus", "obsolete")
			}
			return nil
		}
		if _, err := client.Apply(t.Context(), plan, nil); err == nil || !strings.Contains(err.Error(), "obsolete") {
			t.Errorf("error %v", err)
		}
	})
}

// An update that isn't begun leaves no change set behind.
func TestApplyDenied(t *testing.T) {
	for _, denied := range []string{"DescribeStackEvents", "ExecuteChangeSet"} {
		synctest.Test(t, func(t *testing.T) {
			client, f, plan := planned(t)
			f.trouble = func(operation string, _ int) error {
				if operation == denied {
					return apiError("AccessDenied", "not authorized to perform: cloudformation:"+denied)
				}
				return nil
			}
			if _, err := client.Apply(t.Context(), plan, nil); err == nil || !strings.Contains(err.Error(), denied) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff([]string{"arn:change-set"}, f.dropped); diff != "" {
				t.Errorf("deleted change sets (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		f.row("demo", "UPDATE_IN_PROGRESS", "")
		f.trouble = func(operation string, n int) error {
			if operation == "CancelUpdateStack" && n < 3 {
				return errThrottled
			}
			return nil
		}
		f.cancel = func() error {
			f.story(row{0, "demo", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"}, row{3 * time.Second, "demo", "UPDATE_ROLLBACK_COMPLETE", ""})
			return nil
		}
		var got log
		end, err := stack.New(f).Cancel(t.Context(), stackID, got.add)
		if err != nil || end.Status != "UPDATE_ROLLBACK_COMPLETE" {
			t.Fatalf("ended %+v, error %v", end, err)
		}
		want := []string{"demo UPDATE_ROLLBACK_IN_PROGRESS", "demo UPDATE_ROLLBACK_COMPLETE"}
		if diff := cmp.Diff(want, got.lines); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestCancelRefused(t *testing.T) {
	refusal := apiError("ValidationError", "CancelUpdateStack cannot be called from current stack status")
	tests := []struct {
		status string
		late   bool
		fails  bool
	}{
		{"UPDATE_ROLLBACK_IN_PROGRESS", false, false},
		{"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", true, true},
		{"UPDATE_COMPLETE", true, true},
		{"UPDATE_IN_PROGRESS", false, true},
	}
	for _, test := range tests {
		t.Run(test.status, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{status: test.status, cancel: func() error { return refusal }}
				err := stack.New(f).RequestCancel(t.Context(), stackID)
				var late *stack.TooLateError
				if errors.As(err, &late) != test.late || (err != nil) != test.fails {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestDelete(t *testing.T) {
	deletion := func(f *fake) func() {
		return func() {
			f.story(row{0, "demo", "DELETE_IN_PROGRESS", ""}, row{time.Second, "Cluster", "DELETE_COMPLETE", ""}, row{time.Second, "demo", "DELETE_COMPLETE", ""})
		}
	}
	t.Run("a stack", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := living()
			f.remove = deletion(f)
			end, err := stack.New(f).Delete(t.Context(), "demo", nil)
			if err != nil || end.Status != "DELETE_COMPLETE" {
				t.Errorf("ended %+v, error %v", end, err)
			}
		})
	})
	t.Run("one in an update, which is cancelled first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := living()
			f.row("demo", "UPDATE_IN_PROGRESS", "")
			f.cancel = func() error {
				f.story(row{0, "demo", "UPDATE_ROLLBACK_IN_PROGRESS", ""}, row{3 * time.Second, "demo", "UPDATE_ROLLBACK_COMPLETE", ""})
				return nil
			}
			f.remove = deletion(f)
			end, err := stack.New(f).Delete(t.Context(), "demo", nil)
			if err != nil || end.Status != "DELETE_COMPLETE" {
				t.Errorf("ended %+v, error %v", end, err)
			}
		})
	})
	t.Run("none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{missing: true}
			if _, err := stack.New(f).Delete(t.Context(), "demo", nil); err != nil {
				t.Error(err)
			}
			wantCalls(t, f, "DeleteStack")
		})
	})
	t.Run("one that is protected", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := living()
			f.trouble = func(operation string, _ int) error {
				if operation == "DeleteStack" {
					return apiError("ValidationError", "Stack [demo] cannot be deleted while TerminationProtection is enabled")
				}
				return nil
			}
			_, err := stack.New(f).Delete(t.Context(), "demo", nil)
			var refused *stack.DeletionRefusedError
			if !errors.As(err, &refused) || !refused.Refusal() || !strings.Contains(refused.Hint(), "--no-enable-termination-protection --stack-name demo") {
				t.Errorf("error %v", err)
			}
		})
	})
	t.Run("one that vanishes without an event", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{status: "REVIEW_IN_PROGRESS"}
			f.remove = func() { f.missing = true }
			begun := time.Now()
			end, err := stack.New(f).Delete(t.Context(), "demo", nil)
			if err != nil || end.Status != "DELETE_COMPLETE" || time.Since(begun) > 10*time.Second {
				t.Errorf("ended %+v after %s, error %v", end, time.Since(begun), err)
			}
		})
	})
	t.Run("one that can't be deleted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := living()
			f.remove = func() {
				f.story(row{0, "demo", "DELETE_IN_PROGRESS", ""}, row{0, "Repository", "DELETE_FAILED", "it still holds images"}, row{0, "demo", "DELETE_FAILED", "The following resource(s) failed to delete: [Repository]."})
			}
			_, err := stack.New(f).Delete(t.Context(), "demo", nil)
			var stuck *stack.StuckError
			if !errors.As(err, &stuck) || stuck.End.Cause.LogicalID != "Repository" {
				t.Errorf("error %v", err)
			}
		})
	})
}

func TestDescribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		client := stack.New(f)
		s, err := client.Describe(t.Context(), "demo")
		if err != nil || s.ID != stackID || s.Outputs["Url"] != "http://demo" || s.Parameters["Vpc"] != "before" || s.Tags["team"] != "a" {
			t.Errorf("stack %+v, error %v", s, err)
		}
		if body, err := client.Template(t.Context(), "demo"); err != nil || string(body) != f.template {
			t.Errorf("template of %d bytes, error %v", len(body), err)
		}
		if id, err := client.PhysicalID(t.Context(), "demo", "Listener"); err != nil || id != "arn:listener" {
			t.Errorf("physical id %q, error %v", id, err)
		}
		f.missing = true
		_, err = client.Describe(t.Context(), stackID)
		var none *stack.NotFoundError
		if !errors.As(err, &none) || none.Name != "demo" {
			t.Errorf("error %v, want *NotFoundError", err)
		}
	})
}
