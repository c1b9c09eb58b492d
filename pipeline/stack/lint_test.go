package stack_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"orgship/pipeline/report"
	"orgship/pipeline/stack"
)

func TestPlanLintsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := living()
		req := request("b")
		req.Template = []byte(strings.Replace(string(req.Template), "Type: AllAtOnce\n", "Type: Sometimes\n", 1))
		_, err := stack.New(f).Plan(t.Context(), req)
		var lint *stack.LintError
		if !errors.As(err, &lint) {
			t.Fatalf("error %v, want *LintError", err)
		}
		if f := lint.Findings[0]; f.Line == 0 || f.Rule == "" || f.Message == "" || !strings.HasPrefix(f.Source, "https://") || !strings.Contains(lint.Hint(), f.Source) {
			t.Errorf("finding %+v, hint %q", f, lint.Hint())
		}
		if len(f.calls) > 0 {
			t.Errorf("AWS was called: %v", f.named())
		}
	})
}

func TestPlanRefusesAMixedTemplate(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(*stack.Request)
		text string
	}{
		"another resource": {func(r *stack.Request) {
			r.Template = []byte(strings.Replace(string(r.Template), "GroupDescription: The tasks are", "GroupDescription: All tasks are", 1))
		}, `stack "demo": a green deployment can't be mixed with a change of TaskSecurityGroup`},
		"the stack's tags": {func(r *stack.Request) { r.Tags = map[string]string{"team": "b"} },
			`stack "demo": a green deployment can't be mixed with a change of the stack's tags`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := living()
				req := request("b")
				test.edit(&req)
				plan, err := stack.New(f).Plan(t.Context(), req)
				var mixed *stack.MixedError
				if !errors.As(err, &mixed) || err.Error() != test.text || mixed.Green[0].LogicalID != "BlueTaskDefinition" {
					t.Fatalf("error %v", err)
				}
				if plan.Class != report.Mixed || !strings.Contains(mixed.Hint(), "two updates") {
					t.Errorf("plan %+v, hint %q", plan, mixed.Hint())
				}
				wantCalls(t, f, "CreateChangeSet")
			})
		})
	}
}
