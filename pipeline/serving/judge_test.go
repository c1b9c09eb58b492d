package serving_test

import (
	"strings"
	"testing"

	"orgship/pipeline/report"
	"orgship/pipeline/serving"
)

func target(state, task, digest string) report.ServingTarget {
	return report.ServingTarget{Address: "10.0.0.1", State: state, Task: task, Digest: digest}
}

func group(percent float64, targets ...report.ServingTarget) report.ServingGroup {
	return report.ServingGroup{Rule: "r", TargetGroup: "arn:aws:elasticloadbalancing:eu-west-1:222222222222:targetgroup/shop-green/1a2b", Percent: percent, Targets: targets}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const is, other = "sha256:new", "sha256:old"
	well := target("healthy", "task/a", is)
	tests := []struct {
		name    string
		groups  []report.ServingGroup
		digests []string
		proved  bool
		why     string
	}{
		{"one task", []report.ServingGroup{group(100, well)}, []string{is}, true, "the one task that gets traffic runs the image (target group shop-green)"},
		{"two tasks", []report.ServingGroup{group(100, well, target("healthy", "task/b", is))}, []string{is}, true, "all 2 tasks"},
		{"a platform of an index", []report.ServingGroup{group(100, well)}, []string{"sha256:index", is}, true, "the one task"},
		{"the same group by two rules", []report.ServingGroup{group(100, well), group(100, well)}, []string{is}, true, "the one task"},
		{"no rule", nil, []string{is}, false, "no rule of the listener"},
		{"no target", []report.ServingGroup{group(100)}, []string{is}, false, "has no healthy target"},
		{"only draining ones", []report.ServingGroup{group(100, target("draining", "task/a", is))}, []string{is}, false, "has no healthy target"},
		{"the old one drains", []report.ServingGroup{group(100, well, target("draining", "task/z", other))}, []string{is}, true, "the one task"},
		{"an unhealthy one gets nothing", []report.ServingGroup{group(100, well, target("unhealthy", "task/z", other))}, []string{is}, true, "the one task"},
		{"none is healthy: all get traffic", []report.ServingGroup{group(100, target("unhealthy", "task/z", other))}, []string{is}, false, "target group shop-green, which gets traffic (100% of a rule), has no healthy target"},
		{"only an initial one", []report.ServingGroup{group(100, target("initial", "task/a", is))}, []string{is}, false, "has no healthy target"},
		{"only one that drains because it is unhealthy", []report.ServingGroup{group(100, target("unhealthy.draining", "task/a", is))}, []string{is}, false, "has no healthy target"},
		{"one runs another image", []report.ServingGroup{group(100, well, target("healthy", "task/z", other))}, []string{is}, false, "runs sha256:old"},
		{"both groups get traffic", []report.ServingGroup{group(20, well), group(80, target("healthy", "task/z", other))}, []string{is}, false, "(80% of a rule), runs sha256:old"},
		{"both groups run the image", []report.ServingGroup{group(20, well), group(80, target("healthy", "task/b", is))}, []string{is}, true, "all 2 tasks"},
		{"another rule serves the old one", []report.ServingGroup{group(100, well), group(100, target("healthy", "task/z", other))}, []string{is}, false, "runs sha256:old"},
		{"a target that is no task", []report.ServingGroup{group(100, well, target("healthy", "", ""))}, []string{is}, false, "target 10.0.0.1 of shop-green is no task of the service"},
		{"a task without a digest", []report.ServingGroup{group(100, target("healthy", "arn:aws:ecs:eu-west-1:222222222222:task/c/abc", ""))}, []string{is}, false, "ECS doesn't say which image task abc runs"},
		{"an index whose platforms aren't known", []report.ServingGroup{group(100, well)}, []string{"sha256:index"}, false, "runs sha256:new"},
		{"nothing to compare with", []report.ServingGroup{group(100, well)}, nil, false, "runs sha256:new"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			proved, why := serving.Judge(report.Evidence{Groups: test.groups}, test.digests)
			if proved != test.proved || !strings.Contains(why, test.why) {
				t.Errorf("proved %v: %s, want %v: %s", proved, why, test.proved, test.why)
			}
		})
	}
}

// TestShare tells whose the traffic is by healthy targets alone.
func TestShare(t *testing.T) {
	t.Parallel()
	target := func(digest, state string) report.ServingTarget {
		return report.ServingTarget{Task: "t", Digest: digest, State: state}
	}
	group := func(percent float64, targets ...report.ServingTarget) report.ServingGroup {
		return report.ServingGroup{Percent: percent, Targets: targets}
	}
	for _, row := range []struct {
		name    string
		groups  []report.ServingGroup
		percent float64
		known   bool
		only    string
	}{
		{"nobody", nil, 0, false, ""},
		{"nobody healthy", []report.ServingGroup{group(100, target("new", "initial"))}, 0, false, ""},
		{"all", []report.ServingGroup{group(100, target("new", "healthy"), target("old", "draining"))}, 100, true, "new"},
		{"none yet", []report.ServingGroup{group(100, target("new", "initial"), target("old", "healthy"))}, 0, true, "old"},
		{"a third", []report.ServingGroup{group(100, target("new", "healthy"), target("old", "healthy"), target("old", "healthy"))}, 100.0 / 3, true, ""},
		{"by weight", []report.ServingGroup{group(20, target("platform", "healthy")), group(80, target("old", "healthy"))}, 20, true, ""},
		{"a group without anybody", []report.ServingGroup{group(50), group(50, target("new", "healthy"))}, 100, true, "new"},
		{"somebody unknown", []report.ServingGroup{group(100, target("", "healthy"))}, 0, true, ""},
	} {
		e := report.Evidence{Groups: row.groups}
		percent, known := serving.Share(e, []string{"new", "platform"})
		if percent != row.percent || known != row.known || serving.Only(e) != row.only {
			t.Errorf("%s: %v, %v, only %q", row.name, percent, known, serving.Only(e))
		}
	}
}
