package stackset_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"orgship/sandbox/organizations"
)

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestTolerance fails accounts within the tolerance and beyond.
func TestTolerance(t *testing.T) {
	t.Parallel()
	fails := "Stack 222222222222/create is in status DELETE_COMPLETE: as told"
	for _, test := range []struct {
		name      string
		p         *types.StackSetOperationPreferences
		status    types.StackSetOperationStatus
		results   []string
		instances []string
	}{
		{
			"by default none may fail", nil, types.StackSetOperationStatusFailed,
			[]string{"222 FAILED", "333 CANCELLED", "444 CANCELLED"},
			[]string{"222 OUTDATED FAILED " + fails, "333 OUTDATED CANCELLED Cancelled since failure tolerance has exceeded", "444 OUTDATED CANCELLED Cancelled since failure tolerance has exceeded"},
		},
		{
			"one of three", &types.StackSetOperationPreferences{FailureToleranceCount: aws.Int32(1)}, types.StackSetOperationStatusSucceeded,
			[]string{"222 FAILED", "333 SUCCEEDED", "444 SUCCEEDED"},
			[]string{"222 OUTDATED FAILED " + fails, "333 CURRENT SUCCEEDED", "444 CURRENT SUCCEEDED"},
		},
		{
			"a third, rounded down", &types.StackSetOperationPreferences{FailureTolerancePercentage: aws.Int32(33)}, types.StackSetOperationStatusFailed,
			[]string{"222 FAILED", "333 CANCELLED", "444 CANCELLED"},
			[]string{"222 OUTDATED FAILED " + fails, "333 OUTDATED CANCELLED Cancelled since failure tolerance has exceeded", "444 OUTDATED CANCELLED Cancelled since failure tolerance has exceeded"},
		},
		{
			"all", allAtOnce(), types.StackSetOperationStatusSucceeded,
			[]string{"222 FAILED", "333 SUCCEEDED", "444 SUCCEEDED"},
			[]string{"222 OUTDATED FAILED " + fails, "333 CURRENT SUCCEEDED", "444 CURRENT SUCCEEDED"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).open(nil)
			w.stacks.fails["222222222222"] = types.StackStatusDeleteComplete
			o := w.done(w.deploy(test.p, devUnit))
			if o.Status != test.status || *o.StatusDetails.FailedStackInstancesCount != 1 {
				t.Errorf("operation %s, %d failed", o.Status, *o.StatusDetails.FailedStackInstancesCount)
			}
			same(t, "results", test.results, w.results(*o.OperationId))
			same(t, "instances", test.instances, w.instances())
		})
	}
}

// TestConcurrency counts how many accounts are worked on at a time.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		p    *types.StackSetOperationPreferences
		want int
	}{
		{"one by default", nil, 1},
		{"all", allAtOnce(), 3},
		{"two", &types.StackSetOperationPreferences{MaxConcurrentCount: aws.Int32(2), FailureToleranceCount: aws.Int32(1)}, 2},
		{"no more than may fail, and one", &types.StackSetOperationPreferences{MaxConcurrentCount: aws.Int32(3), FailureToleranceCount: aws.Int32(1)}, 2},
		{"whatever may fail", &types.StackSetOperationPreferences{MaxConcurrentCount: aws.Int32(3), ConcurrencyMode: types.ConcurrencyModeSoftFailureTolerance}, 3},
		{"at least one", &types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(1)}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stacks.began, w.stacks.ended = make(chan string, 3), make(chan struct{})
			w.open(nil)
			id, err := w.deploy(test.p, devUnit)
			if err != nil {
				t.Fatal(err)
			}
			for range test.want {
				<-w.stacks.began
			}
			running := 0
			for _, r := range w.results(id) {
				if r[4:] == "RUNNING" {
					running++
				}
			}
			if running != test.want {
				t.Errorf("%d at a time, want %d", running, test.want)
			}
			close(w.stacks.ended)
			w.done(id, nil)
		})
	}
}

// TestOneAtATime refuses a second operation while one runs; automatic ones wait.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stacks.began, w.stacks.ended = make(chan string, 9), make(chan struct{})
	w.open(nil)
	id, err := w.deploy(allAtOnce(), teamUnit)
	if err != nil {
		t.Fatal(err)
	}
	<-w.stacks.began
	if _, err := w.deploy(allAtOnce(), prodUnit); code(err) != "OperationInProgressException" {
		t.Errorf("a second operation: %v", err)
	}
	if _, err := w.DeleteStackSet(w.ctx, &cfn.DeleteStackSetInput{StackSetName: aws.String("roles")}); code(err) != "OperationInProgressException" {
		t.Errorf("deleting it: %v", err)
	}
	close(w.stacks.ended)
	w.done(id, nil)
	w.done(w.deploy(allAtOnce(), prodUnit))
	if _, err := w.DeleteStackSet(w.ctx, &cfn.DeleteStackSetInput{StackSetName: aws.String("roles")}); code(err) != "StackSetNotEmptyException" {
		t.Errorf("deleting it with instances: %v", err)
	}
}

// TestManagedExecution runs what doesn't conflict at the same time, and queues
// what does.
func TestManagedExecution(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stacks.began, w.stacks.ended = make(chan string, 9), make(chan struct{})
	w.open(func(in *cfn.CreateStackSetInput) {
		in.ManagedExecution = &types.ManagedExecution{Active: aws.Bool(true)}
	})
	begin := func(id string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	team := begin(w.deploy(nil, teamUnit))
	prod := begin(w.deploy(nil, prodUnit))
	begun := []string{<-w.stacks.began, <-w.stacks.began}
	slices.Sort(begun)
	same(t, "begun", []string{"create 444444444444", "create 555555555555"}, begun)
	again := begin(w.withdraw(nil, false, teamUnit))
	if got := []types.StackSetOperationStatus{w.status(team), w.status(prod), w.status(again)}; !cmp.Equal(got, []types.StackSetOperationStatus{"RUNNING", "RUNNING", "QUEUED"}) {
		t.Errorf("operations are %v", got)
	}
	close(w.stacks.ended)
	for _, id := range []string{team, prod, again} {
		if o := w.done(id, nil); o.Status != types.StackSetOperationStatusSucceeded {
			t.Errorf("operation %s", o.Status)
		}
	}
	same(t, "instances", []string{"555 CURRENT SUCCEEDED"}, w.instances())
}

// TestDeletion retains stacks, and keeps an instance whose stack can't be deleted.
func TestDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t).open(nil)
	w.done(w.deploy(allAtOnce(), devUnit, prodUnit))
	w.done(w.withdraw(nil, true, prodUnit))
	w.stacks.fails["333333333333"] = types.StackStatusDeleteFailed
	o := w.done(w.withdraw(allAtOnce(), false, devUnit))
	same(t, "results", []string{"222 SUCCEEDED", "333 FAILED", "444 SUCCEEDED"}, w.results(*o.OperationId))
	inoperable := []string{"333 INOPERABLE INOPERABLE Stack 333333333333/create is in status DELETE_FAILED: as told"}
	same(t, "instances", inoperable, w.instances())
	w.done(w.update(&cfn.UpdateStackSetInput{UsePreviousTemplate: aws.Bool(true)}))
	same(t, "instances after an update", inoperable, w.instances())
	w.done(w.withdraw(nil, false, devUnit)) // once more
	same(t, "instances", []string{}, w.instances())
	if slices.Contains(w.stacks.calls, "delete 555555555555") {
		t.Error("a retained stack was deleted")
	}
	if _, err := w.withdraw(nil, false, devUnit); code(err) != "StackInstanceNotFoundException" {
		t.Errorf("a unit that it isn't deployed to: %v", err)
	}
}

// TestNestedTargets keeps stacks that another target still reaches.
func TestNestedTargets(t *testing.T) {
	t.Parallel()
	w := newWorld(t).open(nil)
	w.done(w.deploy(nil, teamUnit))
	w.done(w.deploy(nil, devUnit))
	w.done(w.withdraw(nil, false, teamUnit))
	same(t, "instances", []string{"222 CURRENT SUCCEEDED", "333 CURRENT SUCCEEDED", "444 CURRENT SUCCEEDED"}, w.instances())
	w.done(w.withdraw(nil, false, devUnit))
	same(t, "instances", []string{}, w.instances())
}

// TestSuspendedAccount gets no stack, and is shown.
func TestSuspendedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tree.Units[2].Accounts = append(w.tree.Units[2].Accounts, organizations.Account{ID: "666666666666", Name: "closed", Suspended: true})
	w.open(nil)
	o := w.done(w.deploy(nil, prodUnit))
	same(t, "results", []string{"555 SUCCEEDED"}, w.results(*o.OperationId))
	w.done(w.update(&cfn.UpdateStackSetInput{UsePreviousTemplate: aws.Bool(true)}))
	same(t, "instances", []string{
		"555 CURRENT SUCCEEDED",
		"666 OUTDATED SKIPPED_SUSPENDED_ACCOUNT This account is suspended. To remove this instance from the stack set, run DeleteStackInstances with the RetainStacks parameter.",
	}, w.instances())
}

func (w *world) update(in *cfn.UpdateStackSetInput) (string, error) {
	in.StackSetName = aws.String("roles")
	out, err := w.UpdateStackSet(w.ctx, in)
	if err != nil {
		return "", err
	}
	return *out.OperationId, nil
}

// TestUpdateKeepsWhatIsntGiven changes parts of a set.
func TestUpdateKeepsWhatIsntGiven(t *testing.T) {
	t.Parallel()
	parameter := func(key, value string) types.Parameter {
		return types.Parameter{ParameterKey: &key, ParameterValue: &value}
	}
	w := newWorld(t).open(func(in *cfn.CreateStackSetInput) {
		in.Description, in.Tags = aws.String("first"), []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}
		in.Parameters = []types.Parameter{parameter("A", "1"), parameter("B", "2")}
	})
	previous := types.Parameter{ParameterKey: aws.String("A"), UsePreviousValue: aws.Bool(true)}
	w.done(w.update(&cfn.UpdateStackSetInput{TemplateBody: aws.String("{ }"), Parameters: []types.Parameter{previous, parameter("B", "3")}}))
	out, err := w.DescribeStackSet(w.ctx, &cfn.DescribeStackSetInput{StackSetName: aws.String("roles")})
	if err != nil {
		t.Fatal(err)
	}
	s := out.StackSet
	if *s.Description != "first" || len(s.Tags) != 1 || *s.TemplateBody != "{ }" || *s.Parameters[0].ParameterValue != "1" || *s.Parameters[1].ParameterValue != "3" {
		t.Errorf("updated to %+v", s)
	}
	previous.ParameterKey = aws.String("C")
	if _, err := w.update(&cfn.UpdateStackSetInput{UsePreviousTemplate: aws.Bool(true), Parameters: []types.Parameter{previous}}); code(err) != "ValidationError" {
		t.Errorf("a previous value that there isn't: %v", err)
	}
}
