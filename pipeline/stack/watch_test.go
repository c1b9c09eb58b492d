package stack_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"orgship/pipeline/stack"
)

// update is the usual course of an update, in the fake's time.
func update() []row {
	return []row{
		{0, "demo", "UPDATE_IN_PROGRESS", "User Initiated"},
		{2 * time.Second, "GreenTaskSet", "CREATE_IN_PROGRESS", ""},
		{300 * time.Millisecond, "GreenTaskSet", "CREATE_COMPLETE", ""},
		{40 * time.Second, "demo", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""},
		{2 * time.Second, "BlueTaskSet", "DELETE_COMPLETE", ""},
		{700 * time.Millisecond, "demo", "UPDATE_COMPLETE", ""},
	}
}

var updateSeen = []string{
	"demo UPDATE_IN_PROGRESS", "GreenTaskSet CREATE_IN_PROGRESS", "GreenTaskSet CREATE_COMPLETE",
	"demo UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "BlueTaskSet DELETE_COMPLETE", "demo UPDATE_COMPLETE",
}

// before gives a fake the history of an earlier creation and update.
func before(f *fake) {
	f.row("demo", "REVIEW_IN_PROGRESS", "")
	f.row("demo", "CREATE_IN_PROGRESS", "User Initiated")
	f.row("BlueTaskSet", "CREATE_FAILED", "an old failure")
	f.row("demo", "CREATE_COMPLETE", "")
	for range 7 {
		f.row("demo", "UPDATE_IN_PROGRESS", "")
		f.row("demo", "UPDATE_COMPLETE", "")
	}
}

type log struct{ lines []string }

func (l *log) add(e stack.Event) { l.lines = append(l.lines, e.LogicalID+" "+e.Status) }

func TestWatch(t *testing.T) {
	for name, trouble := range map[string]func(string, int) error{
		"all is well": nil,
		"throttled now and then": func(_ string, n int) error {
			if n%3 == 0 {
				return errThrottled
			}
			return nil
		},
		"throttled for a long time": func(_ string, n int) error {
			if n > 4 && n < 20 {
				return errThrottled
			}
			return nil
		},
		"dropped connections": func(_ string, n int) error {
			if n%2 == 0 {
				return &netError{io.ErrUnexpectedEOF}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{trouble: trouble, page: 3}
				before(f)
				f.story(update()...)
				synctest.Wait()
				var got log
				end, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID}, got.add)
				if err != nil {
					t.Fatal(err)
				}
				if end.Status != "UPDATE_COMPLETE" || end.Cause != nil {
					t.Errorf("ended as %+v", end)
				}
				if diff := cmp.Diff(updateSeen, got.lines); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// netError is a connection that broke, as the SDK sees it.
type netError struct{ error }

func (*netError) Timeout() bool   { return false }
func (*netError) Temporary() bool { return true }
func (e *netError) Unwrap() error { return e.error }

func TestWatchRateAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{page: 2}
		before(f)
		f.story(update()...)
		synctest.Wait()
		var seen time.Time
		_, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID}, func(stack.Event) { seen = time.Now() })
		if err != nil {
			t.Fatal(err)
		}
		over := *f.events[len(f.events)-1].Timestamp
		if late := seen.Sub(over); late > time.Second {
			t.Errorf("knew the end %s late", late)
		}
		for i := 1; i < len(f.calls); i++ {
			if gap := f.calls[i].at.Sub(f.calls[i-1].at); gap < time.Second {
				t.Errorf("calls %d and %d are %s apart", i-1, i, gap)
			}
		}
	})
}

// TestWatchKnowsEveryEnd ends operations at any time: no end may fall behind a
// question for the status.
func TestWatchKnowsEveryEnd(t *testing.T) {
	begin := row{0, "demo", "UPDATE_IN_PROGRESS", ""}
	step := row{12 * time.Second, "GreenTaskSet", "CREATE_IN_PROGRESS", ""}
	for phase := time.Duration(0); phase < 12*time.Second; phase += 250 * time.Millisecond {
		wantKnown(t, begin, step, step, row{phase, "demo", "UPDATE_COMPLETE", ""})
	}
	for _, minutes := range []time.Duration{1, 2, 5, 10, 30} { // blue is kept, and nothing happens
		for phase := time.Duration(0); phase < 2*time.Second; phase += 250 * time.Millisecond {
			wantKnown(t, begin, step, row{minutes*time.Minute + phase, "demo", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""}, row{0, "demo", "UPDATE_COMPLETE", ""})
		}
	}
}

// wantKnown watches an operation, whose end has to be known within a second.
func wantKnown(t *testing.T, rows ...row) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		f := &fake{}
		before(f)
		f.story(rows...)
		synctest.Wait()
		begun := time.Now()
		end, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if late := time.Since(end.Time); late > time.Second {
			t.Errorf("knew an end after %s only %s later", end.Time.Sub(begun), late)
		}
	})
}

func TestWatchReadsOnlyWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{page: 10}
		for range 50 {
			before(f)
		}
		f.story(update()...)
		synctest.Wait()
		if _, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID}, nil); err != nil {
			t.Fatal(err)
		}
		took := time.Since(f.calls[0].at)
		if calls := len(f.calls); calls > int(took/time.Second)+3 {
			t.Errorf("%d calls in %s: it read the history again", calls, took)
		}
	})
}

func TestWatchIsRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{page: 2}
		before(f)
		f.story(update()...)
		synctest.Wait()
		var got log
		last, restarts := "", 0
		for {
			ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			end, err := stack.New(f).Watch(ctx, stack.From{StackID: stackID, After: last}, func(e stack.Event) { got.add(e); last = e.ID })
			cancel()
			if err == nil {
				if end.Status != "UPDATE_COMPLETE" {
					t.Errorf("ended as %+v", end)
				}
				break
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			restarts++
		}
		if restarts < 5 {
			t.Errorf("only %d restarts: the test proves nothing", restarts)
		}
		if diff := cmp.Diff(updateSeen, got.lines); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestWatchGoesOnAfterAForgottenEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		before(f)
		f.story(update()...)
		synctest.Wait()
		var got log
		if _, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID, After: "gone"}, got.add); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(updateSeen, got.lines); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestWatchLateRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		before(f)
		f.row("demo", "UPDATE_IN_PROGRESS", "")
		f.row("A", "UPDATE_COMPLETE", "")
		go func() {
			time.Sleep(1500 * time.Millisecond)
			f.row("B", "UPDATE_COMPLETE", "")
			// The row slips in behind A, which has been seen.
			f.mu.Lock()
			n := len(f.events)
			f.events[n-1], f.events[n-2] = f.events[n-2], f.events[n-1]
			f.mu.Unlock()
			time.Sleep(2 * time.Second)
			f.row("demo", "UPDATE_COMPLETE", "")
		}()
		var got log
		if _, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID}, got.add); err != nil {
			t.Fatal(err)
		}
		want := []string{"demo UPDATE_IN_PROGRESS", "A UPDATE_COMPLETE", "B UPDATE_COMPLETE", "demo UPDATE_COMPLETE"}
		if diff := cmp.Diff(want, got.lines); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestWatchMissingLastEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		before(f)
		f.row("demo", "UPDATE_IN_PROGRESS", "")
		go func() {
			time.Sleep(10 * time.Second)
			f.mu.Lock()
			f.status = "UPDATE_ROLLBACK_COMPLETE"
			f.mu.Unlock()
		}()
		_, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID}, nil)
		var back *stack.RolledBackError
		if !errors.As(err, &back) {
			t.Fatalf("error %v, want *RolledBackError", err)
		}
	})
}

func TestWatchRootCause(t *testing.T) {
	tests := []struct {
		name  string
		rows  []row
		cause string
		text  string
	}{
		{"the earliest failure, not what was cancelled for it", []row{
			{0, "demo", "CREATE_IN_PROGRESS", ""},
			{0, "LogGroup", "CREATE_FAILED", "Resource creation cancelled"},
			{0, "Role", "CREATE_FAILED", "not allowed to create it"},
			{0, "Cluster", "CREATE_FAILED", "a later failure"},
			{0, "demo", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [LogGroup, Role, Cluster]."},
			{0, "demo", "ROLLBACK_COMPLETE", ""},
		}, "Role", `stack "demo" rolled back (ROLLBACK_COMPLETE): Role (AWS::ECS::TaskSet): not allowed to create it`},
		{"a cancelled update", []row{
			{0, "demo", "UPDATE_IN_PROGRESS", ""},
			{0, "GreenTaskSet", "CREATE_FAILED", "Resource creation cancelled"},
			{0, "demo", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated cancel"},
			{0, "demo", "UPDATE_ROLLBACK_COMPLETE", ""},
		}, "demo", `stack "demo" rolled back (UPDATE_ROLLBACK_COMPLETE): User Initiated cancel`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				f.row("demo", "REVIEW_IN_PROGRESS", "")
				for _, r := range test.rows {
					f.row(r.logical, r.status, r.reason)
				}
				_, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID}, nil)
				var back *stack.RolledBackError
				if !errors.As(err, &back) {
					t.Fatalf("error %v, want *RolledBackError", err)
				}
				if back.End.Cause.LogicalID != test.cause || back.Error() != test.text {
					t.Errorf("cause %q, text %q", back.End.Cause.LogicalID, back.Error())
				}
				if back.Cancelled() != (test.cause == "demo") || back.Hint() == "" {
					t.Errorf("cancelled %v, hint %q", back.Cancelled(), back.Hint())
				}
			})
		})
	}
}

func TestWatchStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.row("demo", "UPDATE_IN_PROGRESS", "")
		f.row("demo", "UPDATE_ROLLBACK_IN_PROGRESS", "")
		f.row("Service", "UPDATE_FAILED", "did not stabilize")
		f.row("demo", "UPDATE_ROLLBACK_FAILED", "")
		_, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID}, nil)
		var stuck *stack.StuckError
		if !errors.As(err, &stuck) {
			t.Fatalf("error %v, want *StuckError", err)
		}
		const want = "--resources-to-skip Service"
		if hint := stuck.Hint(); !strings.Contains(hint, want) || !strings.Contains(hint, "continue-update-rollback") {
			t.Errorf("hint %q lacks %q", hint, want)
		}
	})
}

func TestWatchHungCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{slow: func(ctx context.Context, _ string, n int) error {
			if n == 2 {
				<-ctx.Done() // an answer that never comes
				return ctx.Err()
			}
			return nil
		}}
		f.story(update()...)
		synctest.Wait()
		var got log
		if _, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID}, got.add); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.lines, updateSeen) {
			t.Errorf("events %v", got.lines)
		}
	})
}

func TestWatchGivesUp(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		lost bool
	}{
		"out of reach":        {&netError{io.ErrUnexpectedEOF}, true},
		"expired credentials": {apiError("ExpiredToken", "The security token included in the request is expired"), false},
		"a quota":             {apiError("LimitExceededException", "no more"), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{trouble: func(string, int) error { return test.err }}
				begun := time.Now()
				_, err := stack.New(f).Watch(t.Context(), stack.From{StackID: stackID}, nil)
				var lost *stack.LostError
				if errors.As(err, &lost) != test.lost || !errors.Is(err, test.err) {
					t.Fatalf("error %v", err)
				}
				if took := time.Since(begun); (took > 15*time.Minute) != test.lost {
					t.Errorf("gave up after %s", took)
				}
			})
		})
	}
}

func TestUnreachable(t *testing.T) {
	for name, test := range map[string]struct {
		err    error
		within time.Duration
	}{
		"nobody listens":     {&netError{syscall.ECONNREFUSED}, time.Second},
		"nobody answers":     {&netError{io.ErrUnexpectedEOF}, 40 * time.Second},
		"no such credential": {apiError("InvalidClientTokenId", "The security token included in the request is invalid."), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{trouble: func(string, int) error { return test.err }}
				begun := time.Now()
				_, err := stack.New(f).Plan(t.Context(), request("a"))
				if !errors.Is(err, test.err) || time.Since(begun) > test.within {
					t.Errorf("after %s: %v", time.Since(begun), err)
				}
				if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "RequestID") {
					t.Errorf("more than one clear line: %v", err)
				}
			})
		})
	}
}
