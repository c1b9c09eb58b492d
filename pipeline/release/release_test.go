package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"orgship/pipeline/account"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy/hook"
	"orgship/pipeline/verify"
)

// course is the usual course of a green deployment, with what green says.
func course(green verify.Attempt) []act {
	return []act{
		event("UPDATE_IN_PROGRESS"),
		later(20*time.Second, moves(0)),
		later(20*time.Second, says(green)),
		later(300*time.Millisecond, moves(100)),
		later(5*time.Minute, event("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")),
		later(20*time.Second, event("UPDATE_COMPLETE")),
	}
}

func TestRelease(t *testing.T) {
	late := &stack.TooLateError{Name: "demo", Status: "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"}
	tests := []struct {
		name    string
		world   func(*world)
		verdict report.Verdict
		outcome report.Outcome
		blue    bool // lived when it was decided
		text    string
	}{
		{"right", func(w *world) { w.story = course(greenSays) }, report.Successful, report.Released, true, "right answers in a row"},
		{"wrong", func(w *world) { w.story = course(greenErrs) }, report.Failed, report.RolledBack, true, "body lacks"},
		{"the old version goes on answering", func(w *world) { w.story = course(blueSays) }, report.Inconclusive, report.RolledBack, true, "not 3 right answers"},
		{"the version that serves now doesn't answer", func(w *world) {
			w.answer = func() verify.Attempt { return nobody }
			w.story = course(greenSays)
		}, report.Error, report.Refused, false, "nothing was touched"},
		{"nobody ever could ask, and that was known", func(w *world) {
			w.request.Check.IgnoreBaseline = true
			w.answer = func() verify.Attempt { return nobody }
			w.story = course(nobody)
		}, report.Error, report.RolledBack, true, "nobody answered in time"},
		{"a service that is down is mended", func(w *world) {
			w.request.Check.IgnoreBaseline = true
			w.answer = func() verify.Attempt { return nobody }
			w.story = course(greenSays)
		}, report.Successful, report.Released, true, "right answers"},
		{"an app that prints the time is not judged before it has traffic", func(w *world) {
			w.answer = w.clock("shop 5", verify.Wrong)
			w.story = course(greenSays)
			w.story[2] = later(20*time.Second, act{0, func(w *world) { w.set(w.clock("shop 6", verify.Passed)) }})
		}, report.Successful, report.Released, true, "right answers"},
		{"an app that prints the time, and is wrong", func(w *world) {
			w.answer = w.clock("shop 5", verify.Wrong)
			w.story = course(greenSays)
			w.story[2] = later(20*time.Second, act{0, func(w *world) { w.set(w.clock("oops", verify.Wrong)) }})
		}, report.Failed, report.RolledBack, true, "body lacks"},
		{"a third of the requests lost", func(w *world) {
			w.losing = 100
			w.story = course(greenSays)
			w.story[3] = later(300*time.Millisecond, act{0, func(w *world) { w.set(w.answer); w.losing = 30; moves(100).do(w) }})
		}, report.Failed, report.RolledBack, true, "requests were lost since the new version has traffic"},
		{"silence under the new version", func(w *world) { w.story = course(nobody) }, report.Error, report.RolledBack, true, "nobody has answered"},
		{"a stranger", func(w *world) {
			w.story = course(verify.Attempt{Outcome: verify.Stale, Status: 200, Revision: "rev-z", Reason: "revision rev-z answers"})
		}, report.Failed, report.RolledBack, true, "rev-z"},
		{"wrong when blue is gone", func(w *world) {
			w.story = slices.Concat(course(greenSays)[:5], []act{says(greenErrs), later(10*time.Second, event("UPDATE_COMPLETE"))})
		}, report.Failed, report.Broken, false, "body lacks"},
		{"too late to cancel", func(w *world) {
			w.story = course(greenErrs)
			w.cancel = func() error { return late }
		}, report.Failed, report.Broken, false, "body lacks"},
		{"it may not cancel", func(w *world) {
			w.story = course(greenErrs)
			w.cancel = func() error {
				return errors.New("cancelling the update: AccessDenied: no cloudformation:CancelUpdateStack")
			}
		}, report.Failed, report.Broken, true, "cancelling the update: AccessDenied: no cloudformation:CancelUpdateStack; so the new version stays"},
		{"CodeDeploy can't be read", func(w *world) {
			w.traffic = &hook.NoTrafficError{Err: errors.New("AccessDenied")}
			w.story = course(greenSays)
		}, report.Successful, report.Released, true, "20 right answers"},
		{"the deployment fails by itself", func(w *world) {
			w.story = []act{event("UPDATE_IN_PROGRESS"), later(time.Minute, event("UPDATE_ROLLBACK_IN_PROGRESS")), event("UPDATE_ROLLBACK_COMPLETE")}
		}, report.Failed, report.RolledBack, false, "rolled back"},
		{"the first deployment", func(w *world) {
			w.stack, w.class = nil, report.Create
			w.answer = func() verify.Attempt { return nobody }
			w.story = []act{event("CREATE_IN_PROGRESS"), later(time.Minute, event("CREATE_COMPLETE")), later(20*time.Second, says(greenSays))}
		}, report.Successful, report.Released, false, "right answers"},
		{"a first deployment that never answers", func(w *world) {
			w.stack, w.class = nil, report.Create
			w.answer = func() verify.Attempt { return nobody }
			w.story = []act{event("CREATE_IN_PROGRESS"), event("CREATE_COMPLETE")}
		}, report.Error, report.Broken, false, "nobody answered in time"},
		{"nothing to do", func(w *world) {
			w.class = report.NothingToDo
			w.answer = func() verify.Attempt { return greenSays }
		}, report.Successful, report.Unchanged, false, "nothing to do"},
		{"nothing to do, and wrong", func(w *world) {
			w.class = report.NothingToDo
			w.answer = func() verify.Attempt { return greenErrs }
		}, report.Failed, report.Broken, false, "isn't right"},
		{"refused by the plan", func(w *world) {
			w.planErr = &stack.MixedError{Name: "demo", Others: []report.Change{{LogicalID: "LogGroup"}}}
		}, report.Failed, report.Refused, false, "LogGroup"},
		{"not begun", func(w *world) { w.beginErr = errors.New("no connection") }, report.Error, report.Refused, false, "no connection"},
		{"the credentials end before anything is begun", func(w *world) { w.planErr = ended() }, report.Error, report.Refused, false, "the credentials expired at 1999"},
		{"the credentials end while the stack changes", func(w *world) {
			w.watchErr = fmt.Errorf("watching: %w", ended())
		}, report.Error, report.InProgress, false, "goes on by itself: watching: the credentials expired at 1999"},
		{"out of sight", func(w *world) {
			w.watchErr = &stack.LostError{For: time.Hour, Err: errors.New("no connection")}
		}, report.Error, report.InProgress, false, "could not be followed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				test.world(w)
				r, err := w.releaser().Release(t.Context(), w.request)
				wantReport(t, r, err, test.verdict, test.outcome)
				if !strings.Contains(r.Summary, test.text) {
					t.Errorf("summary %q lacks %q", r.Summary, test.text)
				}
				if r.Verification != nil && r.Verification.BlueLived != test.blue {
					t.Errorf("blue lived: %v, decided %+v", r.Verification.BlueLived, r.Verification)
				}
				if r.Outcome == report.Refused && r.Serving != nil && r.Serving.Touched {
					t.Errorf("it was refused, and the first line is %q", r.Headline())
				}
				if _, err := json.Marshal(r); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// ended is what a client says whose credentials have ended.
func ended() error {
	c, err := account.ParseCredentials([]byte(`{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"1999-01-02T03:04:05Z"}`)) // before the time of synctest
	if err == nil {
		_, err = c.Retrieve(context.Background())
	}
	return err
}

// New credentials are what helps when the old ones end: to go on, and to go back.
func TestExpired(t *testing.T) {
	for _, test := range []struct {
		name  string
		world func(*world)
		again string
	}{
		{"before anything is begun", func(w *world) { w.beginErr = ended() }, "run the same command again. New ones: log in"},
		{"while the stack changes", func(w *world) { w.watchErr = ended() }, "run the same command again: it goes on from where the stack is. Going back needs new ones too"},
		{"when it should go back", func(w *world) {
			w.story = course(greenErrs)[:4]
			w.cancel = ended
			w.story = append(w.story, later(10*time.Second, act{0, func(w *world) { w.lose(ended()) }}))
		}, "Going back needs new ones too"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				test.world(w)
				r, err := w.releaser().Release(t.Context(), request())
				if r.Verdict != report.Error || len(r.Hints) > 0 || len(r.Errors) == 0 {
					t.Errorf("%s, %s, hints %q, errors %+v", r.Verdict, r.Outcome, r.Hints, r.Errors)
				}
				var hinted interface{ Hint() string }
				if !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), test.again) || !strings.HasPrefix(hinted.Hint(), "get new credentials") {
					t.Errorf("error %v, hint %q", err, hint(err))
				}
				if last := r.Errors[len(r.Errors)-1]; last.Hint != hint(err) || strings.Contains(last.Message, "\n") {
					t.Errorf("reported as %+v", last)
				}
			})
		})
	}
}

// TestDecidesInTime holds the promise that an unproved release goes back while
// blue lives: four fifths into the termination wait.
func TestDecidesInTime(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.story = course(blueSays)
		r, _ := w.releaser().Release(t.Context(), request())
		full := time.Time{}
		for _, tr := range r.Traffic {
			if tr.Percent == 100 {
				full = tr.At
			}
		}
		if wait := r.Verification.Decided.Sub(full); wait < 3*time.Minute+50*time.Second || wait > 4*time.Minute+10*time.Second {
			t.Errorf("decided %s into a wait of 5 min", wait)
		}
	})
}

// TestDecidesInTimeAtSpeed releases where a minute lasts a second: a right
// version is proved in the shortest wait that CloudFormation takes.
func TestDecidesInTimeAtSpeed(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.story = course(greenSays)
		w.story[4].after = time.Second
		req := request()
		req.Change.TerminationWaitMinutes = aws.Int(1)
		r, err := w.releaser(func(c *Config) { c.Speed = 60 }).Release(t.Context(), req)
		if err != nil || !r.Verification.BlueLived {
			t.Errorf("%s, %s: %v", r.Verdict, r.Summary, err)
		}
	})
}

func TestWrongAnswerActsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.story = course(greenErrs)
		var asked time.Time
		w.cancel = func() error {
			asked = time.Now()
			w.cancel = nil
			return w.RequestCancel(t.Context(), theStack)
		}
		r, err := w.releaser().Release(t.Context(), request())
		wantReport(t, r, err, report.Failed, report.RolledBack)
		if d := asked.Sub(r.Verification.Decided); d > 10*time.Millisecond {
			t.Errorf("cancelled %s after the wrong answer", d)
		}
		if r.Verification.Attempts["wrong"] != 1 {
			t.Errorf("attempts %v", r.Verification.Attempts)
		}
	})
}

func TestInterrupted(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.story = course(greenSays)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		r, err := w.releaser().Release(ctx, request())
		wantReport(t, r, err, report.Inconclusive, report.InProgress)
		if w.canceled || len(r.Hints) == 0 {
			t.Errorf("cancelled: %v, hints %v", w.canceled, r.Hints)
		}
	})
}

// What an interruption says has to be true: before the decision, after it, and
// where the release was told to go back.
func TestInterruptedWhen(t *testing.T) {
	for _, test := range []struct {
		name     string
		after    time.Duration
		rollback bool
		world    func(*world)
		canceled bool
		text     string
	}{
		{"before the decision", 30 * time.Second, false, func(*world) {}, false, "nobody decides about it"},
		{"before the decision, told to go back", 30 * time.Second, true, func(*world) {}, true, "the update is cancelled"},
		{"told to go back, and it may not", 30 * time.Second, true, func(w *world) {
			w.cancel = func() error { return errors.New("AccessDenied") }
		}, false, "could not be cancelled"},
		{"after it was kept", 2 * time.Minute, true, func(*world) {}, false, "was proved"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				w.story = course(greenSays)
				test.world(w)
				ctx, cancel := context.WithTimeout(t.Context(), test.after)
				defer cancel()
				req := request()
				req.RollbackOnInterrupt = test.rollback
				r, err := w.releaser(func(c *Config) {
					c.Command = func(words ...string) string { return "COMMAND " + strings.Join(words, " ") }
				}).Release(ctx, req)
				wantReport(t, r, err, report.Inconclusive, report.InProgress)
				if w.canceled != test.canceled || !strings.Contains(r.Summary, test.text) {
					t.Errorf("cancelled: %v, %s", w.canceled, r.Summary)
				}
				if !strings.Contains(strings.Join(r.Hints, "\n"), "COMMAND rollback demo") {
					t.Errorf("hints %q", r.Hints)
				}
			})
		})
	}
}

func TestAccessRefused(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		refuse := func(c *Config) {
			c.Access = func(context.Context, string) ([]report.Access, error) {
				return []report.Access{{Account: "222222222222", Reason: "aws:PrincipalOrgPaths doesn't match", Hint: "write StringLike"}}, nil
			}
		}
		r, err := w.releaser(refuse).Release(t.Context(), request())
		wantReport(t, r, err, report.Failed, report.Refused)
		var denied *AccessError
		if !errors.As(err, &denied) || denied.Hint() != "write StringLike" || len(w.planned) > 0 {
			t.Errorf("error %v, planned %d", err, len(w.planned))
		}
	})
}

func TestDryRun(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		req := request()
		req.DryRun = true
		r, err := w.releaser().Release(t.Context(), req)
		wantReport(t, r, err, report.Successful, report.Unchanged)
		if w.began || w.dropped != 1 {
			t.Errorf("begun: %v, discarded %d", w.began, w.dropped)
		}
	})
}

func TestRecordOfImages(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for _, letter := range []string{"b", "c", "c", "d"} { // c is released twice
			w.class = report.NothingToDo
			w.answer = func() verify.Attempt { return greenSays }
			req := request()
			req.Image = digestOf(letter)
			req.Check.Skip = true
			if _, err := w.releaser().Release(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			w.body = w.planned[len(w.planned)-1].Template
		}
		if diff := cmp.Diff([]string{digestOf("c"), digestOf("b"), digestOf("a")}, previous(w.body)); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
		for _, want := range []string{"c", "b", "a"} {
			r, err := w.releaser().Rollback(t.Context(), Request{Stack: "demo", Check: Check{Skip: true}})
			wantReport(t, r, err, report.Successful, report.Unchanged)
			if r.Image.Reference != digestOf(want) {
				t.Errorf("went back to %s, want %s", r.Image.Reference, digestOf(want))
			}
			w.body = w.planned[len(w.planned)-1].Template
		}
		_, err := w.releaser().Rollback(t.Context(), Request{Stack: "demo"})
		var none *NoRecordError
		if !errors.As(err, &none) {
			t.Errorf("error %v", err)
		}
	})
}

func TestDestroy(t *testing.T) {
	t.Parallel()
	r, err := living().releaser().Destroy(t.Context(), Destruction{Stack: "demo"})
	wantReport(t, r, err, report.Successful, report.Removed)
}

// A stack keeps the repository that it has.
func TestShareKeepsTheRepository(t *testing.T) {
	for _, test := range []struct{ has, wanted, text string }{
		{"shop", "web", `stack "demo" has the repository "shop" already, not "web"`},
		{"shop", "shop", ""},
		{"shop", "", ""},
		{"", "web", ""},
	} {
		bubble(t, func(t *testing.T, w *world) {
			w.stack.Parameters = map[string]string{"RepositoryName": test.has}
			work := w.releaser().newRun(report.Share, Request{Stack: "demo"})
			err := work.ownRepository(t.Context(), Shared{Stack: "demo", Repository: test.wanted})
			if (err == nil) != (test.text == "") || err != nil && (err.Error() != test.text || verdictOf(err) != report.Failed) {
				t.Errorf("has %q, wanted %q: %v", test.has, test.wanted, err)
			}
		})
	}
}
