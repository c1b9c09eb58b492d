package stack_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
)

func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "shop", "Shop-2", strings.Repeat("a", 128), "arn:aws:cloudformation:eu-west-1:222222222222:stack/shop/1b2c", "arn:aws-cn:cloudformation:cn-north-1:222222222222:stack/shop/1b2c"} {
		if err := stack.CheckName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", " ", "-shop", "2shop", "shop_1", "shöp", "a b", "shop\n", "../x", strings.Repeat("a", 129), "arn:", "arn:aws:s3:::bucket",
		"arn:aws:cloudformation:eu-west-1:222222222222:stack/", "arn:aws:cloudformation:eu-west-1:222222222222:changeSet/x/y", strings.Repeat("x", 100000),
	} {
		var fault *stack.NameError
		if err := stack.CheckName(bad); !errors.As(err, &fault) || len(err.Error()) > 400 || fault.Hint() == "" {
			t.Errorf("%.40q: error %v", bad, err)
		}
	}
}

// What names no stack asks nobody.
func TestNamesAreCheckedFirst(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "no stack", "arn:aws:s3:::bucket"} {
		f := living()
		client := stack.New(f)
		req := request("b")
		req.Name = name
		for verb, do := range map[string]func() error{
			"describe":       func() error { _, err := client.Describe(t.Context(), name); return err },
			"template":       func() error { _, err := client.Template(t.Context(), name); return err },
			"resource":       func() error { _, err := client.PhysicalID(t.Context(), name, "x"); return err },
			"plan":           func() error { _, err := client.Plan(t.Context(), req); return err },
			"delete":         func() error { _, err := client.Delete(t.Context(), name, nil); return err },
			"cancel":         func() error { _, err := client.Cancel(t.Context(), name, nil); return err },
			"cancel at once": func() error { return client.RequestCancel(t.Context(), name) },
			"watch":          func() error { _, err := client.Watch(t.Context(), stack.From{StackID: name}, nil); return err },
		} {
			var fault *stack.NameError
			if err := do(); !errors.As(err, &fault) {
				t.Errorf("%s %q: error %v", verb, name, err)
			}
		}
		if len(f.calls) > 0 {
			t.Errorf("%q: called %v", name, f.named())
		}
	}
}

// A description of another stack than the one asked for is nobody's.
func TestDescribesAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := stack.New(living()).Delete(t.Context(), "somebody-elses", nil)
		if err == nil || !strings.Contains(err.Error(), `asked for stack "somebody-elses", CloudFormation described "demo"`) {
			t.Errorf("error %v", err)
		}
	})
}

// An answer that can't be read is no answer: watch and cancel go on.
func TestUnreadable(t *testing.T) {
	garbled := &smithy.OperationError{OperationName: "DescribeStackEvents", Err: &smithy.DeserializationError{Err: errors.New("XML syntax error on line 1: unexpected EOF")}}
	for _, operation := range []string{"DescribeStackEvents", "DescribeStacks", "ExecuteChangeSet"} {
		synctest.Test(t, func(t *testing.T) {
			client, f, plan := planned(t)
			f.execute = func() { f.story(update()...) }
			told := 0
			f.trouble = func(called string, n int) error {
				if called == operation && n < 3 {
					return garbled
				}
				return nil
			}
			ctx := stack.WithTrace(t.Context(), func(w stack.Waiting) { told++ })
			if end, err := client.Apply(ctx, plan, nil); err != nil || end.Status != "UPDATE_COMPLETE" {
				t.Errorf("%s: ended %+v, error %v", operation, end, err)
			}
			if operation != "DescribeStacks" && told == 0 { // which a watch that goes well hardly asks
				t.Errorf("%s: nobody was told of a wait", operation)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		client, f, _ := planned(t)
		f.trouble = func(called string, n int) error {
			if called == "CancelUpdateStack" && n < 3 {
				return garbled
			}
			return nil
		}
		f.cancel = func() error { return nil }
		if err := client.RequestCancel(t.Context(), "demo"); err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		client, f, _ := planned(t)
		f.trouble = func(string, int) error { return garbled }
		began := time.Now()
		_, err := client.Describe(t.Context(), "demo")
		if err == nil || !strings.Contains(err.Error(), "does a proxy or a login page answer") || time.Since(began) > time.Minute {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// Throttling ends after minutes where nothing depends on it, and is told.
func TestThrottledForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		f.trouble = func(operation string, _ int) error {
			if operation == "CreateChangeSet" {
				return apiError("Throttling", "Rate exceeded")
			}
			return nil
		}
		var told []string
		ctx := stack.WithTrace(t.Context(), func(w stack.Waiting) { told = append(told, w.String()) })
		began := time.Now()
		_, err := stack.New(f).Plan(ctx, request("b"))
		var throttled *stack.ThrottledError
		if !errors.As(err, &throttled) || throttled.Hint() == "" || time.Since(began) > 5*time.Minute {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if len(told) < 3 || !strings.HasPrefix(told[2], "AWS throttles CreateChangeSet: try ") {
			t.Errorf("told %q", told)
		}
	})
}

// Somebody else may have been faster: their change set removes all others.
func TestOvertaken(t *testing.T) {
	for _, test := range []struct {
		name, status string
		is           func(error) bool
	}{
		{"it is still at work", "UPDATE_IN_PROGRESS", is[*stack.InProgressError]},
		{"it is done", "UPDATE_COMPLETE", is[*stack.OvertakenError]},
		{"it deleted the stack", "DELETE_COMPLETE", is[*stack.ReplacedError]},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, f, plan := planned(t)
				f.trouble = func(operation string, _ int) error {
					if operation == "ExecuteChangeSet" {
						f.status = test.status
						return apiError("ChangeSetNotFound", "ChangeSet [arn:x] does not exist")
					}
					return nil
				}
				if _, err := client.Begin(t.Context(), plan); !test.is(err) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		f := living()
		req := request("b")
		req.StackID = "arn:aws:cloudformation:eu-west-1:222222222222:stack/demo/another"
		if _, err := stack.New(f).Plan(t.Context(), req); !is[*stack.ReplacedError](err) {
			t.Errorf("error %v", err)
		}
		wantCalls(t, f, "CreateChangeSet")
	})
}

func is[E error](err error) bool {
	var want E
	return errors.As(err, &want)
}

// A rule of the hook's listener is the hook's, if nothing but its target group
// changes, whether or not a change set lists it.
func TestRulesOfTheHook(t *testing.T) {
	rule := func(cause string) types.ResourceChange {
		c := change("Modify", "Rule", "ElasticLoadBalancingV2::ListenerRule", "False")
		name, property, _ := strings.Cut(cause, ".")
		c.Details = []types.ResourceChangeDetail{{Target: &types.ResourceTargetDefinition{Attribute: types.ResourceAttribute(name), Name: &property}}}
		return c
	}
	for _, test := range []struct {
		name, listener string
		changes        []types.ResourceChange
		class          report.Class
	}{
		{"not listed", "ProductionListener", green(), report.GreenDeployment},
		{"its actions", "ProductionListener", append(green(), rule("Properties.Actions")), report.GreenDeployment},
		{"its conditions", "ProductionListener", append(green(), rule("Properties.Conditions")), report.Mixed},
		{"its priority", "ProductionListener", append(green(), rule("Properties.Priority")), report.Mixed},
		{"a rule of another listener", "Other", append(green(), rule("Properties.Actions")), report.Mixed},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := living()
				req := request("b")
				resource := "Resources:\n  Rule:\n    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties: {ListenerArn: !Ref " + test.listener + "}\n"
				if test.listener == "Other" {
					resource += "  Other: {Type: AWS::ElasticLoadBalancingV2::Listener}\n"
				}
				req.Template = []byte(strings.Replace(string(req.Template), "Resources:\n", resource, 1))
				f.template = strings.Replace(f.template, "Resources:\n", resource, 1)
				f.set = computed(test.changes...)
				plan, err := stack.New(f).Plan(t.Context(), classified(req))
				if plan.Class != test.class || (err == nil) != (test.class != report.Mixed) {
					t.Errorf("class %q, error %v", plan.Class, err)
				}
			})
		})
	}
}

// A change of a listener or a rule that comes from a parameter is the user's.
func TestListenersByParameter(t *testing.T) {
	for _, test := range []struct {
		id, kind, property, by string
		class                  report.Class
	}{
		{"ProductionListener", "Listener", "DefaultActions", "", report.GreenDeployment},
		{"ProductionListener", "Listener", "DefaultActions", "GreenTargetGroup", report.GreenDeployment},
		{"ProductionListener", "Listener", "DefaultActions", "Vpc", report.Mixed},
		{"ProductionListener", "Listener", "Certificates", "Subnet1", report.Mixed},
		{"ProductionListener", "Listener", "Port", "", report.Mixed},
		{"Rule", "ListenerRule", "Actions", "GreenTargetGroup", report.GreenDeployment},
		{"Rule", "ListenerRule", "Actions", "Vpc", report.Mixed},
	} {
		t.Run(test.id+"."+test.property+" by "+test.by, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := living()
				req := request("b")
				resource := "Resources:\n  Rule:\n    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties: {ListenerArn: !Ref ProductionListener}\n"
				req.Template = []byte(strings.Replace(string(req.Template), "Resources:\n", resource, 1))
				f.template = strings.Replace(f.template, "Resources:\n", resource, 1)
				c := change("Modify", test.id, "ElasticLoadBalancingV2::"+test.kind, "False")
				c.Details = []types.ResourceChangeDetail{{Target: &types.ResourceTargetDefinition{Attribute: types.ResourceAttributeProperties, Name: &test.property}}}
				if test.by != "" {
					c.Details[0].CausingEntity = &test.by
				}
				f.set = computed(append(green(), c)...)
				if plan, err := stack.New(f).Plan(t.Context(), classified(req)); plan.Class != test.class || (err == nil) != (test.class != report.Mixed) {
					t.Errorf("class %q, error %v", plan.Class, err)
				}
			})
		})
	}
}

// A parameter whose only use is gone gets a value that it takes, or needs one.
func TestUnusedParameter(t *testing.T) {
	image := "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:" + strings.Repeat("a", 64)
	for _, test := range []struct{ declared, use, given string }{
		{"{Type: String}", "", image},
		{"{Type: String, AllowedPattern: \".+@sha256:[0-9a-f]{64}\"}", "", image},
		{"{Type: String, AllowedPattern: \"sha256:[0-9a-f]+\"}", "", ""}, // the whole has to fit
		{"{Type: String, AllowedPattern: \"(?<=x).*\"}", "", ""},
		{"{Type: String, MaxLength: 20}", "", ""},
		{"{Type: String, MinLength: 1, MaxLength: 200}", "", image},
		{"{Type: String, AllowedValues: [one, two]}", "", "one"},
		{"{Type: Number}", "", ""},
		{"{Type: \"AWS::EC2::VPC::Id\"}", "", ""},
		{"{Type: String}", "!Ref Picture", ""},
		{"{Type: String}", "!Sub \"x${Picture}\"", ""},
	} {
		t.Run(test.declared+test.use, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := living()
				req := request("b")
				req.Unused = image
				body := "Parameters:\n  Picture: " + test.declared + "\nResources:\n  Logs:\n    Type: AWS::Logs::LogGroup\n"
				if test.use != "" {
					body += "    Properties: {LogGroupName: " + test.use + "}\n"
				}
				req.Template, req.Parameters, f.missing = []byte(body), nil, true
				f.set = computed(change("Add", "Logs", "Logs::LogGroup", ""))
				plan, err := stack.New(f).Plan(t.Context(), req)
				if test.given == "" {
					if !is[*stack.ParameterError](err) {
						t.Errorf("error %v", err)
					}
					return
				}
				if err != nil || *f.created[0].Parameters[0].ParameterValue != test.given || !strings.Contains(plan.Why, "nothing refers to parameter Picture") {
					t.Errorf("plan %+v, error %v", plan, err)
				}
			})
		})
	}
}

// Nothing waits in silence.
func TestWaitsAreTold(t *testing.T) {
	for name, spoil := range map[string]func(*fake){
		"throttled": func(f *fake) {
			f.trouble = func(operation string, _ int) error {
				if operation == "CreateChangeSet" {
					return apiError("Throttling", "Rate exceeded")
				}
				return nil
			}
		},
		"hung": func(f *fake) {
			f.slow = func(ctx context.Context, operation string, _ int) error {
				if operation == "CreateChangeSet" {
					<-ctx.Done()
				}
				return ctx.Err()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := living()
				spoil(f)
				var mu sync.Mutex
				last, longest := time.Now(), time.Duration(0)
				ctx := stack.WithTrace(t.Context(), func(w stack.Waiting) {
					mu.Lock()
					defer mu.Unlock()
					longest, last = max(longest, time.Since(last)), time.Now()
					if !strings.Contains(w.String(), "CreateChangeSet") {
						t.Errorf("told %q", w)
					}
				})
				if _, err := stack.New(f).Plan(ctx, request("b")); err == nil {
					t.Error("no error")
				}
				if longest > 5*time.Second || time.Since(last) > 5*time.Second {
					t.Errorf("nothing was told for %s", max(longest, time.Since(last)))
				}
			})
		})
	}
}

// A stack that is deleted between the look and the change set isn't made anew.
func TestDeletedBeforeTheChangeSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		f.trouble = func(operation string, _ int) error {
			if operation == "CreateChangeSet" {
				return apiError("ValidationError", "Stack [demo] does not exist")
			}
			return nil
		}
		if _, err := stack.New(f).Plan(t.Context(), request("b")); !is[*stack.ReplacedError](err) {
			t.Errorf("error %v", err)
		}
	})
}
