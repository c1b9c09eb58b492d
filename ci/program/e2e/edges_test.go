package e2e

import (
	"strings"
	"testing"
)

// TestSteps: the log of a release shows its steps in their order, also for somebody
// whose credentials come from a command.
func TestSteps(t *testing.T) {
	t.Parallel()
	inFull(t)
	b := newBox(t)
	c := b.in(t)
	c.shell(t, "$o | share --account shared-services | result; $o | publish $($o | image --revision blue-1) "+b.repo+":1.0.0").ok(t)

	c.progress = "plain"
	c.constructor[0] = "--credentials=cmd://printenv " + credentialsName
	r := c.call(t, b.release(t, "release", "1.0.0", "result")...)
	if got := r.ok(t); !strings.HasPrefix(got, b.repo+"@sha256:") {
		t.Errorf("the result is %q", got)
	}
	rest := r.stderr
	for _, step := range []string{
		"push: the image in its repository", "access: may the account pull?", "plan: what would change",
		"apply: CloudFormation stack " + stackName, "verify: who answers?", "decide: keep it, or go back?",
	} {
		_, after, found := strings.Cut(rest, "┆ "+step+"\n")
		if !found {
			t.Fatalf("the log has no %q, or not in this place: %s", step, r)
		}
		rest = after
	}
}

// TestUnknown: a name that there isn't is said before anything is touched.
func TestUnknown(t *testing.T) {
	t.Parallel()
	inFull(t)
	b := newBox(t)
	c := b.in(t)
	for _, test := range []struct {
		name       string
		args       []string
		status     int
		line, hint string
	}{
		{"account", []string{"destroy", "--stack=" + stackName, "--account=nobody"}, 1, `no account of the Organization is named "nobody"`, "list-accounts"},
		{"repository", b.release(t, "plan", "1.0.0"), 1, `no such repository: "` + repository + `"`, "create it with the stack of cfn/ecr-repository.yaml"},
	} {
		t.Run(test.name, func(t *testing.T) { c.call(t, test.args...).fails(t, test.status, test.line, test.hint) })
	}
	t.Run("unit", func(t *testing.T) {
		c := b.in(t)
		c.constructor = append(c.constructor, "--unit=") // nor that of a .env
		c.call(t, "share").fails(t, 2, "unit: not given", "--unit names the organizational unit")
	})
	if left := b.state(t); left != "" {
		t.Errorf("something was made:\n%s", left)
	}
}
