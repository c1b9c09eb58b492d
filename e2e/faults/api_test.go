package faults

import (
	"fmt"

	"orgship/pipeline/report"
	"orgship/sandbox/wire"
)

// apiFaults are faults of AWS's API: before anything is begun (a plan), while an
// update is under way (a release), when it is taken back, and when all is deleted.
func apiFaults() []situation {
	var list []situation
	add := func(what, service, operation, args, line, serves string, outcome report.Outcome, kinds ...string) {
		for _, kind := range kinds {
			s := situation{
				name: fmt.Sprintf("%s: %s of %s", what, kind, operation), trouble: fault(service, operation, kind), args: args,
				verdict: report.Successful, outcome: outcome, line: line, serves: serves,
			}
			if outcome == report.RolledBack {
				s.status, s.verdict = 1, report.Failed
			}
			list = append(list, s)
		}
	}
	const here = " --account dev-1"
	for _, operation := range []string{"DescribeStacks", "GetTemplate", "CreateChangeSet", "DescribeChangeSet"} {
		add("plan", "cloudformation", operation, "plan shop REPO:two"+here, "dry run: green deployment", "", report.Unchanged,
			"throttling", "an error 500", "a reset", "a lost answer", "an unreadable answer")
	}
	words := []string{"two", "one"} // each release that goes well has another one to go to
	next := 0
	release := func(service, operation string, kinds ...string) {
		for _, kind := range kinds {
			word := words[next%2]
			next++
			add("release", service, operation, "release shop REPO:"+word+" --expect-body "+word+here, `(?s)^Now serving: sha256:\w+, since .*none lost\n`, word, report.Released, kind)
		}
	}
	release("cloudformation", "ExecuteChangeSet", "throttling", "an error 500", "a reset", "a lost answer", "an unreadable answer")
	release("cloudformation", "DescribeStackEvents", "throttling", "an error 500", "a reset", "an unreadable answer")
	release("codedeploy", "ListDeployments", "throttling", "a reset", "a denial")
	release("codedeploy", "GetDeployment", "an error 500")
	release("codedeploy", "BatchGetDeploymentTargets", "an unreadable answer", "a denial")
	release("elasticloadbalancing", "DescribeRules", "a reset", "a denial")
	release("ecs", "DescribeTasks", "throttling", "a denial")
	back := "release shop REPO:three --expect-body four --termination-wait 15m" + here // cheap for 15 seconds
	add("going back", "cloudformation", "CancelUpdateStack", back, `body lacks "four"`, "", report.RolledBack,
		"throttling", "an error 500", "a reset", "a lost answer", "an unreadable answer")
	// What is wrong for as long as anybody tries is said, and nothing is touched.
	for _, x := range []struct{ name, service, operation, kind, line string }{
		{"credentials that have expired", "cloudformation", "DescribeStacks", "expiry", "the credentials have expired"},
		{"nobody may make a change set", "cloudformation", "CreateChangeSet", "a denial", "AccessDenied"},
		{"nobody may execute it", "cloudformation", "ExecuteChangeSet", "a denial", "AccessDenied"},
		{"nobody may read the events", "cloudformation", "DescribeStackEvents", "a denial", "AccessDenied"},
	} {
		list = append(list, situation{
			name: x.name, trouble: fault(x.service, x.operation, x.kind), args: "release shop REPO:three" + here,
			status: 2, verdict: report.Error, outcome: report.Refused, line: `(?s)^Nothing was touched.*` + x.line,
		})
	}
	return append(list, situation{
		name: "nobody may destroy", trouble: fault("cloudformation", "DeleteStack", "a denial"), args: "destroy shop --yes --account dev-1",
		status: 2, verdict: report.Error, outcome: report.Refused, line: `(?s)^Nothing was touched.*AccessDenied`,
	}, situation{
		name: "nobody may cancel", trouble: fault("cloudformation", "CancelUpdateStack", "a denial"), args: back,
		status: 1, verdict: report.Failed, outcome: report.Broken, line: `(?s)^Now serving.*AccessDenied.*so the new version stays`, serves: "three",
	})
}

// fault orders a fault of one operation in the desk's account. It has to hit.
func fault(service, operation, kind string) func(d *desk) func() {
	f := map[string]wire.Fault{
		"throttling": {Kind: wire.Throttle, Times: 3}, "an error 500": {Kind: wire.ServerError, Times: 2}, "a reset": {Kind: wire.Reset, Times: 2},
		"a lost answer": {Kind: wire.LoseAnswer, Times: 1}, "an unreadable answer": {Kind: wire.LoginPage, Times: 1},
		"a denial": {Kind: wire.Denied}, "expiry": {Kind: wire.ExpiredCredentials},
	}[kind]
	f.Service, f.Operation = service, operation
	return func(d *desk) func() {
		d.t.Helper()
		a, _ := d.w.box.Account(d.account)
		f.Account = a.ID
		injected := d.w.box.Fail(f)
		return func() {
			injected.Clear()
			if injected.Hits() == 0 {
				d.t.Errorf("%s was never called", operation)
			}
		}
	}
}
