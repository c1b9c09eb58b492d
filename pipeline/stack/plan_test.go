package stack_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"orgship/cfn"
	"orgship/pipeline/report"
	"orgship/pipeline/stack"
	"orgship/pipeline/strategy/hook"
	"orgship/template"
)

// request asks for the template of the house with an image.
func request(digest string) stack.Request {
	body := strings.Replace(string(cfn.BlueGreen()), strings.Repeat("0", 64), strings.Repeat(digest, 64), 1)
	return classified(stack.Request{
		Name: "demo", Template: []byte(body), Capabilities: []string{"CAPABILITY_IAM"},
		Parameters: map[string]string{"Vpc": "vpc-1", "Subnet1": "subnet-1", "Subnet2": "subnet-2"},
	})
}

// classified is a request of a stack that the blue/green hook releases.
func classified(req stack.Request) stack.Request {
	t, err := template.Parse(req.Template)
	if err != nil {
		panic(err)
	}
	req.Classifier = hook.New(nil, nil, nil)(t, nil)
	return req
}

// living is a fake whose stack runs the image of digest "a".
func living() *fake {
	f := &fake{status: "UPDATE_COMPLETE", template: string(request("a").Template)}
	for _, name := range []string{"Vpc", "Subnet1", "Subnet2", "AssignPublicIp"} {
		f.parameters = append(f.parameters, types.Parameter{ParameterKey: aws.String(name), ParameterValue: aws.String("before")})
	}
	f.tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}
	f.row("demo", "CREATE_IN_PROGRESS", "")
	f.row("demo", "CREATE_COMPLETE", "")
	f.status = "UPDATE_COMPLETE"
	return f
}

// computed answers descriptions of a change set: in progress first, then with
// one change a page.
func computed(changes ...types.ResourceChange) func(int) *cloudformation.DescribeChangeSetOutput {
	return func(n int) *cloudformation.DescribeChangeSetOutput {
		if n == 1 {
			return &cloudformation.DescribeChangeSetOutput{Status: types.ChangeSetStatusCreateInProgress}
		}
		out := &cloudformation.DescribeChangeSetOutput{Status: types.ChangeSetStatusCreateComplete, ExecutionStatus: types.ExecutionStatusAvailable}
		if i := n - 2; i < len(changes) {
			out.Changes = []types.Change{{ResourceChange: &changes[i]}}
			if i < len(changes)-1 {
				out.NextToken = aws.String("more")
			}
		}
		return out
	}
}

func failed(reason string) func(int) *cloudformation.DescribeChangeSetOutput {
	return func(int) *cloudformation.DescribeChangeSetOutput {
		return &cloudformation.DescribeChangeSetOutput{Status: types.ChangeSetStatusFailed, StatusReason: &reason}
	}
}

func change(action types.ChangeAction, id, kind string, replacement types.Replacement) types.ResourceChange {
	return types.ResourceChange{Action: action, LogicalResourceId: &id, ResourceType: aws.String("AWS::" + kind), Replacement: replacement}
}

// green are the changes that a green deployment shows.
func green() []types.ResourceChange {
	return []types.ResourceChange{
		change("Add", "GreenTaskDefinition", "ECS::TaskDefinition", ""),
		change("Add", "GreenTaskSet", "ECS::TaskSet", ""),
		change("Remove", "BlueTaskDefinition", "ECS::TaskDefinition", ""),
		change("Remove", "BlueTaskSet", "ECS::TaskSet", ""),
		change("Modify", "PrimaryTaskSet", "ECS::PrimaryTaskSet", "False"),
		change("Modify", "ProductionListener", "ElasticLoadBalancingV2::Listener", "False"),
	}
}

func TestPlanClasses(t *testing.T) {
	tests := []struct {
		name    string
		changes []types.ResourceChange
		class   report.Class
		why     string
	}{
		{"green", green(), report.GreenDeployment, "replaces GreenTaskDefinition, GreenTaskSet, BlueTaskDefinition, BlueTaskSet, and nothing else changes"},
		{"a task definition replaced in place", []types.ResourceChange{
			change("Modify", "BlueTaskDefinition", "ECS::TaskDefinition", "True"),
			change("Modify", "BlueTaskSet", "ECS::TaskSet", "Conditional"),
		}, report.GreenDeployment, "replaces BlueTaskDefinition, BlueTaskSet, and nothing else changes"},
		{"only tags of a task definition", []types.ResourceChange{
			change("Modify", "BlueTaskDefinition", "ECS::TaskDefinition", "False"),
		}, report.InfrastructureOnly, "changes BlueTaskDefinition, and no task definition or task set is replaced"},
		{"infrastructure", []types.ResourceChange{
			change("Modify", "LogGroup", "Logs::LogGroup", "False"),
		}, report.InfrastructureOnly, "changes LogGroup, and no task definition or task set is replaced"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := living()
				f.set = computed(test.changes...)
				plan, err := stack.New(f).Plan(t.Context(), request("b"))
				if err != nil {
					t.Fatal(err)
				}
				if plan.Class != test.class || plan.Why != test.why {
					t.Errorf("class %q, why %q", plan.Class, plan.Why)
				}
				if len(plan.Changes) != len(test.changes) {
					t.Errorf("%d changes of %d: not all pages were read", len(plan.Changes), len(test.changes))
				}
				wantCalls(t, f, "ExecuteChangeSet", "DeleteChangeSet", "DeleteStack")
			})
		})
	}
}

func TestPlanSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		f.set = computed(green()...)
		req := request("b")
		req.Parameters = map[string]string{"Vpc": "vpc-2"}
		if _, err := stack.New(f).Plan(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		in := f.created[0]
		got := map[string]string{}
		for _, p := range in.Parameters {
			got[*p.ParameterKey] = aws.ToString(p.ParameterValue)
			if aws.ToBool(p.UsePreviousValue) {
				got[*p.ParameterKey] = "(previous)"
			}
		}
		want := map[string]string{"Vpc": "vpc-2", "Subnet1": "(previous)", "Subnet2": "(previous)", "AssignPublicIp": "(previous)"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("parameters (-want +got):\n%s", diff)
		}
		if len(in.Tags) != 1 || *in.Tags[0].Value != "a" {
			t.Errorf("tags %v: the stack's own should stay", in.Tags)
		}
		if in.ChangeSetType != types.ChangeSetTypeUpdate || string(in.Capabilities[0]) != "CAPABILITY_IAM" {
			t.Errorf("type %s, capabilities %v", in.ChangeSetType, in.Capabilities)
		}
	})
}

func TestPlanNothingToDo(t *testing.T) {
	for _, reason := range []string{
		"The submitted information didn't contain changes. Submit different information to create a change set.",
		"No updates are to be performed.",
	} {
		synctest.Test(t, func(t *testing.T) {
			f := living()
			f.set = failed(reason)
			client := stack.New(f)
			plan, err := client.Plan(t.Context(), request("a"))
			if err != nil || plan.Class != report.NothingToDo {
				t.Fatalf("class %q, error %v", plan.Class, err)
			}
			if len(f.dropped) != 1 {
				t.Error("the empty change set stays behind")
			}
			if _, err := client.Apply(t.Context(), plan, nil); err != nil {
				t.Errorf("applying nothing: %v", err)
			}
			wantCalls(t, f, "ExecuteChangeSet")
		})
	}
}

func TestPlanCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{missing: true, set: computed(change("Add", "Cluster", "ECS::Cluster", ""))}
		client := stack.New(f)
		plan, err := client.Plan(t.Context(), request("a"))
		if err != nil || plan.Class != report.Create || plan.StackID != stackID {
			t.Fatalf("plan %+v, error %v", plan, err)
		}
		if f.created[0].ChangeSetType != types.ChangeSetTypeCreate {
			t.Errorf("type %s", f.created[0].ChangeSetType)
		}
		f.remove = func() { f.missing = true }
		client.Discard(t.Context(), plan)
		if !f.missing {
			t.Errorf("the empty stack stays behind: %v", f.named())
		}
	})
}

func TestPlanCreateKeepsAForeignReview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{status: "REVIEW_IN_PROGRESS", set: computed(change("Add", "Cluster", "ECS::Cluster", ""))}
		client := stack.New(f)
		plan, err := client.Plan(t.Context(), request("a"))
		if err != nil || plan.Class != report.Create {
			t.Fatalf("plan %+v, error %v", plan, err)
		}
		client.Discard(t.Context(), plan)
		wantCalls(t, f, "DeleteStack") // someone else's change sets hang on it
	})
}

func TestPlanRecreates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{status: "ROLLBACK_COMPLETE", set: computed(change("Add", "Cluster", "ECS::Cluster", ""))}
		f.row("Cluster", "CREATE_FAILED", "earlier")
		f.remove = func() {
			f.story(row{0, "demo", "DELETE_IN_PROGRESS", ""}, row{time.Second, "demo", "DELETE_COMPLETE", ""})
		}
		f.execute = func() {
			f.story(row{0, "demo", "CREATE_IN_PROGRESS", ""}, row{time.Second, "demo", "CREATE_COMPLETE", ""})
		}
		client := stack.New(f)
		plan, err := client.Plan(t.Context(), request("a"))
		if err != nil || plan.Class != report.Create || !plan.Recreate || len(plan.Changes) < 10 {
			t.Fatalf("plan %+v, error %v", plan, err)
		}
		wantCalls(t, f, "CreateChangeSet", "DeleteStack", "ExecuteChangeSet")
		var got log
		end, err := client.Apply(t.Context(), plan, got.add)
		if err != nil || end.Status != "CREATE_COMPLETE" {
			t.Fatalf("ended %+v, error %v", end, err)
		}
	})
}

func TestPlanRefusals(t *testing.T) {
	long := request("b")
	long.Template = append(long.Template, []byte("# "+strings.Repeat("x", 51200))...)
	unknown := request("b")
	unknown.Parameters["Nope"] = "1"
	incomplete := request("a")
	delete(incomplete.Parameters, "Vpc")
	broken := request("b")
	broken.Template = []byte("Resources: [")
	tests := []struct {
		name  string
		fake  *fake
		req   stack.Request
		text  string
		calls int // at most so many
	}{
		{"a long template", living(), long, "51200 in a request", 0},
		{"a malformed template", living(), broken, `reading the template of stack "demo": `, 0},
		{"an unknown parameter", living(), unknown, `the template has no parameter "Nope"`, 1},
		{"a missing parameter", &fake{missing: true}, incomplete, `parameter "Vpc" has no value and no default`, 1},
		{"stuck in a rollback", &fake{status: "UPDATE_ROLLBACK_FAILED"}, request("b"), `stack "demo" can't be updated while it is in UPDATE_ROLLBACK_FAILED`, 1},
		{"never lived", &fake{status: "ROLLBACK_FAILED"}, request("b"), `stack "demo" can't be updated while it is in ROLLBACK_FAILED`, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := stack.New(test.fake).Plan(t.Context(), test.req)
				if err == nil || !strings.Contains(err.Error(), test.text) {
					t.Fatalf("error %v, want %q", err, test.text)
				}
				if n := len(test.fake.calls); n > test.calls {
					t.Errorf("%d calls: %v", n, test.fake.named())
				}
				wantCalls(t, test.fake, "CreateChangeSet")
			})
		})
	}
}

func TestPlanRefusedByAWS(t *testing.T) {
	const transform = `Transform AWS::CodeDeployBlueGreen failed with: Failed to transform template. Failed to parse the "Hooks" section for the provided template.`
	const diff = "Additional resource diff other than ECS application related resource update is detected, CodeDeploy can't perform BlueGreen style update properly."
	t.Run("the transform", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := living()
			f.set = failed(transform)
			_, err := stack.New(f).Plan(t.Context(), request("b"))
			var refused *stack.ChangeSetError
			if !errors.As(err, &refused) || refused.Reason != transform || !strings.Contains(refused.Hint(), "AdditionalOptions") {
				t.Errorf("error %v", err)
			}
			if len(f.dropped) != 1 {
				t.Error("the failed change set stays behind")
			}
		})
	})
	for name, set := range map[string]func(int) *cloudformation.DescribeChangeSetOutput{
		"mixed, by CloudFormation": failed(diff),
		"mixed, by the change set": computed(append(green(), change("Modify", "LogGroup", "Logs::LogGroup", "False"))...),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := living()
				f.set = set
				plan, err := stack.New(f).Plan(t.Context(), request("b"))
				var mixed *stack.MixedError
				if !errors.As(err, &mixed) || plan.Class != report.Mixed || !strings.Contains(mixed.Hint(), "two updates") {
					t.Errorf("class %q, error %v", plan.Class, err)
				}
				if len(f.dropped) != 1 {
					t.Error("the change set stays behind")
				}
			})
		})
	}
}

func TestPlanInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		f.set = func(int) *cloudformation.DescribeChangeSetOutput {
			return &cloudformation.DescribeChangeSetOutput{Status: types.ChangeSetStatusCreateInProgress}
		}
		ctx, cancel := contextAfter(t, 5*time.Second)
		defer cancel()
		if _, err := stack.New(f).Plan(ctx, request("b")); !errors.Is(err, errInterrupted) {
			t.Errorf("error %v", err)
		}
		if len(f.dropped) != 1 {
			t.Error("the unfinished change set stays behind")
		}
	})
}

func TestPlanOfABusyStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		f.set = computed(green()...)
		client := stack.New(f)
		plan, err := client.Plan(t.Context(), request("b"))
		if err != nil {
			t.Fatal(err)
		}
		f.execute = func() {
			f.row("demo", "UPDATE_IN_PROGRESS", "User Initiated")
			f.events[len(f.events)-1].ClientRequestToken = f.started[0].ClientRequestToken
		}
		if _, err := client.Begin(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		_, err = client.Plan(t.Context(), request("b"))
		var busy *stack.InProgressError
		if !errors.As(err, &busy) {
			t.Fatalf("error %v, want *InProgressError", err)
		}
		if !stack.SameOperation(busy, request("b")) || stack.SameOperation(busy, request("c")) {
			t.Errorf("token %q tells the wrong operation", busy.Token)
		}
	})
}

func TestPlanWaitsForACleanUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		f.row("demo", "UPDATE_IN_PROGRESS", "")
		f.row("demo", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")
		f.story(row{20 * time.Second, "demo", "UPDATE_COMPLETE", ""})
		synctest.Wait()
		f.set = computed(green()...)
		told := map[string]int{}
		ctx := stack.WithTrace(t.Context(), func(w stack.Waiting) { told[w.String()]++ })
		plan, err := stack.New(f).Plan(ctx, request("b"))
		if err != nil || plan.Class != report.GreenDeployment {
			t.Errorf("class %q, error %v", plan.Class, err)
		}
		if n := told[`stack "demo": nothing new yet`]; n < 15 {
			t.Errorf("20 seconds of silence were told %d times: %v", n, told)
		}
	})
}

// What a stack is to become is what its latest change set says, whoever made it.
func TestProposed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		none, err := stack.New(f).Proposed(t.Context(), stackID)
		if err != nil || none.Template != nil {
			t.Errorf("without a change set: %+v, error %v", none, err)
		}
		for i, name := range []string{"second", "first"} {
			f.sets = append(f.sets, types.ChangeSetSummary{ChangeSetId: &name, ChangeSetName: &name, CreationTime: aws.Time(time.Now().Add(-time.Duration(i) * time.Hour))})
		}
		f.set = func(int) *cloudformation.DescribeChangeSetOutput {
			return &cloudformation.DescribeChangeSetOutput{
				Parameters: []types.Parameter{{ParameterKey: aws.String("Vpc"), ParameterValue: aws.String("vpc-1")}, {ParameterKey: aws.String("Token"), ParameterValue: aws.String("****")}},
				Tags:       []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
			}
		}
		got, err := stack.New(f).Proposed(t.Context(), stackID)
		want := stack.Proposed{Template: []byte(f.template), Parameters: map[string]string{"Vpc": "vpc-1"}, Tags: map[string]string{"team": "a"}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	})
}

// A stack that is being deleted isn't brought back.
func TestPlanOfADeletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		f.row("demo", "DELETE_IN_PROGRESS", "")
		_, err := stack.New(f).Plan(t.Context(), request("b"))
		var state *stack.StateError
		if !errors.As(err, &state) || !state.Refusal() || !strings.Contains(state.Hint(), "stack-delete-complete") {
			t.Errorf("error %v", err)
		}
		wantCalls(t, f, "CreateChangeSet")
	})
}
